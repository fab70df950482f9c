"""The state of a game day: which turn is at hand, what it waits for, what became of the others.

`fold` computes it from the facts alone, so that another host can take over from a conductor that was killed
by reading the history. Neither the order of the facts nor how often one was delivered matters, but for pause
and resume, of which the later one counts.

The turn at hand is the first of (item, attempt) that is neither ended nor skipped: a repetition is one
attempt more of an earlier item, and so comes before the items after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from gameday.core.facts import gameday as gf
from gameday.core.facts.history import Dated, History
from gameday.core.plans.gameday import GameDayPlan, Item
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Instant

F = TypeVar("F")

LOST = "lost"
"""How a drill ended whose history never began: nothing was touched."""


class Stage(StrEnum):
    """What a game day is doing, or waits for.

    waiting    for a facilitator's go        ready      the scenario may start
    drill      a drill is in progress        break      until its time is over, or a go
    settling   after a drill                 unsettled  for a facilitator: extend, or waive
    paused     for a facilitator: resume     through    the agenda is done: end, or repeat
    ended      only the hot wash follows
    """

    WAITING = "waiting"
    READY = "ready"
    DRILL = "drill"
    BREAK = "break"
    SETTLING = "settling"
    UNSETTLED = "unsettled"
    PAUSED = "paused"
    THROUGH = "through"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One attempt of one item of the agenda.

    how      how it ended; `skipped`: a facilitator skipped it; empty: neither
    settled  whether the environment has settled after it; waived: why a facilitator continued anyway
    checks   the steps of settling, in order: (step, passed, detail)
    """

    item: int
    attempt: int
    on_agenda: Item
    go: bool = False
    drill: str = ""
    begun: Instant | None = None
    ended: Instant | None = None
    how: str = ""
    exit_code: int | None = None
    why: str = ""
    settled: bool = False
    waived: str = ""
    failures: int = 0
    extended: float = 0.0
    checks: tuple[tuple[str, bool | None, str], ...] = ()

    @property
    def key(self) -> tuple[int, int]:
        """Its item and attempt, which identify it."""
        return self.item, self.attempt

    @property
    def done(self) -> bool:
        """Whether it has ended or was skipped."""
        return bool(self.how)


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayState:
    """The state of a game day.

    turn      the one at hand; None after the last
    settling  the turn after which the environment still has to settle; None: nothing has to
    until     when the break or the settling is over
    """

    game_day: str
    planned: gf.GameDayPlanned
    stage: Stage
    turns: tuple[Turn, ...]
    turn: Turn | None = None
    settling: Turn | None = None
    until: Instant | None = None
    why: str = ""

    @property
    def plan(self) -> GameDayPlan:
        """The plan as it was opened."""
        return self.planned.plan

    @property
    def drills(self) -> tuple[Turn, ...]:
        """The turns that led to a drill, in the order in which they began."""
        begun = [turn for turn in self.turns if turn.drill]
        return tuple(sorted(begun, key=lambda turn: (turn.begun or 0.0, turn.key)))

    def scenario(self, turn: Turn) -> Scenario | None:
        """Give the scenario of a turn as it was when the game day was opened."""
        return self.planned.scenarios.get(turn.on_agenda.scenario)

    def title(self, turn: Turn) -> str:
        """Give a turn's title, as the agenda has it."""
        scenario = self.scenario(turn)
        named = turn.on_agenda.title or (scenario.title if scenario else turn.on_agenda.scenario)
        return f"{named} (attempt {turn.attempt})" if turn.attempt > 1 else named


def planned(history: History) -> gf.GameDayPlanned:
    """Give the fact that opened a game day. Raises LookupError where the history is not a game day's."""
    opened = history.first(gf.GameDayPlanned)
    if opened is None:
        raise LookupError("this is not the history of a game day")
    return opened.fact


def fold(history: History) -> GameDayState:
    """Fold a game day's history. Raises LookupError where it is not a game day's."""
    opened = planned(history)
    turns = tuple(_turns(history, opened.plan))
    at_hand = next((turn for turn in turns if not turn.done), None)
    settling = _settling(turns, at_hand)
    stage = _stage(history, opened, at_hand, settling)
    ended = history.first(gf.GameDayEnded)
    return GameDayState(
        game_day=history.events[0].drill,
        planned=opened,
        stage=stage,
        turns=turns,
        turn=at_hand,
        settling=settling,
        until=_until(history, opened, stage, at_hand, settling),
        why=ended.fact.why if ended else "",
    )


# --- turns ---


def _turns(history: History, plan: GameDayPlan) -> Iterator[Turn]:
    repeats = {(asked.fact.item, asked.fact.attempt) for asked in history.each(gf.RepeatAsked)}
    for number, item in enumerate(plan.agenda):
        # By the attempt's number: a repeat that was asked for twice is one.
        last = max([1, *(attempt for of_item, attempt in repeats if of_item == number)])
        for attempt in range(1, last + 1):
            yield _turn(history, number, attempt, item)


