"""`gameday init`: creates a workspace with the catalogue of scenarios, to copy and adapt.

It holds gameday.toml, experiments/, scenarios/, scorecards/, playbooks/ and the schemas that editors complete
from. No file is overwritten: one that exists is kept, and named.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from gameday.cli.shared import output
from gameday.core.errors import ExitCode, UsageError
from gameday.settings.workspace import installed_catalogue

FILES = ("gameday.toml",)
FOLDERS = ("experiments", "scenarios", "scorecards", "playbooks")
SCHEMAS = Path("docs") / "reference"
_ENDINGS = {".json", ".yaml", ".yml", ".py", ".md", ".toml"}


def initialise(folder: Path) -> int:
    """Create a workspace. Gives 0; raises UsageError where the folder cannot be written."""
    source = installed_catalogue()
    made, kept = [], []
    try:
        for name in _names(source):
            target = folder / name
            if target.exists() or target.is_symlink():
                kept.append(name)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target)
            made.append(name)
    except OSError as wrong:
        raise UsageError(f"{folder} cannot be written: {wrong.strerror}") from wrong
    _print(folder, made, kept)
    return ExitCode.PASSED


def _names(source: Path) -> Iterator[Path]:
    """Name every file of the catalogue, by its path from the catalogue's root."""
    yield from (Path(name) for name in FILES if (source / name).is_file())
    for name in (*FOLDERS, str(SCHEMAS)):
        endings = {".json"} if name == str(SCHEMAS) else _ENDINGS
        for file in sorted((source / name).rglob("*")):
            if file.is_file() and file.suffix in endings and "__pycache__" not in file.parts:
                yield file.relative_to(source)


def _print(folder: Path, made: list[Path], kept: list[Path]) -> None:
    for name in kept:
        output.talk(f"kept {folder / name}: it already exists")
    output.talk(f"{len(made)} files created in {folder}" if made else "nothing to create: all files exist")
    first = (
        "gameday run scenarios/api-latency-spike.yaml --responder scenarios/responders/api-latency-spike.yaml"
    )
    output.hint(f"{'' if folder == Path() else f'cd {folder} && '}{first}")
