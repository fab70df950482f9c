"""What every HistoryStore promises, asked of each of them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.facts.gameday import GameDayEnded, GameDayPlanned
from gameday.core.facts.load import Chunk
from gameday.core.facts.merging import merge
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.plans.schedule import Kind, Recurrence
from gameday.core.values import DrillId, EventId, Mode, instant
from gameday.ports import HistoryStore, Lease
from gameday.storage.histories import SqlStore
from gameday.storage.spill.spilling_store import SpillingStore
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore
from tests.storage.stores import postgresql_store, sqlite_store

D = DrillId("d1")
NOW = 1_800_000_000.0


@pytest.fixture
def clock():
    return VirtualClock()


def on_postgresql(request, clock) -> SqlStore:
    return postgresql_store(request.getfixturevalue("server").url(), now=clock.now)


@pytest.fixture(params=["memory", "sqlite", "spilling", "postgresql", "postgresql-spilling"])
def store(request, clock, tmp_path):
    made: HistoryStore
    if request.param == "memory":
        made = MemoryHistoryStore(clock)
    elif request.param.startswith("postgresql"):
        made = on_postgresql(request, clock)
    else:
        made = sqlite_store(tmp_path / "store" / "gameday.db", now=clock.now)
    if request.param.endswith("spilling"):
        made = SpillingStore(made, tmp_path / "drills")
    yield made
    made.close()


def note(name: str, at: float = 0.0, drill: DrillId = D) -> ev.Event:
    fact = ev.NoteWritten(text=name)
    return ev.Event(id=EventId(name), drill=drill, recorded_at=instant(NOW + at), source="cli", fact=fact)


def planned(drill: DrillId, at: float = 0.0) -> ev.Event:
    scenario = Scenario(scenario="slow", title="Slow", environment="shop")
    rules = ScorecardRules(scorecard="team", version=1, criteria=())
    fact = ev.DrillPlanned(
        scenario=scenario, scorecard=rules, mode=Mode.EVALUATE, environment="shop", comparable="c"
    )
    return replace(note(f"planned-{drill}", at, drill), fact=fact)


def closed(drill: DrillId, at: float, how: str = "completed") -> ev.Event:
    return replace(note(f"closed-{how}", at, drill), fact=ev.DrillClosed(how=how, reverted=True))


def texts(store: HistoryStore, after: int = 0) -> list[tuple[int, str]]:
    return [(row.seq, row.event.id) for row in store.read(D, after=after)]


def lease(drill: str, until: float, holder: str = "ada") -> Lease:
    return Lease(
        environment="shop",
        drill=DrillId(drill),
        holder=holder,
        since=instant(NOW),
        until=instant(NOW + until),
    )


def test_events_come_back_as_they_were_in_the_order_of_their_appending(store):
    store.append(note("b"), note("a"))
    store.append(note("c", at=-5))
    assert [row.event for row in store.read(D)] == [note("b"), note("a"), note("c", at=-5)]
    assert [row.seq for row in store.read(D)] == [1, 2, 3]


def test_an_event_is_stored_once_and_its_repetition_takes_no_number(store):
    store.append(note("a"))
    store.append(note("a", at=9), note("b"), note("b"))
    store.append()
    assert texts(store) == [(1, "a"), (2, "b")]
    assert store.read(D)[0].event == note("a")


def test_a_reader_gets_what_comes_after_a_sequence_number(store):
    store.append(note("a"), note("b"), note("c"))
    assert texts(store, after=1) == [(2, "b"), (3, "c")]
    assert texts(store, after=3) == []


def test_sequence_numbers_are_counted_for_each_drill(store):
    other = DrillId("d2")
    store.append(note("a"), note("x", drill=other), note("b"))
    assert texts(store) == [(1, "a"), (2, "b")]
    assert [row.seq for row in store.read(other)] == [1]


@pytest.mark.parametrize("ask", ["read", "read_load"])
def test_an_unknown_drill_is_a_lookup_error(store, ask):
    with pytest.raises(LookupError):
        getattr(store, ask)(DrillId("unknown"))


def test_what_json_cannot_hold_is_refused_whole(store):
    impossible = replace(
        note("b"), fact=ev.AlertFired(key="k", alert="a", condition_at=instant(float("inf")))
    )
    with pytest.raises(ValueError, match="JSON"):
        store.append(note("a"), impossible)
    store.append(note("c"))
    assert texts(store) == [(1, "c")]


def test_the_list_of_drills_follows_the_facts(store):
    store.append(planned(D), note("a"))
    store.append(planned(DrillId("d2"), at=60))
    store.append(closed(D, at=90))
    second, first = store.drills()
    assert (first.drill, first.scenario, first.environment) == (D, "slow", "shop")
    assert (first.started, first.closed, first.how) == (NOW, NOW + 90, "completed")
    assert (second.drill, second.started, second.closed, second.how) == ("d2", NOW + 60, None, "")
    assert store.live() == [second]


@pytest.mark.parametrize("how", ["", "completed"])
def test_what_was_imported_is_closed_and_listed_so(store, how):
    store.append(planned(D), *([closed(D, 5, how)] if how else []))
    store.append(replace(note("imported", 9), fact=ev.HistoryImported(file="drill.zip")))
    (row,) = store.drills()
    assert (row.imported, row.how) == (True, how or "imported")
    assert row.closed == NOW + (5 if how else 9)
    assert store.live() == []


def test_a_drill_stays_closed_as_it_was_closed_first(store):
    store.append(planned(D), closed(D, at=90), closed(D, at=95, how="aborted"))
    (row,) = store.drills()
    assert (row.closed, row.how) == (NOW + 90, "completed")


def test_a_drill_that_ended_with_a_fault_in_force_stays_live_until_it_is_reverted(store):
    exposed = replace(closed(D, at=90, how="failed"), fact=ev.DrillClosed(how="failed", reverted=False))
    store.append(planned(D), exposed)
    (row,) = store.live()
    assert (row.closed, row.how) == (None, "failed")
    store.append(closed(D, at=95, how="aborted"))
    assert store.live() == []
    assert store.drills()[0].closed == NOW + 95


def test_load_comes_back_whole_and_from_an_instant_on(store):
    early = Chunk(type="GET", name="/", start=1_800_000_000, at=(3,), bin=(40,), count=(7,))
    late = replace(early, start=1_800_000_010, bad_at=(99,), bad_count=(1,), open_at=(5,), open_count=(-1,))
    store.append_load(D, [early, late], instant(NOW + 14.5))
    store.append_load(D, [early], instant(NOW + 12))
    assert merge(store.read_load(D).chunks) == merge([early, late, early])
    assert store.read_load(D).until == NOW + 14.5
    assert store.read_load(D, since=instant(NOW + 10)).chunks == (late,)


def test_without_samples_it_still_knows_how_far_load_was_observed(store):
    store.append_load(D, [], instant(NOW + 3))
    assert store.read_load(D).until == NOW + 3


def test_what_was_only_appended_to_verifies(store):
    store.append(note("a"), note("b"))
    store.append_load(D, [Chunk(type="GET", name="/", start=0)], instant(NOW))
    store.append(note("c"))
    assert store.verify(D) == []
    assert store.verify(DrillId("unknown")) != []


def test_a_claim_is_won_once_until_it_expires(store, clock):
    assert store.claim(D, "revert", "keeper", until=instant(NOW + 10))
    assert not store.claim(D, "revert", "command", until=instant(NOW + 99))
    assert store.claim(D, "revert", "keeper", until=instant(NOW + 20))
    assert store.claim(D, "sweep", "command", until=instant(NOW + 10))
    clock.advance(20)
    assert store.claim(D, "revert", "command", until=instant(NOW + 30))
    assert not store.claim(D, "revert", "keeper", until=instant(NOW + 40))


def test_an_environment_is_held_by_one_drill_until_its_lease_runs_out(store, clock):
    assert store.take_lease(lease("d1", until=10)) is None
    assert store.take_lease(lease("d2", until=99, holder="bob")) == lease("d1", until=10)
    assert store.take_lease(lease("d1", until=20)) is None
    clock.advance(20)
    assert store.take_lease(lease("d2", until=99, holder="bob")) is None
    assert store.take_lease(lease("d1", until=99)) == lease("d2", until=99, holder="bob")


def test_only_its_holder_releases_a_lease(store):
    store.take_lease(lease("d1", until=10))
    store.release_lease("shop", DrillId("d2"))
    assert store.take_lease(lease("d2", until=10)) == lease("d1", until=10)
    store.release_lease("shop", D)
    assert store.take_lease(lease("d2", until=10)) is None


def test_a_lease_in_force_is_given(store, clock):
    assert store.lease("shop") is None
    store.take_lease(lease("d1", until=10))
    assert store.lease("shop") == lease("d1", until=10)
    clock.advance(10)
    assert store.lease("shop") is None


def test_a_host_reverts_what_is_abandoned_until_its_registration_expires(store, clock):
    store.register_reverter("a:1", "a", until=instant(NOW + 10))
    store.register_reverter("b:2", "b", until=instant(NOW + 20))
    store.register_reverter("b:3", "b", until=instant(NOW + 20))
    assert list(store.reverter_hosts()) == ["a", "b"]
    clock.advance(10)
    assert list(store.reverter_hosts()) == ["b"]
    store.register_reverter("a:1", "a", until=instant(NOW + 30))
    assert list(store.reverter_hosts()) == ["a", "b"]


def test_threads_share_a_store(store):
    def write(thread: int) -> None:
        for number in range(10):
            store.append(note(f"{thread}-{number}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [seq for seq, _ in texts(store)] == list(range(1, 41))
    assert store.verify(D) == []


def test_a_store_that_works_keeps_nothing_outside_it(store):
    store.append(note("a"))
    assert store.degraded() == ""


@settings(deadline=None, max_examples=40)  # a disk takes its time
@given(deliveries=st.lists(st.lists(st.sampled_from("abcdef"), max_size=4), max_size=6))
def test_the_stores_agree_whatever_is_delivered_however_often(tmp_path_factory, deliveries):
    real = sqlite_store(tmp_path_factory.mktemp("s") / "gameday.db")
    stores: list[HistoryStore] = [MemoryHistoryStore(), real]
    for store in stores:
        for names in deliveries:
            store.append(*(note(name) for name in names))
    first = list(dict.fromkeys(name for names in deliveries for name in names))
    for store in stores:
        if first:
            assert [row.event.id for row in store.read(D)] == first
            assert store.verify(D) == []
    real.close()


def test_game_days_are_listed_apart_from_drills(store):
    day = DrillId("gameday-20270115-a")
    when = Recurrence(kind=Kind.RRULE, text="FREQ=DAILY;COUNT=1", zone="UTC", start="2027-01-15T08:00:00")
    plan = GameDayPlan(gameday="a", title="A", environment="shop", when=when, once=True, agenda=())
    opened = GameDayPlanned(plan=plan, scenarios={}, attended=True)
    store.append(planned(D), replace(note("opened", 0, day), fact=opened))
    assert [row.drill for row in store.drills()] == [row.drill for row in store.live()] == [D]
    (row,) = store.game_days()
    assert (row.drill, row.scenario, row.environment, row.closed) == (day, "a", "shop", None)
    store.append(replace(note("ended", 60, day), fact=GameDayEnded(why="through")))
    assert (store.game_days()[0].closed, store.game_days()[0].how) == (NOW + 60, "through")
    assert store.read(day)[0].event.fact == opened
    assert store.verify(day) == []


# --- appending after what was read ---


def test_events_are_stored_only_after_the_last_one_that_was_read(store):
    assert store.append_after(D, 0, note("a"))
    assert not store.append_after(D, 0, note("b"))
    assert not store.append_after(D, 2, note("b"))
    assert store.append_after(D, 1, note("b"), note("c"))
    assert texts(store) == [(1, "a"), (2, "b"), (3, "c")]
    assert store.verify(D) == []


def test_a_history_that_is_refused_its_first_event_is_not_begun(store):
    assert not store.append_after(D, 1, note("a"))
    assert store.drills() == []


@pytest.mark.parametrize("kind", ["sqlite", "spilling", "postgresql"])
def test_of_those_that_read_the_same_end_one_writes(request, tmp_path, kind):
    """Each by a connection of its own, as processes have; at each end they begin together."""
    url = request.getfixturevalue("server").url() if kind == "postgresql" else ""
    path = tmp_path / "store" / "gameday.db"
    stores: list[HistoryStore] = [postgresql_store(url) if url else sqlite_store(path) for _ in range(4)]
    if kind == "spilling":
        stores = [SpillingStore(store, tmp_path / "drills") for store in stores]
    together, won = threading.Barrier(len(stores)), []

    def write(writer: int) -> None:
        for last in range(5):
            together.wait()
            if stores[writer].append_after(D, last, note(f"{writer}-{last}")):
                won.append(last)
            together.wait()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [0, 1, 2, 3, 4]
    assert [row.seq for row in stores[0].read(D)] == [1, 2, 3, 4, 5]
    for store in stores:
        store.close()
