"""Run one probe with its tolerance, or evaluate a whole steady-state hypothesis, once."""

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
from chaoslib.settings import load_settings

from gameday.core import exposure
from gameday.faults.child import run_options
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, Loaded, drop_controls, load


def ask(connection: ChildConnection, command: Json) -> None:
    """Run a probe; `ok` is None when it failed. Without a tolerance, its output must be truthy."""
    redactor = Loaded({}).redactor()
    try:
        probe = json.loads(command["probe"])
        redactor = Loaded(probe).redactor()
        ensure_activity_is_valid(probe)
        output = run_activity(probe, {}, {})
        ok = bool(within_tolerance(probe["tolerance"], output) if "tolerance" in probe else output)
        beyond = f", tolerance {probe['tolerance']!r}" if "tolerance" in probe and not ok else ""
        connection.send("answer", ok=ok, detail=redactor.excerpt(readable(output) + beyond))
    except Exception as error:  # noqa: BLE001  # a user's probe may raise anything; that is reported, not judged
        connection.send("answer", ok=None, detail=redactor.excerpt(f"{type(error).__name__}: {error}"))


def steady(connection: ChildConnection, command: Json) -> None:
    """Evaluate the hypothesis of an experiment: met when it has none, None when it can't be evaluated.

    Its controls take no part: nothing has configured them here, and they are to be called as often as
    under `chaos run`. `controlled` reports that there are some, without which it may not be met.
    """
    redactor = Loaded({}).redactor()
    options = run_options.parse(command.get("options", ""))
    controlled = bool((load_settings() or {}).get("controls") or options.controls)
    try:
        loaded = load(command["text"], command["path"], command.get("options", ""))
        redactor = loaded.redactor()
        controlled = drop_controls(loaded.experiment) or controlled
        ensure_hypothesis_is_valid(loaded.experiment)
        # chaoslib resolves a `ref` to another activity from this cache; its own runner would fill it.
        cache_activities(loaded.experiment)
        state = run_steady_state_hypothesis(
            loaded.experiment, loaded.configuration, loaded.secrets, None, EventHandlerRegistry()
        )
    except (ChaosException, OSError, ValueError, ImportError, AttributeError, KeyError, TypeError) as error:
        text = redactor.excerpt(f"{type(error).__name__}: {error}")
        connection.send("answer", ok=None, detail=text, controlled=controlled)
        return
    met = True if state is None else bool(state["steady_state_met"])
    connection.send("answer", ok=met, detail=redactor.excerpt(detail(state)), controlled=controlled)


def detail(state: Json | None) -> str:
    """Name the probe that was out of tolerance, or count those within."""
    if state is None:
        return exposure.NO_HYPOTHESIS
    probes = state["probes"]
    if state["steady_state_met"]:
        return f"{len(probes)} of {len(probes)} probes within tolerance"
    # chaoslib stops at the first probe that is out of tolerance.
    last = probes[-1]
    name, tolerance = last["activity"].get("name"), last["activity"].get("tolerance")
    if last["status"] == "failed":
        return f"probe {name} failed: {_reason(last)}"
    return f"probe {name} gave {readable(last['output'])}, tolerance {tolerance!r}"


def readable(output: Any) -> str:
    """Make an output readable: of an HTTP answer, status and body without the headers."""
    match output:
        case None | str():
            return output or ""
        case {"status": status, "headers": _, "body": body}:
            return f"status {status}: {readable(body)}"
        case _:
            return json.dumps(output, default=str, ensure_ascii=False)


def _reason(run: Mapping[str, Any]) -> str:
    """Give the message of a failed activity's exception, without the classes that wrap it."""
    last = "".join((run.get("exception") or [""])[-1:]).strip()
    return re.sub(r"^(?:(?:\w+\.)+\w+: )+", "", last)
