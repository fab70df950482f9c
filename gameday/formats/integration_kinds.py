"""The outside systems whose names people write into files: senders of alerts, and kinds of integrations.

`signals.receiver` reads the payloads of ALERT_SYSTEMS, and `wiring` opens the channels. `formats` may not
import either, so the names are repeated here; tests/formats/test_integration_kinds.py compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ALERT_SYSTEMS = ("alertmanager", "generic")
"""Whose alerts can be received: the keys of an environment's `alerts`, and the sources of expected alerts."""
CHANNEL = "apprise"
"""The kind of an integration that is a channel: people are notified in it."""
PROMETHEUS = "prometheus"
"""The kind of an integration that answers the queries of guardrails."""
SHOP = "shop"
"""The kind of an integration at whose `url` the receiver of each drill registers itself."""
UNREAD_KINDS = ("opsgenie", "pagerduty")
"""Kinds of integrations that a file may name, but that nothing uses yet; `validate` warns of them."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of integration that an environment names as its own.

    system  whose payloads it sends, of ALERT_SYSTEMS; empty: it sends no alerts
    ways    the keys that give where its alerts, or its answers, come from; at least one is needed
    """

    system: str
    ways: tuple[str, ...]


SOURCE_KINDS: Mapping[str, SourceKind] = {
    "alertmanager": SourceKind("alertmanager", ("listen", "poll")),
    "generic": SourceKind("generic", ("listen", "url")),
    SHOP: SourceKind("alertmanager", ("url",)),
    PROMETHEUS: SourceKind("", ("url",)),
}
INTEGRATION_KINDS = (CHANNEL, *UNREAD_KINDS, *SOURCE_KINDS)
