"""A builder of drills' histories that reads as a timeline, for tests of everything that judges.

Times are seconds from the start of the baseline. The history is the one that a conductor would have left; no
clock, no process and no randomness takes part.

    Game().fault(at=10).bad("POST /checkout", 10, 60).alert("HighApiLatency", at=18).ack(at=20)
          .declare("P2", at=25).action("flag off", at=59).mark("recovered", at=75).close(at=100).result()

Every call gives a new game, so that a test can build a history and its variants.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.facts import load as facts_load
from gameday.core.facts.history import History
from gameday.core.facts.load import Chunk, LoadHistory, bin_of
from gameday.core.judging import result
from gameday.core.judging.result import Result
from gameday.core.plans.scenario import (
    Cap,
    Criterion,
    Expectation,
    Load,
    Playbook,
    Scenario,
    ScorecardRules,
    Slo,
)
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
    instant,
)

EPOCH = 1_800_000_000
"""The instant at which every built history begins: 2027-01-15T08:00:00Z, a multiple of 10 s."""
DRILL = DrillId("checkout-drill")
FAULT = FaultId("fault-1")

CHECKOUT = Slo(slo="checkout-latency", request="POST /checkout", latency=0.3)

SCENARIO = Scenario(
    scenario="checkout-slow",
    title="Checkout slows down",
    environment="shop",
    severity=(Severity.P2,),
    experiment="experiments/slow.json",
    load=Load(locustfile="experiments/load/shop.py"),
    slos=(CHECKOUT,),
    expect=(Expectation(alert="HighApiLatency", within=60.0),),
    scorecard="scorecards/team.yaml",
)

SCORECARD = ScorecardRules(
    scorecard="team",
    version=1,
    criteria=(
        Criterion(
            criterion="time-to-detect",
            phase="detect",
            weight=20,
            measure="detect",
            target="1x",
            limit="3x",
        ),
        Criterion(criterion="severity-right", phase="triage", weight=10, measure="severity_matches"),
        Criterion(criterion="commander", phase="triage", weight=5, measure="commander_assigned"),
        Criterion(criterion="time-to-contain", phase="contain", weight=20, measure="contain"),
        Criterion(criterion="time-to-recover", phase="recover", weight=30, measure="recover"),
        Criterion(criterion="alerts", phase="detect", weight=15, measure="alerts_expected"),
    ),
    caps=(Cap(when="undetected", at_most=30), Cap(when="rollback", at_most=50)),
)


def at(second: Seconds) -> Instant:
    """Give the instant so many seconds after the start of a built history."""
    return instant(EPOCH + second)


def second(moment: Instant | None) -> Seconds | None:
    """Give the seconds from the start of a built history to an instant, rounded to the millisecond."""
    return None if moment is None else round(moment - EPOCH, 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """A `share` of the requests of one name that go badly, evenly spread. how: failed | slow | hung."""

    request: str
    start: Seconds
    end: Seconds
    share: float
    how: str

    def hits(self, request: str, number: int, moment: Seconds) -> bool:
        """Report whether a request goes badly, by its number and the second at which it begins."""
        if request != self.request or not self.start <= moment < self.end:
            return False
        return int((number + 1) * self.share) > int(number * self.share)


@dataclass(frozen=True, kw_only=True, slots=True)
class Game:
    """One drill as a timeline. `rate`: requests/s of each name; `until`: the last second of load."""

    scenario: Scenario = SCENARIO
    scorecard: ScorecardRules = SCORECARD
    playbook: Playbook | None = None
    mode: Mode = Mode.EVALUATE
    commander: str = ""
    responder: str = ""
    responder_as: Party | None = None
    requests: tuple[str, ...] = ("POST /checkout",)
    rate: int = 100
    until: Seconds = 120.0
    fast: float = 50.0
    slow: float = 1500.0
    events: tuple[ev.Event, ...] = ()
    troubles: tuple[Trouble, ...] = field(default=())

    # --- users -------------------------------------------------------------------------------

    def bad(self, request: str, start: Seconds, end: Seconds, *, share: float = 1.0) -> Game:
        """Let requests that begin in [start, end) fail."""
        return self._trouble(request, start, end, share, "failed")

    def slowed(self, request: str, start: Seconds, end: Seconds, *, share: float = 1.0) -> Game:
        """Let requests that begin in [start, end) take `slow` milliseconds."""
        return self._trouble(request, start, end, share, "slow")

    def hung(self, request: str, start: Seconds, end: Seconds, *, share: float = 1.0) -> Game:
        """Let requests that begin in [start, end) never end."""
        return self._trouble(request, start, end, share, "hung")

    def silent(self, request: str, start: Seconds, end: Seconds) -> Game:
        """Let no request begin in [start, end)."""
        return self._trouble(request, start, end, 1.0, "absent")

    def lost_load(self, at: Seconds) -> Game:
        """Lose the load generator: no samples after this second."""
        return replace(self, until=at).add(ev.LoadLost(reason="the generator died"), at=at)

    # --- the fault and the drill -------------------------------------------------------------

    def fault(self, at: Seconds) -> Game:
        """Inject the fault."""
        requested = ev.FaultRequested(fault=FAULT, experiment="{}", path="experiments/slow.json", cwd=".")
        return self.add(requested, at=at).add(ev.FaultInjected(fault=FAULT, action="slow"), at=at)

    def exposed(self, at: Seconds, *, exposed: bool | None, stage: str = "after-inject") -> Game:
        """Record an answer of the still-exposed probe."""
        return self.add(ev.ExposureProbed(fault=FAULT, stage=stage, exposed=exposed), at=at)

    def ended(self, at: Seconds, why: str = "time") -> Game:
        """End the response."""
        return self.add(ev.ResponseEnded(why=why), at=at)

    def revert(self, at: Seconds, *, how: str = "rolled-back") -> Game:
        """Revert the fault: by gameday's rollback, or as `already-undone` by the team."""
        game = self
        if how == "rolled-back":
            game = game.add(ev.RevertAttempted(fault=FAULT, attempt=1, by="keeper"), at=at)
        return game.add(ev.FaultReverted(fault=FAULT, how=how, by="keeper"), at=at)

    def abort(self, at: Seconds, reason: str = "facilitator") -> Game:
        """Ask for an abort."""
        return self.add(ev.AbortRequested(reason=reason), at=at)

    def verified(self, at: Seconds, *, met: bool | None = True) -> Game:
        """Check the steady state after the revert."""
        return self.add(ev.SteadyStateChecked(stage="after", met=met), at=at)

    def close(self, at: Seconds, how: str = "completed", *, reverted: bool = True) -> Game:
        """Close the drill."""
        return self.add(ev.DrillClosed(how=how, reverted=reverted), at=at)

    def over(self, at: Seconds, *, how: str = "already-undone", why: str = "recovered") -> Game:
        """End the response, revert, verify and close, one after the other."""
        game = self.ended(at, why).revert(at + 1, how=how).add(ev.PhaseEntered(phase=Phase.VERIFY), at=at + 1)
        return game.verified(at + 10).close(at + 11)

    # --- signals -----------------------------------------------------------------------------

    def alert(
        self,
        name: str,
        at: Seconds,
        *,
        delivered: Seconds | None = None,
        condition: Seconds | None = None,
        key: str = "",
        trusted: bool = True,
    ) -> Game:
        """Let a monitor's alert fire, and be received at `delivered`."""
        fact = ev.AlertFired(
            key=key or f"{name}@{at:g}",
            alert=name,
            condition_at=None if condition is None else instant(EPOCH + condition),
        )
        return self.add(fact, at=at, known=delivered, source="alertmanager", trusted=trusted)

    def resolve(self, name: str, at: Seconds, *, fired: Seconds, delivered: Seconds | None = None) -> Game:
        """Resolve the alert that fired at `fired`."""
        fact = ev.AlertResolved(key=f"{name}@{fired:g}", alert=name)
        return self.add(fact, at=at, known=delivered, source="alertmanager")

    def probe(self, probe: str, at: Seconds, *, ok: bool | None) -> Game:
        """Record an answer of a condition's probe."""
        return self.add(ev.ProbeJudged(probe=probe, ok=ok), at=at)

    def trail(self, at: Seconds, *, readable: bool = True) -> Game:
        """Record whether the environment's trail can be read."""
        return self.add(ev.TrailWatched(readable=readable), at=at)

    # --- people and automations --------------------------------------------------------------

    def ack(self, at: Seconds, *, alert: str = "", known: Seconds | None = None) -> Game:
        """Acknowledge."""
        return self.add(ev.IncidentAcknowledged(alert=alert), at=at, known=known, source="cli")

    def declare(
        self, severity: str, at: Seconds, *, commander: str = "", known: Seconds | None = None
    ) -> Game:
        """Declare an incident."""
        fact = ev.IncidentDeclared(severity=Severity(severity), commander=commander)
        return self.add(fact, at=at, known=known, source="cli")

    def mark(
        self, milestone: str, at: Seconds, *, granted: bool = False, known: Seconds | None = None
    ) -> Game:
        """Mark a milestone."""
        return self.add(
            ev.MilestoneMarked(milestone=milestone, granted=granted), at=at, known=known, source="cli"
        )

    def action(
        self, action: str, at: Seconds, *, actor: str = "on-call", via: str = "trail", exit_code: int = 0
    ) -> Game:
        """Do something to the target."""
        fact = ev.ActionTaken(action=action, via=via, actor=actor, exit_code=exit_code)
        return self.add(fact, at=at, source="responder" if via == "responder" else "trail")

    def step(self, step: str, at: Seconds) -> Game:
        """Tick a step of the playbook."""
        return self.add(ev.StepDone(step=step), at=at, source="cli")

    def note(self, text: str, at: Seconds) -> Game:
        """Write a note."""
        return self.add(ev.NoteWritten(text=text), at=at, source="cli")

    def update(self, text: str, at: Seconds, *, audience: str = "customers") -> Game:
        """Send an update."""
        return self.add(ev.UpdateSent(audience=audience, text=text), at=at, source="cli")

    def answer(self, question: str, answer: str, at: Seconds) -> Game:
        """Answer a question at the review."""
        return self.add(ev.ReviewAnswered(question=question, answer=answer), at=at, source="cli")

    def inject(self, index: int, at: Seconds) -> Game:
        """Send one of the scenario's injects."""
        planned = self.scenario.injects[index]
        text = planned.message or planned.hint
        return self.add(ev.InjectSent(index=index, kind="message", text=text), at=at)

    def hint(self, index: int, at: Seconds) -> Game:
        """Take one of the scenario's hints."""
        return self.add(ev.HintTaken(index=index), at=at)

    # --- the history -------------------------------------------------------------------------

    def add(
        self,
        fact: ev.Fact,
        *,
        at: Seconds,
        known: Seconds | None = None,
        source: str = "conductor",
        trusted: bool = True,
    ) -> Game:
        """Add any fact: it occurred `at`, and was recorded at `known`, by default at once."""
        kind = type(fact).__name__
        event = ev.Event(
            id=EventId(f"{len(self.events):03d}-{kind}"),
            drill=DRILL,
            occurred_at=instant(EPOCH + at),
            recorded_at=instant(EPOCH + (at if known is None else known)),
            source=source,
            trusted=trusted,
            fact=fact,
        )
        return replace(self, events=(*self.events, event))

    def history(self) -> History:
        """Give the whole history, with the plan before it and its load."""
        return history.from_events((*self._opening(), *self.events), self.load())

    def result(self) -> Result:
        """Judge the history by the frozen scorecard."""
        return result.judge(self.history())

    def load(self) -> LoadHistory:
        """Give the samples of all requests, in chunks of 10 s."""
        chunks = [chunk for request in self.requests for chunk in self._chunks(request)]
        return LoadHistory(chunks=tuple(chunks), until=EPOCH + self.until if chunks else 0.0)

    def _trouble(self, request: str, start: Seconds, end: Seconds, share: float, how: str) -> Game:
        one = Trouble(request=request, start=start, end=end, share=share, how=how)
        return replace(self, troubles=(*self.troubles, one))

    def _opening(self) -> tuple[ev.Event, ...]:
        planned = ev.DrillPlanned(
            scenario=self.scenario,
            scorecard=self.scorecard,
            playbook=self.playbook,
            mode=self.mode,
            environment=self.scenario.environment,
            comparable="0" * 64,
            responder=self.responder,
            responder_as=self.responder_as,
            commander=self.commander,
        )
        started = ev.LoadStarted(users=10, workers=1)
        facts: tuple[ev.Fact, ...] = (planned, started) if self.scenario.load else (planned,)
        blank = replace(self, events=())
        for fact in facts:
            blank = blank.add(fact, at=0.0)
        return tuple(replace(event, id=EventId(f"opening-{event.kind}")) for event in blank.events)

    def _chunks(self, request: str) -> list[Chunk]:
        good: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
        failed: dict[int, Counter[int]] = defaultdict(Counter)
        opened: dict[int, Counter[int]] = defaultdict(Counter)
        for number in range(int(self.until * self.rate)):
            moment = (number + 0.5) / self.rate
            start, bucket = int(moment // facts_load.CHUNK), int(moment % facts_load.CHUNK * 10)
            match self._how(request, number, moment):
                case "failed":
                    failed[start][bucket] += 1
                case "hung":
                    opened[start][bucket] += 1
                case "absent":
                    pass
                case how:
                    good[start][bucket, bin_of(self.slow if how == "slow" else self.fast)] += 1
        kind, _, name = request.partition(" ")
        return [
            Chunk(
                type=kind,
                name=name,
                start=EPOCH + start * int(facts_load.CHUNK),
                at=tuple(bucket for bucket, _ in good[start]),
                bin=tuple(number for _, number in good[start]),
                count=tuple(good[start].values()),
                bad_at=tuple(failed[start]),
                bad_count=tuple(failed[start].values()),
                open_at=tuple(opened[start]),
                open_count=tuple(opened[start].values()),
            )
            for start in sorted({*good, *failed, *opened})
        ]

    def _how(self, request: str, number: int, moment: Seconds) -> str:
        hits = (one.how for one in self.troubles if one.hits(request, number, moment))
        return next(hits, "good")
