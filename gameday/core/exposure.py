"""Which faults must still be undone, computed from a drill's history and nothing else.

A fault counts from its `FaultRequested`, which is stored before anything is injected. Between that request
and the first sign of the fault its state is unknown, and whatever is unknown is undone as if it were in
force. Only two facts end it: `FaultReverted`, and a `FaultFailed` that is definite when nothing was
injected. The order of the facts does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.values import FaultId

NOTHING_TO_UNDO = "nothing-to-undo"
"""`FaultReverted.how` of a fault whose experiment has no rollbacks."""
BY_HAND = "by-hand"
"""`FaultReverted.how` of a fault that a person recorded as undone by themselves."""
MAIN = FaultId("main")
"""The scenario's own experiment."""
NO_HYPOTHESIS = "the experiment has no hypothesis"
"""`SteadyStateChecked.detail` of an experiment that has none; it counts as met."""
ONLY_WITHIN = "only the experiment itself can judge its steady state, within its controls"
"""`SteadyStateChecked.detail` where it is not met outside of the controls, before anything is injected."""
UNJUDGED = (NO_HYPOTHESIS, ONLY_WITHIN)
AFTER_METHOD = "after-method"
"""The stage of a steady state that is judged after the method, before the rollbacks."""
INJECT = "inject-"
"""How the names of its injects' experiments begin."""
UNKNOWN = FaultId("unknown")
"""The name of what a history without its beginning may have injected."""
LOST = "what was requested is lost: its history is damaged, or begins too late"
UNSIGNED = "it carries no signature of this installation: a stranger, or another user or host, requested it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposed:
    """A fault that may be in force.

    injected  an action of its method is known to have started
    certain   every such action is known to have succeeded; otherwise one may still be on its way to the
              target, and what a probe reports now may be wrong a second later
    attempts  rollbacks tried so far
    gave_up   the last try was final: a person must do `steps`
    error     the last failure
    lost      its request is lost, and `request` is empty: only later facts name the fault
    signed    this installation signed its request; what it did not sign may be a stranger's code
    """

    fault: FaultId
    request: ev.FaultRequested
    injected: bool
    certain: bool = False
    attempts: int = 0
    gave_up: bool = False
    error: str = ""
    steps: tuple[str, ...] = ()
    lost: bool = False
    signed: bool = True

    @property
    def why(self) -> str:
        """Explain in a few words why it is still open."""
        if self.lost:
            return LOST
        if not self.signed:
            return UNSIGNED
        if self.gave_up:
            return f"every attempt to revert it failed: {self.error}"
        return self.error or ("it was injected" if self.injected else "it was requested")


def in_doubt(history: History) -> tuple[Exposed, ...]:
    """Give all that may still be in force: what was requested, and what damage to the history may hide."""
    return open_faults(history) + lost_faults(history)


def open_faults(history: History) -> tuple[Exposed, ...]:
    """Give the requested faults of a drill that may still be in force, in the order of their requests."""
    if history.imported:
        return ()
    reverted = _reverted(history)
    exposed = (
        _exposed(history, request.fact, signed=request.event.signed)
        for fault, request in _requests(history).items()
        if fault not in reverted
    )
    return tuple(fault for fault in exposed if fault.injected or not _never_began(history, fault.fault))


def lost_faults(history: History) -> tuple[Exposed, ...]:
    """Give the faults that facts name and whose request is lost, and what a lost beginning may hide."""
    if history.imported or any(closed.fact.reverted for closed in history.each(ev.DrillClosed)):
        return ()
    reverted, requests = _reverted(history), _requests(history)
    named = dict.fromkeys(_named(history))
    if beginning_lost(history):
        # An inject's experiment follows the scenario's own, whose facts are lost with the beginning.
        follows = any(fault.startswith(INJECT) for fault in (*requests, *named))
        # A fault that no later fact names may be lost as well, unless a request shows what came before it.
        named |= ({MAIN: None} if follows else {}) | ({} if requests else {UNKNOWN: None})
    return tuple(
        replace(
            _exposed(history, ev.FaultRequested(fault=fault, experiment="", path="", cwd=""), signed=True),
            lost=True,
        )
        for fault in named
        if fault not in reverted and fault not in requests
    )


def without_unsigned(history: History) -> History:
    """Give a history without the facts that would make us act and that this installation did not sign."""
    return History(tuple(event for event in history.events if event.signed), history.load)


def is_ours(history: History) -> bool:
    """Whether this installation signed anything in a history: only then its processes may be looked for."""
    return any(event.signed and isinstance(event.fact, ev.SIGNED) for event in history.events)


def beginning_lost(history: History) -> bool:
    """Whether a history lacks its plan, so that it may lack anything."""
    return history.first(ev.DrillPlanned) is None


def injected_faults(history: History) -> tuple[Exposed, ...]:
    """Give the faults that were injected, reverted or not, in the order of their requests."""
    requests = _requests(history).values()
    exposed = (_exposed(history, request.fact, signed=request.event.signed) for request in requests)
    return tuple(fault for fault in exposed if fault.injected)


