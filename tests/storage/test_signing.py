"""What a store holds makes gameday act only where this installation has signed it for this store."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.values import DrillId, EventId, FaultId, Mode, instant
from gameday.storage import copying, journal, open_executor, open_plain, open_store, transfer
from gameday.storage.migrating import migrate
from gameday.storage.spill import spill_file
from gameday.system.signing_key import OWN, SigningKey

D, E = DrillId("d1"), DrillId("d2")
STRANGER = SigningKey(given="5" * 64)
ACTING = (
    ev.FaultRequested(fault=FaultId("main"), experiment="{}", path="x.json", cwd="/w"),
    ev.ProcessStarted(role="chaoslib", pid=7, started_ticks=7, boot="b", host="h"),
    ev.EnvironmentBroughtUp(command=("up",), down=("down",)),
)


def event(fact: ev.Fact, drill: DrillId = D, name: str = "") -> ev.Event:
    return ev.Event(
        id=EventId(name or f"{drill}-{type(fact).__name__}"),
        drill=drill,
        recorded_at=instant(1.8e9),
        source="keeper",
        fact=fact,
    )


def plan(drill: DrillId = D, environment: str = "shop") -> ev.Event:
    scenario = Scenario(scenario="slow", title="Slow", environment=environment)
    rules = ScorecardRules(scorecard="team", version=1, criteria=())
    fact = ev.DrillPlanned(
        scenario=scenario, scorecard=rules, mode=Mode.EVALUATE, environment=environment, comparable="c"
    )
    return event(fact, drill, f"{drill}-{environment}")


def history(drill: DrillId = D) -> list[ev.Event]:
    return [plan(drill), *(event(fact, drill) for fact in ACTING)]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("server").url()
    return f"sqlite:///{tmp_path / 's' / 'gameday.db'}"


def signed(url: str, drill: DrillId = D, key: SigningKey = OWN) -> set[str]:
    """Name the kinds that act and that count as signed; the others of a history always do."""
    store = open_plain(url, key)
    events = [row.event for row in store.read(drill)]
    store.close()
    assert all(each.signed for each in events if not isinstance(each.fact, ev.SIGNED))
    return {each.kind for each in events if isinstance(each.fact, ev.SIGNED) and each.signed}


def write(url: str, *events: ev.Event, key: SigningKey = OWN) -> None:
    store = open_plain(url, key)
    store.append(*events)
    store.close()


def execute(url: str, statement: str, **values: str) -> None:
    database = open_executor(url)
    with database.write() as tx:
        assert tx.execute(statement, values).rowcount > 0
    database.close()


ALL = {kind.__name__ for kind in ev.SIGNED}


def test_what_we_store_is_signed_and_read_by_the_next_process_and_by_one_with_the_same_key(url):
    write(url, *history())
    assert signed(url) == ALL
    assert signed(url, key=SigningKey(given=OWN.obtain().decode())) == ALL


def test_a_strangers_store_and_one_with_another_key_or_none_are_unsigned(url):
    write(url, *history(), key=STRANGER)
    assert signed(url, key=STRANGER) == ALL
    assert signed(url) == set()
    assert signed(url, key=SigningKey(variable="GAMEDAY_NOT_SET_KEY")) == set()


def test_without_a_key_it_is_stored_unsigned(url):
    write(url, *history(), key=SigningKey(variable="GAMEDAY_NOT_SET_KEY"))
    assert signed(url) == set()


def test_a_store_of_before_reads_unsigned(url):
    write(url, *history())
    execute(url, "UPDATE events SET signature = ''")
    assert signed(url) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET line = REPLACE(line, '/w', '/x')",
        "UPDATE events SET line = REPLACE(line, 'chaoslib', 'responder')",
        "UPDATE events SET line = REPLACE(line, '[\"down\"]', '[\"rm\"]')",
        "UPDATE events SET signature = UPPER(signature)",
        "UPDATE identity SET id = 'another store'",
        "DELETE FROM identity",
        'UPDATE events SET line = REPLACE(line, \'"environment":"shop"\', \'"environment":"prod"\')',
    ],
)
def test_what_was_changed_in_the_store_is_unsigned(url, statement):
    write(url, *history())
    execute(url, statement)
    assert signed(url) < ALL


def test_a_second_plan_for_another_environment_takes_the_signatures(url):
    write(url, *history())
    write(url, plan(environment="prod"), key=STRANGER)
    assert signed(url) == set()


def test_a_signature_of_another_drill_or_store_does_not_hold(url, tmp_path):
    write(url, *history(), *history(E))
    execute(
        url,
        """UPDATE events SET signature = (SELECT other.signature FROM events AS other
        WHERE other.drill = 'd1' AND other.kind = events.kind) WHERE drill = 'd2'""",
    )
    assert (signed(url), signed(url, E)) == (ALL, set())
    moved = f"sqlite:///{tmp_path / 'moved.db'}"
    write(moved, *history())
    source, target = open_executor(url), open_executor(moved)
    with target.write() as tx:
        for kind, signature in source.rows("SELECT kind, signature FROM events WHERE drill = 'd1'"):
            tx.execute("UPDATE events SET signature = :s WHERE kind = :k", {"s": signature, "k": kind})
    source.close(), target.close()
    assert signed(moved) == set()


def test_a_signature_within_a_line_counts_for_nothing(url):
    write(url, *history(), key=STRANGER)
    execute(url, 'UPDATE events SET line = REPLACE(line, \'"fact"\', \'"signature":"x","fact"\')')
    assert signed(url) == set()


def test_a_copy_carries_no_signature(url, tmp_path):
    write(url, *history(), event(ev.DrillClosed(how="completed", reverted=True)))
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    source, into = open_executor(url), open_executor(target)
    copying.copy(source, into)
    assert [row[0] for row in into.rows("SELECT DISTINCT signature FROM events")] == [""]
    source.close(), into.close()
    assert signed(target) == set()


def test_a_migration_signs_nothing(url):
    write(url, *history(), key=STRANGER)
    store = open_executor(url)
    store.close()
    write(url, event(ev.DrillClosed(how="completed", reverted=True)))
    migrate(url, 1)
    migrate(url)
    assert signed(url) == signed(url, key=STRANGER) == set()


@pytest.mark.parametrize("closed", [True, False])
def test_an_import_is_closed_marked_and_unsigned_for_ever(url, tmp_path, closed):
    theirs = f"sqlite:///{tmp_path / 'theirs.db'}"
    ends = [event(ev.DrillClosed(how="aborted", reverted=True))] if closed else []
    write(theirs, *history(), *ends)
    source = open_plain(theirs)
    transfer.export_drill(source, D, tmp_path / "drill.zip")
    source.close()
    store = open_store(url, tmp_path / "drills")
    for _ in range(2):
        transfer.import_drill(store, tmp_path / "drill.zip")
        (row,) = store.drills()
        assert (row.imported, row.closed is not None) == (True, True)
        assert row.how == ("aborted" if closed else "imported")
        assert store.live() == []
        assert store.verify(D) == []
    store.close()
    assert signed(url) == set()
    # a fact of its own, written later, signs nothing of it
    write(url, event(ev.NoteWritten(text="a")))
    assert signed(url) == set()


def test_an_export_holds_no_signature(url, tmp_path):
    write(url, *history())
    store = open_plain(url)
    transfer.export_drill(store, D, tmp_path / "drill.zip")
    signatures = store._database.rows("SELECT signature FROM events WHERE signature <> ''")
    store.close()
    assert len(signatures) == len(ACTING)
    assert not any(each.encode() in (tmp_path / "drill.zip").read_bytes() for (each,) in signatures)


def test_a_spill_of_a_strangers_is_not_signed_by_being_merged(url, tmp_path):
    from gameday.formats.stored import events as stored  # noqa: PLC0415

    documents = [json.loads(json.dumps(stored.encode(each))) for each in history()]
    documents[1]["signature"] = "0" * 64
    documents[2]["signature"] = {"not": "text"}
    spill_file.write(tmp_path / "drills", documents)
    store = open_store(url, tmp_path / "drills")
    assert [row.event.signed for row in store.read(D)] == [True, False, False, False]
    store.append(event(ev.NoteWritten(text="a")))
    store.close()
    assert not list((tmp_path / "drills").glob("*/spill.jsonl"))
    assert signed(url) == set()


def test_what_we_spilled_keeps_its_signature(url, tmp_path):
    store = open_store(url, tmp_path / "drills")
    store.append(plan())
    database = open_executor(url)
    with database.write() as tx:
        # held: the store waits for its patience, and spills
        tx.execute("UPDATE drills SET how = how", {})
        store.append(*(event(fact) for fact in ACTING))
        assert spill_file.path(tmp_path / "drills", D).exists()
        assert all(row.event.signed for row in store.read(D))
    database.close()
    store.close()
    merged = open_store(url, tmp_path / "drills")
    assert len(merged.read(D)) == 4
    merged.close()
    assert signed(url) == ALL


def test_an_event_that_was_read_unsigned_is_never_signed_by_storing_it(url):
    write(url, *(replace(each, signed=False) for each in history()))
    assert signed(url) == set()


def test_a_responders_fact_is_stored_without_a_signature(url):
    database = open_executor(url)
    from gameday.formats.stored import events as stored  # noqa: PLC0415

    with database.write() as tx:
        journal.append(tx, [stored.encode(event(ev.NoteWritten(text="a")))])
    assert database.rows("SELECT signature FROM events") == [("",)]
    database.close()


# --- what verify sees of signatures and of the roll, which are in no chain that a line is part of ---


def change(url: str, *statements: str) -> None:
    with open_executor(url).write() as tx:
        for statement in statements:
            tx.execute(statement, {})


def ended(drill: DrillId) -> ev.Event:
    return event(ev.DrillClosed(how="completed", reverted=True), drill)


def mistakes(url: str, drill: DrillId = D, key: SigningKey = OWN) -> list[str]:
    store = open_plain(url, key)
    return [*store.verify(drill), *store.verify_signatures(drill), *store.verify_roll()]


SWAP = """UPDATE events SET signature = (SELECT b.signature FROM events b WHERE b.drill = events.drill
    AND b.seq = 5 - events.seq) WHERE seq IN (2, 3)"""


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE events SET signature = '' WHERE seq = 2", "carries no signature"),
        (SWAP, "does not hold here"),
        ("UPDATE identity SET id = 'another'", "does not hold here"),
        ("DELETE FROM identity", "does not hold here"),
    ],
)
def test_verify_sees_a_signature_that_was_taken_away_or_does_not_hold(url, statement, why, closed):
    open_plain(url).append(*history(), *([ended(D)] if closed else []))
    assert mistakes(url) == []
    change(url, statement)
    assert mistakes(url)
    assert all(why in mistake for mistake in mistakes(url))


def test_verify_sees_that_every_signature_of_an_open_drill_was_taken_away(url):
    open_plain(url).append(*history())
    change(url, "UPDATE events SET signature = ''")
    assert len(mistakes(url)) == len(ACTING)


def test_verify_knows_nothing_of_signatures_of_what_was_copied_or_without_a_key(url, tmp_path):
    open_plain(url).append(*history(), ended(D))
    change(url, "UPDATE events SET signature = ''")
    assert mistakes(url) == []
    without = SigningKey(variable="GAMEDAY_NOT_SET_KEY")
    open_plain(url).append(*history(E))
    assert mistakes(url, E, without) == []


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM roll",),
        ("DELETE FROM roll_end",),
        ("DELETE FROM roll", "DELETE FROM roll_end"),
        (
            "DELETE FROM roll",
            "DELETE FROM roll_end",
            "DELETE FROM events WHERE drill = 'd1'",
            "DELETE FROM drills WHERE drill = 'd1'",
        ),
    ],
)
def test_verify_sees_that_the_roll_was_deleted_where_another_drill_has_ended(url, statements):
    open_plain(url).append(*history(), ended(D), *history(E), ended(E))
    assert mistakes(url, E) == []
    change(url, *statements)
    assert mistakes(url, E)
