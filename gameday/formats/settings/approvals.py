"""approvals.toml -> the approvals in it; `core.policy` judges whether they count.

    [[approval]]
    by = "grace"
    covers = "sha256:…"                  # `gameday policy check` prints it
    until = 2026-12-01T18:00:00Z         # optional

The file is trusted as far as changes to the repository are reviewed.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from typing import Any

from gameday.core.policy import Approval
from gameday.core.values import instant


def parse(content: bytes) -> tuple[Approval, ...]:
    """Read approvals. Raises ValueError for anything else in the file."""
    document = tomllib.loads(content.decode("utf-8"))
    entries = document.pop("approval", [])
    if document or not isinstance(entries, list):
        raise ValueError("the file may contain only [[approval]] tables")
    return tuple(_approval(entry) for entry in entries)


def _approval(entry: Any) -> Approval:
    if not isinstance(entry, dict) or not entry.keys() <= {"by", "covers", "until"}:
        raise ValueError("an approval has only the keys by, covers and until")
    by, covers, until = entry.get("by"), entry.get("covers"), entry.get("until")
    if not isinstance(by, str) or not isinstance(covers, str):
        raise ValueError("an approval needs by and covers, both text")  # noqa: TRY004  # one kind of mistake
    if until is None:
        return Approval(by=by, covers=covers)
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise ValueError("until must be a date and time with an offset, such as 2026-12-01T18:00:00Z")
    return Approval(by=by, covers=covers, until=instant(until.timestamp()))