def not_confirmed(history: History) -> tuple[Exposed, ...]:
    """Give the faults whose rollbacks ran, and after which the steady state was not met.

    It was met before, else nothing would have been injected: rollbacks that change nothing are no revert.
    """
    checks = [check for check in history.each(ev.SteadyStateChecked) if check.fact.stage == "after"]
    if history.imported or not checks or checks[-1].fact.met is not False:
        return ()
    ways = {(ended.fact.fault, ended.fact.how) for ended in history.each(ev.FaultReverted)}
    rolled_back = (fault for fault in injected_faults(history) if (fault.fault, "rolled-back") in ways)
    return tuple(
        replace(
            fault,
            error=f"the steady state was not met after the revert: {checks[-1].fact.detail}",
            steps=(
                f"see why the steady state is not met: {checks[-1].fact.detail}",
                f"undo by hand what the rollbacks of {fault.request.path} left, then: gameday revert DRILL",
            ),
        )
        for fault in rolled_back
        if (fault.fault, BY_HAND) not in ways
    )


def never_undone(history: History) -> tuple[Exposed, ...]:
    """Give the faults that were injected and that nothing undid: their experiments have no rollbacks.

    Nothing is left for gameday to play. Only the users' requests and the steady state can show whether they
    still do harm (`judging.result`).
    """
    if history.imported:
        return ()
    ways = {(reverted.fact.fault, reverted.fact.how) for reverted in history.each(ev.FaultReverted)}
    exposed = (
        _exposed(history, request.fact, signed=request.event.signed)
        for fault, request in _requests(history).items()
        if (fault, NOTHING_TO_UNDO) in ways and (fault, BY_HAND) not in ways
    )
    return tuple(
        replace(fault, steps=(f"undo by hand what {fault.request.path} does: it has no rollbacks",))
        for fault in exposed
        if fault.injected
    )


def undone_by_hand(history: History) -> tuple[ev.FaultReverted, ...]:
    """Give what a person recorded that they undid themselves."""
    return tuple(fact.fact for fact in history.each(ev.FaultReverted) if fact.fact.how == BY_HAND)


def injects(activity: ev.ActivityStarted | ev.ActivityFinished) -> bool:
    """Whether an activity is an action of the method: those put the fault into force."""
    return activity.stage == "method" and activity.kind == "action"


def injected(activity: ev.ActivityFinished) -> bool:
    """Whether an action of the method has finished and succeeded."""
    return injects(activity) and activity.status == "succeeded"


def _reverted(history: History) -> set[FaultId]:
    return {reverted.fact.fault for reverted in history.each(ev.FaultReverted)}


def _requests(history: History) -> dict[FaultId, Dated[ev.FaultRequested]]:
    """Give the request of each fault: the last that we signed, so that no other can take its place."""
    requests: dict[FaultId, Dated[ev.FaultRequested]] = {}
    for requested in history.each(ev.FaultRequested):
        known = requests.get(requested.fact.fault)
        if known is None or requested.event.signed or not known.event.signed:
            requests[requested.fact.fault] = requested
    return requests


_SHOWS_FAULT = (
    ev.FaultInjected,
    ev.FaultHeld,
    ev.RevertRequested,
    ev.RevertClaimed,
    ev.RevertAttempted,
    ev.RevertFailed,
)


def _named(history: History) -> Iterator[FaultId]:
    """Name the faults of which a fact shows that they were requested."""
    for event in history.events:
        match event.fact:
            case ev.ActivityStarted() | ev.ActivityFinished() as activity if injects(activity):
                yield activity.fault
            case ev.FaultFailed(fault=fault, definite=False):
                yield fault
            case fact if isinstance(fact, _SHOWS_FAULT):
                yield fact.fault
            case _:
                pass


def _exposed(history: History, request: ev.FaultRequested, *, signed: bool = True) -> Exposed:
    fault = request.fault
    tries = [tried.fact.attempt for tried in history.each(ev.RevertAttempted) if tried.fact.fault == fault]
    failures = [failed.fact for failed in history.each(ev.RevertFailed) if failed.fact.fault == fault]
    # Both kinds: whoever died in the middle of a try recorded only its beginning.
    attempts = max([*tries, *(failure.attempt for failure in failures)], default=0)
    last = [failure for failure in failures if failure.attempt == attempts]
    final = next((failure for failure in last if failure.final), None)
    return Exposed(
        fault=fault,
        request=request,
        injected=_injected(history, fault),
        certain=_certain(history, fault),
        attempts=attempts,
        gave_up=final is not None,
        error=last[-1].error if last else "",
        steps=final.steps if final else (),
        signed=signed,
    )


def _injected(history: History, fault: FaultId) -> bool:
    if any(injected.fact.fault == fault for injected in history.each(ev.FaultInjected)):
        return True
    started = (activity.fact for activity in history.each(ev.ActivityStarted))
    return any(activity.fault == fault and injects(activity) for activity in started)


def _certain(history: History, fault: FaultId) -> bool:
    """Whether every action of the method that started has succeeded, and at least one did."""
    started = (activity.fact for activity in history.each(ev.ActivityStarted))
    finished = (activity.fact for activity in history.each(ev.ActivityFinished))
    began = sum(activity.fault == fault and injects(activity) for activity in started)
    succeeded = sum(activity.fault == fault and injected(activity) for activity in finished)
    # Counts, not names: an experiment may have two activities of one name.
    return 0 < began == succeeded


def _never_began(history: History, fault: FaultId) -> bool:
    """Whether it is certain that the method never started; no action of it was observed."""
    return any(failed.fact.fault == fault and failed.fact.definite for failed in history.each(ev.FaultFailed))
