"""Every mistake of every file that people wrote, with its place and a hint.

Comes in: paths, or none for the whole workspace. Goes out: mistakes on stderr, one `FILE:LINE:COLUMN:
message` each, or JSON on stdout; exit code 2 when there are any, else 0. With `--strict` warnings count, and
so does what preflight would refuse.
Does not: touch a target, or start anything but the two checks of what files import.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from gameday.cli.shared import output
from gameday.core.errors import ExitCode, Mistake
from gameday.core.plans.scenario import Scenario
from gameday.formats.settings.reader import FILE
from gameday.load.check import Check
from gameday.settings import Catalogue, Workspace, imports, open_workspace
from gameday.settings.catalogue import kind_of, plays_in


def validate(paths: Sequence[Path], *, json: bool, strict: bool, ahead: tuple[Sequence[str], Check]) -> int:
    """Check files, or the whole workspace; print what is wrong, and give the exit code.

    strict: warnings count, and what preflight would refuse is foreseen.
    ahead: a check of locustfiles that is under way, with their names.
    """
    space, mistakes = open_workspace(paths[0] if paths else Path())
    catalogue = Catalogue(space)
    catalogue.mistakes.extend(mistakes)
    names = [space.name(path) for path in paths] or everything(space)
    _check(catalogue, names)
    catalogue.mistakes.extend(imports.check(catalogue, ahead))
    if strict:
        from gameday.cli.workspace import strict_checks  # noqa: PLC0415  # what only this needs takes a while to import

        catalogue.mistakes.extend(strict_checks.check(catalogue))
    told = catalogue.all_mistakes()
    wrong = [one for one in told if strict or not one.warning]
    count = len(set(catalogue.kinds) | {one.file for one in told} | ({FILE} & set(names)))
    if json:
        output.data_json({"files": count, "mistakes": [asdict(one) for one in told]})
    else:
        _tell(space, told, count)
    return ExitCode.INVALID if wrong else ExitCode.PASSED


def everything(space: Workspace) -> list[str]:
    """Name every file of a workspace that people write."""
    settings = [FILE] if (space.root / FILE).is_file() else []
    return [
        *settings,
        *space.find("experiments", ".json", ".yaml", ".yml"),
        *space.find("scorecards", ".yaml", ".yml"),
        *space.find("playbooks", ".md"),
        *space.find("scenarios", ".yaml", ".yml"),
    ]


def _check(catalogue: Catalogue, names: Sequence[str]) -> None:
    """Check files by their kind; scenarios first, since responder scripts are compared with them."""
    kinds = {name: _kind(catalogue, name) for name in names if name != FILE}
    scenarios = [name for name, kind in kinds.items() if kind == "scenario"]
    for name in scenarios:
        catalogue.scenario(name)
    for name, kind in kinds.items():
        match kind:
            case "scenario" | "":
                continue
            case "gameday":
                catalogue.game_day(name)
            case "responder":
                catalogue.responder(name, _played_in(catalogue, name, scenarios))
            case _:
                catalogue.check(name, kind)
    catalogue.overlaps()


def _kind(catalogue: Catalogue, name: str) -> str:
    try:
        content = catalogue.space.read(name)
    except ValueError:
        content = b""
    kind = kind_of(name, content)
    if not kind:
        hint = "scenarios, plans, experiments, scorecards and responders are .yaml or .json, playbooks .md"
        catalogue.mistakes.append(
            Mistake(file=name, message="what kind of file this is can't be told", hint=hint)
        )
    return kind


def _played_in(catalogue: Catalogue, name: str, scenarios: Sequence[str]) -> Scenario | None:
    """Give the scenario that a script is named after, also where it was not asked for."""
    space = catalogue.space
    beside = (
        each for each in space.find("scenarios", ".yaml", ".yml") if _kind(catalogue, each) == "scenario"
    )
    path = plays_in(name, scenarios) or plays_in(name, beside)
    return catalogue.scenario(path).value if path else None


def _tell(space: Workspace, told: Sequence[Mistake], count: int) -> None:
    for one in told:
        output.talk(str(replace(one, file=_shown(space, one.file))))
    errors = sum(not one.warning for one in told)
    summary = (
        f"{_many(count, 'file')}: {_many(errors, 'mistake')}, {_many(len(told) - errors, 'warning')}"
        if told
        else f"{count} files: all well"
    )
    output.talk(summary)


def _shown(space: Workspace, file: str) -> str:
    """Give a file's path as seen from where the command was typed, so that terminals can open it."""
    return os.path.relpath(space.root / file)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
