"""The store fails in the middle of a drill: the fault is reverted in time, and nothing is lost."""

import json
import sqlite3
import time

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.truth_space import TruthSpace, finish

pytestmark = pytest.mark.e2e
HOLD = 2.0
LATE = 28.0
"""Seconds beyond the hold within which the fault must be off. A conductor that can't hear from the store
that the fault is in force aborts when it fails to renew the lease, every 20 s."""


@pytest.fixture(scope="module")
def server():
    with TruthServer() as made:
        yield made


def until(holds, within=60.0):
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.02)


def lock(space):
    """Hold the write lock until it is given back."""
    holder = sqlite3.connect(space.database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    return lambda: (holder.execute("ROLLBACK"), holder.close())


def move_away(space):
    """Move the store away until it is moved back."""
    away = space.root / "away"
    away.mkdir()
    files = [file for file in space.database.parent.iterdir() if file.name.startswith(space.database.name)]
    for file in files:
        file.rename(away / file.name)
    return lambda: [(away / file.name).rename(file) for file in files]


@pytest.fixture(scope="module", params=[lock, move_away], ids=["locked", "gone"])
def drill(request, server, tmp_path_factory):
    """Run a drill whose store fails once the fault is in force, until the drill is over."""
    space = TruthSpace(tmp_path_factory.mktemp("trouble")).lay_out(server.url)
    before = len(server.flips)
    child = space.run()
    until(lambda: len(server.flips) > before)
    repair = request.param(space)
    try:
        ended = finish(child)
    finally:
        repair()
    return space, ended, server.flips[before:]


def test_the_fault_is_reverted_in_time(drill):
    _, ended, flips = drill
    assert [flip.fault for flip in flips] == ["errors", ""], ended.stderr
    assert flips[1].at - flips[0].at < HOLD + LATE


def test_the_exit_code_and_a_sentence_say_it(drill):
    _, ended, _ = drill
    assert ended.returncode == 70, ended.stderr
    assert "kept beside" in ended.stderr


def test_events_are_kept_on_disk_and_merged_by_the_next_command(drill):
    space, _, _ = drill
    kept = list(space.drills.glob("*/spill.jsonl"))
    assert len(kept) == 1
    ids = [json.loads(line)["event"]["id"] for line in kept[0].read_text().splitlines() if '{"event"' in line]
    assert finish(space.start("verify", "last")).returncode == 0
    assert not kept[0].exists()
    with sqlite3.connect(space.database) as stored:
        found = {row[0] for row in stored.execute("SELECT id FROM events")}
    assert ids
    assert set(ids) <= found


def test_the_drill_is_closed_and_reverted_in_the_store_in_the_end(drill):
    space, _, _ = drill
    rows = json.loads(finish(space.start("list", "--json")).stdout)
    assert rows[0]["closed"]
    shown = json.loads(finish(space.start("show", "last", "--json")).stdout)
    assert shown["reverted"] is True
