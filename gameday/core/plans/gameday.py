"""What people plan of a game day, as frozen values; and what a drill knows of the game day it belongs to.

`formats.gamedays.reader` builds these from text that it has checked. They are stored whole in a game day's
history, so like those of `core.plans.scenario` they hold only what JSON holds. They know no instants: a
recurrence is unrolled by `formats.calendar.recurrence`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gameday.core.plans import spoilers
from gameday.core.plans.schedule import Recurrence
from gameday.core.values import Seconds

TEAM = ("incident commander", "responder", "scribe", "communications lead")
"""Roles of the team: they never learn beforehand what is injected, or when."""
EXERCISE = ("facilitator", "observer")
"""Roles of the exercise: they see everything."""
PREFIX = "gameday-"
"""How the ids of game days begin; those of drills never do."""
ANNOUNCEMENTS = ("none", "window", "full")


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """Somebody who takes part, by the name under which they type commands."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """An expert who stays away, so that the team learns what it can do without them."""

    name: str
    knows: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """Where people talk, and for what."""

    channel: str
    purpose: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prerequisite:
    """Something that must hold before the first drill, and is checked; one of the three is set.

    command  exits with 0
    http     URL that answers with `status`
    probe    a Chaos Toolkit probe with its tolerance, as JSON text
    """

    name: str
    command: tuple[str, ...] = ()
    http: str = ""
    status: int = 200
    probe: str = ""
    within: Seconds = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of the agenda: a scenario by its workspace path, or a break.

    responder  workspace path of the responder script; empty: people, or their own automation
    lasts      how long a break is
    """

    title: str = ""
    scenario: str = ""
    responder: str = ""
    mode: str = "evaluate"
    lasts: Seconds = 0.0

    @property
    def is_break(self) -> bool:
        """Whether it is a break rather than a scenario."""
        return not self.scenario


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayPlan:
    """One game day, or one that recurs.

    once           `when` names one date
    announcement   none | window | full: what participants learn beforehand
    approvals      how many people have to approve it
    settle_within  how long alerts may take to resolve between two scenarios
    questions      asked at the hot wash, in addition to the usual ones
    """

    gameday: str
    title: str
    environment: str
    when: Recurrence
    once: bool
    agenda: tuple[Item, ...]
    path: str = ""
    description: str = ""
    participants: tuple[Participant, ...] = ()
    absent: tuple[Absent, ...] = ()
    announcement: str = "window"
    channels: tuple[Channel, ...] = ()
    approvals: int = 0
    prerequisites: tuple[Prerequisite, ...] = ()
    settle_within: Seconds = 600.0
    questions: tuple[str, ...] = ()

    @property
    def insiders(self) -> tuple[str, ...]:
        """The names of the facilitators and observers."""
        return tuple(person.name for person in self.participants if set(person.roles) & set(EXERCISE))

    @property
    def facilitators(self) -> tuple[str, ...]:
        """The names of the facilitators."""
        return tuple(person.name for person in self.participants if "facilitator" in person.roles)

    @property
    def team(self) -> tuple[Participant, ...]:
        """Those who respond."""
        return tuple(person for person in self.participants if set(person.roles) & set(TEAM))


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """The game day that a drill belongs to, as the drill itself needs it.

    hidden        the team does not learn what is injected, or when
    insiders      who sees it anyway
    facilitators  who may grant, and send injects; empty: anybody
    participants  everybody who takes part
    """

    game_day: str
    hidden: bool
    insiders: tuple[str, ...] = field(default=())
    facilitators: tuple[str, ...] = field(default=())
    participants: tuple[str, ...] = field(default=())

    def shows(self, viewer: str) -> bool:
        """Whether somebody may see what is injected while the drill is in progress."""
        return spoilers.shows(viewer, hidden=self.hidden, insiders=self.insiders)
