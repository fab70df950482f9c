"""Who may see into a drill of a game day: everybody, or its insiders."""

from __future__ import annotations

import pytest

from gameday.core.plans import spoilers
from gameday.core.plans.gameday import ANNOUNCEMENTS


@pytest.mark.parametrize("announcement", ANNOUNCEMENTS)
def test_with_people_only_a_full_announcement_hides_nothing(announcement):
    assert spoilers.hides(announcement, attended=True) is (announcement != "full")
    assert not spoilers.hides(announcement, attended=False)


@pytest.mark.parametrize(
    ("viewer", "hidden", "sees"), [("rita", True, False), ("ada", True, True), ("rita", False, True)]
)
def test_what_is_hidden_only_insiders_see(viewer, hidden, sees):
    assert spoilers.shows(viewer, hidden=hidden, insiders=("ada",)) is sees
