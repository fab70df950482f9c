"""`gameday ci`: play scenarios with their automation, hold them against bars, tell a CI system.

Comes in: scenarios and bars. Goes out: an exit code, the worst of all (docs/reference/exit-codes.md); JUnit
XML, a summary, annotations, artefacts. Needs no people, no terminal, no network beyond the target.
Does not: pass what could not be verified.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday import wiring
from gameday.cli import output
from gameday.cli.trials import GRACE, Trial, Trials
from gameday.core import trends
from gameday.core.errors import GamedayError, InvalidFiles, Mistake, UsageError
from gameday.core.trends import Bars, Baseline, Ended, Report, Row
from gameday.core.values import Mode, Party, Seconds, format_duration, parse_duration
from gameday.formats import result
from gameday.render import pipeline
from gameday.settings import Catalogue, Workspace
from gameday.system import clock

COMMAND = (sys.executable, "-P", "-m", "gameday")
"""How drills are played: by this very gameday."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TALK_OF = 40
"""Lines of what a drill said that are shown when it did not pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What the user asked for. responder: a script for all, or a folder of scripts named as the scenarios."""

    scenarios: tuple[Path, ...]
    environment: str = ""
    responder: Path | None = None
    junit: Path | None = None
    fail_under: float | None = None
    baseline: Path | None = None
    repeat: int = 1
    artifacts: Path | None = None
    time_limit: str = "1h"
    json: bool = False
    accept_no_lease: bool = False
    accept_local_keeper: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A scenario that has been read and has no mistakes. file: as a CI system names it."""

    scenario: str
    file: str
    lines: Mapping[str, int]
    trials: tuple[Trial, ...]


def main(
    options: Options,
    environ: Mapping[str, str] = os.environ,
    *,
    command: Sequence[str] = COMMAND,
    grace: Seconds = GRACE,
) -> int:
    """Play all, and give the exit code. command, grace: how gameday is called, how long it may revert."""
    try:
        limit = _limit(options)
        space = wiring.workspace(options.scenarios[0])
        entries = [_read(space, path, options, environ) for path in dict.fromkeys(options.scenarios)]
        _differ(entries)
        bars = Bars(fail_under=options.fail_under, baseline=_baseline(options.baseline))
    except GamedayError as error:
        return _refuse(error, options, environ)
    folder = options.artifacts or space.root / ".gameday" / "ci"
    folder.mkdir(parents=True, exist_ok=True)
    began = clock.monotonic()
    trials = [entry.trials[k] for k in range(options.repeat) for entry in entries]
    player = Trials(space, command=command, folder=folder.absolute(), say=_say, grace=grace)
    ended = asyncio.run(_play(player, trials, limit))
    rows = tuple(_row(entry, ended[place :: len(entries)], bars) for place, entry in enumerate(entries))
    report = Report(rows=rows, seconds=clock.monotonic() - began, stopped=player.stopped)
    return _tell(report, folder, options, environ)


# --- before anything starts ---


def _limit(options: Options) -> Seconds:
    if options.repeat < 1:
        raise UsageError(f"--repeat {options.repeat} plays nothing", hint="1 or more")
    try:
        return parse_duration(options.time_limit)
    except ValueError as wrong:
        raise UsageError(f"--time-limit: {wrong}") from wrong


def _differ(entries: Sequence[Entry]) -> None:
    """Refuse two scenarios of one name: nobody could tell their results apart."""
    names = [entry.scenario for entry in entries]
    for entry in entries:
        if names.count(entry.scenario) > 1:
            raise UsageError(
                f"more than one scenario is called '{entry.scenario}'", hint=f"rename {entry.file}"
            )


def _read(space: Workspace, path: Path, options: Options, environ: Mapping[str, str]) -> Entry:
    """Read and check a scenario with all its files. Raises InvalidFiles; touches nothing."""
    responder = _responder(space, path, options.responder)
    prepared = wiring.prepare(
        space, path, environment=options.environment, responder=responder, mode=Mode.EVALUATE, imports=False
    )
    argv = [str(path.absolute()), "--environment", prepared.environment.name]
    argv += ["--responder", str(responder.absolute())] if responder else []
    argv += ["--accept-no-lease"] if options.accept_no_lease else []
    argv += ["--accept-local-keeper"] if options.accept_local_keeper else []
    name = prepared.planned.scenario.scenario
    return Entry(
        scenario=name,
        file=_told(path, environ),
        lines=_lines(space, path),
        trials=tuple(
            Trial(scenario=name, environment=prepared.environment, number=number, argv=tuple(argv))
            for number in range(1, options.repeat + 1)
        ),
    )


def _responder(space: Workspace, scenario: Path, given: Path | None) -> Path | None:
    """Find the script that plays: the one given, or the one that is named after the scenario.

    Raises InvalidFiles where there is none, unless nobody is to respond.
    """
    if given is not None and not given.is_dir():
        return given
    folder = given or scenario.parent / "responders"
    found = folder / f"{scenario.stem}.yaml"
    if found.is_file():
        return found
    read = Catalogue(space).check(space.name(scenario), "scenario")
    if read.value is None or read.value.responders is Party.NONE:
        return None
    missing = read.document.mistake(
        ("responders",),
        f"nobody plays it in a pipeline: there is no {space.name(found)}",
        hint="write that responder script, name another with --responder, or measure with `responders: none`",
    )
    raise InvalidFiles((missing,))


def _lines(space: Workspace, scenario: Path) -> dict[str, int]:
    """Find the line of a scenario that each check is about."""
    document = Catalogue(space).check(space.name(scenario), "scenario").document
    objectives = {f"objective {name}": ("objectives", name) for name in ("detect", "contain", "recover")}
    return {check: document.spot(place).line for check, place in objectives.items()}


def _told(path: Path, environ: Mapping[str, str]) -> str:
    """Give a file as the CI system names it: from the root of its checkout, else from here."""
    return os.path.relpath(path, environ.get("GITHUB_WORKSPACE") or None)


def _baseline(folder: Path | None) -> Baseline | None:
    """Read the earlier results below a folder. Raises UsageError where there is none, InvalidFiles."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise UsageError(
            f"--baseline: there is no folder {folder}",
            hint="make it of earlier artefacts: every result.json below it counts",
        )
    files = sorted(folder.rglob("result.json"))
    drills, mistakes = [], []
    for file in files:
        try:
            drills.append(result.read(file.read_bytes()))
        except (OSError, ValueError) as wrong:
            mistakes.append(Mistake(file=str(file), message=str(wrong)))
    if mistakes:
        raise InvalidFiles(tuple(mistakes))
    return Baseline(folder=str(folder), drills=tuple(drills))


