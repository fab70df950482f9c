"""One stored history gives the same bytes in every process, whatever its hash seed, zone and language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Expectation
from gameday.core.values import EventId
from gameday.storage import open_plain
from tests.render import a_drill

FILES = ("result.json", "postmortem.md", "postmortem.html", "impact.svg", "playbook.patch", "junit.xml")
WORDS = ("amber", "basalt", "cobalt", "dune", "ember", "fjord", "garnet", "heath")
PROCESSES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
)


def crowd():
    """Give facts that share their instants and differ in words: what a set would bring out of order."""
    for word in WORDS:
        fired = a_drill.fired(word, f"The {word} alert")
        yield 100.0, "alertmanager", fired
        yield 100.0, "alertmanager", a_drill.fired(f"{word}-beside", "Nobody expects this one")
        yield 101.0, "alertmanager", ev.AlertResolved(key=fired.key, alert=word)
        yield 110.0, "trail", ev.ActionTaken(action=f"restart {word}", via="trail", actor=word)
        yield 111.0, "responder", ev.StepDone(step=word)
        yield 112.0, "conductor", ev.ProbeJudged(probe=word, ok=False)
        yield 113.0, "cli", ev.UpdateSent(audience=word, text=f"We look at {word}.")
        yield 228.0, "cli", ev.ReviewAnswered(question=f"step:{word}", answer=f"{word} was not needed")


def events():
    """Give the whole drill with the crowd in it, whose alerts were all expected and came in time."""
    (start, source, _), *facts = a_drill.facts()
    scenario = a_drill.scenario()
    expect = tuple(Expectation(alert=word, within=120.0) for word in WORDS)
    planned = a_drill.planned(scenario=replace(scenario, expect=(scenario.expect[0], *expect)))
    told = a_drill.events([(start, source, planned), *facts, *crowd()])
    return [replace(event, id=EventId(f"{number:03}-{event.id}")) for number, event in enumerate(told)]


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    root = tmp_path_factory.mktemp("space")
    (root / "gameday.toml").write_text('[store]\nurl = "sqlite:///s.db"\nartifacts = "drills"\n')
    store = open_plain(f"sqlite:///{root / 's.db'}")
    store.append(*events())
    load = a_drill.users()
    store.append_load(a_drill.DRILL, load.chunks, load.until)
    store.close()
    return root


@pytest.fixture(scope="module")
def left(space):
    """Write the drill's files in a process of each kind, and give them with what it printed."""
    done = []
    for environ in PROCESSES:
        shutil.rmtree(space / "drills", ignore_errors=True)
        printed = subprocess.run(
            [sys.executable, "-m", "gameday", "postmortem", "last"],
            cwd=space,
            env={**os.environ, **environ},
            capture_output=True,
            check=True,
        ).stdout
        folder = space / "drills" / a_drill.DRILL
        done.append({"stdout": printed, **{file.name: file.read_bytes() for file in folder.iterdir()}})
    return done


def test_every_file_is_left(left):
    assert {*FILES, "history.jsonl", "load.jsonl"} <= set(left[0])
    assert all(word.encode() in left[0]["postmortem.md"] for word in WORDS)


@pytest.mark.parametrize("name", [*FILES, "history.jsonl", "load.jsonl", "stdout"])
def test_every_process_writes_the_same_bytes(left, name):
    assert left[0][name] == left[1][name]
