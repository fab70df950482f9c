"""`gameday store` as its users type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, instant
from gameday.storage import open_plain, schema
from tests.postgresql import PASSWORD


@pytest.fixture
def space(tmp_path):
    (tmp_path / "gameday.toml").write_text('[store]\nurl = "sqlite:///s.db"\n')
    store = open_plain(f"sqlite:///{tmp_path / 's.db'}")
    facts = (ev.NoteWritten(text="a"), ev.DrillClosed(how="completed", reverted=True))
    for number, fact in enumerate(facts):
        store.append(
            ev.Event(
                id=EventId(f"{number}"), drill=DrillId("d"), recorded_at=instant(1.8e9), source="x", fact=fact
            )
        )
    store.close()
    return tmp_path


def gameday(space, *words, **environ):
    argv = [sys.executable, "-m", "gameday", "store", *words]
    return subprocess.run(
        argv, cwd=space, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )


def test_a_store_moves_to_postgresql_and_back(space, server):
    there = server.url()
    done = gameday(space, "copy", "--to", "env:THERE", "--json", THERE=there)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"drills": 1, "events": 2, "load": 0, "schedules": 0, "new": 2}
    back = gameday(space, "copy", "--from", there, "--to", "sqlite:///back.db")
    assert back.returncode == 0, back.stderr
    assert "hash chains intact; 2 rows were new" in back.stderr
    assert PASSWORD not in back.stderr


def test_a_migration_says_before_and_after(space):
    done = gameday(space, "migrate", "--json")
    assert json.loads(done.stdout) == {"before": schema.VERSION, "after": schema.VERSION}
    assert f"already has schema {schema.VERSION}" in gameday(space, "migrate").stderr


def test_what_can_not_be_done_is_said(space):
    same = gameday(space, "copy", "--from", "sqlite:///x.db", "--to", "sqlite:///x.db")
    assert (same.returncode, same.stderr) == (2, "error: source and target are the same store\n")
    unset = gameday(space, "copy", "--to", "env:NOWHERE")
    assert (unset.returncode, unset.stderr) == (2, "error: the variable NOWHERE is not set\n")
    away = gameday(space, "copy", "--to", "postgresql://someone:s3cret@127.0.0.1:9/gameday")
    assert away.returncode == 5
    assert "is away" in away.stderr
    assert "s3cret" not in away.stderr
    lost = gameday(space, "migrate", "--to", "0")
    assert lost.returncode == 2
    assert "would be lost" in lost.stderr
