"""The facts of a drill: a closed union of past-tense dataclasses, and the envelope they travel in.

The facts of a game day (`core.facts.gameday`) belong to the union, too: they are stored in the same way.
Nothing here is derived; a milestone is never a fact.

To add a fact, add the dataclass and add it to `Fact`; mypy then names every fold that forgets it.
Fields hold only what JSON holds (and frozen dataclasses and tuples of it), so that
`dataclasses.asdict` is the body of the stored event. Stored histories name kinds and fields: never rename
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from gameday.core.facts.gameday import GameDayFact

if TYPE_CHECKING:
    from gameday.core.plans.gameday import Occasion
    from gameday.core.plans.scenario import Playbook, Scenario, ScorecardRules
    from gameday.core.policy import Policy
    from gameday.core.values import (
        DrillId,
        EventId,
        FaultId,
        Instant,
        Mode,
        Party,
        Phase,
        Seconds,
        Severity,
    )


# --- the drill ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillPlanned:
    """Everything that judging needs, frozen before anything starts.

    comparable  the hash of experiment, load, SLOs and objectives: equal hashes compare
    hashes      sha256 of each file by its workspace path
    responder   the name of the scripted responder, with the party it acts as; otherwise empty
    services    values of the label `service` by which alerts belong to the environment
    people      the people of gameday.toml, by the names under which they type commands
    rules       the environment's policy, which the keeper checks again; None: loopback only
    occasion    the game day that it belongs to, if any
    """

    scenario: Scenario
    scorecard: ScorecardRules
    playbook: Playbook | None = None
    mode: Mode
    environment: str
    comparable: str
    hashes: dict[str, str] = field(default_factory=dict)
    responder: str = ""
    responder_as: Party | None = None
    host: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    commander: str = ""
    rules: Policy | None = None
    occasion: Occasion | None = None
    services: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """The people whom the plan names, casefolded, but for the commander and the responder."""
        occasion = self.occasion
        taking_part = (*occasion.participants, *occasion.insiders, *occasion.facilitators) if occasion else ()
        return frozenset(each.strip().casefold() for each in (*self.people, *taking_part))

    def knows(self, name: str) -> bool:
        """Whether a name is somebody's of the plan. A plan that names nobody knows everybody."""
        named = self.named
        own = {each.strip().casefold() for each in (self.commander, self.responder) if each}
        return not named or name.strip().casefold() in named | own


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseEntered:
    phase: Phase


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightChecked:
    check: str
    passed: bool
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessStarted:
    """A child of the drill. (`pid`, `started_ticks`, `boot`) identifies it forever on this host.

    role           conductor | keeper | chaoslib | standby | locust | responder | up
    started_ticks  field 22 of /proc/PID/stat: clock ticks since boot
    """

    role: str
    pid: int
    started_ticks: int
    boot: str
    host: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessEnded:
    role: str
    pid: int
    exit_code: int | None = None
    signal: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentBroughtUp:
    """This drill's own `up` started the target, so this drill takes it down."""

    command: tuple[str, ...]
    down: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentTakenDown:
    command: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SteadyStateChecked:
    """The experiment's hypothesis was judged. `met` None: it could not be judged.

    stage  before (preflight) | during (continuous) | after-method (before the rollbacks) | after (verify)
    """

    stage: str
    met: bool | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AbortRequested:
    """reason: facilitator | real-incident | safety | guardrail | interrupted | conductor-lost | …"""

    reason: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndRequested:
    """The facilitator ended the response; not an abort."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockCompared:
    """The store's clock was read by the conductor's: a command that is typed elsewhere is dated by both.

    store_ahead  seconds that the store's clock is ahead of the conductor's; within: how exact that is
    """

    store_ahead: Seconds
    within: Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseExtended:
    """The facilitator gives the response more time than its scenario does."""

    seconds: Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseEnded:
    """Why the response phase ended: recovered | ended | time | aborted | no-impact."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardrailTripped:
    guardrail: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RealIncidentSuspected:
    """An alert that the scenario doesn't expect, severe enough to ask the facilitator about it.

    key     the alert's, as in AlertFired
    within  seconds; without `ContinueRequested` by then the drill is aborted
    more    how many further alerts the question is about, which came with it
    """

    alert: str
    severity: Severity
    key: str = ""
    within: Seconds = 60.0
    more: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ContinueRequested:
    """The facilitator has looked: what was suspected so far is not a reason to stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InternalErrorOccurred:
    where: str
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillClosed:
    """Nothing is exposed any more, or a person was notified of what is. Milestones are settled here.

    how  completed | aborted | failed | not-ready
    """

    how: str
    reverted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryImported:
    """This history came from a file: nothing in it is in force here, and nothing of it is ever played.

    file  its name, without its folder
    """

    file: str = ""


# --- the fault ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultRequested:
    """Write-ahead: stored before anything is injected, with all that undoing it needs.

    experiment  the experiment file's text, byte for byte; path: its workspace path
    variables   names of the environment variables that it reads; secrets: references, no values
    host        the host that can revert it; empty: any
    options     what the experiment is run with, as JSON: the keys of `core.plans.scenario.ChaosOptions`, with
                paths relative to cwd, and `hashes`, the sha256 of each file; empty: nothing
    """

    fault: FaultId
    experiment: str
    path: str
    cwd: str
    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    host: str = ""
    options: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityStarted:
    """An activity of the experiment starts. kind: action | probe.

    stage: hypothesis-before | method | hypothesis-after | rollback | still-exposed
    """

    fault: FaultId
    stage: str
    activity: str
    kind: str
    background: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityFinished:
    """status: succeeded | failed. `output` is redacted and cut."""

    fault: FaultId
    stage: str
    activity: str
    kind: str
    status: str
    output: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultInjected:
    """T0: occurred_at is the start of the first action of the method.

    Without an action it is the method's first activity; where nothing started, it is the beginning of the
    hold, and `action` is empty.
    """

    fault: FaultId
    action: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultHeld:
    """The method has finished; the fault is held until it is released."""

    fault: FaultId


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultFailed:
    """The method could not be carried out. `definite` False: it may have taken effect anyway."""

    fault: FaultId
    error: str
    definite: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodProcessEnded:
    """A process that the method had left running was ended before the first rollback.

    activity  the one that started it; empty where that was not seen
    """

    fault: FaultId
    pid: int
    command: str
    activity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposureProbed:
    """The experiment's `still-exposed` probe answered. None: it could not determine the state.

    Without such a probe the targets that were resolved before are inspected again (after-inject):
    False where none of them changed; `detail` explains it.

    stage  before-inject | after-inject | before-revert | after-revert
    """

    fault: FaultId
    stage: str
    exposed: bool | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RevertRequested:
    fault: FaultId
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RevertClaimed:
    """One process won the right to play the rollbacks. by: keeper | conductor | command | worker."""

    fault: FaultId
    by: str
    host: str
    pid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RevertAttempted:
    """A rollback starts to be played: occurred_at is the instant of the first rollback."""

    fault: FaultId
    attempt: int
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RevertFailed:
    """One try failed. `steps`: what a person must do by hand; `final`: no further try follows."""

    fault: FaultId
    attempt: int
    error: str
    steps: tuple[str, ...] = ()
    final: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultReverted:
    """A fault is no longer in force.

    how   rolled-back | already-undone (by the team) | never-injected | nothing-to-undo (no rollbacks) |
          by-hand (a person recorded that they undid it)
    by    keeper | conductor | command | worker; of what was undone by hand, the person
    text  what the person did, in their words
    """

    fault: FaultId
    how: str
    by: str
    text: str = ""


# --- the load ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadStarted:
    """occurred_at is the first bucket's start."""

    users: int
    workers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadChanged:
    users: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadLost:
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadStopped:
    requests: int
    failures: int


