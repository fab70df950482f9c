"""The PostgreSQL store against what happens to servers and connections: deaths, restarts, crowds, locks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gameday.core.errors import StoreUnavailable, UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
from gameday.core.values import DrillId, EventId, instant
from gameday.storage import open_executor, open_store, schema, statements
from gameday.storage.postgresql import Server, parse
from gameday.storage.spill.spilling_store import SpillingStore
from tests.postgresql import PASSWORD, PostgreSQL
from tests.storage.stores import postgresql_store

D = DrillId("d1")
WRITERS = Path(__file__).with_name("writers.py")


def note(name: str) -> ev.Event:
    return ev.Event(
        id=EventId(name), drill=D, recorded_at=instant(1_800_000_000.0), source="cli",
        fact=ev.NoteWritten(text=name),
    )  # fmt: skip


def writer(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITERS), *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


@pytest.fixture
def url(server):
    return server.url()


@pytest.fixture
def name(url):
    """The database."""
    return url.rpartition("/")[2]


@pytest.fixture
def store(url):
    opened = postgresql_store(url)
    yield opened
    opened.close()


@pytest.fixture
def own():
    """A server that the test may kill and stop."""
    running = PostgreSQL()
    yield running
    running.process.send_signal(signal.SIGCONT)
    running.remove()


@pytest.fixture
def needs_server(server):
    """Skips where there is none, before a test starts one of its own."""


def ids(store) -> list[str]:
    return [row.event.id for row in store.read(D)]


def test_what_was_appended_is_there_for_whoever_opens_it_next(store, url):
    store.append(note("a"))
    again = open_store(url)
    assert ids(again) == ["a"]
    again.close()


def test_a_crowd_of_processes_loses_nothing(store, url):
    crowd = [writer("append", url, D, f"w{number}", "25") for number in range(4)]
    acknowledged = [process.communicate()[0].split() for process in crowd]
    assert [len(lines) for lines in acknowledged] == [25] * 4
    assert sorted(ids(store)) == sorted(name for lines in acknowledged for name in lines)
    assert [row.seq for row in store.read(D)] == list(range(1, 101))
    assert store.verify(D) == []
    for lines in acknowledged:
        assert [name for name in ids(store) if name in lines] == lines


def test_processes_that_open_a_new_store_at_once_all_find_it_well(url):
    crowd = [writer("append", url, D, f"w{number}", "1") for number in range(4)]
    assert [process.communicate()[0].split() for process in crowd] == [[f"w{n}-0"] for n in range(4)]


def test_who_waited_for_another_to_make_the_tables_sees_them(url):
    maker = Server(url, prepare=False)
    with ThreadPoolExecutor() as pool:
        with maker.write() as tx:
            maker.exclude_table_changes(tx)
            waiting = pool.submit(Server, url)
            deadline = time.monotonic() + 10
            while not somebody_waits(tx):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            for statement in schema.missing(0):
                tx.execute(statement, {})
        opened = waiting.result()
    assert opened.rows(statements.GET_VERSION) == [(schema.VERSION,)]
    opened.close()
    maker.close()


def somebody_waits(tx) -> bool:
    return tx.execute(
        "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", {}
    ).scalar()


def test_one_process_wins_a_right(store, url):
    crowd = [writer("claim", url, D, f"w{number}") for number in range(4)]
    assert len([name for process in crowd for name in process.communicate()[0].split()]) == 1


@pytest.mark.kill
def test_kill_9_of_writers_loses_nothing_that_was_acknowledged(store, url):
    acknowledged: list[str] = []
    chance = random.Random(7)
    for number in range(5):
        process = writer("append", url, D, f"w{number}", "100000")
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()  # not communicate(), which leaves out what came with the first line
        process.communicate()
        acknowledged += [line for line in (first + rest).split("\n")[:-1] if line]
        store.append(note(f"between-{number}"))
    stored = ids(store)
    assert set(acknowledged) <= set(stored)
    assert [row.seq for row in store.read(D)] == list(range(1, len(stored) + 1))
    assert store.verify(D) == []


def test_a_connection_that_the_server_ended_is_made_anew(store, server, name):
    store.append(note("a"))
    server.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
    store.append(note("b"))
    assert ids(store) == ["a", "b"]


@pytest.mark.kill
def test_kill_9_of_a_backend_loses_nothing(needs_server, own, tmp_path):
    """The server ends all its backends then, recovers, and serves again."""
    url = own.url()
    plain, store = postgresql_store(url), SpillingStore(postgresql_store(url), tmp_path, again=0.0)
    names = [f"n{number}" for number in range(60)]
    killed = 0
    for number, each in enumerate(names):
        if number == 40:
            wait_until_it_recovered(own, killed)
        store.append(note(each))
        if number in {20, 40}:
            killed = random.Random(number).choice(own.backends(url.rpartition("/")[2]))
            os.kill(killed, signal.SIGKILL)
    wait_until_it_recovered(own, killed)
    store.append(note("last"))
    assert store.degraded() == ""
    assert sorted(ids(plain)) == sorted([*names, "last"])
    assert plain.verify(D) == []
    store.close()
    plain.close()


def wait_until_it_recovered(own, killed: int) -> None:
    """Until the server has seen that the backend is dead it serves as if nothing had been."""
    while Path(f"/proc/{killed}").exists():
        time.sleep(0.01)
    own.wait_until_it_serves()


@pytest.mark.kill
def test_a_restart_of_the_server_is_outlived(needs_server, own, tmp_path):
    url = own.url()
    store = SpillingStore(postgresql_store(url), tmp_path, again=0.0)
    store.append(note("a"))
    assert ids(store) == ["a"]
    own.stop()
    began = time.monotonic()
    store.append(note("b"))
    assert time.monotonic() - began < 5
    assert "is away" in store.degraded()
    assert ids(store) == ["a", "b"]
    own.start()
    store.append(note("c"))
    assert store.degraded() == ""
    plain = postgresql_store(url)
    assert ids(plain) == ["a", "b", "c"]
    assert plain.verify(D) == []
    store.close()
    plain.close()


@pytest.mark.kill
def test_a_crash_of_the_whole_server_loses_nothing_that_was_acknowledged(needs_server, own):
    store = postgresql_store(own.url())
    for number in range(10):
        store.append(note(f"n{number}"))
    own.stop(signal.SIGQUIT)
    with pytest.raises(StoreUnavailable, match="is away"):
        store.append(note("x"))
    own.start()
    assert ids(store) == [f"n{number}" for number in range(10)]
    store.close()


@pytest.mark.kill
def test_a_server_that_does_not_answer_is_given_up(needs_server, own):
    """Its processes are stopped: connections stand, nothing is refused, no answer comes."""
    url = own.url()
    store = postgresql_store(url)
    store.append(note("a"))
    backends = own.backends(url.rpartition("/")[2])
    for pid in (own.process.pid, *backends):
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="is away"):
            store.write([], within=0.5)
        with pytest.raises(StoreUnavailable, match="is away"):
            store.append(note("b"))
        assert time.monotonic() - began < 8
        with pytest.raises(StoreUnavailable, match="is away"):
            postgresql_store(url)
    finally:
        for pid in (own.process.pid, *backends):
            os.kill(pid, signal.SIGCONT)
    store.append(note("c"))
    assert "c" in ids(store)
    store.close()


def test_a_lock_that_stays_is_named_and_reading_goes_on(url):
    store, other = postgresql_store(url, patience=0.2), Server(url)
    store.append(note("a"))
    with other.write() as tx:
        tx.execute("UPDATE drills SET how = how", {})
        with pytest.raises(StoreUnavailable, match=r"locked by another process for 0\.2 s"):
            store.append(note("b"))
        assert ids(store) == ["a"]
    store.append(note("b"))
    assert ids(store) == ["a", "b"]
    store.close()
    other.close()


def test_while_a_drill_is_locked_another_drill_is_written(url):
    store, other = postgresql_store(url, patience=0.2), Server(url)
    store.append(note("a"))
    with other.write() as tx:
        tx.execute("UPDATE drills SET how = how WHERE drill = 'd1'", {})
        store.append(ev.Event(id=EventId("x"), drill=DrillId("d2"), recorded_at=instant(1.8e9), source="cli",
                              fact=ev.NoteWritten(text="x")))  # fmt: skip
    assert len(store.read(DrillId("d2"))) == 1
    store.close()
    other.close()


def test_a_reader_sees_one_state(url):
    one, other = Server(url), postgresql_store(url)
    with one.read() as tx:
        assert tx.execute("SELECT COUNT(*) FROM events", {}).fetchone()[0] == 0
        other.append(note("a"))
        assert tx.execute("SELECT COUNT(*) FROM events", {}).fetchone()[0] == 0
    assert one.rows("SELECT COUNT(*) FROM events") == [(1,)]
    one.close()
    other.close()


def test_text_that_postgresql_can_not_hold_is_refused_and_the_next_is_taken(store):
    with pytest.raises(ValueError, match="can't hold it"):
        store.append(note("a\0b"))
    store.append(note("c"))
    assert ids(store) == ["c"]


def test_a_store_of_a_newer_gameday_is_left_alone(store, url):
    with store._database.write() as tx:
        tx.execute("UPDATE schema_version SET version = 99", {})
    with pytest.raises(StoreUnavailable, match="has schema 99") as found:
        postgresql_store(url)
    assert "upgrade" in found.value.hint


def test_a_database_without_our_tables_is_no_store_unless_it_may_be_made(url):
    with pytest.raises(StoreUnavailable, match="there is no store"):
        open_executor(url, create=False)
    open_executor(url).close()
    open_executor(url, create=False).close()


def test_a_standby_is_said_to_be_read_only(store, server, name):
    store.append(note("a"))
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store.close()
    with pytest.raises(StoreUnavailable, match="may only be read"):
        store.append(note("b"))
    assert ids(store) == ["a"]


TAMPERED = {
    "cut": "DELETE FROM events WHERE seq = 4",
    "changed": "UPDATE events SET line = replace(line, 'n2', 'n9') WHERE seq = 2",
    "load changed": "UPDATE load SET lines = replace(lines, '[7]', '[8]')",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_a_history_that_was_tampered_with_does_not_verify(store, server, name, statement):
    store.append(*(note(f"n{number}") for number in range(1, 5)))
    store.append_load(D, [Chunk(type="GET", name="/", start=0, at=(1,), bin=(2,), count=(7,))], instant(10))
    assert store.verify(D) == []
    server.execute(statement, name)
    assert store.verify(D) != []


WRONG = {
    "password": lambda url: url.replace(PASSWORD, "c4nary-wrong"),
    "user": lambda url: url.replace("//gameday:", "//nobody:"),
    "database": lambda url: url + "x",
    "port": lambda url: url.replace("127.0.0.1:", "127.0.0.1:1"),
    "host": lambda url: url.replace("127.0.0.1:", "host.invalid:"),
    "option": lambda url: url + "?sslmode=c4nary",
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_no_error_holds_the_password(server, spoil):
    with pytest.raises((StoreUnavailable, UsageError)) as found:
        postgresql_store(spoil(server.url()))
    text = f"{found.value.message} {found.value.hint}"
    assert PASSWORD not in text
    assert "gameday:" not in text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:c4nary@4@host/db",
        "postgresql://ada:c4na/ry@host/db",
        "postgresql://ada:c4na:ry/x@host/db",
        "postgresql+asyncpg://ada:c4nary@host/db",
        "postgresql://ada:c4na#ry@host/db",
        "postgresql://ada:c4na?ry@host/db",
        "postgresql:ada:c4nary",
    ],
)
def test_a_url_that_reads_two_ways_is_refused_without_repeating_it(url):
    with pytest.raises(UsageError, match="can't be read") as found:
        parse(url)
    assert "c4na" not in found.value.message + found.value.hint
    assert "%40" in found.value.hint
