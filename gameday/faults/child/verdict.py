"""Decide whether a fault is undone, from the results of its rollbacks and its `still-exposed` probe.

The results come from our own events. chaoslib's journal is not asked: a control may have changed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.core.values import Instant, Seconds
from gameday.faults import experiments
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.still_exposed import PROBE_LIMIT, SETTLING_TIME, Exposure
from gameday.formats.text.plain_json import mapping, plain, plain_text
from gameday.system import clock


def failure_of(run: Any) -> str:
    """Explain why a rollback failed; empty when it succeeded. Never raises, whatever the run holds.

    To chaoslib, a process that exits with an error and an HTTP answer of 500 have succeeded.
    """
    run = mapping(plain(run))
    activity, output = mapping(run.get("activity")), mapping(run.get("output"))
    name = activity.get("name") or activity.get("ref") or "a rollback"
    if run.get("status") != "succeeded":
        return f"{name}: {last_error(run) or 'it did not end'}"
    provider, status = mapping(activity.get("provider")).get("type"), output.get("status")
    if provider == "process" and status:
        return f"{name}: ended with exit code {status}: {str(output.get('stderr', '')).strip()}"
    if provider == "http" and isinstance(status, int) and status >= 400:
        return f"{name}: answered {status}"
    return ""


def last_error(run: Mapping[str, Any]) -> str:
    """Give the text that names a failed activity's error: chaoslib keeps a traceback as a list of texts."""
    lines = run.get("exception")
    return plain_text(lines[-1]).strip() if isinstance(lines, list | tuple) and lines else ""


@dataclass(slots=True)
class PlayedRollback:
    """A rollback that has started, by our own events. `failure`: why it failed; None while it runs."""

    name: str
    failure: str | None = None


@dataclass(slots=True)
class RollbackVerdict:
    """Decides whether a fault is undone, and reports it."""

    connection: ChildConnection
    exposure: Exposure
    declared: Sequence[Mapping[str, Any]]
    left: str = ""
    """What of the method could not be ended for certain: then nothing shows that the fault stays undone."""

    def report(self, how: str, error: str = "", *, at: Instant | None = None) -> None:
        """Report that the fault is settled since `at`: undone (`how`), or not (`error`)."""
        error = "; ".join(filter(None, (error, self.left)))
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

    def judge(self, played: Sequence[PlayedRollback], error: str = "") -> None:
        """Report the rollbacks' outcome: the probe decides where it can; else all must have succeeded.

        `error` explains what went wrong; by itself it is no failure of rollbacks that were played.
        """
        # The fault ended with its rollbacks, not when the probe below has confirmed it.
        through = clock.now()
        failures = [failure for failure in self._failures(played) if failure]
        if failures and error:
            failures.append(error)
        wrong = "; ".join(failures)
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

    def _failures(self, played: Sequence[PlayedRollback]) -> Iterator[str]:
        for rollback in played:
            yield f"{rollback.name}: it did not end" if rollback.failure is None else rollback.failure
        # By name: a control may take rollbacks out of the experiment, or put its own in their place.
        missing = Counter(map(_name, self.declared)) - Counter(rollback.name for rollback in played)
        if missing:
            yield f"{missing.total()} of {len(self.declared)} rollbacks were not played"


def _name(declared: Any) -> str:
    activity = mapping(declared)
    return plain_text(activity.get("ref") or activity.get("name"))
