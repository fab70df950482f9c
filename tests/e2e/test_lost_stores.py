"""Drills whose processes were all killed and whose store is lost, unsigned or closed by a person."""

import json
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing, suppress

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.conftest import eventually
from tests.e2e.truth_space import TruthSpace, activity, experiment, finish

pytestmark = pytest.mark.e2e
PHASES = {"baseline": "1s", "onset": "120s", "response": "120s", "verify": "1s"}


@pytest.fixture
def server():
    """A server of each test's own: closing by hand leaves its fault on."""
    with TruthServer() as made:
        yield made


@pytest.fixture
def mine(server, tmp_path):
    """A workspace and a user of its own, whose state folder only these drills use."""
    state = tmp_path / "state"
    state.mkdir()
    return TruthSpace(tmp_path / "space", {"XDG_STATE_HOME": str(state), "GAMEDAY_ACTOR": "ada"})


def call(space, *words):
    return finish(space.start(*words))


def facts(space, kind):
    with closing(sqlite3.connect(space.database)) as stored:
        rows = stored.execute("SELECT line FROM events WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(line)["fact"] for (line,) in rows]


def killed_in_mid_drill(space, server, **more):
    """Run a drill until its fault is in force, kill every process that it recorded, and give its id."""
    before = len(server.flips)
    child = space.lay_out(server.url, hold="100s", phases=PHASES, **more).run()
    try:
        eventually(lambda: len(server.flips) > before or child.poll() is not None)
        # The store's record of the injection comes a moment after the target's.
        eventually(lambda: facts(space, "FaultInjected") or child.poll() is not None)
        assert child.poll() is None, child.stderr.read()
        pids = [fact["pid"] for fact in facts(space, "ProcessStarted")]
        for number in (signal.SIGSTOP, signal.SIGKILL):  # all at once: none sees another die
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
    finally:
        child.kill()
        child.communicate()
    assert server.flips[-1].fault == "errors"
    with closing(sqlite3.connect(space.database)) as stored:
        ((drill,),) = stored.execute("SELECT drill FROM drills").fetchall()
    return drill


def copies(space):
    return list((space.root.parent / "state" / "gameday" / "open-drills").glob("*.jsonl"))


def delete(space):
    shutil.rmtree(space.root / ".gameday")


def empty(space):
    with closing(sqlite3.connect(space.database)) as stored, stored:
        stored.execute("DELETE FROM events")
        stored.execute("DELETE FROM drills")


def forget_the_beginning(space):
    with closing(sqlite3.connect(space.database)) as stored, stored:
        stored.execute(
            "DELETE FROM events WHERE seq < 1 + (SELECT max(seq) FROM events WHERE kind = 'FaultInjected')"
        )


@pytest.mark.parametrize("lose", [delete, empty, forget_the_beginning])
@pytest.mark.parametrize("words", [("--all",), ("DRILL",)])
def test_a_fault_whose_store_lost_it_is_reverted_from_the_users_own_copy(mine, server, lose, words):
    drill = killed_in_mid_drill(mine, server)
    lose(mine)
    ended = call(mine, "revert", *(drill if word == "DRILL" else word for word in words))
    assert ended.returncode == 0, ended.stderr
    assert server.flips[-1].fault == ""
    assert f"the store lost the history of drill {drill}" in ended.stderr
    assert f"{drill}: reverted and closed" in ended.stderr
    assert copies(mine) == []
    assert call(mine, "revert", "--all").stderr == "nothing is in force\n"


def test_a_moved_workspace_reverts_its_drill_and_another_finds_a_deleted_one(mine, server, tmp_path):
    drill = killed_in_mid_drill(mine, server)
    moved = TruthSpace(tmp_path / "moved", mine.env)
    mine.root.rename(moved.root)
    ended = call(moved, "revert", "--all")
    assert (ended.returncode, server.flips[-1].fault) == (0, ""), ended.stderr
    assert f"{drill}: reverted and closed" in ended.stderr
    again = killed_in_mid_drill(mine, server)
    shutil.rmtree(mine.root)
    ended = call(moved, "revert", "--all")
    assert (ended.returncode, server.flips[-1].fault) == (0, ""), ended.stderr
    assert f"drill {again} has lost its store" in ended.stderr
    assert copies(mine) == []


def test_a_store_deleted_under_a_living_drill_keeps_it_from_nothing(mine, server):
    before = len(server.flips)
    child = mine.lay_out(server.url, hold="2s").run()
    eventually(lambda: len(server.flips) > before)
    delete(mine)
    ended = finish(child)
    assert [flip.fault for flip in server.flips[before:]] == ["errors", ""], ended.stderr
    assert ended.returncode == 70, ended.stderr
    after = call(mine, "revert", "--all")
    assert after.returncode == 0, after.stderr
    assert "the store lost the history of drill" in after.stderr
    shown = call(mine, "show", "last")
    assert shown.returncode == 0, shown.stderr


def test_without_its_beginning_and_without_a_copy_it_is_unknown_until_a_person_closes_it(mine, server):
    drill = killed_in_mid_drill(mine, server)
    forget_the_beginning(mine)
    for copy in copies(mine):
        copy.unlink()
    for words in (("revert", "--all"), ("revert", drill), ("status",)):
        ended = call(mine, *words)
        assert ended.returncode == 4, ended.stderr
        assert "what was requested is lost" in ended.stderr
        assert f'gameday revert {drill} --by-hand "what was done"' in ended.stderr
        assert "Traceback" not in ended.stderr
    closed = call(mine, "revert", drill, "--by-hand", "restarted the server")
    assert closed.returncode == 0, closed.stderr
    assert call(mine, "revert", "--all").stderr == "nothing is in force\n"


def test_a_person_closes_what_no_rollback_undoes_with_name_and_words(mine, server):
    broken = experiment(
        server.url, rollbacks=[activity("action", "off", "order", url="http://127.0.0.1:9", kind="off")]
    )
    drill = killed_in_mid_drill(mine, server, made=broken)
    assert call(mine, "revert", drill, "--by-hand", "  ").returncode == 2
    closed = call(mine, "revert", drill, "--by-hand", "switched it off at the console")
    assert closed.returncode == 0, closed.stderr
    assert f"{drill}: closed; undone by hand, as ada recorded" in closed.stderr
    shown = call(mine, "show", drill)
    assert "by hand, as ada recorded: “switched it off at the console”" in shown.stdout
    report = call(mine, "postmortem", drill).stdout
    assert "Fault undone by hand, as ada recorded: “switched it off at the console”." in report
    again = call(mine, "revert", drill, "--by-hand", "once more")
    assert again.returncode == 2
    assert "nothing in force" in again.stderr


def test_a_drill_that_its_own_processes_look_after_is_not_closed_by_hand(mine, server):
    before = len(server.flips)
    child = mine.lay_out(server.url, hold="100s", phases=PHASES).run()
    try:
        eventually(lambda: len(server.flips) > before)
        refused = call(mine, "revert", "last", "--by-hand", "did it")
        assert refused.returncode == 2, refused.stderr
        assert "still looked after by its own processes" in refused.stderr
        open_faults = json.loads(call(mine, "status", "--json").stdout)[0]["open_faults"]
        assert [fault["environment"] for fault in open_faults] == ["truth"]
    finally:
        child.send_signal(signal.SIGTERM)
        finish(child)


def test_what_another_user_requested_is_shown_and_played_only_after_a_persons_word(mine, server, tmp_path):
    drill = killed_in_mid_drill(mine, server)
    other = tmp_path / "other"
    other.mkdir()
    me = TruthSpace(mine.root, {**mine.env, "XDG_STATE_HOME": str(other)})
    flips = len(server.flips)
    for words in (("revert", "--all"), ("revert", drill), ("revert", "--here"), ("status",), ("list",)):
        ended = call(me, *words)
        assert ended.returncode == (0 if words == ("list",) else 4), ended.stderr
        assert "turn it off: call gameday.testing.truth.order(" in ended.stderr
        assert f"gameday revert {drill} --play-unsigned" in ended.stderr
    assert len(server.flips) == flips
    refused = finish(me.run())
    assert refused.returncode == 5, refused.stderr
    assert call(me, "revert", "--all", "--play-unsigned").returncode == 2
    time.sleep(0.1)
    assert len(server.flips) == flips
    played = call(me, "revert", drill, "--play-unsigned")
    assert played.returncode == 0, played.stderr
    assert server.flips[-1].fault == ""
