"""What a pipeline is to play: read and checked as a whole, before anything starts.

Comes in: the options of `gameday ci`. Goes out: entries, each a scenario with its trials; bars; raises
UsageError or InvalidFiles, with the mistakes of all files at once. Does not: touch a target.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday import wiring
from gameday.cli.ci.processes import PlannedDrill
from gameday.cli.drill import phases
from gameday.cli.shared import output
from gameday.core.errors import InvalidFiles, Mistake, UsageError
from gameday.core.trends import Baseline, Thresholds
from gameday.core.values import Mode, Party, Seconds, parse_duration
from gameday.formats.stored import result
from gameday.settings import Catalogue, Workspace, imports, root_of

POINTS = 100.0
"""The most that a drill can score."""
PLANS = (".gameday.yaml", ".gameday.yml")
"""How the names of game-day plans end, which `scenarios/*.yaml` finds, too."""


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
    phases: tuple[str, ...] = ()
    json: bool = False
    accept_no_lease: bool = False
    accept_local_keeper: bool = False

    @property
    def folder(self) -> Path:
        """Where artefacts go."""
        return (self.artifacts or root_of(self.scenarios[0]) / ".gameday" / "ci").absolute()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A scenario that has been read and has no mistakes. file: as a CI system names it."""

    scenario: str
    file: str
    lines: Mapping[str, int]
    trials: tuple[PlannedDrill, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cases:
    """Everything that is to be played, and what it is held against. limit: how long all may take."""

    space: Workspace
    entries: tuple[Entry, ...]
    bars: Thresholds
    limit: Seconds


def read(options: Options, environ: Mapping[str, str]) -> Cases:
    """Read and check everything. Raises UsageError, InvalidFiles; nothing was touched."""
    _places(options)  # first: a refusal is told in them, too
    limit = _limit(options)
    _bars_make_sense(options)
    phases.read(options.phases)
    space = _workspace(options)
    chosen = _drills(options)
    _check(space, chosen, options)
    entries = tuple(_entry(space, path, options, environ) for path in chosen)
    _differ(entries)
    baseline = _baseline(options.baseline)
    bars = Thresholds(fail_under=options.fail_under, baseline=baseline, scenarios=len(entries))
    return Cases(space=space, entries=entries, bars=bars, limit=limit)


def shown_path(path: Path, environ: Mapping[str, str]) -> str:
    """Give a file as the CI system names it: from the root of its checkout, else from here."""
    return os.path.relpath(path, environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR") or None)


def in_checkout(mistake: Mistake, options: Options) -> Path:
    """Give the file of a mistake on disk; workspace paths start at its root."""
    return root_of(options.scenarios[0]) / mistake.file


# --- options ---


def _limit(options: Options) -> Seconds:
    try:
        limit = parse_duration(options.time_limit)
    except ValueError as wrong:
        raise UsageError(f"--time-limit: {wrong}") from wrong
    if not limit:
        raise UsageError("--time-limit: no time at all plays nothing")
    return limit


def _bars_make_sense(options: Options) -> None:
    if options.repeat < 1:
        raise UsageError(f"--repeat {options.repeat} plays nothing", hint="1 or more")
    bar = options.fail_under
    if bar is not None and not (math.isfinite(bar) and 0 <= bar <= POINTS):
        raise UsageError(f"--fail-under {bar:g} is no number of points", hint=f"0 to {POINTS:g}")


def _places(options: Options) -> None:
    """Make the folders that are to be written to, rather than find out when the drills are over."""
    folders = [options.folder, *([options.junit.absolute().parent] if options.junit else [])]
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise UsageError(f"{folder} can't be made: {wrong.strerror}") from wrong
        if not os.access(folder, os.W_OK):
            raise UsageError(f"{folder} can't be written to")
    if options.junit and options.junit.is_dir():
        raise UsageError(f"--junit: {options.junit} is a folder", hint="name a file, such as junit.xml")


# --- files ---


def _workspace(options: Options) -> Workspace:
    space = wiring.workspace(options.scenarios[0])
    for path in options.scenarios:
        if root_of(path) != space.root:
            raise UsageError(
                f"{path} is not in the workspace {space.root}", hint="one `gameday ci` for each workspace"
            )
    return space


def _drills(options: Options) -> list[Path]:
    """Give each scenario once, and say which files are plans for people."""
    plans = [path for path in options.scenarios if path.name.endswith(PLANS)]
    for plan in plans:
        output.talk(f"{plan} is a game-day plan, for people: it is not played")
    chosen = [path for path in dict.fromkeys(options.scenarios) if path not in plans]
    if not chosen:
        raise UsageError("there is no scenario to play", hint="name scenario files, such as scenarios/*.yaml")
    return chosen


def _check(space: Workspace, chosen: Sequence[Path], options: Options) -> None:
    """Check every file that will be played, and what it imports. Raises InvalidFiles with all mistakes."""
    catalogue = Catalogue(space)
    for path in chosen:
        scenario = catalogue.scenario(space.name(path), options.environment)
        script = _responder(path, options.responder)
        if script is not None:
            catalogue.responder(space.name(script), scenario.value)
        elif scenario.value is not None and scenario.value.responders is not Party.NONE:
            catalogue.mistakes.append(
                scenario.document.mistake(
                    ("responders",),
                    f"nobody plays it in a pipeline: there is no {_wanted(space, path, options.responder)}",
                    hint="write that responder script, name another with --responder, "
                    "or measure with `responders: none`",
                )
            )
    catalogue.mistakes.extend(imports.check(catalogue))
    found = catalogue.all_mistakes()
    if any(not one.warning for one in found):
        raise InvalidFiles(found)


def _responder(scenario: Path, given: Path | None) -> Path | None:
    """Find the script that plays: the one given, or the one that is named after the scenario."""
    if given is not None and not given.is_dir():
        return given
    found = (given or scenario.parent / "responders") / f"{scenario.stem}.yaml"
    return found if found.is_file() else None


def _wanted(space: Workspace, scenario: Path, given: Path | None) -> str:
    return space.name((given or scenario.parent / "responders") / f"{scenario.stem}.yaml")


def _entry(space: Workspace, path: Path, options: Options, environ: Mapping[str, str]) -> Entry:
    """Prepare a scenario that was checked. Raises InvalidFiles where its environment can't be had."""
    responder = _responder(path, options.responder)
    prepared = wiring.prepare(
        space, path, environment=options.environment, responder=responder, mode=Mode.EVALUATE, imports=False
    )
    argv = [str(path.absolute()), "--environment", prepared.environment.name]
    argv += ["--responder", str(responder.absolute())] if responder else []
    argv += [word for phase in options.phases for word in ("--phase", phase)]
    argv += ["--accept-no-lease"] if options.accept_no_lease else []
    argv += ["--accept-local-keeper"] if options.accept_local_keeper else []
    name = prepared.planned.scenario.scenario
    return Entry(
        scenario=name,
        file=shown_path(path, environ),
        lines=_lines(space, path),
        trials=tuple(
            PlannedDrill(scenario=name, environment=prepared.environment, number=number, argv=tuple(argv))
            for number in range(1, options.repeat + 1)
        ),
    )


def _lines(space: Workspace, scenario: Path) -> dict[str, int]:
    """Find the line of a scenario that each check is about."""
    document = Catalogue(space).check(space.name(scenario), "scenario").document
    lines = {name: document.spot(("objectives", name)).line for name in ("detect", "contain", "recover")}
    return {f"{check} {name}": line for check in ("objective", "baseline") for name, line in lines.items()}


def _differ(entries: Sequence[Entry]) -> None:
    """Refuse two scenarios of one name: nobody could tell their results apart."""
    names = [entry.scenario for entry in entries]
    for entry in entries:
        if names.count(entry.scenario) > 1:
            raise UsageError(
                f"more than one scenario is called '{entry.scenario}'", hint=f"rename {entry.file}"
            )


def _baseline(folder: Path | None) -> Baseline | None:
    """Read the earlier results below a folder. Raises UsageError where there is none, InvalidFiles."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise UsageError(
            f"--baseline: there is no folder {folder}",
            hint="make it of earlier artefacts: every result.json below it counts",
        )
    drills, mistakes = [], []
    for file in sorted(folder.rglob("result.json")):
        try:
            drills.append(result.read(file.read_bytes()))
        except (OSError, ValueError) as wrong:
            mistakes.append(Mistake(file=str(file.absolute()), message=str(wrong)))
    if mistakes:
        raise InvalidFiles(tuple(mistakes))
    once = {one.drill or str(place): one for place, one in enumerate(drills)}
    return Baseline(folder=str(folder), drills=tuple(once.values()))
