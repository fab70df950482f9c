"""Which faults must still be undone, computed from a drill's history and nothing else.

A fault counts from its `FaultRequested`, which is stored before anything is injected. Between that request
and the first sign of the fault its state is unknown, and whatever is unknown is undone as if it were in
force. Only two facts end it: `FaultReverted`, and a `FaultFailed` that is definite when nothing was
injected. The order of the facts does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import FaultId

NOTHING_TO_UNDO = "nothing-to-undo"
"""`FaultReverted.how` of a fault whose experiment has no rollbacks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposed:
    """A fault that may be in force.

    injected  an action of its method is known to have started
    certain   every such action is known to have succeeded; otherwise one may still be on its way to the
              target, and what a probe reports now may be wrong a second later
    attempts  rollbacks tried so far
    gave_up   the last try was final: a person must do `steps`
    error     the last failure
    """

    fault: FaultId
    request: ev.FaultRequested
    injected: bool
    certain: bool = False
    attempts: int = 0
    gave_up: bool = False
    error: str = ""
    steps: tuple[str, ...] = ()


def open_faults(history: History) -> tuple[Exposed, ...]:
    """Give the faults of a drill that may still be in force, in the order of their requests."""
    reverted_faults = {reverted.fact.fault for reverted in history.each(ev.FaultReverted)}
    requests = {requested.fact.fault: requested.fact for requested in history.each(ev.FaultRequested)}
    exposed = (
        _exposed(history, request) for fault, request in requests.items() if fault not in reverted_faults
    )
    return tuple(fault for fault in exposed if fault.injected or not _never_began(history, fault.fault))


def never_undone(history: History) -> tuple[Exposed, ...]:
    """Give the faults that were injected and that nothing undid: their experiments have no rollbacks.

    Nothing is left for gameday to play. Only the users' requests and the steady state can show whether they
    still do harm (`judging.result`).
    """
    not_undone = {
        reverted.fact.fault
        for reverted in history.each(ev.FaultReverted)
        if reverted.fact.how == NOTHING_TO_UNDO
    }
    requests = (
        requested.fact for requested in history.each(ev.FaultRequested) if requested.fact.fault in not_undone
    )
    exposed = (_exposed(history, request) for request in requests)
    return tuple(
        replace(fault, steps=(f"undo by hand what {fault.request.path} does: it has no rollbacks",))
        for fault in exposed
        if fault.injected
    )


def injects(activity: ev.ActivityStarted | ev.ActivityFinished) -> bool:
    """Whether an activity is an action of the method: those put the fault into force."""
    return activity.stage == "method" and activity.kind == "action"


def injected(activity: ev.ActivityFinished) -> bool:
    """Whether an action of the method has finished and succeeded."""
    return injects(activity) and activity.status == "succeeded"


def _exposed(history: History, request: ev.FaultRequested) -> Exposed:
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
