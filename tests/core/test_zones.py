"""Names of zones: IANA's, and nothing that merely lies next to the zones on this machine."""

from __future__ import annotations

import pytest

from gameday.core import zones


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "US/Eastern", "America/Argentina/Buenos_Aires"])
def test_an_iana_name_is_a_zone(name: str):
    assert zones.named(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/Europe/Berlin", "europe/berlin",
        "W. Europe Standard Time", "Europe", "", "CET-1CEST", "../../etc/passwd", "/etc/localtime", "tzdata.zi",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(name: str):
    with pytest.raises(ValueError, match="there is no time zone"):
        zones.named(name)
