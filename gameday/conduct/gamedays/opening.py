"""Opens a game day: the rules that decide whether it may open, each by its name, in their one order.

Who reports asks all of them (`answers`); who opens stops at the first error (`must_pass`), and does not ask
what follows. The sources of the answers are given, so that each is asked only when its rule's turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gameday import ports
from gameday.conduct.gamedays import occurrence, readiness
from gameday.conduct.recorder import Recorder
from gameday.core.errors import GamedayError, UsageError
from gameday.core.facts.gameday import GameDayPlanned, PrerequisiteChecked
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.policy import Approval
from gameday.core.values import DrillId, Instant, Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A game day that somebody wants to open now, and the sources of what decides that.

    lasts          how long people should keep free
    covers         what an approval must cover
    by             who opens it
    anytime        regardless of the plan's date
    game_days      the store's
    schedules      the store's
    approvals      those of the plan's environment
    prerequisites  checks all of the plan's, in order; their commands run
    format_time    writes an instant for whoever reads the answers
    """

    plan: GameDayPlan
    lasts: Seconds
    covers: str
    by: str
    now: Instant
    game_days: Callable[[], Iterable[ports.DrillRow]]
    schedules: Callable[[], Iterable[ports.ScheduleRow]]
    approvals: Callable[[], Iterable[Approval]]
    prerequisites: Callable[[], Iterable[PrerequisiteChecked]]
    format_time: Callable[[Instant], str]
    anytime: bool = False

    @property
    def at(self) -> Instant:
        """The occurrence that may open now. Raises UsageError."""
        return self.now if self.anytime else readiness.occurrence(self.plan, self.lasts, self.now)


class Answer(NamedTuple):
    """One answer to a rule.

    rule     its name
    text     the answer in words; empty: the error's
    error    what keeps the game day from opening
    checked  the prerequisite that this is about, as its history keeps it
    """

    rule: str
    text: str
    error: GamedayError | None = None
    checked: PrerequisiteChecked | None = None


class Rule(NamedTuple):
    """A rule. answers: what it finds, at least one answer; or raises what keeps the game day from opening."""

    name: str
    answers: Callable[[Opening], Iterator[Answer]]


def _date(opening: Opening) -> Iterator[Answer]:
    at = opening.at
    text = "now, regardless of the plan's date" if opening.anytime else opening.format_time(at)
    yield Answer("date", text)


def _other_game_days(opening: Opening) -> Iterator[Answer]:
    plan = opening.plan
    # One of the same plan is resumed rather than opened.
    none = readiness.no_other_game_day(opening.game_days(), plan.environment, gameday=plan.gameday)
    yield Answer("other game days", none)


def _schedules(opening: Opening) -> Iterator[Answer]:
    try:
        at = opening.at
    except UsageError:
        return  # the date's error; without a date there is no window to look at
    conflicts = readiness.schedule_conflicts(
        opening.schedules(), opening.plan, at, opening.lasts, format_time=opening.format_time
    )
    for conflict in conflicts:
        yield Answer("schedules", f"{conflict.message}; {conflict.hint}", conflict)
    if not conflicts:
        yield Answer("schedules", "none is due on the environment meanwhile")


def _approvals(opening: Opening) -> Iterator[Answer]:
    text = readiness.approved(opening.plan, opening.approvals(), opening.covers, opening.by, opening.now)
    yield Answer("approvals", text)


def _prerequisites(opening: Opening) -> Iterator[Answer]:
    results = list(opening.prerequisites())
    # All that are not met are named at once, so that people need not come back for each.
    error = readiness.unmet(results)
    for checked in results:
        text = f"{checked.name}{f': {checked.detail}' if checked.detail else ''}"
        yield Answer("prerequisite", text, None if checked.passed else error, checked)


STORED = (
    Rule("date", _date),
    Rule("other game days", _other_game_days),
    Rule("schedules", _schedules),
    Rule("approvals", _approvals),
)
"""The rules on what is written down already."""
CHECKED = (Rule("prerequisite", _prerequisites),)
"""The rules that look at the environment: whoever opens the game day confirms where that is first."""
RULES = (*STORED, *CHECKED)
"""Every rule, in the one order in which they are asked."""


def answers(opening: Opening, rules: Sequence[Rule] = RULES) -> Iterator[Answer]:
    """Ask the rules, one after the other, and give every answer; an error is an answer, too."""
    for rule in rules:
        try:
            yield from rule.answers(opening)
        except GamedayError as error:
            yield Answer(rule.name, "", error)


def must_pass(found: Iterable[Answer]) -> None:
    """Raise the first error among the answers. Those after it are not asked for."""
    for answer in found:
        if answer.error is not None:
            raise answer.error


def to_resume(game_days: Iterable[ports.DrillRow], plan: GameDayPlan) -> DrillId | None:
    """Give the open game day of a plan: starting the plan resumes it. None: a new one opens."""
    return next((row.drill for row in game_days if row.closed is None and row.scenario == plan.gameday), None)


def record(
    recorder: Recorder,
    schedules: ports.ScheduleStore,
    planned: GameDayPlanned,
    at: Instant,
    checked: Iterable[PrerequisiteChecked],
) -> None:
    """Record that a game day is open, if none opened on its environment meanwhile.

    at: the occurrence that opens. Raises Busy, StoreUnavailable.
    """
    plan, game_day, clock = planned.plan, recorder.drill, recorder.clock
    holder = f"{planned.host}:{game_day}"
    with readiness.alone(recorder.store, plan.environment, holder, clock):
        # Looked at again, for the same plan, too: whoever opened one meanwhile has passed the same rules.
        readiness.no_other_game_day(recorder.store.game_days(), plan.environment)
        # Before the game day's own fact, because it may refuse: nothing must be left open then.
        occurrence.begin(schedules, plan.path, at, game_day, holder=holder, now=clock.now())
        recorder.record(planned)
    for result in checked:
        recorder.record(result)
