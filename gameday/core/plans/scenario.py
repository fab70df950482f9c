"""What people plan: the scenario and the scorecard, as frozen values.

`formats` builds these from text that it has checked. They are stored whole in a drill's history, so that an
old drill is judged by the scenario it was played from. Every field holds only strings, numbers, booleans,
None, tuples and other such values, so that `dataclasses.asdict` gives their JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from gameday.core.values import Party, Seconds, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """The load that users stand for. `spawn_rate` in users/s.

    args                further arguments of Locust's command line
    tags, exclude_tags  which tasks are played; user_classes: which users; empty: all
    env                 variables of Locust's process; a value `env:NAME` refers to one of ours
    """

    locustfile: str
    users: int = 10
    spawn_rate: float = 10.0
    workers: int = 1
    args: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    user_classes: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slo:
    """A service level objective on the users' requests.

    request    Locust's request as `NAME` or `TYPE NAME`; only `*` is special
    latency    seconds; a slower response is bad, a failure is always bad; None: failures only
    objective  least good fraction, 0..1
    window     seconds over which it is judged
    source     `load`, or `prometheus` with a query for good and one for total
    """

    slo: str
    request: str = "*"
    latency: Seconds | None = None
    objective: float = 0.99
    window: Seconds = 5.0
    min_requests: int = 20
    source: str = "load"
    good: str = ""
    total: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """An alert that should fire, given by its name or by what it matches. Empty fields match all."""

    alert: str = ""
    source: str = ""
    name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    monitor: str = ""
    within: Seconds = 60.0
    page: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One proof of a milestone; exactly one of the first four is set.

    sign      acknowledged | declared | marked
    slo       a glob over SLO names; good fraction at least `at_least` (None: the SLO's own
              objective), held for `lasting` seconds (`for` in the file)
    probe     a Chaos Toolkit probe with its tolerance, as JSON text, asked every `every` seconds
    alert     the name of an alert that must be in state `state` (`is` in the file)
    """

    sign: str = ""
    slo: str = ""
    probe: str = ""
    alert: str = ""
    state: str = ""
    at_least: float | None = None
    lasting: Seconds = 10.0
    every: Seconds = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What proves a milestone: any one of `conditions`, or all of them."""

    all: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneRules:
    """The rules for the three milestones that a scenario may redefine."""

    detected: Rule = Rule(all=False, conditions=(Condition(sign="acknowledged"), Condition(sign="declared")))
    contained: Rule = Rule(all=False, conditions=(Condition(sign="marked"), Condition(slo="*", at_least=0.8)))
    recovered: Rule = Rule(all=True, conditions=(Condition(slo="*"),))


@dataclass(frozen=True, kw_only=True, slots=True)
class Objectives:
    """The times to beat, in seconds from the start of impact."""

    detect: Seconds = 120.0
    contain: Seconds = 600.0
    recover: Seconds = 1200.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Phases:
    """How long each phase may take, in seconds.

    `onset`: how long to wait for users to be affected before the hold is given up.
    """

    baseline: Seconds = 30.0
    onset: Seconds = 60.0
    response: Seconds = 3600.0
    verify: Seconds = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A Prometheus query whose value must stay on one side of a bound; exactly one bound is set.

    url  where Prometheus listens; empty: the environment's
    """

    query: str
    url: str = ""
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeteredSettings:
    """What a guardrail asks of its meter, where only the modules of its kind know the keys.

    kind      the key that names the kind in scenario.yaml
    label     the guardrail as people read it, after its kind
    settings  what was written under the key, as JSON text
    """

    kind: str
    label: str
    settings: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrail:
    """A condition that aborts the drill.

    SLO guardrail: `slo` below fraction `below` for `lasting` seconds. Probe guardrail: `probe` as
    JSON text (its tolerance inside), asked every `every` seconds. Prometheus guardrail: `prometheus`
    beyond its bound for `lasting` seconds. CloudWatch guardrail: the alarm `alarm` is in state ALARM.
    These four have fields of their own, because stored histories have them. Every other kind has `metered`.
    """

    slo: str = ""
    below: float = 0.0
    lasting: Seconds = 30.0
    probe: str = ""
    every: Seconds = 5.0
    prometheus: Query | None = None
    alarm: str = ""
    metered: MeteredSettings | None = None

    @property
    def kind(self) -> str:
        """The key that names its kind in scenario.yaml."""
        if self.metered is not None:
            return self.metered.kind
        if self.slo:
            return "slo"
        if self.prometheus is not None:
            return "prometheus"
        return "cloudwatch" if self.alarm else "probe"

    @property
    def name(self) -> str:
        """The guardrail as people read it."""
        if self.metered is not None:
            return f"{self.metered.kind} {self.metered.label}".strip()
        if self.slo:
            return f"slo {self.slo} below {self.below:.0%} for {self.lasting:g}s"
        if self.prometheus is not None:
            return f"prometheus {bound(self.prometheus)} for {self.lasting:g}s"
        if self.alarm:
            return f"cloudwatch alarm {self.alarm}"
        return f"probe {_probe_name(self.probe)}".strip()