# --- signals -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertFired:
    """A monitor's alert. `key` names the alert through its life: the fingerprint of its series.

    It may fire again under the same key after it was resolved; two Alertmanagers report it twice.
    Event.occurred_at is the source's own start; condition_at: when its condition became true, where the
    source reports it. doubt: why the source's instant is not used.
    """

    key: str
    alert: str
    severity: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    url: str = ""
    condition_at: Instant | None = None
    doubt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertAcknowledged:
    """Acknowledged in the alert's own system, by Event.by where it names somebody; doubt as in AlertFired."""

    key: str
    alert: str
    doubt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertResolved:
    """Event.occurred_at is the source's own end; doubt as in AlertFired."""

    key: str
    alert: str
    doubt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalRejected:
    """A payload could not be read, or was not whole; recorded so that nothing is dropped silently.

    left_out: how many alerts its sender reports to have left out; the others were read.
    """

    system: str
    reason: str
    excerpt: str = ""
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeJudged:
    """A condition's or guardrail's probe was asked. `ok` None: it could not be evaluated.

    `probe` is the probe's JSON text as the scenario has it.
    """

    probe: str
    ok: bool | None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailWatched:
    """The environment's trail of actions could be read at this instant, or not."""

    readable: bool
    detail: str = ""


