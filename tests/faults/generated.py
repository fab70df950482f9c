"""Experiments that together use all of Chaos Toolkit's format, run by `chaos run` and by gameday, and compared.

Each number gives one experiment, always the same. Every kind of provider, tolerance, strategy, control, background
activity, pause, reference, configuration and secret occurs in the first dozen, in another mixture each time.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ACTIONS = """
import datetime, decimal, json, time, uuid
def value(of): return of
def slow(seconds): time.sleep(seconds); return seconds
def number(): return 0.25
def document(): return {"items": [{"name": "a"}, {"name": "b"}], "n": [1, 2]}
def broken(): raise RuntimeError("broken on purpose")
def judge(value=None, least=0): return value >= least
def seen(what, configuration=None, secrets=None): return [what, sorted(configuration), sorted(secrets or {})]
def odd(): return {"day": datetime.date(2026, 1, 2), "d": decimal.Decimal("1.5"), "u": uuid.UUID(int=7)}
"""
CONTROL = """
import pathlib
def note(word):
    with pathlib.Path("controls.trace").open("a") as trace: trace.write(word + "\\n")
def configure_control(experiment=None, configuration=None, secrets=None, settings=None, who="-"):
    note(f"configure {who}")
    configuration["from_control"] = "set by a control"
def cleanup_control(): note("cleanup")
""" + "".join(
    f"def {when}_{what}_control(context, **_): note('{when} {what} ' + str(context.get('name') or context.get('title')))\n"
    for when in ("before", "after")
    for what in ("experiment", "hypothesis", "method", "rollback", "activity")
)
STRATEGIES = ("default", "before-method-only", "after-method-only", "during-method-only", "continuously")
ENVIRONMENT = {
    "A_HOST": "h-1",
    "A_NUMBER": "7",
    "A_FLAG": "no",
    "A_LIST": "[1, 2]",
    "A_TOKEN": "tok-9f8e7d6c",
}


def python(func: str, kind: str = "action", name: str = "", **arguments: Any) -> Json:
    provider: Json = {"type": "python", "module": "the_actions", "func": func}
    if arguments:
        provider["arguments"] = arguments
    return {"type": kind, "name": name or func, "provider": provider}


def _process(kind: str, name: str, arguments: Any) -> Json:
    return {
        "type": kind,
        "name": name,
        "provider": {"type": "process", "path": "echo", "arguments": arguments},
    }


def _http(kind: str, name: str, **more: Any) -> Json:
    return {"type": kind, "name": name, "provider": {"type": "http", "url": "${where}/json", **more}}


def probes() -> list[Json]:
    """Give a probe for each kind of tolerance."""
    judged = python("judge", "probe", "tolerance", least=0.2)
    return [
        {**_http("probe", "status", timeout=5), "tolerance": 200},
        {**_http("probe", "one of some", timeout=[1, 5]), "tolerance": [200, 204, 301]},
        {**python("value", "probe", "true", of=True), "tolerance": True},
        {**python("value", "probe", "text", of="all well"), "tolerance": "all well"},
        {**python("value", "probe", "text of a variable", of="h-1"), "tolerance": "${host}"},
        {**python("number", "probe", "bounds"), "tolerance": [0, 1]},
        {**python("number", "probe", "range"), "tolerance": {"type": "range", "range": [0, 0.5]}},
        {
            **_process("probe", "regex", ["x", 1]),
            "tolerance": {"type": "regex", "target": "stdout", "pattern": "^x 1"},
        },
        {
            **_http("probe", "json path"),
            "tolerance": {"type": "jsonpath", "path": "$.n[*]", "count": 2, "target": "body"},
        },
        {
            **python("document", "probe", "json path, expected"),
            "tolerance": {"type": "jsonpath", "path": "$.items[0].name", "expect": ["a"]},
        },
        {**python("number", "probe", "by a probe"), "tolerance": judged},
    ]


def activities() -> list[Json]:
    """Give one activity for each way to call something."""
    return [
        python("value", name="a value", of={"a": [1, None, "ä"]}),
        python("odd", name="types of its own"),
        {
            **python("seen", name="what it sees", what="${number}-${host}"),
            "provider": {
                **python("seen", what="${number}-${host}")["provider"],
                "secrets": ["group", "undeclared"],
            },
        },
        python("broken", name="it fails"),
        {**python("slow", name="in the background", seconds=0.4), "background": True},
        {**python("value", name="after a pause", of=1), "pauses": {"before": 0.2, "after": "${pause}"}},
        _process("action", "a list", ["-n", "${host}", 5, None, ""]),
        _process("action", "a mapping", {"-n": "", "one": "${number}"}),
        _process("action", "a text", "plain words"),
        _process("action", "a text with a variable", "number ${number}"),
        {
            **_process("action", "it ends with an error", ["-c", "exit 3"]),
            "provider": {"type": "process", "path": "sh", "arguments": ["-c", "exit 3"], "timeout": 5},
        },
        _http("probe", "get", arguments={"q": "${host}"}),
        _http(
            "action", "post", method="POST", headers={"Content-Type": "application/json"}, arguments={"a": 1}
        ),
        _http("action", "post a form", method="POST", arguments={"a": "${number}"}, max_retries=1),
        python("value", "probe", "what a control has set", of="${from_control}"),
    ]


CONFIGURATION: Json = {
    "where": {"type": "env", "key": "WHERE"},
    "host": {"type": "env", "key": "A_HOST"},
    "default": {"type": "env", "key": "NOT_SET_ANYWHERE", "default": "fallback"},
    "number": {"type": "env", "key": "A_NUMBER", "env_var_type": "int"},
    "flag": {"type": "env", "key": "A_FLAG", "env_var_type": "bool"},
    "listed": {"type": "env", "key": "A_LIST", "env_var_type": "json"},
    "pause": 0.1,
    "plain": {"nested": ["x"]},
}
DYNAMIC: Json = {
    "by_python": python("value", "probe", "found by python", of="p"),
    "by_process": _process("probe", "found by a process", ["found"]),
    "by_http": _http("probe", "found by http"),
}
SECRETS: Json = {"group": {"token": {"type": "env", "key": "A_TOKEN"}, "inline": "inline-5a4b3c2d"}}


def experiment(number: int) -> Json:
    """Give the experiment of a number."""
    chosen = random.Random(number)
    control = {
        "name": "c",
        "provider": {"type": "python", "module": "the_control", "arguments": {"who": "me"}},
    }
    every = probes()
    # By stride, so that each kind occurs soon, next to others every time.
    hypothesis = [every[(number + step * 3) % len(every)] for step in range(2 + number % 3)]
    names = {probe["name"] for probe in hypothesis}
    hypothesis = [next(probe for probe in every if probe["name"] == name) for name in sorted(names)]
    calls = activities()
    method = [calls[(number * 2 + step * 4) % len(calls)] for step in range(3 + number % 3)]
    method = [
        next(call for call in calls if call["name"] == name)
        for name in dict.fromkeys(each["name"] for each in method)
    ]
    if not any(call["type"] == "action" for call in method):
        method.append(python("value", name="the fault", of=number))
    if number % 3 == 0:
        method.append({"ref": hypothesis[0]["name"]})
    rollbacks: list[Json] = [
        python("value", name="undo", of="${number}"),
        _process("action", "undo, too", ["undone"]),
    ]
    if number % 4 == 0:
        rollbacks.append({**python("slow", name="undo in the background", seconds=0.2), "background": True})
    made: Json = {
        "version": "1.0.0",
        "title": f"experiment {number} of ${{host}}",
        "description": "made for the comparison",
        "tags": ["a", "b"],
        "contributions": {"reliability": "high"},
        "extensions": [{"name": "other", "what": {"ever": number}}],
        "configuration": CONFIGURATION | (DYNAMIC if number % 2 else {}),
        "secrets": SECRETS,
        "steady-state-hypothesis": {"title": "well", "probes": hypothesis},
        "method": method,
        "rollbacks": rollbacks,
        "runtime": {"hypothesis": {"strategy": STRATEGIES[number % len(STRATEGIES)]}},
    }
    _add_controls(made, control, number)
    if (
        number % 6 == 5 or number % 11 == 0
    ):  # nothing sets it: gameday refuses a variable that nothing defines
        made["method"] = [each for each in made["method"] if each.get("name") != "what a control has set"]
    if number % 11 == 0:
        del made["steady-state-hypothesis"]
        made["method"] = [each for each in made["method"] if "ref" not in each]
    chosen.shuffle(made["method"])
    return made


def _add_controls(made: Json, control: Json, number: int) -> None:
    match number % 6:
        case 0:
            made["controls"] = [control]
        case 1:
            made["steady-state-hypothesis"]["controls"] = [{**control, "scope": "before"}]
        case 2:
            made["method"][0] = {**made["method"][0], "controls": [{**control, "scope": "after"}]}
        case 3:
            made["controls"] = [{**control, "automatic": False}]
            made["method"][0] = {**made["method"][0], "controls": [{"name": "c", **control}]}
        case 4:
            made["controls"] = [
                control,
                {**control, "name": "d", "provider": control["provider"] | {"arguments": {"who": "d"}}},
            ]
        case _:
            pass


# --- both runs ---

SCENARIO = """\
scenario: compared
title: t
environment: mine
responders: none
experiment: ../experiments/x.json
hold: none
phases: {baseline: 0s, onset: 1s, response: 60s, verify: 0s}
"""
SETTINGS = """\
[store]
url = "sqlite:///.gameday/gameday.db"
[environments.mine]
base_url = "WHERE"
[environments.mine.policy]
providers = ["python:*", "http:*", "process:*", "shell:echo *"]
hosts = ["127.0.0.1"]
"""


def workspace(root: Path, where: str) -> Path:
    """Write a workspace in which generated experiments run."""
    for name, text in {
        "the_actions.py": ACTIONS,
        "the_control.py": CONTROL,
        "gameday.toml": SETTINGS.replace("WHERE", where),
        "scenarios/compared.yaml": SCENARIO,
        "experiments/x.json": "{}",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def _environment(where: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GAMEDAY_")}
    return {**kept, **ENVIRONMENT, "WHERE": where, "PATH": path, "NO_COLOR": "1"}


def by_chaos(root: Path, made: Json, where: str, *options: str) -> tuple[Json, list[str]]:
    """Run an experiment by `chaos run` with options; give the journal, and the calls of its controls."""
    (root / "experiments" / "x.json").write_text(json.dumps(made), encoding="utf-8")
    words = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "run"]
    words += [*options, "experiments/x.json"]
    return _run(root, words, where, root / "journal.json")


def by_gameday(root: Path, made: Json, where: str) -> tuple[Json, list[str]]:
    """Run an experiment by `gameday run`; give the journal, and the calls of its controls."""
    (root / "experiments" / "x.json").write_text(json.dumps(made), encoding="utf-8")
    words = [sys.executable, "-m", "gameday", "run", "scenarios/compared.yaml", "--yes", "--json"]
    before = set((root / ".gameday" / "drills").glob("*/journal.json"))
    return _run(root, words, where, before)


def _run(root: Path, words: list[str], where: str, journal: Path | set[Path]) -> tuple[Json, list[str]]:
    trace = root / "controls.trace"
    trace.unlink(missing_ok=True)
    done = subprocess.run(
        words, cwd=root, env=_environment(where), capture_output=True, text=True, check=False, timeout=300
    )
    if isinstance(journal, set):
        new = set((root / ".gameday" / "drills").glob("*/journal.json")) - journal
        journal = next(iter(new), root / "no journal")
    if not journal.exists():
        raise AssertionError(
            f"{' '.join(words[2:])} left no journal:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
    found = json.loads(journal.read_text(encoding="utf-8"))
    return found, trace.read_text(encoding="utf-8").splitlines() if trace.exists() else []


# --- the comparison ---

INSTANTS = {"start", "end", "duration", "Date"}
HOST = {"platform", "node"}
_PATHS = re.compile(r"(/[\w.+-]+)+/|0x[0-9a-f]+|line \d+")
_SECRETS = re.compile("|".join(re.escape(text) for text in ("tok-9f8e7d6c", "inline-5a4b3c2d")))
MASK = "***"


def comparable(journal: Any) -> Any:
    """Take out of a journal what may differ: instants, durations, the host, paths; and mask secrets."""
    if isinstance(journal, Mapping):
        return {key: comparable(value) for key, value in journal.items() if key not in INSTANTS | HOST}
    if isinstance(journal, list):
        return [comparable(value) for value in journal]
    if isinstance(journal, str):
        return _SECRETS.sub(MASK, _PATHS.sub("…/", journal))
    return journal


def differences(chaos: Json, gameday: Json) -> Iterator[str]:
    """Name the places in which two journals differ beyond what is permitted."""
    theirs, ours = comparable(chaos), comparable(gameday)
    if not theirs["rollbacks"]:  # Chaos Toolkit's own strategy played none; gameday's is `always`
        ours["rollbacks"] = []
    for journal in (
        theirs,
        ours,
    ):  # in the order in which they ended: background activities run alongside others
        journal["run"] = sorted(journal["run"], key=lambda run: str(run["activity"]["name"]))
        journal["rollbacks"] = sorted(journal["rollbacks"], key=lambda run: str(run["activity"]["name"]))
        # How many evaluations fit into the method is a matter of time.
        journal["steady_states"]["during"] = journal["steady_states"]["during"][:1]
    yield from _differences("", theirs, ours)


def _differences(where: str, theirs: Any, ours: Any) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}):
            yield from _differences(f"{where}.{key}", theirs.get(key, "nothing"), ours.get(key, "nothing"))
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from _differences(f"{where}[{index}]", *pair)
    elif theirs != ours:
        yield f"{where}: chaos {str(theirs)[:200]!r}, gameday {str(ours)[:200]!r}"
