"""Recurrences, against dateutil and icalendar as oracles, over changes of clocks, and what is refused."""

# ruff: noqa: DTZ001  # local times, whose zone comes afterwards

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.errors import UsageError
from gameday.core.plans.schedule import Kind
from gameday.core.values import Instant, format_instant
from gameday.formats.calendar import recurrence

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Sao_Paulo", "UTC",
         "Africa/Casablanca", "Pacific/Apia", "America/St_Johns")  # fmt: skip
RULES = ("FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=TU,SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU",
         "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
         "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU", "FREQ=WEEKLY;COUNT=9", "FREQ=DAILY;UNTIL=20270601T000000Z",
         "FREQ=HOURLY;INTERVAL=7", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30;BYSECOND=0")  # fmt: skip
STARTS = st.builds(
    lambda day, hour, minute: datetime(2026, 1, 1, hour, minute) + timedelta(days=day),
    st.integers(0, 500), st.integers(0, 23), st.sampled_from((0, 15, 30, 59)),
)  # fmt: skip


def ours(rule: str, zone: str, start: datetime, count: int = 60) -> list[float]:
    made = recurrence.parse(Kind.RRULE, rule, zone, start)
    return list(recurrence.next_ones(made, recurrence.start_of(made), count))


def attached(rule: str, zone: str, start: datetime, count: int = 60) -> list[float]:
    """Ask dateutil in local time, and attach the zone afterwards."""
    until = rule.partition("UNTIL=")[2]
    if until:
        local = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        rule = rule.replace(until, local.strftime("%Y%m%dT%H%M%S"))
    first = start.replace(tzinfo=ZoneInfo(zone)).timestamp()
    found: set[float] = set()
    for local in rrulestr(rule, dtstart=start):
        found.add(local.replace(tzinfo=ZoneInfo(zone)).timestamp())
        if len(found) > count + 8:
            break
    return sorted(at for at in found if at >= first)[:count]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(RULES), st.sampled_from(ZONES), STARTS)
def test_a_rule_comes_due_when_dateutil_says(rule, zone, start):
    if attached(rule, zone, start):
        assert ours(rule, zone, start) == attached(rule, zone, start)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(RULES[:8]), st.sampled_from(ZONES), STARTS)
def test_a_rule_comes_due_when_a_calendar_shows_it(rule, zone, start):
    event = ["BEGIN:VEVENT", f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"RRULE:{rule}", "END:VEVENT"]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *event, "END:VCALENDAR", ""])
    end = start + timedelta(days=400)
    shown = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(
        start - timedelta(days=1), end
    )
    wanted = sorted({each["DTSTART"].dt.timestamp() for each in shown})
    found = [at for at in ours(rule, zone, start, 600) if at < end.replace(tzinfo=ZoneInfo(zone)).timestamp()]
    if not found or found[0] != wanted[0]:  # a calendar shows DTSTART even where the rule does not match it
        wanted = wanted[1:]
    assert found == [at for at in wanted if at < end.replace(tzinfo=ZoneInfo(zone)).timestamp()]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(RULES), st.sampled_from(ZONES), STARTS, st.integers(0, 4000))
def test_it_does_not_matter_from_where_one_looks(rule, zone, start, skipped):
    made = recurrence.parse(Kind.RRULE, rule, zone, start)
    since = Instant(recurrence.start_of(made) + skipped * 3600)
    whole = [at for at in ours(rule, zone, start, 400) if at >= since][:5]
    assert list(recurrence.next_ones(made, since, 5))[: len(whole)] == whole


def utc(found) -> list[str]:
    return [format_instant(at)[:16] for at in found]


def test_ten_in_berlin_stays_ten_over_both_changes():
    rule = "FREQ=WEEKLY;BYDAY=TU;BYHOUR=10;BYMINUTE=0;BYSECOND=0"
    assert utc(ours(rule, "Europe/Berlin", datetime(2026, 3, 24), 2)) == [
        "2026-03-24T09:00",
        "2026-03-31T08:00",
    ]
    assert utc(ours(rule, "Europe/Berlin", datetime(2026, 10, 20), 2)) == [
        "2026-10-20T08:00",
        "2026-10-27T09:00",
    ]


def test_a_skipped_time_counts_with_the_offset_before_the_gap_and_a_doubled_one_once():
    assert utc(ours("FREQ=DAILY", "Europe/Berlin", datetime(2026, 3, 28, 2, 30), 3)) == [
        "2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30",
    ]  # fmt: skip
    assert utc(ours("FREQ=DAILY", "Europe/Berlin", datetime(2026, 10, 24, 2, 30), 3)) == [
        "2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30",
    ]  # fmt: skip


def cron(line: str, start: datetime, count: int, zone: str = "Europe/Berlin") -> list[str]:
    made = recurrence.parse(Kind.CRON, line, zone, start)
    return utc(recurrence.next_ones(made, recurrence.start_of(made), count))


