"""The locustfile and its own modules as they were checked: read once, and run from those bytes.

Locust runs the bytes under the files' own paths: what they read next to `__file__`, and what is imported
besides, works as before. A file that is changed after the check has no effect on the drill.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

VARIABLE = "GAMEDAY_LOAD_SOURCES"
"""The file of the frozen sources, and its sha256: `HASH PATH`."""

Read = Callable[[Path], bytes]


class ReadOnce:
    """Reads files of a workspace; source code is read once, so that what was checked is what runs."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._known: dict[str, bytes] = {}

    def __call__(self, path: str) -> bytes:
        """Give a file's bytes. Raises OSError, and ValueError for one outside."""
        if not path.endswith(".py"):
            return self._read(path)
        # By its real place: the check and the driver may write one path in two ways.
        key = os.path.normpath(path)
        if key not in self._known:
            self._known[key] = self._read(path)
        return self._known[key]


def sources(locustfile: str, root: Path, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Give the locustfile and the modules of its own that it imports, by their real paths.

    Followed are imports that are written as such, from the locustfile's folder and the workspace. Raises
    OSError where the locustfile can't be read.
    """
    first = Path(os.path.normpath(root / locustfile))
    folders = (first.parent, root)
    found: dict[str, bytes] = {}
    waiting = [first]
    while waiting:
        path = waiting.pop()
        key = os.path.realpath(path)
        if key in found:
            continue
        try:
            content = found[key] = read(os.path.relpath(path, root))
        except (OSError, ValueError):
            if path == first:
                raise
            continue
        waiting += (module for name in _imports(content, path) for module in _files(name, path, folders))
    return found


def _imports(content: bytes, path: Path) -> Iterator[tuple[int, str]]:
    """Give the modules that a source imports: how many dots, and the name."""
    try:
        tree = ast.parse(content, str(path))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((0, alias.name) for alias in node.names)
            case ast.ImportFrom():
                name = node.module or ""
                yield node.level, name
                # Each may be a module of a package.
                yield from ((node.level, f"{name}.{alias.name}".strip(".")) for alias in node.names)
            case _:
                pass


def _files(imported: tuple[int, str], importer: Path, folders: tuple[Path, ...]) -> Iterator[Path]:
    """Give the files that an import reads: the module's, and those of the packages around it."""
    dots, name = imported
    bases = (importer.parents[dots - 1],) if 0 < dots <= len(importer.parents) else folders
    parts = [part for part in name.split(".") if part]
    for base in bases:
        for depth in range(len(parts) + 1):
            place = base.joinpath(*parts[:depth])
            candidates = (place / "__init__.py", *((place.with_name(f"{place.name}.py"),) if depth else ()))
            yield from (file for file in candidates if file.is_file())


def write(found: Mapping[str, bytes], file: Path) -> str:
    """Write frozen sources for Locust's process. Gives the value of VARIABLE for it."""
    text = json.dumps({path: content.decode("latin-1") for path, content in found.items()})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return f"{hashlib.sha256(text.encode()).hexdigest()} {file}"


_found: dict[str, bytes] = {}
"""The frozen sources of this process, by their real paths."""


def keep_from_rewriting() -> None:
    """Let pytest, by which Locust collects users that are tests, take frozen sources as they are.

    It would read the files anew, to rewrite their assertions.
    """
    from _pytest.assertion.rewrite import AssertionRewritingHook  # noqa: PLC0415  # only where Locust uses it

    find = AssertionRewritingHook.find_spec

    def find_spec(hook: Any, name: str, path: Any = None, target: Any = None) -> Any:
        spec = find(hook, name, path, target)
        if spec is not None and os.path.realpath(spec.origin or "") in _found:
            return None
        return spec

    setattr(AssertionRewritingHook, "find_spec", find_spec)  # noqa: B010  # mypy: its parameters have types


def install(value: str) -> None:
    """Make this process import frozen sources from what `write` has written. Exits where it was changed."""
    expected, _, file = value.partition(" ")
    text = Path(file).read_bytes()
    if hashlib.sha256(text).hexdigest() != expected:
        sys.exit("gameday: the frozen copy of the locustfile was changed")
    found = {path: content.encode("latin-1") for path, content in json.loads(text).items()}
    _found.update(found)
    compiled = SourceFileLoader.get_code

    def get_code(loader: Any, name: str) -> CodeType | None:
        path = loader.get_filename(name)
        frozen = found.get(os.path.realpath(path))
        # Not from __pycache__ either: its file may be another one's.
        return compiled(loader, name) if frozen is None else compile(frozen, path, "exec", dont_inherit=True)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
