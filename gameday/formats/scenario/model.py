"""The keys of scenario.yaml: the models that its schema is generated from.

`formats.scenario.reader` turns them into the values of core. Published as
docs/reference/scenario.schema.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from gameday.core.values import MilestoneName, Severity
from gameday.formats import integration_kinds
from gameday.formats.scenario.guardrails.table import KINDS
from gameday.formats.text import document, models, types
from gameday.formats.text.models import Strict
from gameday.formats.text.types import (
    MOST,
    MOST_USERS,
    ByKey,
    Duration,
    Fraction,
    Kebab,
    LongerThanZero,
    Positive,
    Text,
)

MILESTONES = tuple(name.value for name in MilestoneName)
Milestone = Annotated[str, types.OneOf("a milestone", MILESTONES)]


def _word(value: Any) -> Any:
    if isinstance(value, str) and (value.startswith("-") or len(value.split()) != 1):
        raise models.mistake(f"'{value}' is not one word", "write one word in each line of the list")
    return value


def _class_name(value: Any) -> Any:
    if isinstance(value, str) and not value.isidentifier():
        raise models.mistake(f"'{value}' is not the name of a class", "write only its name")
    return value


Word = Annotated[str, BeforeValidator(_word)]
ClassName = Annotated[str, BeforeValidator(_class_name)]


class LoadModel(Strict):
    """The users."""

    locustfile: Text = Field(description="any locustfile, relative to this file's folder")
    users: int = Field(default=10, gt=0, le=MOST_USERS, description="how many at once")
    spawn_rate: Positive = Field(default=10.0, description="users started per second")
    workers: int = Field(default=1, gt=0, le=1000, description="more than 1: Locust's own distributed mode")
    args: list[Text] = Field(
        default_factory=list,
        description="further arguments of Locust's command line, such as those that the locustfile defines",
        examples=[["--token", "abc"]],
    )
    tags: list[Word] = Field(default_factory=list, description="only tasks with one of these tags")
    exclude_tags: list[Word] = Field(default_factory=list, description="no tasks with one of these tags")
    user_classes: list[ClassName] = Field(default_factory=list, description="only these classes of users")
    env: dict[str, str] = Field(
        default_factory=dict,
        description="variables of Locust's process; env:NAME passes one of gameday's own, such as a secret",
    )


class Slo(Strict):
    """What users are promised."""

    slo: Kebab = Field(description="its id", examples=["checkout-latency"])
    request: Text = Field(default="*", description="Locust's request as NAME or TYPE NAME; only * is special")
    latency: LongerThanZero | None = Field(
        default=None, description="a slower response counts as bad; a failure always does"
    )
    objective: Fraction = Field(default=0.99, description="the share of good requests that is promised")
    window: LongerThanZero = Field(default=5.0, description="the time over which it is judged")
    min_requests: int = Field(
        default=20, ge=1, le=MOST, description="with fewer requests in a window, nothing is judged"
    )
    source: Literal["load", "prometheus"] = Field(default="load", description="where requests are counted")
    good: str = Field(default="", description="prometheus: the query for good events")
    total: str = Field(default="", description="prometheus: the query for all events")


class Match(Strict):
    """How an alert is recognized when its name is not enough."""

    source: Annotated[
        str, types.OneOf("a system that sends alerts", ("", *integration_kinds.ALERT_SYSTEMS))
    ] = Field(default="", description="the system that sends it; left out: any")
    name: str = Field(default="", description="its name; * matches anything")
    labels: dict[str, str] = Field(default_factory=dict, description="labels that it has")
    monitor: str = Field(default="", description="the id of the monitor in its own system")


class _Expected(Strict):
    within: LongerThanZero = Field(
        default=60.0, description="how soon it should fire, counted from the start of impact"
    )
    page: Literal["never"] | None = Field(
        default=None, description="never: it must not page anybody (not checked yet)"
    )


class ExpectedAlert(_Expected):
    """An alert that should fire, by its name."""

    alert: Text = Field(description="its name", examples=["HighApiLatency"])


class ExpectedMatch(_Expected):
    """An alert that should fire, by what it matches."""

    match: Match = Field(description="source, name, labels, monitor")


_EXPECT = ByKey("an expected alert", ("alert", "match"))
Expect = Annotated[
    Annotated[ExpectedAlert, Tag("@alert")] | Annotated[ExpectedMatch, Tag("@match")],
    _EXPECT.discriminator,
    _EXPECT.check,
]


class SloCondition(Strict):
    """SLOs have been met for some time."""

    slo: Text = Field(description="an SLO of this scenario; * matches anything")
    at_least: Fraction | None = Field(
        default=None, description="the share of good requests (default: the SLO's objective)"
    )
    lasting: Duration = Field(default=10.0, alias="for", description="for how long")


class ProbeCondition(Strict):
    """A Chaos Toolkit probe is within its tolerance."""

    probe: dict[str, Any] = Field(description="a Chaos Toolkit probe")
    tolerance: Any = Field(
        default=None, description="the expected answer, if the probe has no tolerance of its own"
    )
    every: LongerThanZero = Field(default=2.0, description="how often it is run")


class AlertCondition(Strict):
    """An alert is in a state."""

    alert: Text = Field(description="its name")
    state: Literal["firing", "acknowledged", "resolved"] = Field(alias="is", description="its state")


_CONDITION = ByKey("a condition", ("slo", "probe", "alert"), text=True)
Sign = Annotated[str, types.OneOf("a sign", ("acknowledged", "declared", "marked"))]
Condition = Annotated[
    Annotated[Sign, Tag("@text")]
    | Annotated[SloCondition, Tag("@slo")]
    | Annotated[ProbeCondition, Tag("@probe")]
    | Annotated[AlertCondition, Tag("@alert")],
    _CONDITION.discriminator,
    _CONDITION.check,
]


class AnyOf(Strict):
    """One of the conditions is enough."""

    any: list[Condition] = Field(min_length=1, description="one of these is enough")


class AllOf(Strict):
    """All conditions have to hold."""

    all: list[Condition] = Field(min_length=1, description="all of these have to hold")


_RULE = ByKey("a milestone", ("any", "all"))
Rule = Annotated[
    Annotated[AnyOf, Tag("@any")] | Annotated[AllOf, Tag("@all")], _RULE.discriminator, _RULE.check
]


class Milestones(Strict):
    """What proves each milestone."""

    detected: Rule | None = Field(default=None, description="somebody knows")
    contained: Rule | None = Field(default=None, description="the impact on users no longer grows")
    recovered: Rule | None = Field(default=None, description="the service is healthy again")


class Objectives(Strict):
    """The times to beat, counted from the start of impact."""

    detect: LongerThanZero = Field(default=120.0, description="until somebody knows")
    contain: LongerThanZero = Field(default=600.0, description="until the impact on users no longer grows")
    recover: LongerThanZero = Field(default=1200.0, description="until the service is healthy again")


class Phases(Strict):
    """How long the phases of a drill may take."""

    baseline: Duration = Field(default=30.0, description="before the fault")
    onset: LongerThanZero = Field(default=60.0, description="how long to wait until users are affected")
    response: LongerThanZero = Field(
        default=3600.0, description="how long the team may take; longer than the limits of the scorecard"
    )
    verify: Duration = Field(default=30.0, description="after the rollbacks")


if TYPE_CHECKING:
    Guardrail = Strict
else:  # one alternative for each kind in the table, chosen by the one key that the mapping has
    _GUARDRAIL = ByKey("a guardrail", tuple(KINDS))
    _ALTERNATIVES = tuple(Annotated[kind.model, Tag(f"@{key}")] for key, kind in KINDS.items())
    Guardrail = Annotated[Union[_ALTERNATIVES], _GUARDRAIL.discriminator, _GUARDRAIL.check]  # noqa: UP007  # of a tuple


class _Inject(Strict):
    id: Kebab | None = Field(
        default=None,
        description="the id by which the facilitator sends or skips it (default: its number, from 0)",
    )
    after: Duration = Field(description="how long after the injection of the fault")
    to: Text = Field(default="responders", description="who gets it")
    unless: Milestone | None = Field(default=None, description="the milestone that makes it unnecessary")
    expected: str = Field(default="", description="what should be done about it")


class MessageInject(_Inject):
    """A message is sent."""

    message: Text = Field(description="the text of the message")


class HintInject(_Inject):
    """A hint is on offer."""

    hint: Text = Field(description="the hint")
    cost: float = Field(default=0.0, ge=0, le=MOST, description="points that it costs when it is taken")


class UsersInject(_Inject):
    """The load changes."""

    users: int = Field(ge=0, le=MOST_USERS, description="the number of users from then on")


class ExperimentInject(_Inject):
    """A further fault."""

    experiment: Text = Field(description="a Chaos Toolkit experiment, relative to this file's folder")


_INJECT = ByKey("an inject", ("message", "hint", "users", "experiment"))
Inject = Annotated[
    Annotated[MessageInject, Tag("@message")]
    | Annotated[HintInject, Tag("@hint")]
    | Annotated[UsersInject, Tag("@users")]
    | Annotated[ExperimentInject, Tag("@experiment")],
    _INJECT.discriminator,
    _INJECT.check,
]

_HOLDS = ("until-recovered", "none")


def _hold(value: Any) -> Any:
    if value in _HOLDS:
        return value
    if isinstance(value, str) and not value[:1].isdigit():
        raise models.mistake(f"'{value}' is not a valid hold", document.suggest(value, (*_HOLDS, "5m")))
    return types.seconds(value)


Hold = Annotated[
    str | float,
    BeforeValidator(_hold),
    WithJsonSchema(
        {"anyOf": [{"enum": list(_HOLDS)}, types.DURATION], "examples": ["until-recovered", "5m"]}
    ),
]


def _one_or_many(value: Any) -> str:
    return "@many" if isinstance(value, list) else "@one"


Severities = Annotated[
    Annotated[types.OneSeverity, Tag("@one")]
    | Annotated[list[types.OneSeverity], Field(min_length=1), Tag("@many")],
    Discriminator(_one_or_many),
]


STRATEGIES = (
    "default",
    "before-method-only",
    "after-method-only",
    "during-method-only",
    "continuously",
)
Strategy = Annotated[str, types.OneOf("a strategy", STRATEGIES)]


class RealIncident(Strict):
    """When an unexpected alert is treated as a real incident."""

    severity: types.OneSeverity = Field(
        description="from this severity on, the facilitator is asked whether to go on"
    )


class ContinuousHypothesis(Strict):
    """How often the hypothesis is evaluated while the method runs."""

    strategy: Strategy | None = Field(default=None, description="when the hypothesis is evaluated")
    frequency: LongerThanZero = Field(default=1.0, description="the time between two evaluations")
    fail_fast: bool = Field(default=False, description="end the method once it has deviated")


Hypothesis = Annotated[
    Annotated[Strategy, Tag("@strategy")] | Annotated[ContinuousHypothesis, Tag("@continuous")],
    Discriminator(lambda value: "@continuous" if isinstance(value, dict | Strict) else "@strategy"),
]


class ExperimentRun(Strict):
    """A Chaos Toolkit experiment with what `chaos run` may be given."""

    file: Text = Field(description="the experiment, relative to this file's folder")
    vars: dict[str, Any] = Field(default_factory=dict, description="values of its configuration (--var)")
    var_files: list[Text] = Field(
        default_factory=list, description="files of values: JSON, YAML or .env (--var-file)"
    )
    controls: list[Text] = Field(default_factory=list, description="files of controls (--control-file)")
    hypothesis: Hypothesis | None = Field(
        default=None, description="when the hypothesis is evaluated (--hypothesis-strategy, …)"
    )
    cwd: str = Field(default="", description="the working folder (default: the workspace)")


Experiment = Annotated[
    Annotated[str, Tag("@path")] | Annotated[ExperimentRun, Tag("@run")],
    Discriminator(lambda value: "@run" if isinstance(value, dict | ExperimentRun) else "@path"),
]


class ScenarioFile(Strict):
    """The script of a drill: the fault, the load, and what a good response is."""

    scenario: Kebab = Field(description="its id", examples=["api-latency-spike"])
    title: Text = Field(description="what happens, in one line")
    description: str = Field(default="", description="what happens and why, in more detail")
    severity: Severities = Field(
        default_factory=lambda: [Severity.P3], description="the severity that a correct triage declares"
    )
    environment: Text = Field(description="a section of gameday.toml", examples=["shop"])
    responders: Literal["team", "automation", "none"] = Field(
        default="team", description="who responds; none: only the system is measured"
    )
    experiment: Experiment = Field(
        default="",
        description="a Chaos Toolkit experiment, and what it is run with; a tabletop exercise has none",
    )
    hold: Hold = Field(
        default="until-recovered",
        description="how long the fault is held before rollbacks run: until-recovered, a duration, or none",
    )
    load: LoadModel | None = Field(default=None, description="the users")
    slos: list[Slo] = Field(default_factory=list, description="what users are promised")
    expect: list[Expect] = Field(default_factory=list, description="the alerts that should fire")
    milestones: Milestones = Field(default_factory=Milestones, description="what proves each milestone")
    objectives: Objectives = Field(default_factory=Objectives, description="the times to beat")
    phases: Phases = Field(default_factory=Phases, description="how long the phases may take")
    guardrails: list[Guardrail] = Field(
        default_factory=list, description="what aborts the drill and reverts the fault"
    )
    real_incident: RealIncident | None = Field(
        default=None,
        description="which unexpected alerts are treated as a real incident (default: as in the environment)",
    )
    injects: list[Inject] = Field(
        default_factory=list, description="what is sent to the responders, or changed, during the response"
    )
    playbook: str = Field(default="", description="the team's guide, relative to this file's folder")
    scorecard: str = Field(
        default="", description="how it is judged (default: the scorecard for its responders)"
    )
