"""What scenario.yaml may hold, key by key: the models that its schema is made of.

Comes in: plain values. Goes out: models of what was written. Does not: know core, paths or the rest
of the workspace; `formats.scenario.reader` turns the models into values.
Published as docs/reference/scenario.schema.json.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from gameday.core.values import MilestoneName, Severity
from gameday.formats import systems
from gameday.formats.text import document, models, types
from gameday.formats.text.models import Strict
from gameday.formats.text.types import ByKey, Duration, Fraction, Kebab, LongerThanZero, Positive, Text

MARKS = tuple(name.value for name in MilestoneName)
Milestone = Annotated[str, types.OneOf("a milestone", MARKS)]


class Load(Strict):
    """The users."""

    locustfile: Text = Field(description="any locustfile, from this file's folder")
    users: int = Field(default=10, gt=0, description="how many at once")
    spawn_rate: Positive = Field(default=10.0, description="users that start in a second")
    workers: int = Field(default=1, gt=0, description="more than 1: Locust's own distributed mode")


class Slo(Strict):
    """What users are promised."""

    slo: Kebab = Field(description="its id", examples=["checkout-latency"])
    request: Text = Field(default="*", description="Locust's request as NAME or TYPE NAME; only * is special")
    latency: LongerThanZero | None = Field(
        default=None, description="a slower response is bad; a failure always is"
    )
    objective: Fraction = Field(default=0.99, description="least good share")
    window: LongerThanZero = Field(default=5.0, description="the time over which it is judged")
    min_requests: int = Field(default=20, ge=1, description="fewer in a window: no judgement")
    source: Literal["load", "prometheus"] = Field(default="load", description="where requests are counted")
    good: str = Field(default="", description="prometheus: the query for good events")
    total: str = Field(default="", description="prometheus: the query for all events")


class Match(Strict):
    """What an alert is known by where its name does not do."""

    source: Annotated[str, types.OneOf("a system that sends alerts", ("", *systems.ALERT_SYSTEMS))] = Field(
        default="", description="the system that sends it; left out: any"
    )
    name: str = Field(default="", description="its name; * stands for anything")
    labels: dict[str, str] = Field(default_factory=dict, description="labels that it carries")
    monitor: str = Field(default="", description="the monitor's id in its own system")


class _Expected(Strict):
    within: LongerThanZero = Field(default=60.0, description="from the start of impact")
    page: Literal["never"] | None = Field(default=None, description="never: it must not wake anybody")


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
    """SLOs have been met for a while."""

    slo: Text = Field(description="an SLO of this scenario; * stands for anything")
    at_least: Fraction | None = Field(default=None, description="good share; left out: the SLO's objective")
    lasting: Duration = Field(default=10.0, alias="for", description="for how long")


class ProbeCondition(Strict):
    """A Chaos Toolkit probe is within its tolerance."""

    probe: dict[str, Any] = Field(description="a Chaos Toolkit probe")
    tolerance: Any = Field(default=None, description="what it has to answer, if the probe does not say so")
    every: LongerThanZero = Field(default=2.0, description="how often it is asked")


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
    contained: Rule | None = Field(default=None, description="users are not hurt more than they must be")
    recovered: Rule | None = Field(default=None, description="users are well again")


class Objectives(Strict):
    """The times to beat, from the start of impact."""

    detect: LongerThanZero = Field(default=120.0, description="until somebody knows")
    contain: LongerThanZero = Field(
        default=600.0, description="until users are hurt no more than they must be"
    )
    recover: LongerThanZero = Field(default=1200.0, description="until users are well again")


class Phases(Strict):
    """How long the parts of a drill may take."""

    baseline: Duration = Field(default=30.0, description="before the fault")
    onset: LongerThanZero = Field(default=60.0, description="how long to wait for users to be hurt")
    response: LongerThanZero = Field(default=3600.0, description="room beyond the scorecard's limits")
    verify: Duration = Field(default=30.0, description="after the rollbacks")


class SloGuardrail(Strict):
    """Abort while an SLO is far below what the fault is meant to do."""

    slo: Text = Field(description="an SLO of this scenario")
    below: Fraction = Field(description="good share that is too little")
    lasting: Duration = Field(default=30.0, alias="for", description="for how long")


class ProbeGuardrail(Strict):
    """Abort when a Chaos Toolkit probe is outside its tolerance."""

    probe: dict[str, Any] = Field(description="a Chaos Toolkit probe")
    tolerance: Any = Field(default=None, description="what it has to answer, if the probe does not say so")
    every: LongerThanZero = Field(default=5.0, description="how often it is asked")


class Query(Strict):
    """A Prometheus query and the bound that its value must not pass."""

    query: Text = Field(description="PromQL; of several series the worst counts")
    url: str = Field(default="", description="where Prometheus answers; left out: the environment's")
    above: float | None = Field(default=None, description="more than this is too much")
    below: float | None = Field(default=None, description="less than this is too little")
    lasting: Duration = Field(default=30.0, alias="for", description="for how long")
    every: LongerThanZero = Field(default=5.0, description="how often it is asked")

    @model_validator(mode="before")
    @classmethod
    def _one_bound(cls, value: Any) -> Any:
        if isinstance(value, dict) and ("above" in value) == ("below" in value):
            raise models.mistake("a query needs one bound, above or below", "such as above: 0.05")
        return value


class PrometheusGuardrail(Strict):
    """Abort while Prometheus gives a value beyond a bound."""

    prometheus: Query = Field(description="query, above or below, for")


class Alarm(Strict):
    """A CloudWatch alarm."""

    alarm: Text = Field(description="its name")
    every: LongerThanZero = Field(default=10.0, description="how often it is asked")


class CloudWatchGuardrail(Strict):
    """Abort when a CloudWatch alarm is in state ALARM."""

    cloudwatch: Alarm = Field(description="the alarm")


_GUARDRAIL = ByKey("a guardrail", ("slo", "probe", "prometheus", "cloudwatch"))
Guardrail = Annotated[
    Annotated[SloGuardrail, Tag("@slo")]
    | Annotated[ProbeGuardrail, Tag("@probe")]
    | Annotated[PrometheusGuardrail, Tag("@prometheus")]
    | Annotated[CloudWatchGuardrail, Tag("@cloudwatch")],
    _GUARDRAIL.discriminator,
    _GUARDRAIL.check,
]


class _Inject(Strict):
    id: Kebab | None = Field(
        default=None, description="by which the facilitator sends or skips it; left out: its number, from 0"
    )
    after: Duration = Field(description="from the injection of the fault")
    to: Text = Field(default="responders", description="who gets it")
    unless: Milestone | None = Field(default=None, description="the milestone that makes it needless")
    expected: str = Field(default="", description="what should be done about it")


class MessageInject(_Inject):
    """Something is said."""

    message: Text = Field(description="what is said")


class HintInject(_Inject):
    """A hint is on offer."""

    hint: Text = Field(description="the hint")
    cost: float = Field(default=0.0, ge=0, description="points that it costs, only if taken")


class UsersInject(_Inject):
    """The load changes."""

    users: int = Field(ge=0, description="how many users from then on")


class ExperimentInject(_Inject):
    """A further fault."""

    experiment: Text = Field(description="a Chaos Toolkit experiment, from this file's folder")


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
        raise models.mistake(f"'{value}' is not a way to hold", document.suggest(value, (*_HOLDS, "5m")))
    return types.seconds(value)


Hold = Annotated[
    str | float,
    BeforeValidator(_hold),
    WithJsonSchema(
        {"anyOf": [{"enum": list(_HOLDS)}, types.DURATION], "examples": ["until-recovered", "5m"]}
    ),
]


def _shape(value: Any) -> str:
    return "@many" if isinstance(value, list) else "@one"


Severities = Annotated[
    Annotated[types.OneSeverity, Tag("@one")]
    | Annotated[list[types.OneSeverity], Field(min_length=1), Tag("@many")],
    Discriminator(_shape),
]


class RealIncident(Strict):
    """When an alert that isn't expected is taken for a real incident."""

    severity: types.OneSeverity = Field(description="at least so grave: the facilitator is asked")


