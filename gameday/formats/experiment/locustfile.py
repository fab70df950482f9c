"""The absolute URLs that a locustfile writes down: where its users go beside the host that they are given.

Comes in: Python source. Goes out: URLs as written; what an f-string computes stands as `{}`.
Does not: run it, or follow its imports; a URL that is put together elsewhere isn't seen.

A user class's own `host` is left out: Locust replaces it by the host that it is given.
"""

from __future__ import annotations

import ast
import re

_URL = re.compile(r"https?://\S*", re.IGNORECASE)


def urls(source: str) -> tuple[str, ...]:
    """Give the absolute http URLs of a locustfile, once each; none for what is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()  # Locust can't run it either
    hosts = {id(node) for each in ast.walk(tree) if isinstance(each, ast.ClassDef) for node in _hosts(each)}
    found = _Urls(hosts)
    found.visit(tree)
    return tuple(dict.fromkeys(found.urls))


def _hosts(made: ast.ClassDef) -> list[ast.expr]:
    """Give the values that a class assigns to its `host`."""
    return [
        node.value
        for node in made.body
        if isinstance(node, ast.Assign)
        and any(isinstance(name, ast.Name) and name.id == "host" for name in node.targets)
    ]


class _Urls(ast.NodeVisitor):
    """Collects texts that are URLs, f-strings as a whole."""

    def __init__(self, ignored: set[int]) -> None:
        self.urls: list[str] = []
        self._ignored = ignored

    def visit_Constant(self, node: ast.Constant) -> None:
        """Take a text that is a URL and nothing else."""
        if isinstance(node.value, str) and id(node) not in self._ignored and _URL.fullmatch(node.value):
            self.urls.append(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Take an f-string that begins as a URL."""
        parts = [str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values]
        text = "".join(parts)
        if _URL.match(text):
            self.urls.append(text)
