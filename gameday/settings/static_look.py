"""Look at what files name outside the workspace without running any of it: modules, functions, commands.

Importing a module runs it, and so does Locust with a locustfile. Here modules are only found on the path, and
sources are only parsed. `settings.imports` imports them for real, once a policy allows it.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from gameday.core.errors import Mistake
from gameday.core.plans.scenario import ChaosOptions
from gameday.formats.experiment import extensions, locust_options, locustfile, sources
from gameday.formats.text.document import Document
from gameday.formats.text.document import Path as DocumentPath
from gameday.load import locustfiles
from gameday.settings import runtime_needs
from gameday.settings.catalogue import Catalogue

LARGEST_SOURCE = 1 << 20
"""Bytes; a larger source is not parsed."""
_ANY = ("*",)
_TO_COME = "a package that is installed before the baseline must have it"
GIVEN = ("configuration", "secrets")
"""Parameters that Chaos Toolkit fills."""


def check(catalogue: Catalogue, *, judged: bool = False) -> tuple[Mistake, ...]:
    """Find what experiments and locustfiles name and this machine does not have.

    judged: a policy is asked next, and refuses packages that it does not allow.
    """
    broken = {mistake.file for mistake in catalogue.mistakes if not mistake.warning}
    known = [(path, kind) for path, kind in catalogue.kinds.items() if path not in broken]
    root = catalogue.space.root
    mistakes: list[Mistake] = []
    for path, kind in known:
        if kind == "experiment":
            for options in catalogue.options(path):
                document = catalogue.check(path, kind).document
                mistakes += _experiment(document, root, options, _ANY if judged else catalogue.packages(path))
        elif kind == "locustfile":
            mistakes += _locustfile(path, catalogue.contents[path], root)
            mistakes += _short_shapes(catalogue, path)
    if any(kind == "locustfile" for _, kind in known):
        mistakes += _locust_settings(catalogue)
    for path, kind in known:
        if kind == "scenario":
            mistakes += _lacking_arguments(catalogue, path)
    return tuple(sorted(set(mistakes)))


# --- modules ---


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A module that was looked for.

    missing  the part of its name that was not found
    origin   its file, empty for a namespace or a built-in module; file: the same where it is a source
    """

    missing: str = ""
    origin: str = ""

    @property
    def file(self) -> Path | None:
        """The module's source."""
        return Path(self.origin) if self.origin.endswith(".py") else None


def find(name: str, folders: Sequence[str]) -> Found:
    """Find a module by its dotted name in folders, without importing it or a package above it."""
    spec: ModuleSpec | None = None
    locations: Sequence[str] | None = folders
    whole = ""
    for part in name.split("."):
        whole = f"{whole}.{part}" if whole else part
        spec = _spec(part, locations, top=whole == part) if locations is not None else None
        if spec is None:
            loaded = sys.modules.get(name)  # such as os.path, which no folder holds under this name
            missing = "" if loaded is not None else whole
            return Found(missing=missing, origin=getattr(loaded, "__file__", None) or "")
        locations = None if spec.submodule_search_locations is None else [*spec.submodule_search_locations]
    return Found(origin=spec.origin or "" if spec is not None and spec.has_location else "")


def _spec(part: str, locations: Sequence[str], *, top: bool) -> ModuleSpec | None:
    # By its last part alone: with the dotted name, the machinery would want the package to be imported.
    found = PathFinder.find_spec(part, locations)
    if found is not None or not top:
        return found
    for finder in (BuiltinImporter, FrozenImporter):
        if found := finder.find_spec(part):
            return found
    # Packages that are installed for editing have finders of their own, which look for a file, too.
    editable = [finder for finder in sys.meta_path if type(finder).__module__.startswith("__editable__")]
    editable += [
        finder for finder in sys.meta_path if getattr(finder, "__module__", "").startswith("__editable__")
    ]
    return next((spec for finder in editable if (spec := finder.find_spec(part, None))), None)


def folders_of(root: Path, cwd: str = "") -> list[str]:
    """Give where experiments' modules are looked for: Python's path, then the working folder."""
    return [*(folder for folder in sys.path if folder), str(root / cwd)]


