"""The store fails in the middle of a drill: the fault is reverted in time, and nothing is lost."""

import json
import sqlite3
import time
from contextlib import closing

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.truth_space import SETTINGS, TruthSpace, finish
from tests.small_disk import SmallDisk

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


def lock(space, _):
    """Hold the write lock until it is given back."""
    holder = sqlite3.connect(space.database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    return lambda: (holder.execute("ROLLBACK"), holder.close())


def move_away(space, _):
    """Move the store away until it is moved back."""
    away = space.root / "away"
    away.mkdir()
    files = [file for file in space.database.parent.iterdir() if file.name.startswith(space.database.name)]
    for file in files:
        file.rename(away / file.name)
    return lambda: [(away / file.name).rename(file) for file in files]


def fill(_, disk):
    """Take every last block of the disk on which the store and the drills' folders lie."""
    return disk.fill()


def make_read_only(_, disk):
    """Let the kernel stop all writing to the disk on which the store lies."""
    return disk.fail()


ELSEWHERE = '[store]\nartifacts = "drills"\n' + SETTINGS
"""The drills' folders lie on another disk than the store."""


@pytest.fixture(scope="module")
def trouble(server, tmp_path_factory):
    """Run a drill whose store fails once the fault is in force, until the drill is over."""
    mounted = []

    def drill(strike, settings=SETTINGS):
        root = tmp_path_factory.mktemp("trouble")
        disk = None
        if strike in (fill, make_read_only):
            disk = SmallDisk.mounted(root / "image", root / "space" / ".gameday")
            mounted.append(disk)
        space = TruthSpace(root / "space").lay_out(server.url, settings=settings)
        before = len(server.flips)
        child = space.run()
        until(lambda: len(server.flips) > before)
        repair = strike(space, disk)
        try:
            ended = finish(child)
        finally:
            repair()
        return space, ended, server.flips[before:]

    yield drill
    for disk in mounted:
        disk.unmount()


TROUBLES = {
    "locked": (lock,),
    "gone": (move_away,),
    "full": (fill,),
    "read-only": (make_read_only, ELSEWHERE),
}


@pytest.fixture(scope="module", params=TROUBLES.values(), ids=list(TROUBLES))
def drill(request, trouble):
    return trouble(*request.param)


def test_the_fault_is_reverted_in_time(drill):
    _, ended, flips = drill
    assert [flip.fault for flip in flips] == ["errors", ""], ended.stderr
    assert flips[1].at - flips[0].at < HOLD + LATE


def test_the_exit_code_and_a_sentence_say_it(drill):
    _, ended, _ = drill
    assert ended.returncode == 70, ended.stderr
    assert "kept in the drill's folder" in ended.stderr


def test_events_are_kept_on_disk_and_merged_by_the_next_command(drill):
    space, _, _ = drill
    kept = list(space.root.glob("**/drills/*/spill.jsonl"))
    assert len(kept) == 1
    ids = [json.loads(line)["event"]["id"] for line in kept[0].read_text().splitlines() if '{"event"' in line]
    assert finish(space.start("verify", "last")).returncode == 0
    assert not kept[0].exists()
    with closing(sqlite3.connect(space.database)) as stored:
        found = {row[0] for row in stored.execute("SELECT id FROM events")}
    assert ids
    assert set(ids) <= found
    assert not list(kept[0].parent.glob("spill.*"))


def test_the_drill_is_closed_and_reverted_in_the_store_in_the_end(drill):
    space, _, _ = drill
    rows = json.loads(finish(space.start("list", "--json")).stdout)
    assert rows[0]["closed"]
    shown = json.loads(finish(space.start("show", "last", "--json")).stdout)
    assert shown["reverted"] is True


def test_where_nothing_at_all_can_be_written_the_fault_is_reverted_and_a_person_is_told(trouble):
    """Who can't read that a fault was undone can't say that it was; the next command sees to it."""
    space, ended, flips = trouble(make_read_only)
    assert [flip.fault for flip in flips] == ["errors", ""], ended.stderr
    assert flips[1].at - flips[0].at < HOLD + LATE
    assert ended.returncode == 4, ended.stderr
    assert "can't be kept in" in ended.stderr
    assert "What a person must do" in ended.stderr
    assert "Traceback" not in ended.stderr
    after = finish(space.start("list", "--json"))
    assert "reverted and closed" in after.stderr
    assert json.loads(after.stdout)[0]["closed"]