def _refuse(error: GamedayError, options: Options, environ: Mapping[str, str]) -> int:
    """Say what is wrong before anything was touched, in every way in which a pipeline listens."""
    mistakes = error.mistakes if isinstance(error, InvalidFiles) else ()
    for mistake in mistakes:
        output.talk(str(mistake))
    if not mistakes:
        output.problem(error)
    if environ.get("GITHUB_ACTIONS") == "true":
        for mistake in mistakes or (
            Mistake(file=_told(options.scenarios[0], environ), message=error.message),
        ):
            if not mistake.warning:
                output.talk(pipeline.annotation(mistake))
    ended = Ended(code=error.exit_code, why=error.message)
    judgement = trends.judge((ended,), Bars())
    rows = tuple(
        Row(
            scenario=path.stem,
            file=_told(path, environ),
            environment="",
            drills=(ended,),
            judgement=judgement,
        )
        for path in options.scenarios
    )
    _write(Report(rows=rows, seconds=0.0), options, environ)
    return error.exit_code


# --- while it runs ---


async def _play(player: Trials, trials: Sequence[Trial], limit: Seconds) -> list[Ended]:
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, player.stop, f"interrupted by {number.name}")
    late = loop.call_later(limit, player.stop, f"the time limit of {format_duration(limit)} is over")
    try:
        return await player.play(trials)
    finally:
        late.cancel()


def _say(trial: Trial, ended: Ended) -> None:
    """Say how a drill ended, and, where it did not pass, what it said."""
    told = ended.told
    outcome = ended.why or (told.error or f"{told.outcome} by {told.recovered_by}" if told else "")
    output.talk(f"{trial.name}: exit {ended.code} after {format_duration(ended.seconds)}: {outcome}")
    talk = Path(ended.folder, "talk.txt") if ended.folder else None
    if ended.code != 0 and talk is not None and talk.is_file():
        lines = talk.read_text(encoding="utf-8", errors="replace").split("\n")
        for line in [line for line in lines if line.strip()][-TALK_OF:]:
            output.talk(f"  {line}")


# --- afterwards ---


def _row(entry: Entry, ended: Sequence[Ended], bars: Bars) -> Row:
    drills = tuple(ended)
    return Row(
        scenario=entry.scenario,
        file=entry.file,
        environment=entry.trials[0].environment.name,
        drills=drills,
        judgement=trends.judge(drills, bars),
        lines=entry.lines,
    )


def _tell(report: Report, folder: Path, options: Options, environ: Mapping[str, str]) -> int:
    document = pipeline.encode(report)
    (folder / "ci.json").write_text(
        json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "junit.xml").write_text(pipeline.junit(report), encoding="utf-8")
    (folder / "summary.md").write_text(pipeline.markdown(report), encoding="utf-8")
    _write(report, options, environ)
    if environ.get("GITHUB_ACTIONS") == "true":
        for line in pipeline.annotate(report):
            output.talk(line)
    if options.json:
        output.data_json(document)
    else:
        output.data(pipeline.markdown(report))
    output.talk(f"artefacts: {folder}")
    return report.code


def _write(report: Report, options: Options, environ: Mapping[str, str]) -> None:
    """Write what was asked for where it was asked for."""
    if options.junit is not None:
        options.junit.parent.mkdir(parents=True, exist_ok=True)
        options.junit.write_text(pipeline.junit(report), encoding="utf-8")
    if environ.get("GITHUB_STEP_SUMMARY"):
        with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
            summary.write(pipeline.markdown(report))
