"""Run an experiment's `still-exposed` probe (of its `gameday` extension) within a time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaoslib.activity import run_activity
from chaoslib.hypothesis import within_tolerance

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Seconds
from gameday.faults import experiments
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Loaded
from gameday.system import clock

PROBE_LIMIT: Seconds = 5.0
"""Seconds that the probe may take in an ordinary case."""
URGENT_PROBE_LIMIT: Seconds = 0.3
"""Seconds that it may take before urgent rollbacks: without an answer by then, they are played."""
SETTLING_TIME: Seconds = 5.0
"""Seconds after the rollbacks within which it must report that the fault is gone."""
PROBE_INTERVAL: Seconds = 0.2
"""Seconds between two runs of the probe."""


def within(limit: Seconds, ask: Callable[[], Any]) -> Any:
    """Call in a thread and give its result. Raises TimeoutError, or what it raised.

    chaoslib's Python provider has no timeout, and a thread can't be killed: one that hangs is left behind.
    SystemExit of a probe is raised as RuntimeError: it must not end the caller.
    """
    answer: list[Any] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(ask())
        except BaseException as error:  # noqa: BLE001  # handed to the caller
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(limit, 0.0))
    if failure and not isinstance(failure[0], Exception):
        raise RuntimeError(repr(failure[0])) from failure[0]
    if failure:
        raise failure[0]
    if not answer:
        raise TimeoutError(f"no answer within {limit:g} s")
    return answer[0]


@dataclass(slots=True)
class Exposure:
    """Runs an experiment's `still-exposed` probe, and reports each result."""

    connection: ChildConnection
    fault: FaultId
    loaded: Loaded

    def ask(
        self, stage: str, *, limit: Seconds, want: bool | None = None, settling: Seconds = 0.0
    ) -> bool | None:
        """Probe until the result is `want`, for at most `settling` seconds; None: no probe, or no answer."""
        probe = experiments.still_exposed(self.loaded.experiment)
        if probe is None:
            return None
        end = clock.monotonic() + settling
        exposed, detail = self._once(probe, limit)
        while want is not None and exposed is not want and clock.monotonic() < end:
            clock.sleep(PROBE_INTERVAL)
            exposed, detail = self._once(probe, limit)
        text = self.loaded.redactor().excerpt(detail)
        self.connection.report(
            ev.ExposureProbed(fault=self.fault, stage=stage, exposed=exposed, detail=text), clock.now()
        )
        return exposed

    def _once(self, probe: Mapping[str, Any], limit: Seconds) -> tuple[bool | None, str]:
        try:
            # Within the try: a `timeout` that is not a number must not lose the rollbacks.
            limit = min(limit, float(probe.get("timeout") or limit))
            answer = within(
                limit, lambda: run_activity(probe, self.loaded.configuration, self.loaded.secrets)
            )
            if "tolerance" in probe:
                return bool(within_tolerance(probe["tolerance"], answer)), ""
        except Exception as error:  # noqa: BLE001  # any failure of a user's probe means unknown
            return None, f"{type(error).__name__}: {error}"
        # Anything but true or false is unknown. Taken as false, it would skip the rollbacks.
        return (answer, "") if isinstance(answer, bool) else (None, f"answered {answer!r}, not true or false")
