"""What proves a milestone: a scenario's rules, judged over a whole history.

A `ConditionJudge` turns a rule into a `Proof`, within the frame of instants that everything is measured in.
Clamping, implying and granting are left to `core.judging.milestones`.

A detection is proved by the first sign. Containment and recovery are states that must last: they
are proved from the instant since which the condition has held, up to our own rollback or the end.
A relapse therefore moves them; a click or a passing good second does not prove them. A relapse after
the team was released, because the condition had held for as long as the rule asks, moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import alerts, impact, series
from gameday.core.judging.impact import Bound, Impact, Stretch
from gameday.core.judging.series import Series
from gameday.core.plans import wildcards
from gameday.core.plans.scenario import Condition, Rule, Slo
from gameday.core.values import EventId, Instant, MilestoneName, Party, Seconds

FOREVER = Instant(float("inf"))
CONTAINED = 0.8
"""The good fraction that is called contained where the scenario's rule names none."""
LAG: Seconds = 1.0
"""How far the live view may lag behind users: what showed later could not keep anybody from ending."""
F = TypeVar("F")
_SloStretch = tuple[Slo, Stretch]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The instants that a drill is measured in; None: not reached.

    fault     T0: the start of the first action; in a tabletop the first inject
    start     where intervals start: impact, or the fault where users were never affected
    rollback  our own first rollback of something that the team had not undone
    over      the end of the response
    """

    fault: Instant | None
    start: Instant | None
    rollback: Instant | None
    over: Instant | None
    evidence: tuple[EventId, ...] = ()

    @property
    def limit(self) -> Instant:
        """The instant from which nothing is earned any more."""
        return FOREVER if self.rollback is None else self.rollback

    @property
    def releases(self) -> tuple[tuple[Instant, tuple[Instant, ...]], ...]:
        """When the team was released, by the end of the response or by our rollback, and what was known then.

        Each instant of a release with those up to which the samples of an SLO could be known at it.
        """
        over = min(FOREVER if self.over is None else self.over, self.limit)
        return (over, (Instant(over - LAG), over)), (self.limit, (self.limit,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """A milestone's proof. at None: not proved; `known` False: the instrument could not determine it."""

    at: Instant | None = None
    basis: str = ""
    evidence: tuple[EventId, ...] = ()
    bound: Bound | None = None
    known: bool = True


