"""The code that a drill would run, as parts that an approval covers: local sources and distributions.

Local sources are found by the names in experiments and locustfiles, and further by their own imports, as
their syntax shows them; each is a part of its own. What else of the workspace can be imported is one further
part: a computed name may lead there, `__all__`, or an installed library that does without a module that
nobody installed. Nothing is imported.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import machinery, metadata
from pathlib import Path

from gameday.settings import static_look
from gameday.system.imports import own_sources

OTHERS = "other modules of the workspace"
"""The part that holds what can be imported although nothing names it."""
_SUFFIXES = tuple(machinery.all_suffixes())


def parts(
    root: Path, names: Sequence[str], locustfile: str, commands: Sequence[str], cwd: str = ""
) -> dict[str, str]:
    """Give the hash or version of each part, by a name for people.

    names: modules, as experiments name them. locustfile: its workspace path; empty without load.
    commands: files that may be run; those of the workspace count. cwd: the experiment's working folder.
    """
    search = static_look.folders_of(root, cwd)
    walk = _Walk(root=root)
    for name in names:
        walk.module(name, search)
    if locustfile:
        file = root / locustfile
        # As Locust puts them on the path: the locustfile's folder, the working folder, then Python's own.
        walk.imports(file, "", [str(file.parent), str(root), *search])
    for command in commands:
        walk.command(command)
    walk.others([str(root), str((root / locustfile).parent), *search])
    return walk.found


class _Walk:
    """Follows names from module to module, each once."""

    def __init__(self, *, root: Path) -> None:
        self.found: dict[str, str] = {}
        self._root = root.resolve()
        self._seen: set[tuple[str, str]] = set()
        self._covered: set[Path] = set()
        self._distributions: Mapping[str, Sequence[str]] | None = None

    def module(self, name: str, search: Sequence[str], *, certain: bool = True) -> None:
        """Cover a module and the packages above it, whose code an import runs first.

        certain: it is a module, so that a missing one is a part, too: it may be there by the time it is run.
        """
        levels = name.split(".")
        for count in range(1, len(levels) + 1):
            whole = ".".join(levels[:count])
            found = static_look.find(whole, search)
            if found.missing:
                if certain:
                    self.found[f"module {whole}"] = "missing"
                return
            if not self._cover(whole, found.origin, search):
                return

    def _cover(self, name: str, origin: str, search: Sequence[str]) -> bool:
        """Cover one module; give whether it is local, so that what is below it matters."""
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            return False
        file = Path(origin).resolve() if origin else None
        # gameday may be a checkout: its version is what counts, as for any other distribution.
        if top == "gameday" or (file is not None and own_sources.is_installed(file)):
            self._distribution(top)
            return False
        if file is not None and (name, origin) not in self._seen:
            self._seen.add((name, origin))
            self.found[f"module {name}"] = _hash(file)
            self._covered.add(file)
            package = name if file.stem == "__init__" else name.rpartition(".")[0]
            self.imports(file, package, search)
        return True

    def imports(self, file: Path, package: str, search: Sequence[str]) -> None:
        """Cover what a source imports, wherever in it."""
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            return  # its hash counts; it can't be imported either
        for name, certain in _imported(tree, package):
            self.module(name, search, certain=certain)

    def command(self, path: str) -> None:
        """Cover a file of the workspace that a command may run."""
        try:
            file = (self._root / path).resolve()
            inside = file.is_relative_to(self._root) and file.is_file()
        except (OSError, ValueError):  # any argument comes here: too long, a zero byte
            return
        if inside:
            self.found[f"file {file.relative_to(self._root).as_posix()}"] = _hash(file)

    def others(self, folders: Sequence[str]) -> None:
        """Cover as one part what else can be imported from those folders that are in the workspace."""
        inside = [place for place in map(Path, folders) if place.resolve().is_relative_to(self._root)]
        files = {file for folder in inside for file in _importable(folder)}
        lines = sorted(
            f"{_hash(file)} {os.path.relpath(file, self._root)} {os.path.relpath(file.resolve(), self._root)}"
            for file in files
            if file not in self._covered and not own_sources.is_installed(file.resolve())
        )
        if lines:
            self.found[OTHERS] = hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()

    def _distribution(self, top: str) -> None:
        if self._distributions is None:
            self._distributions = metadata.packages_distributions()
        for name in self._distributions.get(top, ()):
            self.found[f"distribution {name.lower()}"] = metadata.version(name)


def _imported(tree: ast.Module, package: str) -> Iterator[tuple[str, bool]]:
    """Give the modules that a source imports, and whether each is certainly a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, True) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            if base:
                yield base, True
                # What is imported from a package may be a module of it.
                yield from ((f"{base}.{alias.name}", False) for alias in node.names if alias.name != "*")


def _base(node: ast.ImportFrom, package: str) -> str:
    """Give the absolute name that a `from` imports from; empty where it leads above the top package."""
    if not node.level:
        return node.module or ""
    levels = package.split(".") if package else []
    if node.level > len(levels):
        return ""
    return ".".join([*levels[: len(levels) - node.level + 1], *([node.module] if node.module else [])])


def _importable(folder: Path) -> Iterator[Path]:
    """Give the files below a folder that an import can read. No module's name holds a dot, so no folder's.

    A folder that a link leads to is looked at once; the link counts wherever it is.
    """
    seen: set[str] = set()
    for place, below, files in os.walk(folder.absolute(), followlinks=True):
        real = os.path.realpath(place)
        if Path(place).is_symlink():
            yield Path(place)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if "." not in name)
        yield from (Path(place, name) for name in files if name.endswith(_SUFFIXES))


def _hash(file: Path) -> str:
    # A module within an archive is no file: then the archive is what counts.
    file = next((each for each in (file, *file.parents) if each.exists()), file)
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"
