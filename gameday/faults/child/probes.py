"""Asks one probe with its tolerance, or judges a whole steady-state hypothesis, once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from chaoslib.activity import ensure_activity_is_valid, run_activity
from chaoslib.caching import cache_activities
from chaoslib.exceptions import ChaosException
from chaoslib.hypothesis import ensure_hypothesis_is_valid, run_steady_state_hypothesis, within_tolerance
from chaoslib.run import EventHandlerRegistry

from gameday.faults.child.loaded_experiment import Json, Loaded, load
from gameday.faults.child_connection import ChildConnection


def ask(line: ChildConnection, command: Json) -> None:
    """Ask a probe; `ok` None: it could not be asked. Without a tolerance it must give something true."""
    redactor = Loaded({}).redactor()
    try:
        probe = json.loads(command["probe"])
        redactor = Loaded(probe).redactor()
        ensure_activity_is_valid(probe)
        output = run_activity(probe, {}, {})
        ok = bool(within_tolerance(probe["tolerance"], output) if "tolerance" in probe else output)
        beyond = f", tolerance {probe['tolerance']!r}" if "tolerance" in probe and not ok else ""
        line.say("answer", ok=ok, detail=redactor.excerpt(shown(output) + beyond))
    except Exception as error:  # noqa: BLE001  # a user's probe may raise anything; it is told, not judged
        line.say("answer", ok=None, detail=redactor.excerpt(f"{type(error).__name__}: {error}"))


def steady(line: ChildConnection, command: Json) -> None:
    """Judge the hypothesis of an experiment; met when it has none, None when it can't be judged."""
    redactor = Loaded({}).redactor()
    try:
        loaded = load(command["text"], command["path"])
        redactor = loaded.redactor()
        ensure_hypothesis_is_valid(loaded.experiment)
        cache_activities(loaded.experiment)
        state = run_steady_state_hypothesis(
            loaded.experiment, loaded.configuration, loaded.secrets, None, EventHandlerRegistry()
        )
    except (ChaosException, OSError, ValueError, ImportError, AttributeError, KeyError, TypeError) as error:
        line.say("answer", ok=None, detail=redactor.excerpt(f"{type(error).__name__}: {error}"))
        return
    met = True if state is None else bool(state["steady_state_met"])
    line.say("answer", ok=met, detail=redactor.excerpt(detail(state)))


def detail(state: Json | None) -> str:
    """Say which probe was out of tolerance, or how many were within."""
    if state is None:
        return "the experiment has no hypothesis"
    probes = state["probes"]
    if state["steady_state_met"]:
        return f"{len(probes)} of {len(probes)} probes within tolerance"
    last = probes[-1]
    name, tolerance = last["activity"].get("name"), last["activity"].get("tolerance")
    if last["status"] == "failed":
        return f"probe {name} failed: {_said(last)}"
    return f"probe {name} gave {shown(last['output'])}, tolerance {tolerance!r}"


def shown(output: Any) -> str:
    """Give what people read of an answer: of HTTP status and body, without the headers."""
    match output:
        case None | str():
            return output or ""
        case {"status": status, "headers": _, "body": body}:
            return f"status {status}: {shown(body)}"
        case _:
            return json.dumps(output, default=str, ensure_ascii=False)


def _said(run: Mapping[str, Any]) -> str:
    """Give what a failed activity's exception says, without the classes that wrap it."""
    last = "".join((run.get("exception") or [""])[-1:]).strip()
    return re.sub(r"^(?:(?:\w+\.)+\w+: )+", "", last)