# --- people and automations --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentAcknowledged:
    alert: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentDeclared:
    severity: Severity
    commander: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneMarked:
    """Somebody marked a milestone as reached; Event.occurred_at is when, by their own account.

    granted  the facilitator credits the team with a mitigation that the environment lacks: `lever` names
             it, and our rollback is played in its place
    """

    milestone: str
    granted: bool = False
    lever: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepDone:
    step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteWritten:
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateSent:
    """A communication to customers or stakeholders. audience: team | stakeholders | customers."""

    audience: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionTaken:
    """Somebody acted on the target: observed in the environment's trail or run by a responder script.

    via    trail | responder
    actor  as the trail names it; a person's name never appears in anything that is scored
    """

    action: str
    via: str
    actor: str = ""
    exit_code: int | None = None
    output: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponderFailed:
    """A step of a responder script could not be done in time; the script continues."""

    step: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectAsked:
    """The facilitator asks to send an inject now, or to skip it. index into scenario.injects."""

    index: int
    send: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectSent:
    """index into scenario.injects."""

    index: int
    kind: str
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectSkipped:
    index: int
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageNotSent:
    """A message to people could not be sent to one of their channels. audience: whom it was addressed to."""

    channel: str
    audience: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HintTaken:
    index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewAnswered:
    """An answer given at the review: root-cause | fix | fix-validated | step:ID | … and its text."""

    question: str
    answer: str


Fact = (
    DrillPlanned
    | PhaseEntered
    | PreflightChecked
    | ProcessStarted
    | ProcessEnded
    | EnvironmentBroughtUp
    | EnvironmentTakenDown
    | SteadyStateChecked
    | AbortRequested
    | EndRequested
    | ClockCompared
    | ResponseExtended
    | ResponseEnded
    | GuardrailTripped
    | RealIncidentSuspected
    | ContinueRequested
    | InternalErrorOccurred
    | DrillClosed
    | HistoryImported
    | FaultRequested
    | ActivityStarted
    | ActivityFinished
    | FaultInjected
    | FaultHeld
    | FaultFailed
    | MethodProcessEnded
    | ExposureProbed
    | RevertRequested
    | RevertClaimed
    | RevertAttempted
    | RevertFailed
    | FaultReverted
    | LoadStarted
    | LoadChanged
    | LoadLost
    | LoadStopped
    | AlertFired
    | AlertAcknowledged
    | AlertResolved
    | SignalRejected
    | ProbeJudged
    | TrailWatched
    | IncidentAcknowledged
    | IncidentDeclared
    | MilestoneMarked
    | StepDone
    | NoteWritten
    | UpdateSent
    | ActionTaken
    | ResponderFailed
    | InjectAsked
    | InjectSent
    | InjectSkipped
    | MessageNotSent
    | HintTaken
    | ReviewAnswered
    | GameDayFact
)

SIGNED = (FaultRequested, ProcessStarted, EnvironmentBroughtUp)
"""Facts that make gameday act: they name rollbacks to play, processes to end, commands to run."""

KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(Fact)}
"""Every fact's class by its name, which is also `kind` in the stored event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderClock:
    """How a command that was typed on another host than the conductor's was dated.

    Its instant is that of its receipt, by the store's clock, less `elapsed`, on the conductor's clock.

    host          where it was typed; started: when, by that host's own clock
    elapsed       seconds from its start to its receipt, on a clock there that nobody sets
    host_ahead    seconds that the host's clock was ahead of the store's
    store_ahead   seconds that the store's clock was ahead of the conductor's
    within        how exact the two comparisons are together
    """

    host: str
    started: Instant
    elapsed: Seconds
    host_ahead: Seconds
    store_ahead: Seconds
    within: Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One fact with its envelope.

    id           derived from the source, so that a delivery repeated is still one event
    occurred_at  the source's own claim, where it has one
    recorded_at  our clock
    source       conductor | keeper | chaoslib | load | cli | responder | trail | alertmanager | …
    by           who did it, as they name themselves; empty where nobody did
    trusted      the source's own time may count: our own processes, authenticated signals
    clock        how it was dated, where it was typed on another host; its instants are the conductor's
    signed       False: it was read from a store and carries no valid signature of this installation. Only
                 facts in SIGNED are signed, and all others are True. Not part of the stored event
    """

    id: EventId
    drill: DrillId
    recorded_at: Instant
    source: str
    fact: Fact
    occurred_at: Instant | None = None
    by: str = ""
    trusted: bool = True
    clock: SenderClock | None = None
    signed: bool = field(default=True, compare=False)

    @property
    def kind(self) -> str:
        """The fact's class name."""
        return type(self.fact).__name__
