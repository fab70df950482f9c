"""The facts of a game day: what its facilitators decided, and what became of each item of its agenda.

A closed union that `core.facts.drill` takes into its own: a game day is a history like a drill's, under an
id of its own. Nothing here is derived; `core.gamedays` does that.

An item of the agenda is met in turns: (`item`, `attempt`), from (0, 1); each repetition is one attempt
more. Every fact about a turn names it, so that a command given twice counts once, and the order of delivery
changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gameday.core.plans.gameday import GameDayPlan
    from gameday.core.plans.scenario import Scenario
    from gameday.core.values import Instant, Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayPlanned:
    """The plan as it was opened, with its scenarios by their workspace paths.

    attended  people take part: nothing starts without a facilitator's go
    opened    who opened it; occurrence: the instant it was scheduled for, if any
    hashes    sha256 of the plan and its scenarios by workspace path
    """

    plan: GameDayPlan
    scenarios: dict[str, Scenario]
    attended: bool
    opened: str = ""
    occurrence: Instant | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    host: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrerequisiteChecked:
    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GoGiven:
    """A facilitator's go: the scenario starts; a break ends."""

    item: int
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemBegun:
    """Stored before the drill starts, so that its id is known; the id is empty for a break."""

    item: int
    attempt: int
    drill: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemEnded:
    """how: for a drill completed | aborted | failed | not-ready | lost; for a break over | cut-short."""

    item: int
    attempt: int
    how: str
    exit_code: int | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemSkipped:
    item: int
    attempt: int
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatAsked:
    """attempt: the new one."""

    item: int
    attempt: int
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayPaused:
    """Nothing further begins until it is resumed; a drill in progress continues."""

    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayResumed:
    """The game day continues."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeExtended:
    """what: break | settling | response."""

    item: int
    attempt: int
    seconds: Seconds
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlingChecked:
    """A step of settling after a drill. step: alerts | reset | steady-state. passed None: unknown."""

    item: int
    attempt: int
    step: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """After a drill: alerts are resolved, the environment is reset, its steady state is met."""

    item: int
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlingFailed:
    """number: counts the failures after one drill, from 1."""

    item: int
    attempt: int
    number: int
    step: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlingWaived:
    """A facilitator continues although the environment has not settled, and gives the reason."""

    item: int
    attempt: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayEnded:
    """why: through | facilitator | unsettled | left (unattended, by whoever conducted it)."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HotWashAnswered:
    question: str
    answer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ImprovementPlanned:
    """Work that people took on at the hot wash. due: a date, YYYY-MM-DD, or empty."""

    text: str
    owner: str = ""
    due: str = ""
    priority: str = "medium"


GameDayFact = (
    GameDayPlanned
    | PrerequisiteChecked
    | GoGiven
    | ItemBegun
    | ItemEnded
    | ItemSkipped
    | RepeatAsked
    | GameDayPaused
    | GameDayResumed
    | TimeExtended
    | SettlingChecked
    | Settled
    | SettlingFailed
    | SettlingWaived
    | GameDayEnded
    | HotWashAnswered
    | ImprovementPlanned
)
