"""approvals.toml -> the approvals in it; `core.policy` judges whether they count.

    [[approval]]
    by = "grace"
    covers = "sha256:…"                  # `gameday policy check` prints it
    until = 2026-12-01T18:00:00Z         # optional

    [approval.parts]                     # optional: by these, a refusal names what has changed since
    "experiments/x.json" = "0123456789ab"

The file is trusted as far as changes to the repository are reviewed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
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


HASH_LENGTH = 12
"""Digits of a part's hash in an approval: they name what has changed; `covers` is what counts."""


def encode(covers: str, parts: Mapping[str, str]) -> str:
    """Write the table that another person adds, with a place for their name."""
    lines = ["[[approval]]", 'by = ""', f'covers = "{covers}"', "", "[approval.parts]"]
    # JSON's strings are TOML's basic strings.
    lines += [
        f"{json.dumps(name)} = {json.dumps(part[:HASH_LENGTH])}" for name, part in sorted(parts.items())
    ]
    return "\n".join(lines)


def _approval(entry: Any) -> Approval:
    if not isinstance(entry, dict) or not entry.keys() <= {"by", "covers", "until", "parts"}:
        raise ValueError("an approval has only the keys by, covers, until and parts")
    by, covers, until = entry.get("by"), entry.get("covers"), entry.get("until")
    parts = entry.get("parts", {})
    if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
        raise ValueError("parts are names and the beginnings of their hashes, both text")
    if not isinstance(by, str) or not isinstance(covers, str):
        raise ValueError("an approval needs by and covers, both text")  # noqa: TRY004  # one kind of mistake
    if until is None:
        return Approval(by=by, covers=covers, parts=parts)
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise ValueError("until must be a date and time with an offset, such as 2026-12-01T18:00:00Z")
    return Approval(by=by, covers=covers, until=instant(until.timestamp()), parts=parts)