# --- experiments ---


def _experiment(
    document: Document, root: Path, options: ChaosOptions, packages: Sequence[str]
) -> Iterator[Mistake]:
    cwd = options.cwd
    yield from runtime_needs.check(document, packages)
    installs = runtime_needs.installs(document.data, packages)
    if not (options.vars or options.var_files):  # those may give what the environment would
        yield from _unset(document)
    for path, provider in _providers(document.data, ()):
        match provider:
            case {"type": "python", "module": str(module)}:
                yield from _python(document, path, module, provider, folders_of(root, cwd), installs=installs)
            case {"type": "process", "path": str(command)}:
                if shutil.which(command) is None and shutil.which(root / cwd / command) is None:
                    yield document.mistake((*path, "path"), f"command '{command}' cannot be found")
            case _:
                pass


def _unset(document: Document) -> Iterator[Mistake]:
    """Warn of environment variables that are not set here: the drill may run where they are."""
    for path, name in sources.required(document):
        if name not in os.environ:
            message = f"the environment variable {name} is not set here, and has no default"
            hint = "set it where the drill runs, or give the entry a default"
            yield document.mistake(path, message, hint=hint, warning=True)


def _providers(tree: Any, path: DocumentPath) -> Iterator[tuple[DocumentPath, Mapping[str, Any]]]:
    if isinstance(tree, Mapping):
        if isinstance(tree.get("provider"), Mapping):
            yield (*path, "provider"), tree["provider"]
        for key, value in tree.items():
            yield from _providers(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _providers(value, (*path, index))


def _python(
    document: Document,
    path: DocumentPath,
    module: str,
    provider: Mapping[str, Any],
    folders: Sequence[str],
    *,
    installs: bool,
) -> Iterator[Mistake]:
    found = find(module, folders)
    if found.missing:
        message = f"module {module} can't be imported: there is no module '{found.missing}'"
        hint = _TO_COME if installs else extensions.hint(module)
        yield document.mistake((*path, "module"), message, hint=hint, warning=installs)
        return
    func = provider.get("func")
    if not isinstance(func, str) or found.file is None:
        return
    names, complete = defined(found.file)
    if func not in names:
        if complete:
            yield document.mistake((*path, "func"), f"module {module} defines no function '{func}'")
        return
    wrong = _wrong_arguments(names[func], provider.get("arguments"))
    if wrong:
        key = "arguments" if "arguments" in provider else "func"
        yield document.mistake((*path, key), f"{module}.{func} {wrong}")


def defined(file: Path) -> tuple[dict[str, ast.FunctionDef | None], bool]:
    """Give what a source defines at its top, with plain functions, and whether that is certainly all."""
    tree = _parsed(file)
    if tree is None:
        return {}, False
    visitor = _Names()
    visitor.visit(tree)
    return visitor.names, visitor.complete and "__getattr__" not in visitor.names


def _parsed(file: Path) -> ast.Module | None:
    try:
        if file.stat().st_size > LARGEST_SOURCE:
            return None
        return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Names(ast.NodeVisitor):
    """Collects the names that a module's own level binds; what is within functions and classes is not its."""

    def __init__(self) -> None:
        self.names: dict[str, ast.FunctionDef | None] = {}
        self.complete = True

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        plain = not node.decorator_list and node.name not in self.names
        self.names[node.name] = node if plain else None

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.names[node.name] = None

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names[node.name] = None

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names[node.id] = None
        elif node.id in {"globals", "exec", "setattr", "vars"}:
            self.complete = False  # names may be made that no one can read here

    def visit_alias(self, node: ast.alias) -> None:
        if node.name == "*":
            self.complete = False
        self.names[(node.asname or node.name).partition(".")[0]] = None


def _wrong_arguments(function: ast.FunctionDef | None, given: Any) -> str:
    """Explain which argument a function does not take, or lacks; empty where nothing is certainly wrong."""
    if function is None or (given is not None and not isinstance(given, Mapping)):
        return ""
    signature, names = function.args, set(given or {})
    plain = [each.arg for each in (*signature.posonlyargs, *signature.args)]
    needed = plain[: len(plain) - len(signature.defaults)]
    needed += [
        each.arg
        for each, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
        if default is None
    ]
    taken = {*plain, *(each.arg for each in signature.kwonlyargs)}
    unexpected = sorted(names - taken)
    if unexpected and signature.kwarg is None:
        return f"takes no argument '{unexpected[0]}'"
    lacking = [name for name in needed if name not in names and name not in GIVEN]
    return f"lacks the argument '{lacking[0]}'" if lacking else ""


# --- locustfiles ---


def _locustfile(path: str, content: bytes, root: Path) -> Iterator[Mistake]:
    mistake = locustfiles.misnamed(path)
    if mistake is not None:
        yield mistake
        return
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        yield Mistake(
            file=path,
            line=error.lineno or 1,
            column=error.offset or 1,
            message=f"{type(error).__name__}: {error.msg}",
        )
        return
    except (ValueError, RecursionError) as error:
        yield Mistake(file=path, message=f"{type(error).__name__}: {error}")
        return
    # As Locust puts them on the path: the locustfile's folder, the working folder, then Python's own.
    folders = [str((root / path).parent), str(root), *(folder for folder in sys.path if folder)]
    for node in tree.body:  # only what every import of the file runs: a `try` may do without
        for name in _imported(node):
            found = find(name, folders)
            if found.missing:
                message = f"ModuleNotFoundError: No module named '{found.missing}'"
                yield Mistake(
                    file=path, line=node.lineno, message=message, hint=extensions.hint(found.missing)
                )
    if not any(isinstance(node, ast.ClassDef | ast.ImportFrom) for node in ast.walk(tree)) and not any(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in tree.body
    ):
        yield locustfiles.without_users(path)


def _short_shapes(catalogue: Catalogue, path: str) -> Iterator[Mistake]:
    """Warn of load shapes that state an end before that of a drill."""
    lasting = catalogue.lasting().get(path, 0.0)
    for end in locustfile.shape_ends(catalogue.contents[path].decode(errors="replace")):
        if end.seconds < lasting:
            yield locustfiles.short_shape(path, end.line, end.name, end.seconds, lasting)


def _imported(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def _locust_settings(catalogue: Catalogue) -> Iterator[Mistake]:
    """Warn of what has no effect in the files and variables that Locust reads besides its command line."""
    for file in (locust_options.CONF, locust_options.PROJECT):
        try:
            content = catalogue.space.read(file)
        except ValueError:  # there is none
            continue
        yield from locust_options.in_file(file, content)
    for path, loads in sorted(catalogue.loads().items()):
        variables = {name for load in loads for name in load.env} | set(os.environ)
        yield from locust_options.in_variables(path, variables)


def _lacking_arguments(catalogue: Catalogue, path: str) -> Iterator[Mistake]:
    """Find arguments that a scenario's locustfile requires and nothing gives."""
    checked = catalogue.check(path, "scenario")
    load = checked.value.load if checked.value is not None else None
    content = catalogue.contents.get(load.locustfile) if load is not None else None
    if load is None or content is None:
        return
    given = {argument.partition("=")[0] for argument in load.args}
    conf = _conf_keys(catalogue)
    for wanted in locustfile.required_arguments(content.decode(errors="replace")):
        by_variable = wanted.variable in {*load.env, *os.environ}
        by_conf = any(flag.lstrip("-") in conf for flag in wanted.flags)
        if not (by_variable or by_conf or given & set(wanted.flags)):
            message = f"{load.locustfile}, line {wanted.line}, requires the argument {wanted.flags[-1]}"
            hint = f'write args: ["{wanted.flags[-1]}", "…"] under load'
            yield checked.document.mistake(("load",), message, hint=hint, at_key=True)


def _conf_keys(catalogue: Catalogue) -> set[str]:
    """Give what Locust's own file sets, as far as its keys begin a line."""
    try:
        lines = catalogue.space.read(locust_options.CONF).decode(errors="replace").splitlines()
    except ValueError:
        return set()
    return {re.split(r"[=:\s]", line.strip().lstrip("-"), maxsplit=1)[0] for line in lines}
