"""The steady state of a drill, before, during and after its method, and after the rollbacks.

`after` is what Chaos Toolkit judges: after the method, while the fault is still in force. What the rollbacks
restored is apart from it, since a state that only they restored has deviated.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History


@dataclass(frozen=True, kw_only=True, slots=True)
class SteadyState:
    """Whether the hypothesis was met. None: it was not judged, or there is no hypothesis.

    during  None without a continuous hypothesis; False where it was not met once
    """

    before: bool | None = None
    during: bool | None = None
    after: bool | None = None
    after_revert: bool | None = None

    @property
    def deviated(self) -> bool:
        """Whether it was not met after the method; this is what Chaos Toolkit calls `deviated`."""
        return self.after is False


NOT_JUDGED = SteadyState()


def read(history: History) -> SteadyState:
    """Read what was judged of the experiment's hypothesis."""
    during = [check.fact.met for check in checks(history, "during")]
    return SteadyState(
        before=_last(history, "before"),
        during=None if not during else False not in during,
        after=_last(history, exposure.AFTER_METHOD),
        after_revert=_last(history, "after"),
    )


def checks(history: History, stage: str) -> tuple[Dated[ev.SteadyStateChecked], ...]:
    """Give what was judged at a stage, in order, without what could not be judged by us."""
    return tuple(
        check
        for check in history.each(ev.SteadyStateChecked)
        if check.fact.stage == stage and check.fact.detail not in exposure.UNJUDGED
    )


def _last(history: History, stage: str) -> bool | None:
    judged = checks(history, stage)
    return judged[-1].fact.met if judged else None
