"""What an occurrence is judged by when it comes due: the environment, its incidents, its calendars."""

from gameday.conduct.scheduler.context import EnvironmentTimes
from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.values import instant
from tests.conduct.scheduler.house import CLOSED, HOUR, HOURLY, PLANNED, T, fault, opened


def test_nothing_starts_between_the_drills_of_an_open_game_day(house):
    house.add(grace=60.0)
    house.history.append(opened(house.clock.now()))
    house.live(180, house.daemon())
    assert (house.record().reason, house.starter.drills) == ("busy", [])
    assert "gameday-1 is not closed" in house.record().why


def test_while_a_fault_may_be_in_force_nothing_starts(house):
    house.tell(PLANNED, fault())
    house.add()
    house.live(700, house.daemon())
    record = house.record()
    assert (record.state, record.reason) == (State.MISSED, "exposed")
    assert record.why == "a fault of d may be in force, for longer than its grace"
    assert house.starter.drills == []


def test_it_starts_once_the_drill_in_the_way_has_closed(house):
    house.tell(PLANNED)
    house.add()
    daemon = house.daemon()
    house.live(120, daemon)
    assert house.schedules.record(ScheduleId("a"), T) is None
    house.tell(CLOSED)
    house.live(5, daemon)
    assert house.record().state is State.STARTED


def test_a_real_incident_keeps_it_from_starting(house):
    house.incidents.found["shop"] = ["DatabaseDown"]
    house.add()
    house.live(700, house.daemon())
    assert (house.record().reason, house.record().why.partition(",")[0]) == (
        "incident",
        "a real incident: DatabaseDown",
    )
    assert house.starter.drills == []


def test_an_alert_source_that_does_not_answer_keeps_it_from_starting_until_it_does(house):
    house.incidents.silent = "the alert source gave no answer"
    house.add()
    daemon = house.daemon()
    house.live(120, daemon)
    assert house.starter.drills == []
    assert "real incidents can't be ruled out" in house.reports[-1]
    house.incidents.silent = ""
    house.live(5, daemon)
    assert len(house.starter.drills) == 1


def test_a_freeze_calendar_that_can_not_be_had_starts_nothing(house):
    house.add(freezes=("gone.ics",))
    house.live(700, house.daemon())
    assert house.record().reason == "unreadable"
    assert "gone.ics can't be read, and may hold a freeze: it is not there" in house.record().why
    assert house.starter.drills == []


def test_the_environments_own_hours_and_freezes_count_too(house):
    house.place = EnvironmentTimes(hours=("Mon-Fri 10:00-12:00",))
    house.add(rule=HOURLY)
    house.live(HOUR + 150, house.daemon())
    assert house.record().reason == "outside-hours"
    assert house.record(at=T + HOUR).state is State.ENDED
    house.place = EnvironmentTimes(freezes=("gone.ics",))
    house.live(HOUR, house.daemon())
    assert house.schedules.record(ScheduleId("a"), instant(T + 2 * HOUR)) is None
