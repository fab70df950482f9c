"""The shape of a postmortem: what a drill reports to people, as values that every renderer draws in full.

The words are decided here; layout and typography are left to `render`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.judging.score import Scorecard
from gameday.core.values import EventId, Instant, MilestoneName, Outcome, RecoveredBy, Seconds, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the timeline.

    number      counts from 1; what evidence refers to
    offset      seconds since the fault (since the drill's first fact where nothing was injected)
    side        fault | users | signals | response | drill: whose line it is, readable without colour
    who         the source: gameday, the team, a scripted responder, a monitor; never a person
    milestones  the milestones that this line settles, in words
    quote       people's own words, verbatim; everything else is ours
    also        other instants that the sources report, where they differ by more than the skew
    """

    number: int
    at: Instant
    offset: Seconds
    side: str
    who: str
    text: str
    quote: str = ""
    milestones: tuple[str, ...] = ()
    also: tuple[tuple[str, Instant], ...] = ()
    evidence: EventId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One part of a chain. share: of the chain's time, 0..1; seconds None: its end is not known.

    percent  the share in words; the shares of a chain add up to 100 %
    earlier  it sums up the chain before, so that a chain always adds up to its whole time
    """

    name: str
    start: Instant | None
    end: Instant | None
    seconds: Seconds | None
    share: float | None
    percent: str = ""
    longest: bool = False
    earlier: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """Where the time to detect, contain or recover went. seconds None: not reached, or `applies` is False.

    instead  the words in the place of a time where it does not apply
    """

    name: str
    start: str
    end: str
    seconds: Seconds | None
    objective: Seconds
    verdict: Verdict
    at_least: Seconds | None
    applies: bool = True
    instead: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneLine:
    """A milestone with both of its instants. at None: not reached, or not `known`."""

    name: MilestoneName
    at: Instant | None
    offset: Seconds | None
    observed: Instant | None
    declared: Instant | None
    basis: str
    evidence: tuple[int, ...] = ()
    known: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class RootCause:
    """What the experiment did, which is known, and what the team found, in its own words."""

    injected: tuple[str, ...]
    recorded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What became of one alert. after, delivered: when it fired and was received, from the start of impact.

    state: in time | late | delivered late (it fired in time) | missing | not due (users were healthy again,
    or the drill ended, before it had to be delivered) | not known | unexpected | firing before
    """

    alert: str
    state: str
    within: Seconds | None = None
    after: Seconds | None = None
    evidence: tuple[int, ...] = ()
    delivered: Seconds | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """An observation with its evidence. tone: well | slow | missing | noise | step | gap | safety.

    work, owner and priority are given where work follows from it.
    """

    tone: str
    title: str
    detail: str
    evidence: tuple[int, ...] = ()
    work: str = ""
    owner: str = "unassigned"
    priority: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionItem:
    """Work that follows from a finding. due: a date, YYYY-MM-DD."""

    text: str
    owner: str
    due: str
    priority: str
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SloLine:
    """What the users of one SLO experienced, and what they were promised. good, worst None: not judged."""

    slo: str
    request: str
    promise: str
    judged: bool
    requests: int
    bad: int
    good: float | None
    worst: float | None
    seconds: Seconds
    p50: tuple[float | None, float | None]
    p95: tuple[float | None, float | None]
    budget: float

    @property
    def affected(self) -> bool:
        """Whether its users were affected: only then are there requests to count."""
        return self.judged and self.requests > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmortem:
    """Everything that a drill reports to people, in reading order. alone: nobody was to respond."""

    drill: str
    revision: int
    head: str
    title: str
    scenario: str
    description: str
    environment: str
    mode: str
    severity: str
    outcome: Outcome
    recovered_by: RecoveredBy
    why: str
    aborted: str
    responder: str
    alone: bool
    began: Instant
    closed: Instant
    t0: Instant | None
    summary: tuple[str, ...]
    milestones: tuple[MilestoneLine, ...]
    timeline: tuple[Entry, ...]
    chains: tuple[Chain, ...]
    root_cause: RootCause
    impact: tuple[SloLine, ...]
    harm: str
    harm_known: bool
    affected: tuple[str, ...]
    impact_seconds: Seconds
    requests: int
    bad: int
    resolution: tuple[str, ...]
    reverted: tuple[str, ...]
    well: tuple[Finding, ...]
    improve: tuple[Finding, ...]
    questions: tuple[str, ...]
    actions: tuple[ActionItem, ...]
    coverage: tuple[Coverage, ...]
    score: Scorecard
    references: dict[EventId, int]

    def numbers(self, evidence: tuple[EventId, ...]) -> tuple[int, ...]:
        """Give the timeline numbers of some evidence, in order."""
        return tuple(sorted({self.references[e] for e in evidence if e in self.references}))
