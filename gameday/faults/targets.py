"""Resolves what an experiment's actions are aimed at, in a process of its own.

Comes in: the fault's request. Goes out: an `ActionTarget` for each action of its method. An experiment that
uses neither chaostoolkit-kubernetes nor chaostoolkit-aws has nothing that could be counted, and asks nobody.
Does not: import an extension (2 s and 150 MB), or judge what was found; `conduct.drill.fault_targets` does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.faults import experiments
from gameday.faults.child_queries import ChildQueries, NoAnswer
from gameday.ports import ActionTarget

LIMIT: Seconds = 30.0
COUNTED = ("chaosk8s.", "chaosaws.")


class ChildTargets:
    """`ports.Targets` of one fault."""

    def __init__(self, request: ev.FaultRequested, questions: ChildQueries) -> None:
        self._request = request
        self._questions = questions

    async def resolve(self) -> Sequence[ActionTarget]:
        """Ask the target what each action matches now. Raises NotReady when it can't be asked."""
        if not self._countable():
            return ()
        try:
            request = dataclasses.asdict(self._request)
            answer = await self._questions.ask(LIMIT, "count", request=request)
        except NoAnswer as why:
            raise _unknown(str(why)) from why
        if "error" in answer:
            raise _unknown(str(answer["error"]))
        return tuple(ActionTarget(**aim) for aim in answer["aims"])

    def _countable(self) -> bool:
        try:
            method = experiments.method(experiments.parse(self._request.experiment, self._request.path))
        except ValueError:
            return False
        return any(module.startswith(COUNTED) for module in experiments.modules({"method": list(method)}))

    async def close(self) -> None:
        """End the process."""
        await self._questions.close()


def _unknown(why: str) -> NotReady:
    return NotReady(
        f"what the experiment is aimed at can't be told: {why}",
        hint="kubectl get pods, aws sts get-caller-identity: does the target answer this user?",
    )
