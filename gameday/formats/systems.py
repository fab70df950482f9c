"""The outside systems whose names people write into files: senders of alerts, and kinds of integrations.

`signals.receiver` reads the payloads of ALERT_SYSTEMS, and `wiring` opens the channels. `formats` may not
import either, so the names are repeated here; tests/formats/test_systems.py compares them.
"""

from __future__ import annotations

ALERT_SYSTEMS = ("alertmanager", "generic")
"""Whose alerts can be received: the keys of an environment's `alerts`, and the sources of expected alerts."""
CHANNEL = "apprise"
"""The kind of an integration that is a channel: people are notified in it."""
UNREAD_KINDS = ("opsgenie", "pagerduty")
"""Kinds of integrations that a file may name, but that nothing uses yet; `validate` warns of them."""
INTEGRATION_KINDS = (CHANNEL, *UNREAD_KINDS)
