"""What must still be undone, computed from the history and from nothing else.

Comes in: a drill's history. Goes out: each fault that may be in force, with all that undoing it needs.
Does not: remember anything, or look at the target.

A fault counts from its `FaultRequested`, which is stored before anything is injected: between the
request and the first sign of it nobody knows, and what nobody knows is undone as if it were in force.
Only two facts end it: `FaultReverted`, and a `FaultFailed` that is definite where nothing was injected.
The order of the facts does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import FaultId

NOTHING_TO_UNDO = "nothing-to-undo"
"""How a fault ended whose experiment has no rollbacks (`FaultReverted.how`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposed:
    """A fault that may be in force.

    injected  an action of its method is known to have started
    certain   every such action is known to have ended well; else one may still be on its way to the
              target, and what a probe says of it now need not hold in a second
    attempts  rollbacks tried so far
    gave_up   the last try was final: a person must do `steps`
    error     what the last failure was
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
    over = {reverted.fact.fault for reverted in history.each(ev.FaultReverted)}
    requests = {requested.fact.fault: requested.fact for requested in history.each(ev.FaultRequested)}
    exposed = (_exposed(history, request) for fault, request in requests.items() if fault not in over)
    return tuple(each for each in exposed if each.injected or not _never_began(history, each.fault))


def never_undone(history: History) -> tuple[Exposed, ...]:
    """Give the faults that were injected and that nothing undid: their experiments have no rollbacks.

    They are over for us. Whether they still hurt only the users and the steady state can tell (`result`).
    """
    bare = {one.fact.fault for one in history.each(ev.FaultReverted) if one.fact.how == NOTHING_TO_UNDO}
    requests = (one.fact for one in history.each(ev.FaultRequested) if one.fact.fault in bare)
    exposed = (_exposed(history, request) for request in requests)
    return tuple(
        replace(each, steps=(f"undo by hand what {each.request.path} does: it has no rollbacks",))
        for each in exposed
        if each.injected
    )


def injects(activity: ev.ActivityStarted | ev.ActivityFinished) -> bool:
    """Tell whether an activity is an action of the method: those put the fault into force."""
    return activity.stage == "method" and activity.kind == "action"


def injected(activity: ev.ActivityFinished) -> bool:
    """Tell whether an action of the method is over and did what it was to do."""
    return injects(activity) and activity.status == "succeeded"


def _exposed(history: History, request: ev.FaultRequested) -> Exposed:
    fault = request.fault
    tries = [tried.fact.attempt for tried in history.each(ev.RevertAttempted) if tried.fact.fault == fault]
    failures = [failed.fact for failed in history.each(ev.RevertFailed) if failed.fact.fault == fault]
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
    """Tell whether as many actions of the method have ended well as have started, and at least one."""
    began = sum(one.fact.fault == fault and injects(one.fact) for one in history.each(ev.ActivityStarted))
    well = sum(one.fact.fault == fault and injected(one.fact) for one in history.each(ev.ActivityFinished))
    return 0 < began == well


def _never_began(history: History, fault: FaultId) -> bool:
    """Tell whether it is certain that the method of a fault that was not seen to start never did."""
    return any(failed.fact.fault == fault and failed.fact.definite for failed in history.each(ev.FaultFailed))
