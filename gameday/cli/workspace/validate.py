"""`gameday validate`: checks files, or the whole workspace, and prints every mistake with line and hint.

No target is touched, and nothing that a file names is run: modules are found on the path, sources parsed.
With `--import` they are imported, in child processes, where a policy allows it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from gameday.cli.shared import output
from gameday.core.errors import ExitCode, Mistake
from gameday.core.plans.scenario import Scenario
from gameday.formats.settings.reader import FILE
from gameday.settings import Workspace, open_workspace, static_look
from gameday.settings.catalogue import Catalogue, kind_of, plays_in

_NOT_OURS = frozenset({"node_modules", "site-packages", "__pycache__", "venv"})
"""Folders of installed programs, which may bring scenarios of their own."""


def validate(paths: Sequence[Path], *, json: bool, strict: bool, imports: bool = False) -> int:
    """Check files, or the whole workspace; print what is wrong, and give the exit code: 0 or 2.

    json: print `{"files": N, "mistakes": [...]}` on stdout. strict: warnings count as mistakes, and so does
    what preflight would refuse. imports: import what the files name, where a policy allows it.
    """
    space, mistakes = open_workspace(paths[0] if paths else Path())
    names = [space.name(path) for path in paths] or everything(space)
    catalogue = catalogue_of(space, names)
    catalogue.mistakes.extend(mistakes)
    catalogue.mistakes.extend(static_look.check(catalogue))
    if imports:
        from gameday.cli.shared import import_checks  # noqa: PLC0415  # slow to import

        catalogue.mistakes.extend(import_checks.check(catalogue))
    if strict:
        from gameday.cli.workspace import strict_checks  # noqa: PLC0415  # slow to import

        catalogue.mistakes.extend(strict_checks.check(catalogue))
    found = catalogue.all_mistakes()
    invalid = any(strict or not mistake.warning for mistake in found)
    count = len(set(catalogue.kinds) | {mistake.file for mistake in found} | ({FILE} & set(names)))
    if json:
        output.data_json({"files": count, "mistakes": [mistake._asdict() for mistake in found]})
    else:
        _print(space, found, count)
        if strict and any(mistake.warning for mistake in found):
            output.talk("--strict: warnings count as mistakes")
    return ExitCode.INVALID if invalid else ExitCode.PASSED


def catalogue_of(space: Workspace, names: Sequence[str]) -> Catalogue:
    """Check files by their names, and what they name."""
    catalogue = Catalogue(space)
    _check(catalogue, names)
    return catalogue


def everything(space: Workspace) -> list[str]:
    """Name every file of a workspace that people write; scenarios wherever they lie."""
    settings = [FILE] if (space.root / FILE).is_file() else []
    named = [
        *settings,
        *space.find("experiments", ".json", ".yaml", ".yml"),
        *space.find("scorecards", ".yaml", ".yml"),
        *space.find("playbooks", ".md"),
        *space.find("scenarios", ".yaml", ".yml"),
    ]
    return [*named, *_scenarios_elsewhere(space, set(named))]


def _scenarios_elsewhere(space: Workspace, named: set[str]) -> Iterator[str]:
    """Find the scenarios in other folders by their first key: other programs' YAML lies there, too."""
    for folder, below, files in os.walk(space.root):
        below[:] = sorted(name for name in below if _is_ours(Path(folder, name)))
        for file in sorted(name for name in files if name.endswith((".yaml", ".yml"))):
            path = space.name(Path(folder, file))
            if path not in named and _begins_as_scenario(space, path):
                yield path


def _is_ours(folder: Path) -> bool:
    """Check that a folder is neither hidden, nor an installed program's, nor a workspace of its own."""
    hidden = folder.name.startswith(".") or folder.name in _NOT_OURS
    return not hidden and not (folder / FILE).is_file()


def _begins_as_scenario(space: Workspace, path: str) -> bool:
    try:
        # By its first key alone: a folder of another program may be called scenarios, too.
        return kind_of(Path(path).name, space.read(path)) == "scenario"
    except ValueError:
        return False


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
            Mistake(file=name, message="cannot determine what kind of file this is", hint=hint)
        )
    return kind


def _played_in(catalogue: Catalogue, name: str, scenarios: Sequence[str]) -> Scenario | None:
    """Give the scenario that a script is named after, also where it is not among the files to check."""
    space = catalogue.space
    others = (
        each for each in space.find("scenarios", ".yaml", ".yml") if _kind(catalogue, each) == "scenario"
    )
    path = plays_in(name, scenarios) or plays_in(name, others)
    return catalogue.scenario(path).value if path else None


def _print(space: Workspace, mistakes: Sequence[Mistake], count: int) -> None:
    for mistake in mistakes:
        output.talk(*mistake._replace(file=_shown(space, mistake.file)).lines)
    errors = sum(not mistake.warning for mistake in mistakes)
    warnings = len(mistakes) - errors
    result = f"{_many(errors, 'mistake')}, {_many(warnings, 'warning')}" if mistakes else "no mistakes"
    output.talk(f"{_many(count, 'file')}: {result}")


def _shown(space: Workspace, file: str) -> str:
    """Give a file's path from the current folder, so that terminals can open it."""
    return os.path.relpath(space.root / file)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
