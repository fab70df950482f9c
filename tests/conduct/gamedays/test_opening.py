"""The rules that open a game day: each asked once, in one order; the first error counts where one opens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from gameday.conduct.gamedays import opening
from gameday.conduct.gamedays.opening import Opening
from gameday.conduct.recorder import Recorder
from gameday.core.errors import Busy, NotReady, Refused, StoreUnavailable, UsageError
from gameday.core.facts.drill_row import DrillRow
from gameday.core.facts.gameday import GameDayPlanned, PrerequisiteChecked
from gameday.core.policy import Approval
from gameday.core.values import DrillId, format_instant, instant
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore
from tests.conduct.day import PLAN, SCENARIOS

DATE = instant(1_800_000_000.0)  # 2027-01-15T08:00:00Z, the date of PLAN
MET = PrerequisiteChecked(name="vpn", passed=True)
UNMET = PrerequisiteChecked(name="backup", passed=False, detail="ended with 3")
UNMET_TOO = PrerequisiteChecked(name="pager", passed=False)


def game_day(gameday="other", environment=PLAN.environment, closed=None):
    return DrillRow(
        drill=DrillId(f"gameday-{gameday}"),
        scenario=gameday,
        environment=environment,
        started=DATE,
        closed=closed,
    )


@dataclass
class Sources:
    """Answers, and the names of those that were asked for."""

    game_days: list = field(default_factory=list)
    approvals: list = field(default_factory=list)
    prerequisites: list = field(default_factory=lambda: [MET])
    asked: list = field(default_factory=list)
    store_error: Exception | None = None

    def _give(self, name, rows):
        self.asked.append(name)
        return rows

    def _schedules(self):
        self.asked.append("schedules")
        if self.store_error:
            raise self.store_error
        return []

    def opening(self, plan=PLAN, now=DATE, *, anytime=False):
        return Opening(
            plan=plan,
            lasts=7200.0,
            covers="sha",
            by="ada",
            now=instant(now),
            anytime=anytime,
            game_days=lambda: self._give("game days", self.game_days),
            schedules=self._schedules,
            approvals=lambda: self._give("approvals", self.approvals),
            prerequisites=lambda: self._give("prerequisites", self.prerequisites),
            format_time=format_instant,
        )


def test_what_may_open_is_asked_every_rule_once_and_in_their_order():
    sources = Sources()
    found = list(opening.answers(sources.opening()))
    assert [answer.rule for answer in found] == [rule.name for rule in opening.RULES]
    assert [answer.error for answer in found] == [None] * len(opening.RULES)
    assert sources.asked == ["game days", "schedules", "approvals", "prerequisites"]
    opening.must_pass(found)


def test_whoever_reports_learns_everything_that_is_in_the_way():
    sources = Sources(game_days=[game_day()], prerequisites=[UNMET, MET, UNMET_TOO])
    found = list(opening.answers(sources.opening(replace(PLAN, approvals=1), DATE - 7200)))
    assert [(answer.rule, type(answer.error)) for answer in found] == [
        ("date", UsageError),
        ("other game days", Busy),
        ("approvals", Refused),
        ("prerequisite", NotReady),
        ("prerequisite", type(None)),
        ("prerequisite", NotReady),
    ]
    assert [answer.text for answer in found[3:]] == ["backup: ended with 3", "vpn", "pager"]
    assert [answer.checked for answer in found[3:]] == [UNMET, MET, UNMET_TOO]


def test_whoever_opens_stops_at_the_first_error_and_nothing_after_it_is_asked():
    sources = Sources(game_days=[game_day()], prerequisites=[UNMET])
    with pytest.raises(Busy, match="gameday-other is open"):
        opening.must_pass(opening.answers(sources.opening()))
    assert sources.asked == ["game days"]


def test_all_prerequisites_that_are_not_met_are_named_in_one_error():
    sources = Sources(prerequisites=[UNMET, MET, UNMET_TOO])
    with pytest.raises(NotReady, match=r"^prerequisite not met: backup; pager$"):
        opening.must_pass(opening.answers(sources.opening(), opening.CHECKED))


def test_a_store_that_is_away_is_the_answer_of_the_rule_that_needed_it():
    sources = Sources(store_error=StoreUnavailable("the store is away"))
    found = {answer.rule: answer.error for answer in opening.answers(sources.opening())}
    assert [rule for rule, error in found.items() if error is not None] == ["schedules"]


def test_at_any_time_the_date_is_now_and_schedules_are_looked_at_from_now():
    wanted = Sources().opening(now=DATE - 1e6, anytime=True)
    assert wanted.at == DATE - 1e6
    assert next(opening.answers(wanted)).text == "now, regardless of the plan's date"


def test_approvals_of_others_let_it_open():
    sources = Sources(approvals=[Approval(by="bo", covers="sha")])
    opening.must_pass(opening.answers(sources.opening(replace(PLAN, approvals=1))))


def test_the_open_game_day_of_the_same_plan_is_resumed_and_is_in_nobodys_way():
    own, ended = game_day(PLAN.gameday), game_day(PLAN.gameday, closed="ended")
    assert opening.to_resume([game_day(), ended, own], PLAN) == own.drill
    assert opening.to_resume([game_day(), ended], PLAN) is None
    opening.must_pass(opening.answers(Sources(game_days=[own]).opening()))


def record(store, clock, gameday):
    recorder = Recorder(store=store, clock=clock, ids=FakeIds(), drill=DrillId(gameday), source="host")
    planned = GameDayPlanned(plan=PLAN, scenarios=SCENARIOS, attended=True)
    opening.record(recorder, MemoryScheduleStore(), planned, DATE, [MET, UNMET])


def test_it_is_recorded_with_its_prerequisites_unless_another_opened_meanwhile():
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)
    record(store, clock, "gameday-1")
    kinds = [type(row.event.fact).__name__ for row in store.read(DrillId("gameday-1"))]
    assert kinds == ["GameDayPlanned", "PrerequisiteChecked", "PrerequisiteChecked"]
    with pytest.raises(Busy, match="gameday-1 is open"):
        record(store, clock, "gameday-2")
    assert [row.drill for row in store.game_days()] == ["gameday-1"]
