"""Instants and durations are read as they were written; what has no unit or no offset is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import values
from gameday.core.values import Instant, Outcome, Severity

INSTANTS = st.floats(0, 4_000_000_000).map(values.instant)
PARTS = st.lists(
    st.tuples(
        st.integers(0, 999), st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)])
    ),
    min_size=1,
    max_size=4,
)


@given(INSTANTS)
def test_an_instant_written_to_the_microsecond_is_read_as_the_same(at):
    assert values.parse_instant(values.format_instant(at, digits=6)) == pytest.approx(at, abs=1e-6)


@given(INSTANTS)
def test_an_instant_written_to_the_millisecond_is_read_as_the_nearest_one(at):
    assert abs(values.parse_instant(values.format_instant(at)) - at) <= 0.000501


@given(st.floats(0, 4_000_000_000))
def test_rounding_an_instant_twice_rounds_it_once(value):
    assert values.instant(values.instant(value)) == values.instant(value)


def test_an_offset_is_taken_into_account():
    noon = values.parse_instant("2026-11-24T12:00:00+01:00")
    assert noon == values.parse_instant("2026-11-24T11:00:00Z")
    assert values.format_instant(noon) == "2026-11-24T11:00:00.000Z"


def test_a_time_without_an_offset_is_refused_with_what_to_write():
    with pytest.raises(ValueError, match="write 2026-11-24T12:00:00Z or"):
        values.parse_instant("2026-11-24T12:00:00")


def test_what_rounds_up_to_a_second_is_the_next_second():
    assert values.format_instant(Instant(59.9996)) == "1970-01-01T00:01:00.000Z"


@given(PARTS)
def test_a_duration_is_the_sum_of_its_parts(parts):
    text = "".join(f"{number}{unit}" for number, (unit, _) in parts)
    assert values.parse_duration(text) == pytest.approx(sum(number * size for number, (_, size) in parts))


@pytest.mark.parametrize("text", ["", "5", "m5", "5 m", "-5s", "1.s", "5min", "5m ", "1e3s", "٣s5"])
def test_what_is_not_a_duration_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write 500ms, 30s, 5m or 1h30m"):
        values.parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.04, "0.0 s"),
        (41.25, "41.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125.4, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (5400, "1 h 30 min"),
        (-5, "-5.0 s"),
    ],
)
def test_a_duration_is_written_as_people_do(seconds, written):
    assert values.format_duration(seconds) == written


@given(st.floats(0, 1_000_000))
def test_no_duration_is_written_with_sixty_of_anything(seconds):
    words = values.format_duration(seconds).split()
    assert all(
        float(figure) < 60 for figure, unit in zip(words[::2], words[1::2], strict=True) if unit != "h"
    )


@pytest.mark.parametrize("severity", Severity)
def test_a_monitors_word_for_a_severity_is_understood_in_any_case(severity):
    for word in (severity.value, severity.word, f" {severity.word.upper()} "):
        assert values.alert_severity(word) is severity
    assert values.alert_severity("page") is Severity.P1
    assert values.alert_severity("blue") is None


def test_an_outcome_that_was_not_judged_is_one_of_the_last_four():
    assert [outcome.judged for outcome in Outcome] == [True] * 5 + [False] * 4


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59.9999999Z"])
def test_an_instant_that_utc_cannot_write_is_not_read(text):
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        values.parse_instant(text)


@given(st.floats(allow_nan=False), st.sampled_from([3, 6]))
def test_every_number_of_seconds_is_written_as_an_instant_that_can_be_read(seconds, digits):
    text = values.format_instant(Instant(seconds), digits=digits)
    assert values.format_instant(values.parse_instant(text), digits=digits) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("high \ud83d", "high \ufffd"),
        ("\ude00!", "\ufffd!"),
        ("\ud83d\ude00", "😀"),
        ("\udcff", "\ufffd"),
        ("naïve 😀", "naïve 😀"),
    ],
)
def test_half_a_character_is_replaced_and_two_halves_are_joined(text, stored):
    assert values.storable(text) == stored
    assert values.storable({text: [text, (text,), 1, None]}) == {stored: [stored, (stored,), 1, None]}


@given(st.text(st.characters(categories=["Cs", "L", "So"])))
def test_whatever_is_storable_can_be_encoded_and_changes_no_more(text):
    stored = values.storable(text)
    assert stored.encode().decode() == stored
    assert values.storable(stored) == stored
