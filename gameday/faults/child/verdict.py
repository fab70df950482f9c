"""Decide whether a fault is undone, from the results of its rollbacks and its `still-exposed` probe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.core.values import Instant, Seconds
from gameday.faults import experiments
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.still_exposed import PROBE_LIMIT, SETTLING_TIME, Exposure
from gameday.system import clock


def failure_of(run: Mapping[str, Any]) -> str:
    """Explain why a rollback failed; empty when it succeeded.

    To chaoslib, a process that exits with an error and an HTTP answer of 500 have succeeded.
    """
    name = run["activity"].get("name")
    output: Any = run.get("output")
    if run.get("status") != "succeeded":
        last = (run.get("exception") or ["it did not end"])[-1]
        return f"{name}: {str(last).strip()}"
    provider = run["activity"].get("provider", {}).get("type")
    status = output.get("status") if isinstance(output, Mapping) else None
    if provider == "process" and status:
        return f"{name}: ended with exit code {status}: {str(output.get('stderr', '')).strip()}"
    if provider == "http" and isinstance(status, int) and status >= 400:
        return f"{name}: answered {status}"
    return ""


@dataclass(slots=True)
class RollbackVerdict:
    """Decides whether a fault is undone, and reports it."""

    connection: ChildConnection
    exposure: Exposure
    declared: Sequence[Mapping[str, Any]]

    def report(self, how: str, error: str = "", *, at: Instant | None = None) -> None:
        """Report that the fault is settled since `at`: undone (`how`), or not (`error`)."""
        redactor = self.exposure.loaded.redactor()
        steps = [redactor.text(step) for step in experiments.steps({"rollbacks": list(self.declared)})]
        self.connection.send(
            "settled",
            undone=not error,
            how=how,
            error=redactor.excerpt(error),
            steps=steps,
            at=clock.now() if at is None else at,
        )

    def already(self, limit: Seconds) -> bool:
        """Check whether the fault is undone already, before any rollback; report it then."""
        # None (no probe, or no answer) is not False: then the rollbacks run.
        if self.exposure.ask("before-revert", limit=limit) is False:
            self.report("already-undone")
            return True
        return False

    def judge(self, runs: Sequence[Mapping[str, Any]], error: str = "") -> None:
        """Report the rollbacks' outcome: the probe decides where it can; else all must have succeeded."""
        # The fault ended with its rollbacks, not when the probe below has confirmed it.
        through = clock.now()
        errors = [error, *map(failure_of, runs)]
        if len(runs) < len(self.declared):
            errors.append(
                f"{len(self.declared) - len(runs)} of {len(self.declared)} rollbacks were not played"
            )
        wrong = "; ".join(filter(None, errors))
        # A rollback that failed is tried again at once; only one that went well is given time to take effect.
        exposed = self.exposure.ask(
            "after-revert", limit=PROBE_LIMIT, want=False, settling=0.0 if wrong else SETTLING_TIME
        )
        if exposed is False:
            self.report("rolled-back", at=through)
        elif exposed:
            self.report("", wrong or "the still-exposed probe says that the fault is still in force")
        else:
            self.report("rolled-back" if self.declared else "nothing-to-undo", wrong, at=through)
