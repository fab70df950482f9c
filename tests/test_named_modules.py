"""Modules that are named in strings exist, and no string reaches up into a layer that may not be imported."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "gameday"
NAME = re.compile(r"(?<![\w./-])gameday(?:\.[a-z_]\w*)+(?![\w-])")
NO_MODULES = {
    "gameday.toml": "the file of settings",
    "gameday.drill": "the queue's name of its one task",
    "gameday.db": "a store's file",
    "gameday.html": "a template",
    "gameday.py": "the plug-in that Locust loads beside a locustfile",
    "gameday.shop": "the shop's providers, as a prefix in a policy's patterns",
}
UPWARDS = {
    (
        "faults/keeper_client.py",
        "gameday.keeper",
    ): "the keeper is a process of its own, started by its command",
    ("core/policy/", "gameday.shop"): "policies name the shop's faults as a provider, which is no import",
    ("formats/settings/model.py", "gameday.shop"): "a hint shows the pattern of the shop's faults",
    (
        "formats/scenario/guardrails/",
        "gameday.",
    ): "a guardrail's kind names the meter that wiring opens for it",
}
"""Files, or folders of them, and what they may name."""
FILES = [file for file in PACKAGE.rglob("*.py") if "__pycache__" not in file.parts]


def short(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def named(file: Path, *, docstrings: bool = True) -> set[str]:
    """Find the modules that a file's strings name."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not docstrings:
        tree = Undocumented().visit(tree)
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return {name for text in texts for name in NAME.findall(text)} - NO_MODULES.keys()


class Undocumented(ast.NodeTransformer):
    """Drops strings that nothing uses: docstrings may speak of any module."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)


def exists(name: str) -> bool:
    """Tell whether a name is a module's, or that of something in one."""
    path = ROOT.joinpath(*name.split("."))
    if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
        return True
    module, _, attribute = name.rpartition(".")
    return importlib.util.find_spec(module) is not None and hasattr(
        importlib.import_module(module), attribute
    )


def layers() -> dict[str, int]:
    """Give the height of each top module, from the contract in pyproject.toml."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (rows,) = [contract["layers"] for contract in contracts if contract["name"] == "Layers"]
    names = [(re.findall(r"\w+", row), height) for height, row in enumerate(reversed(rows))]
    return {name: height for row, height in names for name in row}


@pytest.mark.parametrize("file", FILES, ids=short)
def test_a_module_that_a_string_names_exists(file):
    assert [name for name in named(file) if not exists(name)] == []


def test_no_string_reaches_up_into_another_layer():
    heights = layers()
    upwards = {
        (short(file), name)
        for file in FILES
        for name in named(file, docstrings=False)
        if heights[name.split(".")[1]] > heights[short(file).split("/")[0].removesuffix(".py")]
    }
    assert [pair for pair in upwards if not any(covers(allowed, pair) for allowed in UPWARDS)] == []


def covers(allowed: tuple[str, str], pair: tuple[str, str]) -> bool:
    return all(whole.startswith(prefix) for prefix, whole in zip(allowed, pair, strict=True))


def test_every_word_that_is_no_module_is_still_used():
    texts = [file.read_text(encoding="utf-8") for file in FILES]
    assert all(any(word in text for text in texts) for word in NO_MODULES)
