"""Signs the stored facts that make gameday act, so that a stranger's history never runs as code (adr/0016).

A signature is HMAC-SHA256 over the document in a canonical form, with the store and the environment that it
is for: copied into another drill or store, or under a plan for another environment, it does not hold.

Like `envelope`, this imports no fact: a responder's command passes here, and signs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KINDS = frozenset({"EnvironmentBroughtUp", "FaultRequested", "ProcessStarted"})
"""The kinds of `core.facts.drill.SIGNED`."""
PLANS = ("DrillPlanned", "GameDayPlanned")
"""The kinds that name a history's environment."""
FIELD = "signature"
"""Where a document carries its signature on the way to its row, and in a spill file."""


def sign(key: bytes, document: Mapping[str, Any], *, store: str, environment: str) -> str:
    """Give the signature of a document for one store and environment."""
    return digest(key, "gameday fact 1", store, environment, without(document))


def without(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document without its signature."""
    return {name: value for name, value in document.items() if name != FIELD}


def holds(key: bytes, document: Mapping[str, Any], *, store: str, environment: str) -> bool:
    """Report whether a document carries the signature that this key gives for one store and environment."""
    return same(document.get(FIELD), sign(key, document, store=store, environment=environment))


def digest(key: bytes, *parts: Any) -> str:
    """Give the HMAC-SHA256 of JSON values, in hex; the first of them says what they are."""
    import hmac  # noqa: PLC0415  # only few facts are signed

    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, canonical.encode(), "sha256").hexdigest()


def same(given: object, expected: str) -> bool:
    """Compare a signature from outside, which may be anything, in constant time."""
    import hmac  # noqa: PLC0415

    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def environment_of(document: Mapping[str, Any]) -> str | None:
    """Give the environment that a document's plan names; None for a fact of another kind."""
    if document["kind"] == "DrillPlanned":
        return str(document["fact"]["environment"])
    if document["kind"] == "GameDayPlanned":
        return str(document["fact"]["plan"]["environment"])
    return None
