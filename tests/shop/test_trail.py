"""The trail keeps its order over restarts and cuts."""

from __future__ import annotations

from gameday.core.values import Instant
from gameday.shop.trail import Trail


def test_numbers_go_on_where_an_earlier_shop_stopped(tmp_path):
    Trail(tmp_path / "trail").add("ada", "rollback", Instant(1.5))
    later = Trail(tmp_path / "trail")
    added = later.add("fault:deploy", "deploy 42-ranking", Instant(2.0))
    assert added.seq == 2
    assert [each.action for each in later.after(0)] == ["rollback", "deploy 42-ranking"]
    assert later.after(1) == [added]


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    Trail(tmp_path / "trail").add("ada", "rollback", Instant(1.5))
    with (tmp_path / "trail").open("a") as file:
        file.write('{"seq": 2, "at"')
    assert [each.seq for each in Trail(tmp_path / "trail").after(0)] == [1]
