"""The keys of NAME.gameday.yaml: the models that its schema is generated from.

Paths, zones and roles are checked by `formats.gamedays.rules`. Published as
docs/reference/game-day.schema.json.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag, WithJsonSchema

from gameday.core.plans import gameday as core
from gameday.formats.text import types
from gameday.formats.text.models import Strict
from gameday.formats.text.types import ByKey, Kebab, LongerThanZero, Text

ROLES = (*core.TEAM, *core.EXERCISE)
Role = Annotated[str, types.OneOf("a role", ROLES)]


def _date_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


DATE = {"type": "string", "examples": ["2026-12-01T10:00", "2026-12-01"]}
Date = Annotated[str, BeforeValidator(_date_text), WithJsonSchema(DATE)]
"""A local date and time in the plan's zone."""


class ByRrule(Strict):
    """It recurs by an RFC 5545 rule."""

    rrule: Text = Field(description="the rule", examples=["FREQ=MONTHLY;BYDAY=1TU;BYHOUR=10"])
    from_: Date = Field(alias="from", description="local date or time from which the recurrence counts")


class ByCron(Strict):
    """It recurs by a cron expression."""

    cron: Text = Field(description="minute hour day month weekday", examples=["0 10 1 * *"])
    from_: Date = Field(alias="from", description="local date or time from which the recurrence counts")


_RECURRENCE = ByKey("a recurrence", ("rrule", "cron"))
Recurs = Annotated[
    Annotated[ByRrule, Tag("@rrule")] | Annotated[ByCron, Tag("@cron")],
    _RECURRENCE.discriminator,
    _RECURRENCE.check,
]


class Participant(Strict):
    """Somebody who takes part."""

    name: Text = Field(description="the name in [people] of gameday.toml, and in GAMEDAY_ACTOR or --as")
    roles: list[Role] = Field(min_length=1, description="their roles in this game day")


class Absent(Strict):
    """An expert who stays away from the game day."""

    name: Text = Field(description="who")
    knows: str = Field(default="", description="the knowledge that the team has to do without")


class Channel(Strict):
    """A channel in which people communicate."""

    channel: Text = Field(description="its name or address", examples=["#incident-drill"])
    purpose: str = Field(default="", alias="for", description="what it is used for")


class _Prerequisite(Strict):
    name: str = Field(default="", description="what it checks, in a few words")
    within: LongerThanZero = Field(default=30.0, description="how long it may take")


class CommandPrerequisite(_Prerequisite):
    """A command ends with 0."""

    command: list[Text] = Field(min_length=1, description="the command and its arguments, a list")


class HttpPrerequisite(_Prerequisite):
    """A URL answers."""

    http: types.Url = Field(description="the URL")
    status: int = Field(default=200, ge=100, le=599, description="the expected HTTP status")


class ProbePrerequisite(_Prerequisite):
    """A Chaos Toolkit probe is within its tolerance."""

    probe: dict[str, Any] = Field(description="a Chaos Toolkit probe")
    tolerance: Any = Field(
        default=None, description="the expected answer, if the probe has no tolerance of its own"
    )


_PREREQUISITE = ByKey("a prerequisite", ("command", "http", "probe"))
Prerequisite = Annotated[
    Annotated[CommandPrerequisite, Tag("@command")]
    | Annotated[HttpPrerequisite, Tag("@http")]
    | Annotated[ProbePrerequisite, Tag("@probe")],
    _PREREQUISITE.discriminator,
    _PREREQUISITE.check,
]


class ScenarioItem(Strict):
    """A scenario is drilled."""

    scenario: Text = Field(description="a scenario, relative to this file's folder")
    responder: str = Field(default="", description="a script that responds (default: people respond)")
    mode: Literal["evaluate", "train"] = Field(default="evaluate", description="train gives no score")
    title: str = Field(default="", description="its title in the agenda (default: the scenario's title)")


class BreakItem(Strict):
    """A break."""

    break_: LongerThanZero = Field(alias="break", description="how long it takes")
    title: str = Field(default="", description="its title in the agenda")


_ITEM = ByKey("an item of the agenda", ("scenario", "break"))
Item = Annotated[
    Annotated[ScenarioItem, Tag("@scenario")] | Annotated[BreakItem, Tag("@break")],
    _ITEM.discriminator,
    _ITEM.check,
]


class Settle(Strict):
    """What happens between two scenarios."""

    within: LongerThanZero = Field(default=600.0, description="how long alerts may take to resolve")


class GameDayFile(Strict):
    """The plan of a game day: when, who, and which scenarios one after the other."""

    gameday: Kebab = Field(description="its id", examples=["shop-resilience"])
    title: Text = Field(description="what it is about, in one line that participants read")
    description: str = Field(default="", description="why, for facilitators and observers")
    environment: Text = Field(description="a section of gameday.toml", examples=["staging"])
    zone: Text = Field(default="UTC", description="IANA time zone", examples=["Europe/Berlin"])
    date: Date | None = Field(
        default=None, description="the local date and time of a game day that takes place once"
    )
    recurrence: Recurs | None = Field(
        default=None, description="for a game day that recurs: rrule or cron, and from"
    )
    announcement: Annotated[str, types.OneOf("an announcement", core.ANNOUNCEMENTS)] = Field(
        default="window", description="what participants learn beforehand: none, window or full"
    )
    participants: list[Participant] = Field(
        default_factory=list, description="who takes part, and in which roles"
    )
    absent: list[Absent] = Field(default_factory=list, description="experts who stay away")
    channels: list[Channel] = Field(
        default_factory=list,
        description="where people communicate; integrations of gameday.toml are notified",
    )
    approvals: int = Field(default=0, ge=0, le=1000, description="how many people must approve it")
    prerequisites: list[Prerequisite] = Field(
        default_factory=list, description="what is checked before the first drill"
    )
    agenda: list[Item] = Field(min_length=1, description="scenarios and breaks, in order")
    settle: Settle = Field(default_factory=Settle, description="what happens between two scenarios")
    questions: list[Text] = Field(
        default_factory=list, description="questions for the hot wash, in addition to the usual ones"
    )
