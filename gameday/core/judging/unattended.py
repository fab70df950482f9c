"""The verdict on a drill in which nobody responds: the steady state, and the SLOs of users.

Points measure a response, and nobody responded. What is shown to be bad fails; what was declared and could
not be judged is never a pass. That the fault took effect need not be shown: the hypothesis is about the
service.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import attribution, steady_state
from gameday.core.judging.impact import Impact
from gameday.core.judging.milestones import Milestones
from gameday.core.values import Verdict, format_duration

Judged = tuple[bool | None, str]
"""Whether a part held, with its reason; None: it could not be judged."""


def verdict(history: History, impact: Impact, milestones: Milestones) -> Judged:
    """Judge the system alone: True passed, False failed, None insufficient evidence."""
    parts = [*_steady_state(history), *_users(impact, milestones)]
    doubts = attribution.nothing_done(history)
    if milestones.interval("recover").seconds is None:
        doubts += attribution.unmet_probes(history)
    parts += [(None, doubt) for doubt in doubts]
    for held in (False, None):
        reasons = [why for state, why in parts if state is held]
        if reasons:
            return held, "; ".join(reasons)
    if not parts:
        return None, "there was neither a steady-state hypothesis nor an SLO to judge"
    return True, "; ".join([*(why for _, why in parts), *_not_known(history, impact)])


def _steady_state(history: History) -> Iterator[Judged]:
    """Judge the hypothesis; one that is judged only after the revert counts as well."""
    state = steady_state.read(history)
    if state == steady_state.NOT_JUDGED:
        return
    for stage, when in _STAGES.items():
        unmet = [check.fact for check in steady_state.checks(history, stage) if check.fact.met is False]
        if unmet:
            yield False, f"the steady state was met before, and not met {when}: {unmet[-1].detail}"
            return
    if state.after or (state.after is None and state.after_revert):
        yield True, "the steady state was met before and after"
    else:
        yield None, "whether the steady state was met after the method could not be judged"


_STAGES = {
    "during": "during the method",
    exposure.AFTER_METHOD: "after the method",
    "after": "after the revert",
}


def _users(impact: Impact, milestones: Milestones) -> Iterator[Judged]:
    recovery = milestones.interval("recover")
    if not impact.slos and recovery.seconds is None:
        return
    allowed = f"the objective is {format_duration(recovery.objective)}"
    if impact.slos and impact.started is None:
        unjudged = [f"{slo.slo}: {slo.why}" for slo in impact.slos if not slo.judged]
        held = (
            "users' SLOs held" if not unjudged else f"not every SLO could be judged ({'; '.join(unjudged)})"
        )
        yield (None if unjudged else True), held
    elif recovery.seconds is not None:
        took = f"users were healthy again after {format_duration(recovery.seconds)}; {allowed}"
        yield recovery.verdict is Verdict.MET, took
    elif not milestones.by_name[recovery.end].known:
        yield (
            None,
            "whether users were healthy again is not known: the load was lost, or an instrument failed",
        )
    else:
        yield False, f"users were affected until our own rollback, or the end of the drill; {allowed}"


def _not_known(history: History, impact: Impact) -> Iterator[str]:
    """Name what would show whether the fault changed its target, where nothing shows it."""
    probed = [each.fact for each in history.each(ev.ExposureProbed) if each.fact.stage == "after-inject"]
    if attribution.changed_anything(history, impact) is not True:
        lacking = "its still-exposed probe gave no answer" if probed else "it has no still-exposed probe"
        yield f"whether the experiment changed its target is not known: {lacking}"
