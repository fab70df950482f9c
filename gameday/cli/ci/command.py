"""`gameday ci`: runs scenarios with their automation, judges them by thresholds, and reports to a CI system.

It needs no people, no terminal and no network beyond the target. The exit code is the worst of all drills
(docs/reference/exit-codes.md); what could not be verified does not pass.
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

from gameday import wiring
from gameday.cli import revert
from gameday.cli.ci import cases, publish
from gameday.cli.ci.cases import Cases, CiOptions, Entry
from gameday.cli.ci.processes import GRACE, DrillProcesses, PlannedDrill
from gameday.cli.shared import guard, output
from gameday.core import trends
from gameday.core.errors import ExitCode, GamedayError
from gameday.core.trends import FinishedDrill, Report, Row, Thresholds
from gameday.core.values import Seconds, format_duration
from gameday.system import clock

COMMAND = (sys.executable, "-P", "-m", "gameday")
"""How drills are started: with this very installation."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOWN_LINES = 40
"""How many of its last lines are shown of a drill that did not pass."""


def main(
    options: CiOptions,
    environ: Mapping[str, str] = os.environ,
    *,
    command: Sequence[str] = COMMAND,
    grace: Seconds = GRACE,
) -> int:
    """Play everything, and give the exit code. command: how gameday is called; grace: time to revert."""
    try:
        chosen = cases.read(options, environ)
    except GamedayError as error:
        return publish.publish_refusal(error, options, environ)
    guard.conducts()
    player = DrillProcesses(chosen.space, command=command, folder=options.folder, report=_report, grace=grace)
    with guard.at_stake(lambda: revert.is_exposed(wiring.workspace_store(chosen.space))):
        return asyncio.run(_all(chosen, player, options, environ))


async def _all(chosen: Cases, player: DrillProcesses, options: CiOptions, environ: Mapping[str, str]) -> int:
    """Play everything, and publish. Signals stay caught until then: CI systems send more than one."""
    began = clock.monotonic()
    trials = [entry.trials[k] for k in range(options.repeat) for entry in chosen.entries]
    with _workflow_commands_off(environ):
        ended = await _play(player, trials, chosen.limit)
    rows = tuple(
        _row(entry, ended[number :: len(chosen.entries)], chosen.thresholds)
        for number, entry in enumerate(chosen.entries)
    )
    report = Report(rows=rows, seconds=clock.monotonic() - began, stopped=player.stopped)
    return publish.publish(report, options, environ)


async def _play(
    player: DrillProcesses, trials: Sequence[PlannedDrill], limit: Seconds
) -> list[FinishedDrill]:
    loop = asyncio.get_running_loop()
    guard.on_signals(loop, SIGNALS, lambda number: player.stop(f"interrupted by {number.name}"))
    late = loop.call_later(limit, player.stop, f"the time limit of {format_duration(limit)} is reached")
    try:
        return await player.play(trials)
    finally:
        late.cancel()


@contextmanager
def _workflow_commands_off(environ: Mapping[str, str]) -> Iterator[None]:
    """Keep a GitHub runner from reading a drill's output as workflow commands."""
    if environ.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = secrets.token_hex(16)
    output.talk(f"::stop-commands::{token}")
    try:
        yield
    finally:
        output.talk(f"::{token}::")


def _report(trial: PlannedDrill, ended: FinishedDrill) -> None:
    """Print how a drill ended, and the last lines of its output where it did not pass."""
    result = ended.result
    outcome = ended.why or (result.error or result.summary if result else "")
    output.talk(f"{trial.name}: exit {ended.code} after {format_duration(ended.seconds)}: {outcome}")
    talk = Path(ended.folder, "talk.txt") if ended.folder else None
    if ended.code != ExitCode.PASSED and talk is not None and talk.is_file():
        lines = talk.read_text(encoding="utf-8", errors="replace").split("\n")
        for line in [line for line in lines if line.strip()][-SHOWN_LINES:]:
            output.talk(f"  {line}")


def _row(entry: Entry, ended: Sequence[FinishedDrill], thresholds: Thresholds) -> Row:
    drills = tuple(ended)
    return Row(
        scenario=entry.scenario,
        file=entry.file,
        environment=entry.trials[0].environment.name,
        drills=drills,
        judgement=trends.judge(drills, thresholds),
        lines=entry.lines,
    )