def test_cron_behaves_as_debians_does_over_changes_of_clocks():
    assert cron("0 10 * * TUE", datetime(2026, 3, 24), 2) == ["2026-03-24T09:00", "2026-03-31T08:00"]
    assert cron("30 2 * * *", datetime(2026, 3, 28), 3) == [
        "2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30",
    ]  # fmt: skip
    assert cron("30 2 * * *", datetime(2026, 10, 24), 3) == [
        "2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30",
    ]  # fmt: skip
    assert len(set(cron("*/30 * * * *", datetime(2026, 10, 25), 50))) == 50


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("kind", "text", "zone", "message"),
    [
        (Kind.RRULE, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "UTC", "is never due"),
        (Kind.RRULE, "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1", "UTC", "."),
        (Kind.RRULE, "FREQ=SOMETIMES", "UTC", "is not a recurrence rule"),
        (Kind.RRULE, "FREQ=DAILY;INTERVAL=0", "UTC", "INTERVAL must be from 1"),
        (Kind.RRULE, "FREQ=DAILY;UNTIL=20200101T000000Z", "UTC", "is never due between"),
        (Kind.RRULE, "FREQ=DAILY\nEXDATE:20260101T000000Z", "UTC", "NAME=VALUE"),
        (Kind.RRULE, "FREQ=DAILY;BYHOUR=25", "UTC", "is not a recurrence rule"),
        (Kind.RRULE, "FREQ=DAILY;COUNT=3;UNTIL=20271201T000000Z", "UTC", "by COUNT or by UNTIL, not by both"),
        (Kind.RRULE, "FREQ=DAILY;byhour=1;BYHOUR=2", "UTC", "BYHOUR occurs more than once"),
        (
            Kind.RRULE,
            "FREQ=WEEKLY;BYDAY=2TU",
            "UTC",
            "2TU has no meaning with FREQ=WEEKLY; write FREQ=MONTHLY",
        ),
        (Kind.RRULE, "FREQ=DAILY;BYDAY=1MO", "UTC", "1MO has no meaning with FREQ=DAILY"),
        (Kind.RRULE, "FREQ=WEEKLY;BYDAY=MO,-1FR", "UTC", "-1FR has no meaning"),
        (Kind.RRULE, "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "UTC", "1MO has no meaning with BYWEEKNO"),
        (Kind.RRULE, "FREQ=MONTHLY;BYWEEKNO=20", "UTC", "BYWEEKNO has no meaning with FREQ=MONTHLY"),
        (Kind.RRULE, "FREQ=WEEKLY;BYMONTHDAY=1", "UTC", "BYMONTHDAY has no meaning with FREQ=WEEKLY"),
        (Kind.RRULE, "FREQ=MONTHLY;BYYEARDAY=100", "UTC", "BYYEARDAY has no meaning with FREQ=MONTHLY"),
        (Kind.RRULE, "FREQ=MONTHLY;BYSETPOS=1", "UTC", "BYSETPOS needs another BY"),
        (Kind.RRULE, "FREQ=MONTHLY;BYMONTHDAY=31,32", "UTC", "BYMONTHDAY=32 is not from 1 to 31"),
        (Kind.RRULE, "FREQ=YEARLY;BYMONTH=0,1", "UTC", "BYMONTH=0 is not from 1 to 12"),
        (Kind.RRULE, "FREQ=DAILY;UNTIL=2028", "UTC", "UNTIL is written"),
        (Kind.RRULE, "", "UTC", "NAME=VALUE"),
        (Kind.RRULE, "FREQ=DAILY", "Europe/Berln", "unknown time zone 'Europe/Berln'"),
        (Kind.RRULE, "FREQ=DAILY", "../../etc/passwd", "unknown time zone"),
        (Kind.CRON, "0 0 30 2 *", "UTC", "is never due|is not a cron expression"),
        (Kind.CRON, "99 * * * *", "UTC", "is not a cron expression"),
        (Kind.CRON, "0 10 * *", "UTC", "it has 4 fields, and not five"),
        (Kind.CRON, "0 10 1 * * *", "UTC", "it has 6 fields, and not five"),
        (Kind.CRON, "*/5 * * * * *", "UTC", "it has 6 fields, and not five"),
        (Kind.CRON, "@daily", "UTC", "it has 1 fields, and not five"),
        (Kind.CRON, "", "UTC", "it has 0 fields, and not five"),
        (Kind.RRULE, "FREQ=DAILY", "localtime", "unknown time zone"),
        (Kind.RRULE, "FREQ=DAILY", "W. Europe Standard Time", "unknown time zone"),
    ],
)
def test_what_can_not_be_a_recurrence_is_refused_in_words(kind, text, zone, message):
    with pytest.raises(UsageError, match=message):
        recurrence.parse(kind, text, zone, datetime(2026, 1, 1))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=DAILY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    ],
)
def test_what_the_rfc_allows_is_not_refused(rule):
    assert ours(rule, "UTC", datetime(2026, 1, 1))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ZONES), STARTS, st.integers(0, 20))
def test_an_end_that_is_a_date_includes_that_day(zone, start, days):
    last = start + timedelta(days=days)
    assert len(ours(f"FREQ=DAILY;UNTIL={last:%Y%m%d}", zone, start)) == len(
        {(start + timedelta(days=day)).replace(tzinfo=ZoneInfo(zone)).timestamp() for day in range(days + 1)}
    )


def test_a_zone_that_is_nearly_right_is_named():
    with pytest.raises(UsageError) as wrong:
        recurrence.zone("Europe/Berln")
    assert wrong.value.hint == "did you mean 'Europe/Berlin'?"


def test_the_preview_prints_exact_instants_without_a_store(tmp_path):
    argv = [
        sys.executable,
        "-m",
        "gameday",
        "schedule",
        "preview",
        "--rrule",
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0",
    ]
    argv += ["--zone", "Europe/Berlin", "--from", "2026-03-28", "--count", "3", "--json"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (
        done.stdout
        == '[\n  "2026-03-28T01:30:00Z",\n  "2026-03-29T01:30:00Z",\n  "2026-03-30T00:30:00Z"\n]\n'
    )
    assert list(tmp_path.iterdir()) == []
