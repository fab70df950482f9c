"""What the fault is aimed at, before and after: an experiment that did nothing is not a success.

Comes in: the targets as they answer. Goes out: NotReady where an action is aimed at nothing or falls
into a known trap; and, once the fault is held, whether any of its targets changed.
Does not: ask itself; `ports.Targets` does. Where the experiment has a `still-exposed` probe, that tells.
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
        """Resolve what every action is aimed at; say it. Raises NotReady for nothing, and for a trap."""
        self.before = await self.targets.resolve()
        for aim in self.before:
            _check(aim)
        return "; ".join(_counted(aim) for aim in self.before) or "nothing that could be counted"

    async def changed(self) -> bool | None:
        """Tell whether a target changed since `count`; None where that can't be told."""
        try:
            after = await self.targets.resolve()
        except NotReady:  # the fault itself may keep the target from answering
            return None
        pairs = list(zip(self.before, after, strict=True)) if len(after) == len(self.before) else []
        if any(was.seen != now.seen for was, now in pairs if was.seen is not None):
            return True
        told = bool(pairs) and all(was.tells and was.seen is not None for was, _ in pairs)
        return False if told else None

    def same(self) -> str:
        """Say that nothing changed."""
        return f"no target changed: {'; '.join(_counted(aim) for aim in self.before)}"


def _check(aim: ActionTarget) -> None:
    if aim.trap:
        raise NotReady(f"action {aim.action} would do nothing: {aim.trap}", hint=aim.hint)
    if aim.seen is not None and not aim.seen:
        raise NotReady(
            f"action {aim.action} is aimed at nothing: there are no {aim.what}",
            hint="it would succeed all the same; look at its label, name and namespace",
        )


def _counted(aim: ActionTarget) -> str:
    return f"{aim.action}: {'not counted' if aim.seen is None else len(aim.seen)} ({aim.what})"
