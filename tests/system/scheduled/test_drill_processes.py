"""The processes of scheduled drills: one stands ready, each confirms its claim, none outlives its daemon."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.cli.daemon.launcher import LAUNCHER
from gameday.core.plans.schedule import (
    Kind,
    Record,
    Recurrence,
    Schedule,
    ScheduleId,
    SchedulePosition,
    State,
)
from gameday.core.values import instant
from gameday.ports import ScheduleRow
from gameday.storage import open_schedules
from gameday.system.scheduled.drill_processes import ChildStarter, Executors
from gameday.testing.clock import VirtualClock
from gameday.testing.schedules import FakeStarter, MemoryScheduleStore

T = instant(1_800_000_000.0)
RULE = Recurrence(kind=Kind.RRULE, text="FREQ=DAILY", zone="UTC", start="2026-03-01T10:00:00")
ONE = Schedule(schedule=ScheduleId("a"), scenario="none.yaml", environment="shop", recurrence=RULE, seed="s")
HERE = SchedulePosition(occurrence=T, wake=T)
CLAIMED = Record(
    schedule=ONE.schedule, occurrence=T, moment=T, environment="shop", state=State.CLAIMED, decided=T,
    holder="me/1", until=instant(T + 20),
)  # fmt: skip


@pytest.fixture
def url(tmp_path) -> str:
    (tmp_path / "gameday.toml").write_text("")
    found = f"sqlite:///{tmp_path / 's.db'}"
    with closing(open_schedules(found)) as store:
        store.add(ScheduleRow(schedule=ONE, position=HERE))
        store.claim(CLAIMED, ScheduleRow(schedule=ONE, position=HERE), HERE)
    return found


def started(url, tmp_path, record: Record = CLAIMED, *, ready: bool = False) -> tuple[int, Record, str]:
    starter = ChildStarter(LAUNCHER, store_url=url, root=tmp_path, folder=tmp_path / "scheduled")
    if ready:
        starter.make_ready()
    drill = starter.start(ONE, record)
    end = time.monotonic() + 60
    while (code := drill.ended()) is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    starter._ready.kill()
    with closing(open_schedules(url)) as store:
        found = store.record(ONE.schedule, T)
    return code, found, drill.result_file.with_suffix(".txt").read_text()


@pytest.mark.parametrize("ready", [True, False])
def test_a_claim_becomes_a_start_and_the_process_the_drill(url, tmp_path, ready):
    code, record, output = started(url, tmp_path, ready=ready)
    assert (code, record.state) == (2, State.STARTED)
    assert "none.yaml" in output
    assert all(path.stat().st_mode & 0o77 == 0 for path in (tmp_path / "scheduled").iterdir())


def test_a_claim_that_was_taken_over_starts_nothing_and_spoils_nothing(url, tmp_path):
    (tmp_path / "scheduled").mkdir()
    (tmp_path / "scheduled" / "a-20270115T080000Z.txt").write_text("what the other drill said\n")
    code, record, output = started(url, tmp_path, replace(CLAIMED, holder="another"))
    assert (code, record) == (75, CLAIMED)
    assert output == "what the other drill said\nthe claim was taken over; nothing was started\n"


def test_without_a_store_nothing_starts(url, tmp_path):
    starter = ChildStarter(
        LAUNCHER, store_url="postgresql://x:s3cret@127.0.0.1:9/none", root=tmp_path, folder=tmp_path / "s"
    )
    drill = starter.start(ONE, CLAIMED)
    assert drill.child.wait(60) == 75
    assert "is away" in drill.result_file.with_suffix(".txt").read_text()
    assert b"s3cret" not in (tmp_path / "s").joinpath("a-20270115T080000Z.txt").read_bytes()
    starter._ready.kill()


def test_what_stands_ready_shows_no_password_and_ends_with_its_daemon(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from gameday.system.scheduled.drill_processes import ChildStarter\n"
        "from gameday.cli.daemon.launcher import LAUNCHER\n"
        "one = ChildStarter(LAUNCHER, store_url='postgresql://x:s3cret@127.0.0.1:9/none', root=Path('.'), folder=Path('s'))\n"
        "one.make_ready(); print(one._ready.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as daemon:
        pid = int(daemon.stdout.readline())
        assert "s3cret" not in Path(f"/proc/{pid}/cmdline").read_text()
        daemon.kill()
    end = time.monotonic() + 30
    while _runs(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_that_died_while_it_stood_ready_is_replaced(url, tmp_path):
    starter = ChildStarter(LAUNCHER, store_url=url, root=tmp_path, folder=tmp_path / "scheduled")
    starter.make_ready()
    starter._ready.kill()
    drill = starter.start(ONE, CLAIMED)
    assert drill.child.wait(60) == 2
    starter._ready.kill()


def test_each_environment_has_its_executor():
    clock, store = VirtualClock(), MemoryScheduleStore()
    here, there = (FakeStarter(clock=clock, store=store, hands=True) for _ in range(2))
    executors = Executors(default=here, by_environment={"staging": there})
    executors.start(ONE, CLAIMED)
    executors.start(ONE, replace(CLAIMED, environment="staging"))
    assert [record.environment for record in (*here.handed, *there.handed)] == ["shop", "staging"]
