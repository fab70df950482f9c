"""Resolve what an experiment's actions target, by asking a process that has the extensions imported.

Importing them takes 2 s and 150 MB. An experiment that uses neither chaostoolkit-kubernetes nor
chaostoolkit-aws has no targets that could be counted: then nothing is started. What the targets mean is for
`conduct.drill.fault_targets` to judge.
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

    def __init__(self, request: ev.FaultRequested, queries: ChildQueries) -> None:
        self._request = request
        self._queries = queries

    async def resolve(self) -> Sequence[ActionTarget]:
        """Ask the target what each action matches now. Raises NotReady when it can't be reached."""
        if not self._countable():
            return ()
        try:
            request = dataclasses.asdict(self._request)
            answer = await self._queries.ask(LIMIT, "count", request=request)
        except NoAnswer as error:
            raise _unknown(str(error)) from error
        if "error" in answer:
            raise _unknown(str(answer["error"]))
        return tuple(ActionTarget(**target) for target in answer["targets"])

    def _countable(self) -> bool:
        try:
            method = experiments.method(experiments.parse(self._request.experiment, self._request.path))
        except ValueError:
            return False
        return any(module.startswith(COUNTED) for module in experiments.modules({"method": list(method)}))

    async def close(self) -> None:
        """End the process."""
        await self._queries.close()


def _unknown(why: str) -> NotReady:
    return NotReady(
        f"the experiment's targets can't be counted: {why}",
        hint="does the target answer this user? Try kubectl get pods, or aws sts get-caller-identity",
    )
