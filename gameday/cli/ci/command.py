"""`gameday ci`: play scenarios with their automation, hold them against bars, tell a CI system.

Comes in: scenarios and bars. Goes out: an exit code, the worst of all (docs/reference/exit-codes.md); JUnit
XML, a summary, annotations, artefacts. Needs no people, no terminal, no network beyond the target.
Does not: pass what could not be verified.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gameday.cli.ci import cases, publish
from gameday.cli.ci.cases import Cases, Entry, Options
from gameday.cli.ci.processes import GRACE, DrillProcesses, PlannedDrill
from gameday.cli.shared import output
from gameday.core import trends
from gameday.core.errors import GamedayError
from gameday.core.trends import FinishedDrill, Report, Row, Thresholds
from gameday.core.values import Seconds, format_duration
from gameday.system import clock

COMMAND = (sys.executable, "-P", "-m", "gameday")
"""How drills are played: by this very gameday."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TALK_OF = 40
"""Lines of what a drill said that are shown when it did not pass."""


def main(
    options: Options,
    environ: Mapping[str, str] = os.environ,
    *,
    command: Sequence[str] = COMMAND,
    grace: Seconds = GRACE,
) -> int:
    """Play all, and give the exit code. command, grace: how gameday is called, how long it may revert."""
    try:
        chosen = cases.read(options, environ)
    except GamedayError as error:
        return publish.publish_refusal(error, options, environ)
    player = DrillProcesses(chosen.space, command=command, folder=options.folder, say=_say, grace=grace)
    return asyncio.run(_all(chosen, player, options, environ))


async def _all(chosen: Cases, player: DrillProcesses, options: Options, environ: Mapping[str, str]) -> int:
    """Play and tell. Signals stay caught until everything is written: a pipeline sends more than one."""
    began = clock.monotonic()
    trials = [entry.trials[k] for k in range(options.repeat) for entry in chosen.entries]
    with _only_talk(environ):
        ended = await _play(player, trials, chosen.limit)
    rows = tuple(
        _row(entry, ended[place :: len(chosen.entries)], chosen.bars)
        for place, entry in enumerate(chosen.entries)
    )
    report = Report(rows=rows, seconds=clock.monotonic() - began, stopped=player.stopped)
    return publish.publish(report, options, environ)


async def _play(
    player: DrillProcesses, trials: Sequence[PlannedDrill], limit: Seconds
) -> list[FinishedDrill]:
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, player.stop, f"interrupted by {number.name}")
    late = loop.call_later(limit, player.stop, f"the time limit of {format_duration(limit)} is over")
    try:
        return await player.play(trials)
    finally:
        late.cancel()


@contextmanager
def _only_talk(environ: Mapping[str, str]) -> Iterator[None]:
    """Let a GitHub runner take nothing that drills say for a command to itself."""
    if environ.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = secrets.token_hex(16)
    output.talk(f"::stop-commands::{token}")
    try:
        yield
    finally:
        output.talk(f"::{token}::")


def _say(trial: PlannedDrill, ended: FinishedDrill) -> None:
    """Say how a drill ended, and, where it did not pass, what it said."""
    told = ended.result
    outcome = ended.why or (told.error or told.summary if told else "")
    output.talk(f"{trial.name}: exit {ended.code} after {format_duration(ended.seconds)}: {outcome}")
    talk = Path(ended.folder, "talk.txt") if ended.folder else None
    if ended.code != 0 and talk is not None and talk.is_file():
        lines = talk.read_text(encoding="utf-8", errors="replace").split("\n")
        for line in [line for line in lines if line.strip()][-TALK_OF:]:
            output.talk(f"  {line}")


def _row(entry: Entry, ended: Sequence[FinishedDrill], bars: Thresholds) -> Row:
    drills = tuple(ended)
    return Row(
        scenario=entry.scenario,
        file=entry.file,
        environment=entry.trials[0].environment.name,
        drills=drills,
        judgement=trends.judge(drills, bars),
        lines=entry.lines,
    )
