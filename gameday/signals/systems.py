"""The systems whose alerts can be received: one line each.

A new system is a file `SYSTEM.py` with `parse(payload) -> ParsedPayload`, a line here, its name in
`formats.integration_kinds.ALERT_SYSTEMS`, which the files of a workspace are checked against, and samples in
tests/signals/payloads/SYSTEM/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gameday.signals import alertmanager, generic
from gameday.signals.parsed_payload import ParsedPayload

SYSTEMS: Mapping[str, Callable[[object], ParsedPayload]] = {
    "alertmanager": alertmanager.parse,
    "generic": generic.parse,
}
"""By system, what reads its payloads. Raises `parsed_payload.UnknownShape` for what is not one."""
