"""Names of time zones: IANA's, and no others -> `ZoneInfo`.

`ZoneInfo` alone also takes files that lie next to the zones: `localtime` is another zone on each machine, and
`right/…` counts leap seconds. The names are those of the package `tzdata`; which rules a zone has, the system
decides where it knows the zone. Calendars may use other names, too: `formats.calendar.time_zones`.
"""

from __future__ import annotations

import importlib.resources
from functools import lru_cache
from zoneinfo import ZoneInfo

_PLACELESS = frozenset({"Factory"})
"""In IANA's list, and no zone that anybody lives in."""


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Give IANA's names, the old ones (`US/Eastern`) included."""
    listed = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listed.split()) - _PLACELESS


def named(name: str) -> ZoneInfo:
    """Give the zone with a name. Raises ValueError for a name that is not IANA's."""
    if name not in names():
        raise ValueError(f"there is no time zone '{name}'")
    try:
        return ZoneInfo(name)
    except (OSError, LookupError) as error:  # damaged data of the system
        raise ValueError(f"the time zone '{name}' can't be read: {error}") from error