NOT_PROVED = Proof()
CANNOT_TELL = Proof(known=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionJudge:
    """Judges rules in one history. `applicable`: the SLOs that load can judge at all."""

    history: History
    impact: Impact
    frame: Frame
    applicable: tuple[Slo, ...] = ()
    known: dict[tuple[str, float, Instant], tuple[Stretch, ...]] = field(default_factory=dict)
    """Stretches below other objectives, or as they were known earlier, each computed once."""
    counted: dict[str, Series] = field(default_factory=dict)
    """Requests by SLO, each counted once, because counting takes most of the time."""

    def rule(self, rule: Rule, milestone: MilestoneName) -> Proof:
        """Judge a rule. SLO conditions of a scenario without SLOs drop out; a mark stands in for them."""
        kept = [each for each in rule.conditions if not each.slo or self._chosen(each)]
        conditions = kept or [Condition(sign="marked")]
        proofs = [self._condition(each, milestone) for each in conditions]
        return _all(proofs) if rule.all else _any(proofs)

    def holds(self, glob: str, at_least: float | None, lasting: float) -> Proof:
        """Find since when the SLOs that a glob names have held their objective, or another one."""
        return self._slo(Condition(slo=glob, at_least=at_least, lasting=lasting))

    @property
    def contained_level(self) -> float | None:
        """The good fraction that the scenario calls contained; None: that of each SLO's objective."""
        rule = self.history.plan.scenario.milestones.contained
        return next((condition.at_least for condition in rule.conditions if condition.slo), CONTAINED)

    def _borne_out(self, mark: Proof) -> Proof:
        """Let a mark of containment count once the users' requests do not contradict it, and keep to it.

        They contradict it while they are below the level that is called contained, now or again later. Where
        they can't tell, the mark is taken at its word.
        """
        judged = {each.slo for each in self.impact.slos if each.judged}
        telling = tuple(slo for slo in self.applicable if slo.slo in judged)
        if mark.at is None or self.impact.started is None or not telling:
            return mark
        held = self._hold(telling, Condition(slo="*", at_least=self.contained_level, lasting=0.0))
        # What may have come after our own rollback is the rollback's.
        if held.at is None or (held.bound is not None and held.bound.latest >= self.frame.limit):
            return replace(held, at=None, basis="", evidence=(), bound=None)
        if held.at <= mark.at:
            return mark
        return replace(mark, at=held.at, evidence=tuple(dict.fromkeys((*mark.evidence, *held.evidence))))

    def _chosen(self, condition: Condition) -> tuple[Slo, ...]:
        pattern = wildcards.matcher(condition.slo)
        return tuple(slo for slo in self.applicable if pattern.fullmatch(slo.slo))

    def _condition(self, condition: Condition, milestone: MilestoneName) -> Proof:
        first = milestone is MilestoneName.DETECTED
        if condition.sign:
            proof = self._sign(condition.sign, milestone)
            marked = milestone is MilestoneName.CONTAINED and condition.sign == "marked" and self.applicable
            return self._borne_out(proof) if marked else proof
        if condition.slo:
            return self._slo(condition)
        if condition.probe:
            return self._probe(condition.probe, first=first)
        return self._alert(condition, first=first)

    def _sign(self, sign: str, milestone: MilestoneName) -> Proof:
        fault, limit = self.frame.fault, FOREVER if milestone is MilestoneName.DETECTED else self.frame.limit
        if fault is None:
            return NOT_PROVED
        first = earliest(fact for fact in signs(self.history, sign, milestone, fault) if fact.at < limit)
        if first is None:
            return NOT_PROVED
        return Proof(at=first.at, basis="declared", evidence=(first.event.id,))

    def _slo(self, condition: Condition) -> Proof:
        chosen = self._chosen(condition)
        names = {slo.slo for slo in chosen}
        if not all(slo.judged for slo in self.impact.slos if slo.slo in names):
            return CANNOT_TELL
        return self._hold(chosen, condition)

    def _hold(self, chosen: Sequence[Slo], condition: Condition) -> Proof:
        """Find since when some SLOs, all of them judged, have held."""
        fault, started = self.frame.fault, self.impact.started
        if fault is None:
            return CANNOT_TELL
        if started is None:
            return NOT_PROVED
        decisive = self._decisive(chosen, condition, fault)
        # trouble that begins after our rollback may be the rollback's own: it moves nothing
        relevant = [(slo, stretch) for slo, stretch in decisive if stretch.start.at < self.frame.limit]
        if not relevant:  # it held from the start, provided that it was observed for long enough
            if any(not self._lasted(slo, started.at, condition.lasting) for slo in chosen):
                return CANNOT_TELL if self._blind() else NOT_PROVED
            return Proof(at=started.at, basis="observed", evidence=self.frame.evidence, bound=started)
        if any(not self._ended(slo, stretch, condition.lasting) for slo, stretch in relevant):
            return CANNOT_TELL if self._blind() else NOT_PROVED
        ends = [stretch.end for _, stretch in relevant if stretch.end is not None]
        bound = max(ends, key=lambda end: end.at)
        return Proof(at=bound.at, basis="observed", evidence=self.frame.evidence, bound=bound)

    def _decisive(self, chosen: Sequence[Slo], condition: Condition, fault: Instant) -> list[_SloStretch]:
        """Find the stretches that decide: those known at a release, if all SLOs had held for long enough.

        What affects users afterwards does not undo a hold that was complete: whoever ended the response,
        or released the fault, could not have known, and nobody was asked to respond any more.
        """
        level = condition.at_least
        whole = [(slo, stretch) for slo in chosen for stretch in self._stretches(slo, level, fault)]
        for release, known in self.frame.releases:
            if all(stretch.end is not None and stretch.end.at <= known[0] for _, stretch in whole):
                break
            held = {slo: self._held(slo, condition, fault, release, known) for slo in chosen}
            early = [(slo, part) for slo, parts in held.items() for part in parts or ()]
            if early and all(parts is not None for parts in held.values()):
                return early
        return whole

    def _held(
        self, slo: Slo, condition: Condition, fault: Instant, release: Instant, known: Sequence[Instant]
    ) -> tuple[Stretch, ...] | None:
        """Give an SLO's stretches by what was known at a release, if it had held for long enough; else None.

        Each SLO by itself: one may complete its hold in the last moments, in which another's requests
        were still open that turned out bad.
        """
        for until in known:
            parts = self._stretches(slo, condition.at_least, fault, until)
            if all(part.end is not None and part.end.at + condition.lasting <= release for part in parts):
                return parts
        return None

    def _stretches(
        self, slo: Slo, at_least: float | None, fault: Instant, until: Instant = FOREVER
    ) -> tuple[Stretch, ...]:
        objective = slo.objective if at_least is None else at_least
        if objective == slo.objective and until == FOREVER:
            return next(judged.stretches for judged in self.impact.slos if judged.slo == slo.slo)
        key = (slo.slo, objective, until)
        if slo.slo not in self.counted:
            self.counted[slo.slo] = series.count(slo, self.history.load)
        if key not in self.known:
            counted = self.counted[slo.slo]
            self.known[key] = impact.stretches_below(slo, counted, fault, objective, until=until)
        return self.known[key]

    def _ended(self, slo: Slo, stretch: Stretch, lasting: float) -> bool:
        """Whether a stretch ended for good, and not by our rollback."""
        return stretch.end is not None and self._lasted(slo, stretch.end.at, lasting)

    def _lasted(self, slo: Slo, since: Instant, lasting: float) -> bool:
        """Whether load was observed for `lasting` seconds, at least a window of it before our rollback."""
        if since + lasting > self.history.load.until:
            return False
        # A window of it before our rollback is enough to show that the rollback did not cause it.
        return since + min(lasting, slo.window) <= self.frame.limit

    def _blind(self) -> bool:
        """Whether load was lost before our rollback, so that a recovery could not be observed."""
        lost = self.history.first(ev.LoadLost)
        return lost is not None and lost.at < self.frame.limit

    def _probe(self, probe: str, *, first: bool) -> Proof:
        judged = [answer for answer in self._within(ev.ProbeJudged) if answer.fact.probe == probe]
        states = [(answer, answer.fact.ok) for answer in judged if answer.fact.ok is not None]
        if not states:
            return CANNOT_TELL
        return _since(states, first=first)

    def _alert(self, condition: Condition, *, first: bool) -> Proof:
        if self.frame.fault is None:
            return NOT_PROVED
        changes = alert_states(self.history, self.frame.fault, condition.alert)
        within = [(fact, state == condition.state) for fact, state in changes if fact.at < self.frame.limit]
        unclear = alerts.doubtful(self.history, self.frame.fault)
        if not within and any(each.fact.alert == condition.alert for each in unclear):
            return CANNOT_TELL
        return _since(within, first=first)

    def _within(self, kind: type[F]) -> Iterator[Dated[F]]:
        fault, limit = self.frame.fault, self.frame.limit
        return (fact for fact in self.history.each(kind) if fault is not None and fault <= fact.at < limit)


def began(history: History) -> Dated[Any] | None:
    """Give the fact that everything is measured from: the fault; in a tabletop, the first inject."""
    injected: Dated[Any] | None = history.first(ev.FaultInjected)
    return injected or (None if history.plan.scenario.experiment else history.first(ev.InjectSent))


def signs(history: History, sign: str, milestone: str, fault: Instant) -> Iterator[Dated[Any]]:
    """Give the statements since the fault that count as a sign: acknowledged, declared or marked."""
    marks = [mark for mark in history.each(ev.MilestoneMarked) if mark.at >= fault and not mark.fact.granted]
    match sign:
        case "acknowledged":
            yield from alerts.acknowledged(history, fault)
            yield from (mark for mark in marks if mark.fact.milestone in _NOTICED)
        case "declared":
            yield from (declared for declared in history.each(ev.IncidentDeclared) if declared.at >= fault)
        case _:
            yield from (mark for mark in marks if mark.fact.milestone == milestone)


def declared_before(history: History, fault: Instant) -> bool:
    """Whether an incident was declared before the fault and never again, so that it was open already."""
    declared = [each.at for each in history.each(ev.IncidentDeclared)]
    return bool(declared) and max(declared) < fault


def nobody_responds(history: History) -> bool:
    """Whether the system alone is measured: neither people nor a script respond."""
    return (history.plan.responder_as or history.plan.scenario.responders) is Party.NONE


def grants(history: History, fault: Instant) -> Iterator[Dated[ev.MilestoneMarked]]:
    """Give what the facilitator granted the team since the fault."""
    return (mark for mark in history.each(ev.MilestoneMarked) if mark.fact.granted and mark.at >= fault)


def alert_states(history: History, fault: Instant, alert: str) -> list[tuple[Dated[Any], str]]:
    """Give what became of an alert that the fault caused, in order: firing, acknowledged or resolved."""
    return alerts.states(history, fault, alert)


_NOTICED = (MilestoneName.ACKNOWLEDGED, MilestoneName.DETECTED)


def earliest(facts: Iterable[Dated[Any]]) -> Dated[Any] | None:
    """Give the first of several facts by (instant, id)."""
    return min(facts, key=lambda fact: (fact.at, fact.event.id), default=None)


def _since(states: Iterable[tuple[Dated[Any], bool]], *, first: bool) -> Proof:
    """Prove by the first fact for which it holds, or by the first from which on it kept holding."""
    since: Dated[Any] | None = None
    for fact, holds in states:
        # A detection counts from the first sign; states must still hold at the end.
        if first and since is not None:
            break
        since = (since or fact) if holds else None
    if since is None:
        return NOT_PROVED
    return Proof(at=since.at, basis="observed", evidence=(since.event.id,))


def _any(proofs: Sequence[Proof]) -> Proof:
    """Take the earliest proof; without one, not proved only if every condition is known not to be."""
    # a condition that can't be told does not spoil one that is proved, but it keeps the rest from being unmet
    reached = [proof for proof in proofs if proof.at is not None]
    if reached:
        return min(reached, key=_order)
    return NOT_PROVED if all(proof.known for proof in proofs) else CANNOT_TELL


def _all(proofs: Sequence[Proof]) -> Proof:
    """Take the latest proof, with the evidence of all, if every condition is proved."""
    # One that is known not to be proved decides, whatever the others could not determine.
    if any(proof.at is None and proof.known for proof in proofs):
        return NOT_PROVED
    if not all(proof.known for proof in proofs):
        return CANNOT_TELL
    last = max(proofs, key=_order)
    together = tuple(dict.fromkeys(event for proof in proofs for event in proof.evidence))
    return replace(last, evidence=together)


def _order(proof: Proof) -> tuple[float, str]:
    return (FOREVER if proof.at is None else proof.at, proof.basis)
