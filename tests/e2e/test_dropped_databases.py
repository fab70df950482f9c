"""Drills whose PostgreSQL database is dropped in the middle of them."""

import json
import os
import signal
from contextlib import suppress

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.conftest import eventually
from tests.e2e.truth_space import SETTINGS, TruthSpace, finish
from tests.postgresql import KEY, KEY_SETTING, PASSWORD

pytestmark = pytest.mark.e2e
PHASES = {"baseline": "1s", "onset": "120s", "response": "120s", "verify": "1s"}


class DroppedStore:
    """A workspace whose store is a database of its own, with a drill whose fault is in force."""

    def __init__(self, folder, truth, server):
        state = folder / "state"
        state.mkdir()
        self.truth, self._server = truth, server
        url = server.url()
        self.name = url.rpartition("/")[2]
        store = f'[store]\nurl = "{url}"\n{KEY_SETTING}\n'
        self.space = TruthSpace(folder / "space", {"XDG_STATE_HOME": str(state), **KEY})
        self.space.lay_out(truth.url, settings=store + SETTINGS, hold="100s", phases=PHASES)
        self.child = self.space.run()
        eventually(lambda: truth.flips or self.child.poll() is not None)
        assert self.child.poll() is None, self.child.stderr.read()

    def drop(self, *, anew):
        self._server.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
        if anew:
            self._server.execute(f"CREATE DATABASE {self.name}")

    def kill_all(self):
        rows = self._server.execute("SELECT line FROM events WHERE kind = 'ProcessStarted'", self.name)
        pids = [json.loads(line)["fact"]["pid"] for (line,) in rows]
        for number in (signal.SIGSTOP, signal.SIGKILL):  # all at once: none sees another die
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def end(self):
        self.child.kill()
        self.child.communicate()


@pytest.fixture
def dropped(server, tmp_path):
    with TruthServer() as truth:
        made = DroppedStore(tmp_path, truth, server)
        yield made
        made.end()


@pytest.mark.parametrize("anew", [False, True], ids=["gone", "empty"])
def test_what_dead_processes_left_is_reverted_from_the_users_own_copy(dropped, anew):
    dropped.kill_all()
    dropped.drop(anew=anew)
    assert dropped.truth.flips[-1].fault == "errors"
    ended = finish(dropped.space.start("revert", "--all"))
    assert dropped.truth.flips[-1].fault == "", ended.stderr
    assert "reverted and closed" in ended.stderr
    assert PASSWORD not in ended.stderr
    # That the store itself is away is said all the same.
    assert ended.returncode == (0 if anew else 5), ended.stderr


def test_a_living_drill_reverts_by_itself_and_nothing_is_in_force_afterwards(dropped):
    dropped.drop(anew=False)
    ended = finish(dropped.child)
    assert [flip.fault for flip in dropped.truth.flips] == ["errors", ""], ended.stderr
    assert ended.returncode == 70, ended.stderr
    after = finish(dropped.space.start("revert", "--all"))
    assert after.returncode == 5, after.stderr
    assert [flip.fault for flip in dropped.truth.flips] == ["errors", ""]
