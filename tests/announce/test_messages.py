"""What people are told: the window in their zone, never what is in it."""

from gameday.announce import messages
from gameday.core.judging.result import Head
from gameday.core.values import instant

NINE = instant(1_800_003_600.0)  # 2027-01-15T09:00:00Z, a Friday
HOUR = 3600.0


def test_a_window_is_told_in_its_zone_and_in_utc():
    message = messages.beforehand("staging", NINE, instant(NINE + 2 * HOUR), "Europe/Berlin")
    assert message.title == "Game day on staging"
    assert "Fri 2027-01-15 10:00 to 12:00 CET (Fri 2027-01-15 09:00 to 11:00 UTC)" in message.text
    assert "at any time in this window" in message.text


def test_utc_is_told_once():
    assert messages.span(NINE, instant(NINE + HOUR), "UTC") == "Fri 2027-01-15 09:00 to 10:00 UTC"


def test_a_window_over_midnight_names_both_days():
    late = instant(NINE + 14 * HOUR)
    assert messages.span(late, instant(late + 2 * HOUR), "UTC").endswith("23:00 to Sat 2027-01-16 01:00 UTC")


def test_a_plan_that_announces_itself_in_full_says_what_it_is():
    told = messages.beforehand("staging", NINE, NINE, "UTC", title="Failover", text="We lose a zone.")
    assert (told.title, told.text.splitlines()[-1]) == ("Failover", "We lose a zone.")
    assert "any time" not in told.text


def test_the_all_clear_says_whether_it_is_one():
    assert "everything is reverted" in messages.ended("staging", safe=True).text
    assert "may still be in force" in messages.ended("staging", safe=False).text


def test_the_end_carries_the_heads_of_the_drills():
    heads = {"checkout-1": Head(hash="ab12", events=40, revision=1)}
    text = messages.ended("staging", safe=True, heads=heads).text
    assert text.splitlines()[1:] == ["checkout-1, revision 1: head ab12 (40 events)"]
