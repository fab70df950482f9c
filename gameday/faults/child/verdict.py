"""Decides whether a fault is undone, from what its rollbacks and its probe say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.core.values import Instant, Seconds
from gameday.faults import experiments
from gameday.faults.child.still_exposed import PROBE_LIMIT, SETTLING, Exposure
from gameday.faults.child_connection import ChildConnection
from gameday.system import clock


def failure_of(run: Mapping[str, Any]) -> str:
    """Say why a rollback did not do its work; empty when it did.

    chaoslib calls a process that ends with an error, and an HTTP answer of 500, succeeded.
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
    """Decides whether a fault is undone, and says so."""

    line: ChildConnection
    exposure: Exposure
    declared: Sequence[Mapping[str, Any]]

    def say(self, how: str, error: str = "", *, at: Instant | None = None) -> None:
        """Say that the fault is settled since `at`: undone in this way, or not for this reason."""
        redactor = self.exposure.loaded.redactor()
        steps = [redactor.text(step) for step in experiments.steps({"rollbacks": list(self.declared)})]
        self.line.say(
            "settled",
            undone=not error,
            how=how,
            error=redactor.excerpt(error),
            steps=steps,
            at=clock.now() if at is None else at,
        )

    def already(self, limit: Seconds) -> bool:
        """Tell whether the fault is undone before any rollback, and say so."""
        if self.exposure.ask("before-revert", limit=limit) is False:
            self.say("already-undone")
            return True
        return False

    def judge(self, runs: Sequence[Mapping[str, Any]], error: str = "") -> None:
        """Say what the rollbacks came to: the probe decides where it can; else all must have succeeded."""
        through = clock.now()
        errors = [error, *map(failure_of, runs)]
        if len(runs) < len(self.declared):
            errors.append(
                f"{len(self.declared) - len(runs)} of {len(self.declared)} rollbacks were not played"
            )
        wrong = "; ".join(filter(None, errors))
        # A rollback that failed is tried again at once; only one that went well is given time to take effect.
        exposed = self.exposure.ask(
            "after-revert", limit=PROBE_LIMIT, want=False, settling=0.0 if wrong else SETTLING
        )
        if exposed is False:
            self.say("rolled-back", at=through)
        elif exposed:
            self.say("", wrong or "the still-exposed probe says that the fault is still in force")
        else:
            self.say("rolled-back" if self.declared else "nothing-to-undo", wrong, at=through)
