"""responder.yaml -> `core.plans.responder_script.ResponderScript`, with every mistake of the file.

Its steps play the team, or are the automation. Which scenario and playbook it will be played with is not
known here; `formats.scenario.crosscheck` compares them. Published as docs/reference/responder.schema.json.
"""

from __future__ import annotations

from typing import Annotated, Literal, assert_never

from pydantic import Field, Tag

from gameday.core.plans import responder_script as core
from gameday.core.values import MilestoneName, Party
from gameday.formats.text import models
from gameday.formats.text.document import Checked, Document
from gameday.formats.text.models import Strict
from gameday.formats.text.types import ByKey, Duration, Kebab, LongerThanZero, OneOf, OneSeverity, Text

MARKABLE = tuple(
    name.value
    for name in MilestoneName
    if name not in {MilestoneName.FAULT_INJECTED, MilestoneName.IMPACT_STARTED, MilestoneName.ALERTED}
)
"""The milestones that people may mark; the others are only observed."""


class _When(Strict):
    within: LongerThanZero | None = Field(
        default=None, description="how long it waits at most (default: until the end of the phase)"
    )


class WhenAlert(_When):
    """An alert has fired."""

    alert: Text = Field(description="its name", examples=["HighApiLatency"])


class WhenMilestone(_When):
    """A milestone is reached."""

    milestone: Annotated[str, OneOf("a milestone", tuple(MilestoneName))] = Field(description="its name")


class WhenInject(_When):
    """An inject has been sent."""

    inject: int = Field(ge=0, description="its number in the scenario's injects, from 0")


_WHEN = ByKey("'when'", ("alert", "milestone", "inject"))
When = Annotated[
    Annotated[WhenAlert, Tag("@alert")]
    | Annotated[WhenMilestone, Tag("@milestone")]
    | Annotated[WhenInject, Tag("@inject")],
    _WHEN.discriminator,
    _WHEN.check,
]


class Declaration(Strict):
    """The declaration of an incident."""

    severity: OneSeverity = Field(description="its severity")
    commander: str = Field(default="", description="who leads the response")


class DoAck(Strict):
    """Acknowledge the page."""

    ack: Literal[True] = Field(description="true")


class DoDeclare(Strict):
    """Declare the incident."""

    declare: Declaration = Field(description="severity and commander")


class DoStep(Strict):
    """Record that a step of the playbook is done."""

    step: Text = Field(description="the step's id")


class DoCommand(Strict):
    """Run a command in the workspace."""

    command: list[Text] = Field(min_length=1, description="the command and its arguments, a list")


class DoMark(Strict):
    """Mark a milestone."""

    mark: Annotated[str, OneOf("a milestone that can be marked", MARKABLE)] = Field(description="its name")


class DoNote(Strict):
    """Write into the timeline."""

    note: Text = Field(description="the text")


class DoUpdate(Strict):
    """Record an update for people outside the response."""

    update: Text = Field(description="the message")
    audience: Literal["customers", "stakeholders", "team"] = Field(
        default="stakeholders", description="who it is for"
    )


class DoEnd(Strict):
    """End the response."""

    end: Literal[True] = Field(description="true")


class DoHint(Strict):
    """Take a hint that is offered, at its cost."""

    hint: int = Field(ge=0, description="its number in the scenario's injects, from 0")


_DO = ByKey("'do'", ("ack", "declare", "step", "command", "mark", "note", "update", "end", "hint"))
Do = Annotated[
    Annotated[DoAck, Tag("@ack")]
    | Annotated[DoDeclare, Tag("@declare")]
    | Annotated[DoStep, Tag("@step")]
    | Annotated[DoCommand, Tag("@command")]
    | Annotated[DoMark, Tag("@mark")]
    | Annotated[DoNote, Tag("@note")]
    | Annotated[DoUpdate, Tag("@update")]
    | Annotated[DoEnd, Tag("@end")]
    | Annotated[DoHint, Tag("@hint")],
    _DO.discriminator,
    _DO.check,
]


class Step(Strict):
    """Wait for `when`, then for `after`, then do."""

    when: When | None = Field(default=None, description="what it waits for (default: nothing)")
    after: Duration = Field(default=0.0, description="how long it then waits")
    do: Do = Field(description="what it does")
    timeout: LongerThanZero = Field(default=30.0, description="how long a command may take")


class ResponderFile(Strict):
    """The script that plays the team, or the automation, step by step."""

    responder: Kebab = Field(description="its id, which the drill's reports name")
    as_: Literal["team", "automation"] = Field(alias="as", description="what it plays")
    steps: list[Step] = Field(min_length=1, description="in order")


def check(document: Document) -> Checked[core.ResponderScript]:
    """Find every mistake of a responder script."""
    filled = models.check(ResponderFile, document)
    value = None
    if filled.value is not None and all(mistake.warning for mistake in filled.mistakes):
        value = core.ResponderScript(
            responder=filled.value.responder,
            acts_as=Party(filled.value.as_),
            steps=tuple(_step(step) for step in filled.value.steps),
        )
    return Checked(document=document, value=value, mistakes=filled.mistakes)


def _step(step: Step) -> core.ResponderStep:
    when = None if step.when is None else core.When(**step.when.model_dump())
    return core.ResponderStep(when=when, after=step.after, do=_do(step.do), timeout=step.timeout)


def _do(
    do: DoAck | DoDeclare | DoStep | DoCommand | DoMark | DoNote | DoUpdate | DoEnd | DoHint,
) -> core.Do:
    match do:
        case DoDeclare():
            return core.Do(declare=do.declare.severity, commander=do.declare.commander)
        case DoCommand():
            return core.Do(command=tuple(do.command))
        case DoAck() | DoStep() | DoMark() | DoNote() | DoUpdate() | DoEnd() | DoHint():
            return core.Do(**do.model_dump())
        case _:
            assert_never(do)
