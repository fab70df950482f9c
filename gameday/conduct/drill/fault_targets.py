"""What the fault is aimed at, before and after: an experiment that did nothing is not a success.

chaostoolkit-kubernetes' actions succeed on a label that matches nothing. So the targets are counted before
the injection, and compared once the fault is held. A `still-exposed` probe of the experiment comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gameday import ports
from gameday.core.errors import NotReady
from gameday.ports import ActionTarget


@dataclass(slots=True)
class FaultTargets:
    """Counts the targets of one drill's fault, and compares them later."""

    targets: ports.Targets
    before: Sequence[ActionTarget] = ()

    async def count(self) -> str:
        """Count the targets of every action, and describe them. Raises NotReady for none, or a known trap."""
        self.before = await self.targets.resolve()
        for target in self.before:
            _check(target)
        return "; ".join(_counted(target) for target in self.before) or "nothing that could be counted"

    async def changed(self) -> bool | None:
        """Report whether a target changed since `count`; None when that can't be known."""
        try:
            after = await self.targets.resolve()
        except NotReady:  # the fault itself may keep the target from answering
            return None
        # Actions are compared by position; another number of them can't be compared at all.
        pairs = list(zip(self.before, after, strict=True)) if len(after) == len(self.before) else []
        if any(was.seen != now.seen for was, now in pairs if was.seen is not None):
            return True
        known = bool(pairs) and all(was.conclusive and was.seen is not None for was, _ in pairs)
        return False if known else None

    def describe_unchanged(self) -> str:
        """Describe the targets of which none changed."""
        return f"no target changed: {'; '.join(_counted(target) for target in self.before)}"


def _check(target: ActionTarget) -> None:
    if target.trap:
        raise NotReady(f"action {target.action} would do nothing: {target.trap}", hint=target.hint)
    if target.seen is not None and not target.seen:
        raise NotReady(
            f"action {target.action} is aimed at nothing: there are no {target.what}",
            hint="it would succeed all the same; look at its label, name and namespace",
        )


def _counted(target: ActionTarget) -> str:
    return f"{target.action}: {'not counted' if target.seen is None else len(target.seen)} ({target.what})"