def _about(history: History, kind: type[F], item: int, attempt: int) -> list[Dated[F]]:
    """Give the facts of a kind that are about a turn."""
    return [
        fact
        for fact in history.each(kind)
        if (getattr(fact.fact, "item", None), getattr(fact.fact, "attempt", None)) == (item, attempt)
    ]


def _turn(history: History, number: int, attempt: int, item: Item) -> Turn:
    def about(kind: type[F]) -> list[Dated[F]]:
        return _about(history, kind, number, attempt)

    begun, ended, skipped = about(gf.ItemBegun), about(gf.ItemEnded), about(gf.ItemSkipped)
    waived = about(gf.SettlingWaived)
    # The end before the skip: what was skipped while it ran has run.
    how = ended[0].fact.how if ended else "skipped" if skipped else ""
    over: list[Dated[Any]] = [*(ended or skipped)]
    return Turn(
        item=number,
        attempt=attempt,
        on_agenda=item,
        go=bool(about(gf.GoGiven)),
        drill=begun[0].fact.drill if begun else "",
        begun=begun[0].at if begun else None,
        ended=over[0].at if over else None,
        how=how,
        exit_code=ended[0].fact.exit_code if ended else None,
        why=ended[0].fact.why if ended else skipped[0].fact.why if skipped else "",
        settled=bool(about(gf.Settled)),
        waived=waived[0].fact.reason if waived else "",
        # Numbers, not facts: two hosts may have recorded the same failure.
        failures=len({failed.fact.number for failed in about(gf.SettlingFailed)}),
        extended=sum(longer.fact.seconds for longer in about(gf.TimeExtended) if longer.fact.what == "break"),
        checks=tuple(
            (check.fact.step, check.fact.passed, check.fact.detail) for check in about(gf.SettlingChecked)
        ),
    )


def _settling(turns: tuple[Turn, ...], at_hand: Turn | None) -> Turn | None:
    """Find the last drill, if the environment has to settle after it because another one follows."""
    # A drill that was lost before its first fact has touched nothing.
    ran = [turn for turn in turns if turn.drill and turn.how not in ("", LOST)]
    if at_hand is None or not ran or at_hand.begun is not None:
        return None
    last = max(ran, key=lambda turn: (turn.ended or 0.0, turn.key))
    follows = any(not turn.done and not turn.on_agenda.is_break for turn in turns)
    return last if follows and not last.settled and not last.waived else None


# --- stage ---


def _stage(history: History, opened: gf.GameDayPlanned, at_hand: Turn | None, settling: Turn | None) -> Stage:
    if history.first(gf.GameDayEnded):
        return Stage.ENDED
    if at_hand is None:
        return Stage.THROUGH
    if at_hand.begun is not None and not at_hand.on_agenda.is_break:
        return Stage.DRILL
    if settling is not None:
        allowed = len(_extensions(history, settling, "settling"))
        # Each extension allows one more failure.
        return Stage.UNSETTLED if settling.failures > allowed else Stage.SETTLING
    return Stage.PAUSED if _paused(history) else _free(at_hand, attended=opened.attended)


def _free(at_hand: Turn, *, attended: bool) -> Stage:
    """Give the stage of a turn that nothing holds up."""
    if at_hand.on_agenda.is_break:
        return Stage.BREAK
    return Stage.READY if at_hand.go or not attended else Stage.WAITING


def _paused(history: History) -> bool:
    """Whether pause came after resume. Of two at one instant, pause counts."""
    paused, resumed = history.last(gf.GameDayPaused), history.last(gf.GameDayResumed)
    return paused is not None and (resumed is None or resumed.at < paused.at)


def _extensions(history: History, turn: Turn, what: str) -> list[Dated[gf.TimeExtended]]:
    facts = _about(history, gf.TimeExtended, turn.item, turn.attempt)
    return [extended for extended in facts if extended.fact.what == what]


def _until(
    history: History,
    opened: gf.GameDayPlanned,
    stage: Stage,
    at_hand: Turn | None,
    settling: Turn | None,
) -> Instant | None:
    if stage is Stage.BREAK and at_hand is not None and at_hand.begun is not None:
        return Instant(at_hand.begun + at_hand.on_agenda.lasts + at_hand.extended)
    if stage is Stage.SETTLING and settling is not None and settling.ended is not None:
        # From the instant of the extension: it may come long after the time ran out.
        longer = [more.at + more.fact.seconds for more in _extensions(history, settling, "settling")]
        return Instant(max([settling.ended + opened.plan.settle_within, *longer]))
    return None