class ScenarioFile(Strict):
    """The script of a drill: what is broken, under which load, and what a good response is."""

    scenario: Kebab = Field(description="its id", examples=["api-latency-spike"])
    title: Text = Field(description="what happens, in one line")
    description: str = Field(default="", description="the story behind it")
    severity: Severities = Field(
        default_factory=lambda: [Severity.P3], description="what a right triage declares"
    )
    environment: Text = Field(description="a section of gameday.toml", examples=["shop"])
    responders: Literal["team", "automation", "none"] = Field(
        default="team", description="who is to respond; none measures the system alone"
    )
    experiment: str = Field(default="", description="a Chaos Toolkit experiment; left out for a tabletop")
    hold: Hold = Field(
        default="until-recovered", description="until-recovered, a duration, or none: when the rollbacks run"
    )
    load: Load | None = Field(default=None, description="the users")
    slos: list[Slo] = Field(default_factory=list, description="what users are promised")
    expect: list[Expect] = Field(default_factory=list, description="the alerts that should fire")
    milestones: Milestones = Field(default_factory=Milestones, description="what proves each milestone")
    objectives: Objectives = Field(default_factory=Objectives, description="the times to beat")
    phases: Phases = Field(default_factory=Phases, description="how long the parts may take")
    guardrails: list[Guardrail] = Field(default_factory=list, description="what aborts and reverts")
    real_incident: RealIncident | None = Field(
        default=None, description="which other alerts ask whether to go on; left out: as the environment says"
    )
    injects: list[Inject] = Field(default_factory=list, description="what is said and done to responders")
    playbook: str = Field(default="", description="the team's guide, from this file's folder")
    scorecard: str = Field(default="", description="how it is judged; left out: by its responders")
