"""Where `gameday validate` and Chaos Toolkit's own validation differ: in what docs/reference/unchanged.md lists, and no more."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from chaoslib.experiment import ensure_experiment_is_valid
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gameday.formats.experiment import reader as experiment
from gameday.formats.text import reader

OS = {"type": "python", "module": "os", "func": "getcwd"}
ECHO = {"type": "process", "path": "echo", "arguments": ["x"]}
CONTROL = {"name": "c", "provider": {"type": "python", "module": "json"}}


def probe(name: str, tolerance: Any, provider: Any = OS) -> dict[str, Any]:
    return {"type": "probe", "name": name, "tolerance": tolerance, "provider": provider}


VALID: dict[str, Any] = {
    "title": "t",
    "description": "d",
    "version": "1",
    "tags": ["a"],
    "contributions": {"reliability": "high"},
    "extensions": [{"name": "other", "x": 1}],
    "runtime": {"hypothesis": {"strategy": "default"}},
    "controls": [{**CONTROL, "scope": "before", "automatic": True}, {**CONTROL, "name": "d", "ref": "c"}],
    "configuration": {
        "plain": "x",
        "set": {"type": "env", "key": "SET"},
        "typed": {"type": "env", "key": "UNSET", "default": "3", "env_var_type": "int"},
        "asked": {"type": "probe", "name": "asked", "provider": OS},
        "mapping": {"a": 1},
    },
    "secrets": {"group": {"set": {"type": "env", "key": "SET"}, "inline": "s"}},
    "steady-state-hypothesis": {
        "title": "h",
        "controls": [CONTROL],
        "probes": [
            {
                **probe("status", 200),
                "timeout": 3,
                "provider": {"type": "http", "url": "http://h/", "timeout": [1, 2], "headers": {"a": "b"}},
            },
            probe("regex", {"type": "regex", "pattern": "x", "target": "stdout"}, ECHO),
            probe("path", {"type": "jsonpath", "path": "$.a", "count": 1, "expect": ["x"]}),
            probe("range", {"type": "range", "range": [0, 1]}),
            probe("list", [0, 1], {**ECHO, "arguments": "x", "timeout": 2}),
            probe("judged", {"type": "probe", "name": "judge", "provider": ECHO}),
            {"ref": "act", "tolerance": True},
        ],
    },
    "method": [
        {
            "type": "action",
            "name": "act",
            "background": True,
            "pauses": {"before": 1, "after": "${plain}"},
            "controls": [CONTROL],
            "provider": {**OS, "secrets": ["group"], "arguments": {}},
        },
        {"ref": "status"},
        {"type": "probe", "name": "look", "provider": {"type": "http", "url": "http://h/", "arguments": "x"}},
    ],
    "rollbacks": [{"type": "action", "name": "undo", "provider": ECHO}, {"ref": "act"}],
}
GONE = object()
# fmt: off
VALUES = [GONE, None, "", 0, 1, 1.5, True, False, "x", "${plain}", [], ["x"], [None], {}, {"x": 1},
          {"type": "env"}, {"type": "x"}]
# fmt: on

HERE_OR_THERE = re.compile(
    r"could not find Python module|does not expose a function|part of the function signature"
    r"|required argument|cannot be found, in activity|environment key that does not exist"
)
"""What depends on the machine: gameday looks for it without importing anything, in `settings.static_look`."""
DELIBERATE = re.compile(
    r"expected .*, not |is not one of the valid words|this text is empty|no activity is called"
    r"|the key '(module|type)' is missing|is not the dotted name|nothing( but a control)? defines the variable"
    r"|can't be a tolerance"
)
"""What gameday refuses beyond Chaos Toolkit; docs/reference/unchanged.md lists it."""


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in (
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    ):
        yield (*path, key)
        yield from _paths(value, (*path, key))


PATHS = list(_paths(VALID))


def changed(*changes: tuple[tuple[Any, ...], Any]) -> dict[str, Any]:
    """Give the valid experiment with values at paths replaced or left out, as far as the paths still lead anywhere."""
    made = copy.deepcopy(VALID)
    for path, value in changes:
        with contextlib.suppress(KeyError, IndexError, TypeError):
            place: Any = made
            for part in path[:-1]:
                place = place[part]
            if value is GONE:
                del place[path[-1]]
            else:
                place[path[-1]] = copy.deepcopy(value)
    return made


def theirs(made: dict[str, Any]) -> str:
    """Give why Chaos Toolkit refuses an experiment, or how it fails at it; empty where it takes it."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            ensure_experiment_is_valid(copy.deepcopy(made))
    except Exception as error:  # noqa: BLE001  # `chaos validate` ends with a traceback
        return f"{type(error).__name__}: {error}"
    return ""


def ours(made: dict[str, Any]) -> list[str]:
    document = reader.attempt(experiment.read, json.dumps(made).encode(), "x.json")
    return [mistake.message for mistake in experiment.check(document).mistakes if not mistake.warning]


@pytest.fixture(autouse=True, scope="module")
def _variable() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SET", "5")
        patch.delenv("UNSET", raising=False)
        yield


def test_the_experiment_that_is_changed_is_valid_to_both() -> None:
    assert (theirs(VALID), ours(VALID)) == ("", [])


CHANGE = st.tuples(st.sampled_from(PATHS), st.sampled_from(VALUES))


@given(st.lists(CHANGE, min_size=1, max_size=2))
@example([(("configuration",), None)])
@example([(("configuration", "set", "key"), 7)])
@example([(("configuration", "typed", "env_var_type"), "whole")])
@example([(("configuration", "typed", "default"), "three")])
@example([(("secrets", "group"), "x")])
@example([(("secrets", "group", "set", "key"), GONE)])
@example([(("steady-state-hypothesis", "controls"), None)])
@example([(("steady-state-hypothesis", "probes", 6, "tolerance"), GONE)])
@example([(("controls", 0, "name"), GONE)])
@example([(("controls", 1, "ref"), "nobody")])
@example([(("method", 0, "background"), None)])
@example([(("method", 0, "provider", "arguments"), None)])
@example([(("extensions", 0, "name"), ["x"])])
@example([(("method", 0, "pauses", "before"), None)])
@example([(("title",), 1.5)])
@settings(max_examples=300, deadline=None)
def test_the_two_validations_differ_in_what_the_docs_list(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    made = changed(*changes)
    refused, mistakes = theirs(made), ours(made)
    if refused and not mistakes:
        assert HERE_OR_THERE.search(refused)
    if mistakes and not refused:
        assert all(DELIBERATE.search(message) for message in mistakes)
