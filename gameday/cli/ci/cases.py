"""Reads and checks everything that a pipeline is to run, as a whole, before anything starts.

The mistakes of all files are reported at once, and no target is touched.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gameday import wiring
from gameday.cli.ci.processes import PlannedDrill
from gameday.cli.shared import import_checks, output
from gameday.cli.shared.flags import words_of
from gameday.conduct.drill.options import DrillOptions
from gameday.core.errors import InvalidFiles, Mistake, UsageError
from gameday.core.trends import Baseline, Thresholds
from gameday.core.values import Party, Seconds, parse_duration
from gameday.formats.stored import result
from gameday.settings import Workspace, root_of, static_look
from gameday.settings.catalogue import Catalogue

POINTS = 100.0
"""The most that a drill can score."""
PLANS = (".gameday.yaml", ".gameday.yml")
"""The endings of game-day plans, which the pattern `scenarios/*.yaml` matches too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CiOptions:
    """What the user asked for. responder: a script for all, or a folder of scripts named as the scenarios."""

    scenarios: tuple[Path, ...]
    drill: DrillOptions = field(default_factory=DrillOptions)
    junit: Path | None = None
    fail_under: float | None = None
    baseline: Path | None = None
    repeat: int = 1
    artifacts: Path | None = None
    time_limit: str = "1h"
    json: bool = False

    @property
    def folder(self) -> Path:
        """The folder that artefacts are written to."""
        return (self.artifacts or root_of(self.scenarios[0]) / ".gameday" / "ci").absolute()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A scenario without mistakes, and its drills. file: its path as a CI system names it."""

    scenario: str
    file: str
    lines: Mapping[str, int]
    trials: tuple[PlannedDrill, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cases:
    """Everything that is to be played, and the thresholds that decide. limit: how long all of it may take."""

    space: Workspace
    entries: tuple[Entry, ...]
    thresholds: Thresholds
    limit: Seconds


def read(options: CiOptions, environ: Mapping[str, str]) -> Cases:
    """Read and check everything. Raises UsageError, InvalidFiles; then nothing was touched."""
    _make_folders(options)  # first: a refusal is written there, too
    limit = _limit(options)
    _check_thresholds(options)
    options.drill.phase_lengths()
    space = _workspace(options)
    chosen = _drills(options)
    _check(space, chosen, options)
    entries = tuple(_entry(space, path, options, environ) for path in chosen)
    _refuse_equal_names(entries)
    baseline = _baseline(options.baseline)
    thresholds = Thresholds(fail_under=options.fail_under, baseline=baseline, scenarios=len(entries))
    return Cases(space=space, entries=entries, thresholds=thresholds, limit=limit)


def shown_path(path: Path, environ: Mapping[str, str]) -> str:
    """Give a file as the CI system names it: from the root of its checkout, else from here."""
    return os.path.relpath(path, environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR") or None)


def in_checkout(mistake: Mistake, options: CiOptions) -> Path:
    """Give the path on disk of a mistake's file; mistakes name files from the workspace's root."""
    return root_of(options.scenarios[0]) / mistake.file


# --- options ---


def _limit(options: CiOptions) -> Seconds:
    try:
        limit = parse_duration(options.time_limit)
    except ValueError as wrong:
        raise UsageError(f"--time-limit: {wrong}") from wrong
    if not limit:
        raise UsageError("--time-limit: 0 leaves no time to run anything")
    return limit


def _check_thresholds(options: CiOptions) -> None:
    if options.repeat < 1:
        raise UsageError(f"--repeat {options.repeat}: nothing would run", hint="give 1 or more")
    points = options.fail_under
    if points is not None and not (math.isfinite(points) and 0 <= points <= POINTS):
        raise UsageError(f"--fail-under {points:g} is not a number of points", hint=f"give 0 to {POINTS:g}")


def _make_folders(options: CiOptions) -> None:
    """Make the output folders now, rather than fail when the drills are over."""
    folders = [options.folder, *([options.junit.absolute().parent] if options.junit else [])]
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise UsageError(f"{folder} cannot be created: {wrong.strerror}") from wrong
        if not os.access(folder, os.W_OK):
            raise UsageError(f"{folder} is not writable")
    if options.junit and options.junit.is_dir():
        raise UsageError(f"--junit: {options.junit} is a folder", hint="name a file, such as junit.xml")


# --- files ---


def _workspace(options: CiOptions) -> Workspace:
    space = wiring.workspace(options.scenarios[0])
    for path in options.scenarios:
        if root_of(path) != space.root:
            raise UsageError(
                f"{path} is not in the workspace {space.root}", hint="run `gameday ci` once per workspace"
            )
    return space


def _drills(options: CiOptions) -> list[Path]:
    """Give each scenario once, and leave out plans, which are for people."""
    plans = [path for path in options.scenarios if path.name.endswith(PLANS)]
    for plan in plans:
        output.talk(f"{plan} is a game-day plan, which needs people: skipped")
    chosen = [path for path in dict.fromkeys(options.scenarios) if path not in plans]
    if not chosen:
        raise UsageError("no scenario to run", hint="name scenario files, such as scenarios/*.yaml")
    return chosen


def _check(space: Workspace, chosen: Sequence[Path], options: CiOptions) -> None:
    """Check every file that will be played, and what it imports. Raises InvalidFiles with all mistakes."""
    catalogue = Catalogue(space)
    for path in chosen:
        scenario = catalogue.scenario(space.name(path), options.drill.environment)
        script = _responder(path, options.drill.responder)
        if script is not None:
            catalogue.responder(space.name(script), scenario.value)
        elif scenario.value is not None and scenario.value.responders is not Party.NONE:
            catalogue.mistakes.append(
                scenario.document.mistake(
                    ("responders",),
                    f"nobody responds in a pipeline: no {_wanted(space, path, options.drill.responder)}",
                    hint="write that responder script, name another with --responder, "
                    "or measure with `responders: none`",
                )
            )
    catalogue.mistakes.extend(static_look.check(catalogue))
    catalogue.mistakes.extend(import_checks.check(catalogue, options.drill.environment))
    mistakes = catalogue.all_mistakes()
    if any(not mistake.warning for mistake in mistakes):
        raise InvalidFiles(mistakes)


def _responder(scenario: Path, given: Path | None) -> Path | None:
    """Find the script that responds: the one given, or the one named after the scenario."""
    if given is not None and not given.is_dir():
        return given
    script = (given or scenario.parent / "responders") / f"{scenario.stem}.yaml"
    return script if script.is_file() else None


def _wanted(space: Workspace, scenario: Path, given: Path | None) -> str:
    return space.name((given or scenario.parent / "responders") / f"{scenario.stem}.yaml")


def _entry(space: Workspace, path: Path, options: CiOptions, environ: Mapping[str, str]) -> Entry:
    """Prepare a scenario that was checked. Raises InvalidFiles where its environment is not set up."""
    responder = _responder(path, options.drill.responder)
    drill = replace(options.drill, responder=responder.absolute() if responder else None)
    prepared = wiring.prepare(space, path, drill)
    argv = [str(path.absolute()), *words_of(replace(drill, environment=prepared.environment.name))]
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


def _refuse_equal_names(entries: Sequence[Entry]) -> None:
    """Refuse two scenarios of one name: their results could not be told apart."""
    names = [entry.scenario for entry in entries]
    for entry in entries:
        if names.count(entry.scenario) > 1:
            raise UsageError(
                f"more than one scenario is called '{entry.scenario}'", hint=f"rename {entry.file}"
            )


def _baseline(folder: Path | None) -> Baseline | None:
    """Read the earlier results below a folder. Raises UsageError for a file, InvalidFiles.

    A folder that is not there yet is a pipeline's first run: nothing is compared.
    """
    if folder is None:
        return None
    if not folder.exists():
        output.warn(f"--baseline: there is no folder {folder} yet; nothing is compared")
        output.hint("fill it with this run's artefacts for the next one: every result.json in it counts")
        return None
    if not folder.is_dir():
        raise UsageError(f"--baseline: {folder} is not a folder")
    drills, mistakes = [], []
    for file in sorted(folder.rglob("result.json")):
        try:
            drills.append(result.read(file.read_bytes()))
        except (OSError, ValueError) as wrong:
            mistakes.append(Mistake(file=str(file.absolute()), message=str(wrong)))
    if mistakes:
        raise InvalidFiles(tuple(mistakes))
    # A drill may lie in several artefact folders; counted twice, it would look like more evidence than it is.
    distinct = {drill.drill or str(number): drill for number, drill in enumerate(drills)}
    return Baseline(folder=str(folder), drills=tuple(distinct.values()))
