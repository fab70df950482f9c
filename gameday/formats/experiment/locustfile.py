"""What a locustfile needs and where it leads: arguments that it requires, absolute URLs, ends of its shapes.

URLs are where its users go besides the host that they are given.

The source is parsed, not run, and its imports are not followed; a URL that is put together elsewhere isn't
found. What an f-string computes appears as `{}`. A user class's own `host` is left out, because Locust
replaces it by the host that it is given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_URL = re.compile(r"https?://\S*", re.IGNORECASE)


def urls(source: str) -> tuple[str, ...]:
    """Give the absolute http URLs of a locustfile, once each; none if it is not valid Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()  # Locust can't run it either
    # By identity: an equal text elsewhere in the file is still a URL that users call.
    hosts = {id(value) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for value in _hosts(node)}
    visitor = _Urls(hosts)
    visitor.visit(tree)
    return tuple(dict.fromkeys(visitor.urls))


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredArgument:
    """An argument of the command line without which the locustfile does not start.

    flags     how it is written, such as `--token`
    variable  the environment variable that gives it, too; empty: none does
    """

    flags: tuple[str, ...]
    variable: str
    line: int


def required_arguments(source: str) -> tuple[RequiredArgument, ...]:
    """Give the arguments that a locustfile certainly requires: added by literal texts, `required=True`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return tuple(
        found
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        for found in _required(call)
    )


def _required(call: ast.Call) -> Iterator[RequiredArgument]:
    given = {each.arg: each.value.value for each in call.keywords if isinstance(each.value, ast.Constant)}
    named = [each.value for each in call.args if isinstance(each, ast.Constant)]
    flags = tuple(str(each) for each in named if str(each).startswith("-"))
    if given.get("required") is True and flags:
        yield RequiredArgument(flags=flags, variable=str(given.get("env_var") or ""), line=call.lineno)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShapeEnd:
    """When a load shape ends the load, in seconds of its run time, and where the class begins."""

    name: str
    seconds: float
    line: int


def shape_ends(source: str) -> tuple[ShapeEnd, ...]:
    """Give the ends of load shapes that state them by literals: `time_limit`, or `stages` with durations."""
    shapes = [
        each for each in _classes(source) if any(_last_name(base) == "LoadTestShape" for base in each.bases)
    ]
    found = [(shape, _stated_end(shape)) for shape in shapes]
    return tuple(
        ShapeEnd(name=shape.name, seconds=end, line=shape.lineno) for shape, end in found if end is not None
    )


def line_of(source: str, name: str) -> int:
    """Give the line at which a class begins; 1 where the source does not define it."""
    return next((each.lineno for each in _classes(source) if each.name == name), 1)


def _classes(source: str) -> list[ast.ClassDef]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _stated_end(shape: ast.ClassDef) -> float | None:
    used = {
        node.attr
        for node in ast.walk(shape)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    stated = {name: value for name, value in _assigned(shape) if name in used}
    try:
        limit = ast.literal_eval(stated["time_limit"]) if "time_limit" in stated else None
        stages = ast.literal_eval(stated["stages"]) if "stages" in stated else ()
        durations = [float(stage["duration"]) for stage in stages]
        if limit is not None:
            return float(limit)
    except (ValueError, TypeError, KeyError):
        return None  # computed, or of another form
    if not durations:
        return None
    # Most shapes write the run time at which a stage ends; some how long it lasts.
    return durations[-1] if durations == sorted(durations) else sum(durations)


def _assigned(made: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Give what a class's own level assigns, by its name."""
    for node in made.body:
        if isinstance(node, ast.Assign):
            yield from ((name.id, node.value) for name in node.targets if isinstance(name, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _hosts(made: ast.ClassDef) -> list[ast.expr]:
    """Give the values that a class assigns to its `host`."""
    return [value for name, value in _assigned(made) if name == "host"]


class _Urls(ast.NodeVisitor):
    """Collects texts that are URLs, f-strings as a whole."""

    def __init__(self, ignored: set[int]) -> None:
        self.urls: list[str] = []
        self._ignored = ignored

    def visit_Constant(self, node: ast.Constant) -> None:
        """Collect a text that is exactly a URL."""
        if isinstance(node.value, str) and id(node) not in self._ignored and _URL.fullmatch(node.value):
            self.urls.append(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Collect an f-string that begins like a URL."""
        parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        text = "".join(parts)
        if _URL.match(text):
            self.urls.append(text)
