"""approvals.toml -> the approvals in it.

Comes in: the file's bytes. Goes out: approvals. Does not: judge whether they count.

    [[approval]]
    by = "grace"
    covers = "sha256:…"                  # `gameday policy check` prints it
    until = 2026-12-01T18:00:00Z         # optional

The file is trusted as far as the repository is in which others review it.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from typing import Any

from gameday.core.policy import Approval
from gameday.core.values import instant


def parse(content: bytes) -> tuple[Approval, ...]:
    """Read approvals. Raises ValueError for anything that is not exactly an approval."""
    document = tomllib.loads(content.decode("utf-8"))
    entries = document.pop("approval", [])
    if document or not isinstance(entries, list):
        raise ValueError("only [[approval]] may stand here")
    return tuple(_approval(entry) for entry in entries)


def _approval(entry: Any) -> Approval:
    if not isinstance(entry, dict) or not entry.keys() <= {"by", "covers", "until"}:
        raise ValueError("an approval has by, covers and until")
    by, covers, until = entry.get("by"), entry.get("covers"), entry.get("until")
    if not isinstance(by, str) or not isinstance(covers, str):
        raise ValueError("an approval says by whom, and what it covers")  # noqa: TRY004  # one kind of mistake
    if until is None:
        return Approval(by=by, covers=covers)
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise ValueError("until is a date and time with its offset, such as 2026-12-01T18:00:00Z")
    return Approval(by=by, covers=covers, until=instant(until.timestamp()))
