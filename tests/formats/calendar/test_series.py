"""Series against recurring-ical-events, which unrolls on its own; and in any window the same as in the whole.

The library reads what is certain as we do. Where it guesses, `test_freezes` has the cases.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gameday.core.policy import Freeze
from gameday.core.values import Instant, instant
from gameday.formats.calendar import freezes

FORMAT = "%Y%m%dT%H%M%S"
BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
END = datetime(2026, 5, 20, tzinfo=UTC)
CHANGE = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
"""The clocks of Berlin go forward; New York's did before BEGIN."""
ZONES = st.sampled_from(("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"))
RULES = st.sampled_from(
    ("FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=TU,SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=SU",
     "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
     "FREQ=DAILY;COUNT=9", "FREQ=WEEKLY;UNTIL=20260510T120000Z", "FREQ=HOURLY;INTERVAL=31")
)  # fmt: skip
STARTS = st.builds(
    lambda day, hour: datetime(2026, 3, 1, hour) + timedelta(days=day),  # noqa: DTZ001  # local
    st.integers(0, 45), st.integers(4, 23),
)  # fmt: skip
"""After four in the morning: nothing is skipped or doubled by a change of clocks."""


def calendar(*events: list[str]) -> bytes:
    inner = [line for event in events for line in ("BEGIN:VEVENT", "UID:a", *event, "END:VEVENT")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *inner, "END:VCALENDAR", ""]).encode()


def ours(content: bytes, start: datetime = BEGIN, end: datetime = END) -> tuple[Freeze, ...]:
    return freezes.parse(content, instant(start.timestamp()), instant(end.timestamp()))


def library(content: bytes) -> set[tuple[float, float]]:
    parsed = icalendar.Calendar.from_ical(content.decode())
    found = recurring_ical_events.of(parsed).between(BEGIN - timedelta(days=3), END + timedelta(days=3))
    spans = {(each["DTSTART"].dt.timestamp(), each["DTEND"].dt.timestamp()) for each in found}
    return {(start, end) for start, end in spans if start <= END.timestamp() and BEGIN.timestamp() < end}


@st.composite
def series(draw: st.DrawFn) -> bytes:
    """An event in a zone with a rule, dates added, exceptions, and a moved occurrence: all of one kind."""
    zone, start, rule = draw(ZONES), draw(STARTS), draw(RULES)
    hours = draw(st.integers(1, 5))
    written = f";TZID={zone}:"
    event = [f"DTSTART{written}{start:{FORMAT}}", f"DURATION:PT{hours}H", f"RRULE:{rule}"]
    event += [
        f"RDATE{written}{start + timedelta(days=days, minutes=7):{FORMAT}}"
        for days in draw(st.sets(st.integers(1, 40), max_size=2))
    ]
    plain = calendar(event)
    occurring = sorted(
        each["DTSTART"].dt
        for each in recurring_ical_events.of(icalendar.Calendar.from_ical(plain.decode())).between(BEGIN, END)
    )
    assume(len(occurring) > 3)
    for out in draw(st.sets(st.sampled_from(occurring[1:]), max_size=2)):
        in_utc = draw(st.booleans())
        event.append(
            f"EXDATE:{out.astimezone(UTC):{FORMAT}}Z" if in_utc else f"EXDATE{written}{out:{FORMAT}}"
        )
    moved = draw(st.sampled_from(occurring[1:]))
    if any("EXDATE" in line for line in event) or draw(st.booleans()):
        return calendar(event)
    to = moved + timedelta(hours=draw(st.integers(-30, 30)))
    range_ = draw(st.sampled_from(("", ";RANGE=THISANDFUTURE")))
    change = [
        f"RECURRENCE-ID{range_}{written}{moved:{FORMAT}}",
        f"DTSTART{written}{to:{FORMAT}}",
        f"DURATION:PT{hours}H",
    ]
    return calendar(event, change)


@settings(deadline=None, max_examples=60)
@given(series())
def test_what_is_certain_is_unrolled_as_the_library_does(content: bytes):
    shown, wanted = {(freeze.start, freeze.end) for freeze in ours(content)}, library(content)
    # An hour that passes while the clocks change is one to us; the library counts on the clocks alone.
    longer = {(start, end) for start, end in shown if (start, end - 3600) in wanted}
    assert {(start, end) for start, end in shown if (start, end) not in longer} | {
        (start, end - 3600) for start, end in longer
    } == wanted
    assert all(start < CHANGE < end for start, end in longer)


@settings(deadline=None, max_examples=60)
@given(series(), st.integers(0, 60 * 24), st.integers(0, 72))
def test_any_window_shows_what_the_whole_shows_there(content: bytes, hours: int, width: int):
    start = BEGIN + timedelta(hours=hours)
    end = min(END, start + timedelta(hours=width))
    assume(start <= end)
    low, high = start.timestamp(), end.timestamp()
    whole = [freeze for freeze in ours(content) if freeze.start <= high and low < freeze.end]
    assert [freeze for freeze in ours(content, start, end) if low < freeze.end] == whole


@settings(deadline=None, max_examples=40)
@given(
    series(),
    st.sampled_from(
        (
            "EXDATE;VALUE=DATE:20260410",
            "EXRULE:FREQ=DAILY",
            "EXDATE:20260410T101112Z",
            "STATUS:TENTATIVE",
            "TRANSP:TRANSPARENT",
        )
    ),
)
def test_what_takes_no_occurrence_away_for_certain_leaves_all(content: bytes, line: str):
    assert ours(content.replace(b"END:VEVENT", f"{line}\r\nEND:VEVENT".encode(), 1)) == ours(content)


@settings(deadline=None, max_examples=40)
@given(series(), st.integers(1, 300), st.integers(0, 40))
def test_an_addition_never_takes_anything_away(content: bytes, hours: int, day: int):
    at = BEGIN + timedelta(days=day)
    added = f"RDATE;VALUE=PERIOD:{at:{FORMAT}}Z/PT{hours}H\r\nEND:VEVENT"
    before, after = ours(content), ours(content.replace(b"END:VEVENT", added.encode(), 1))
    assert set(before) <= set(after) or b"THISANDFUTURE" in content
    assert any(
        freeze.start <= at.timestamp() + hours * 3600 and freeze.end >= at.timestamp() for freeze in after
    ) or (b"THISANDFUTURE" in content)


@pytest.mark.timeout(20)
def test_a_rule_that_comes_due_too_often_is_refused_unless_it_ends_soon():
    often = ["DTSTART:20260401T100000Z", "DURATION:PT1M", "RRULE:FREQ=MINUTELY"]
    with pytest.raises(ValueError, match="recurs too often"):
        ours(calendar(often))
    assert len(ours(calendar([*often[:2], f"{often[2]};COUNT=10"]))) == 10


def test_a_whole_day_ignores_hours_in_its_rule():
    event = ["DTSTART;VALUE=DATE:20260401", "RRULE:FREQ=DAILY;COUNT=2;BYHOUR=9"]
    assert {round(freeze.end - freeze.start) for freeze in ours(calendar(event))} == {50 * 3600}


def test_a_count_of_minus_one_has_no_end():
    event = ["DTSTART:20260401T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=-1"]
    assert len(ours(calendar(event))) == 49


def test_a_zone_is_berlin_for_hours_that_the_clocks_skip():
    event = ["DTSTART;TZID=Europe/Berlin:20260328T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2"]
    skipped = datetime(2026, 3, 29, 3, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert Instant(skipped.timestamp()) in {freeze.start for freeze in ours(calendar(event))}
