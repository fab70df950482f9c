"""`gameday validate`: starts the slowest check first, then hands over to `cli.workspace.checks`.

Locust takes a second to import, as long as everything else together. So the check of the locustfiles begins
at once, in a process of its own, with those that a quick search of the scenarios finds. A wrong guess costs
time, nothing else.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gameday.load.check import Check

_NAMED = re.compile(r"""\blocustfile["']?\s*:\s*["']?([^\s"',}#]+)""")


def validate(paths: Sequence[Path], *, json: bool, strict: bool) -> int:
    """Check files, or the whole workspace; print what is wrong, and give the exit code: 0 or 2.

    json: print `{"files": N, "mistakes": [...]}` on stdout. strict: warnings count as mistakes.
    """
    root = _root(paths[0] if paths else Path())
    guessed = tuple(sorted(set(_guess(root)))) if root else ()
    ahead = Check(guessed, cwd=root or Path())
    from gameday.cli.workspace import checks  # noqa: PLC0415  # slow to import: meanwhile Locust is, too

    return checks.validate(paths, json=json, strict=strict, ahead=(guessed, ahead))


def _root(start: Path) -> Path | None:
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / "gameday.toml").is_file()), None)


def _guess(root: Path) -> Iterator[str]:
    """Give the locustfiles that scenarios seem to name, as far as they exist."""
    for scenario in (root / "scenarios").glob("*.y*ml"):
        if not scenario.is_file() or scenario.stat().st_size > 1 << 20:
            continue
        for named in _NAMED.findall(scenario.read_text(encoding="utf-8", errors="replace")):
            path = posixpath.normpath(posixpath.join("scenarios", named))
            if not path.startswith("..") and path.endswith(".py") and (root / path).is_file():
                yield path
