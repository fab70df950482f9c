"""The shop's trail: who did what and when, as `{"actions": [{"seq", "at", "actor", "action"}]}`.

The file outlives the shop, and the numbers continue from one `up` to the next.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from gameday.core.values import Instant, format_instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One action; `at` is when it was requested, RFC 3339 in UTC."""

    seq: int
    at: str
    actor: str
    action: str


class Trail:
    """The actions on one shop. Actors that begin with `fault` are experiments."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._actions = list(_read(path))

    def add(self, actor: str, action: str, at: Instant) -> Action:
        """Record an action that was requested at an instant; it is in the file before this returns."""
        seq = self._actions[-1].seq + 1 if self._actions else 1
        added = Action(seq=seq, at=format_instant(at, digits=6), actor=actor, action=action)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(added)) + "\n")
        self._actions.append(added)
        return added

    def after(self, seq: int) -> list[Action]:
        """Give the actions after a number."""
        return [action for action in self._actions if action.seq > seq]


def _read(path: Path) -> list[Action]:
    """Read a trail; a line that was cut off is left out."""
    actions = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            actions.append(Action(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return actions
