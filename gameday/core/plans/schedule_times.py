"""How long things of schedules may take. Apart from `schedule`: help pages show it, and must load quickly."""

from __future__ import annotations

from gameday.core.values import Seconds

DEFAULT_GRACE: Seconds = 600.0
"""How late an occurrence may start, unless its schedule sets it."""
DEFAULT_GRACE_ATTENDED: Seconds = 3600.0
"""The same for a game day with people, which waits for its facilitator."""
CLAIM_TIME: Seconds = 20.0
"""How long a daemon, and the process that it starts, may take to begin a drill."""
RECORD_TIME: Seconds = 60.0
"""How long a started record is valid without being renewed."""
