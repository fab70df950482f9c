"""The Lease as the cluster stores it."""

import re
from dataclasses import replace

from gameday.core.values import Instant
from tests.faults.leases import MINE, NOW, OTHER, later, stored


def test_the_lease_is_readable_for_people(cluster, play):
    play(MINE)
    spec = stored(cluster)["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"]) == ("drill-1", 60)
    assert spec["renewTime"] == "2027-01-15T08:00:00.500000+00:00"


def test_renewing_keeps_the_beginning(play):
    assert play(MINE, later(MINE, 20), later(MINE, 40)) == [None] * 3
    (held,) = play(later(OTHER, 90))
    assert (held.since, held.until) == (NOW, NOW + 100)


def test_a_time_without_a_fraction_has_six_decimals_all_the_same(cluster, play):
    play(replace(MINE, since=Instant(1_800_000_000.0)))
    assert re.fullmatch(r"\S+:00\.\d{6}\+00:00", stored(cluster)["spec"]["renewTime"])
