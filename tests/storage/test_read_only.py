"""A store that this user may only read: it is listed and shown, and what would write says so in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.core.errors import StoreReadOnly, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId
from gameday.storage import open_executor, open_store, schema
from gameday.testing.histories import DRILL, Game
from tests.settings import space

READER = "gameday_reader"
EVENTS = Game().fault(at=10).ack(at=20).over(at=80).history().events
LIVE = DrillId("20270116-080000-live-0000")
READING = (["list"], ["show", DRILL], ["status"], ["verify", DRILL], ["schedule", "list"], ["calendar"])
WRITING = (
    ["ack", "--drill", LIVE],
    ["note", "x", "--drill", DRILL],
    ["review", DRILL, "--answer", "root-cause=A query lost its index when the release dropped it."],
    ["run", "scenarios/slow.yaml", "--yes"],
)


def run(words: list[str], workspace: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gameday", *words],
        cwd=workspace,
        env={**os.environ, "GAMEDAY_STORE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def stored(server, tmp_path_factory):
    """A workspace whose store is in PostgreSQL, and the URLs of its owner and of a role that may only read."""
    owner = server.url()
    made = space.make(tmp_path_factory.mktemp("reader") / "workspace")
    with closing(open_store(owner, made / ".gameday" / "drills")) as store:
        store.append(*EVENTS)
        store.append(*(replace(e, drill=LIVE, id=EventId(f"live-{e.id}")) for e in EVENTS[:1]))
    database = owner.rpartition("/")[2]
    server.execute(f"CREATE ROLE {READER} LOGIN PASSWORD 'read'")
    server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}", database)
    yield made, owner, f"postgresql+psycopg://{READER}:read@{owner.rpartition('@')[2]}"
    server.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {READER}", database)
    server.execute(f"DROP ROLE {READER}")


def test_it_is_listed_shown_and_verified(stored):
    made, _, reader = stored
    for words in READING:
        done = run(words, made, reader)
        assert (done.returncode, "only be read" in done.stderr) == (0, False), (words, done.stderr)


def test_what_would_write_says_in_words_that_it_may_only_be_read(stored):
    made, _, reader = stored
    for words in WRITING:
        done = run(words, made, reader)
        assert (done.returncode, "may only be read" in done.stderr) == (5, True), (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "own error" not in done.stderr
    assert not list((made / ".gameday" / "drills").rglob("spill.jsonl"))


def test_the_reason_has_a_code_of_its_own(stored):
    made, _, reader = stored
    done = run([*WRITING[1], "--json"], made, reader)
    assert json.loads(done.stdout)["error"]["code"] == "store-read-only"


def test_an_older_one_is_neither_migrated_nor_read_and_says_so(stored):
    _, owner, reader = stored

    def version(number: int) -> None:
        with closing(open_executor(owner)) as executor, executor.write() as tx:
            tx.execute("UPDATE schema_version SET version = :number", {"number": number})

    version(schema.VERSION - 1)
    try:
        with pytest.raises(StoreUnavailable, match=f"has schema {schema.VERSION - 1}"):
            open_executor(reader)
    finally:
        with closing(_unprepared(owner)) as executor, executor.write() as tx:
            tx.execute("UPDATE schema_version SET version = :number", {"number": schema.VERSION})


def _unprepared(url: str):
    from gameday.storage.postgresql import Server  # noqa: PLC0415  # an extra, as its server is

    return Server(url, prepare=False)


def test_a_drill_in_progress_goes_on_where_the_right_to_write_is_taken_away(stored, tmp_path):
    """What it records is kept in its folder: nothing that it does may depend on a right that is lost."""
    _, _, reader = stored
    with closing(open_store(reader, tmp_path)) as store:
        store.append(ev.Event(**_envelope("a", "conductor"), fact=ev.NoteWritten(text="kept")))
        assert "may only be read" in store.degraded()
        with pytest.raises(StoreReadOnly):
            store.append(ev.Event(**_envelope("b", "cli"), fact=ev.NoteWritten(text="typed")))
    assert (tmp_path / DRILL / "spill.jsonl").exists()


def _envelope(name: str, source: str) -> dict[str, object]:
    return {"id": EventId(name), "drill": DRILL, "recorded_at": EVENTS[-1].recorded_at, "source": source}
