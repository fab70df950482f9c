"""`gameday worker`: a daemon hands a drill to it, over a real PostgreSQL server."""

from __future__ import annotations

from contextlib import closing

import pytest

from gameday.core.plans.schedule import State
from gameday.storage import open_schedules
from tests.cli.daemon.test_serve import PLAYER, Served, gameday, space, wait_until_it_responds  # noqa: F401  # a fixture
from tests.postgresql import PASSWORD


@pytest.fixture
def shared(space, server):  # noqa: F811
    url = server.url()
    (space / "gameday.toml").write_text(f'[store]\nurl = "{url}"\n[environments.here]\nexecutor = "worker"\n')
    return space, url


def test_a_drill_is_handed_to_a_worker_which_keeps_it_and_a_stop_aborts_it(shared):
    space, url = shared  # noqa: F811
    daemon, worker = Served(space), Served(space, command=("worker", "--environment", "here"))
    try:
        daemon.ready()
        worker.ready("working for")
        gameday(space, "schedule", "add", "scenarios/talk.yaml", "--at", daemon.soon(), *PLAYER)
        daemon.wait_for("talk: scenarios/talk.yaml on here is handed to another host")
        worker.wait_for("talk: starts scenarios/talk.yaml on here")
        wait_until_it_responds(space)
        with closing(open_schedules(url)) as store:
            (record,) = store.records()
            daemon.stop()
            assert (record.state, str(worker.process.pid) in record.holder) == (State.STARTED, True)
            worker.stop()
            (record,) = store.records()
        assert (record.state, record.exit_code) == (State.ENDED, 3)
        assert PASSWORD not in "".join((*daemon.said, *worker.said))
    finally:
        daemon.end()
        worker.end()


def test_what_no_worker_can_do_is_refused(space):  # noqa: F811
    unknown = gameday(space, "worker", "--environment", "elsewhere", code=2)
    assert "no environment 'elsewhere'" in unknown.stderr
    own = gameday(space, "worker", "--environment", "here", code=2)
    assert "workers need a store that several hosts can use" in own.stderr
    with (space / "gameday.toml").open("a") as opened:
        opened.write('executor = "worker"\n')
    served = gameday(space, "serve", code=2)
    assert "drills on here run on other hosts, and the store is this host's own" in served.stderr


def test_an_occurrence_that_is_not_there_is_not_ours_to_start(space):  # noqa: F811
    done = gameday(space, "worker", "--occurrence", "talk@1800000000")
    assert "not started here" in done.stderr