def _probe_name(probe: str) -> str:
    """Give the name of a probe in JSON; empty where it has none."""
    try:
        parsed = json.loads(probe)
    except ValueError:
        return ""
    return str(parsed.get("name", "")) if isinstance(parsed, dict) else ""


def bound(query: Query) -> str:
    """Write a query with the bound that it must not pass."""
    side, limit = ("above", query.above) if query.above is not None else ("below", query.below)
    return f"{query.query} {side} {limit:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inject:
    """One planned stimulus.

    after    seconds from the injection of the fault (from the drill's start in a tabletop)
    unless   skipped once this milestone is reached
    One of `message`, `hint`, `users` (load change) and `experiment` (a further fault: path) is set.
    `cost`: points that the hint costs, only if taken.
    expected  what the team should do about it; id: by which the facilitator sends or skips it
    """

    after: Seconds
    to: str = "responders"
    unless: str = ""
    message: str = ""
    hint: str = ""
    cost: float = 0.0
    users: int | None = None
    experiment: str = ""
    expected: str = ""
    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChaosOptions:
    """What the experiment is run with, as by options of `chaos run`. Paths are relative to the workspace.

    vars         values of its configuration by name: a JSON object as text; empty: none
    var_files    files of values; controls: files of controls
    hypothesis   the strategy; empty: the experiment's own, or that of Chaos Toolkit's settings
    frequency    seconds between two evaluations of a continuous hypothesis
    fail_fast    a continuous hypothesis that deviates ends the method
    cwd          the working folder; empty: the workspace
    """

    vars: str = ""
    var_files: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    hypothesis: str = ""
    frequency: Seconds = 1.0
    fail_fast: bool = False
    cwd: str = ""


PLAIN_RUN = ChaosOptions()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """One script of a drill. Paths are relative to the workspace, with forward slashes.

    hold           `until-recovered`, `none`, or `for` with `hold_for` seconds
    severity       the severities that a right triage may declare
    real_incident  an unexpected alert of at least this severity asks whether to continue; None: none does
    """

    scenario: str
    title: str
    environment: str
    path: str = ""
    description: str = ""
    severity: tuple[Severity, ...] = (Severity.P3,)
    responders: Party = Party.TEAM
    experiment: str = ""
    options: ChaosOptions = PLAIN_RUN
    hold: str = "until-recovered"
    hold_for: Seconds | None = None
    load: Load | None = None
    slos: tuple[Slo, ...] = ()
    expect: tuple[Expectation, ...] = ()
    milestones: MilestoneRules = MilestoneRules()
    objectives: Objectives = Objectives()
    phases: Phases = Phases()
    guardrails: tuple[Guardrail, ...] = ()
    injects: tuple[Inject, ...] = ()
    playbook: str = ""
    scorecard: str = ""
    real_incident: Severity | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One line of a scorecard.

    measure  an interval, a count or a check of `core.plans.scorecard`, by name
    target   full marks up to this value; limit: none beyond it. `1x` is once the scenario's objective,
             `60s` is absolute; a bare number for counts; empty for checks
    """

    criterion: str
    phase: str
    weight: float
    measure: str
    target: str = ""
    limit: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """An upper bound on the points when something named happened."""

    when: str
    at_most: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorecardRules:
    """A scorecard as written: criteria with weights and bands. Filled in, it is `score.Scorecard`."""

    scorecard: str
    version: int
    criteria: tuple[Criterion, ...]
    pass_mark: float = 70.0
    caps: tuple[Cap, ...] = ()

    @property
    def name(self) -> str:
        """Name and version, as results have it: `team@1`."""
        return f"{self.scorecard}@{self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybookStep:
    """One step of a playbook. Lines count from 1; 0: not known.

    line      where its item starts; text_end: the last line of its text; end: of the whole item
    text      its words, on one line, without Markdown markup
    """

    id: str
    text: str
    line: int
    section: str = ""
    text_end: int = 0
    end: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Playbook:
    """A team's response guide: its Markdown, and the steps found in it."""

    path: str
    text: str
    title: str = ""
    steps: tuple[PlaybookStep, ...] = ()
