"""What the daemon does about game days that nobody conducts any more."""

import asyncio
from contextlib import suppress

import pytest

from gameday import wiring
from gameday.cli.daemon import takeover
from gameday.conduct.gamedays import host
from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.values import EventId, instant
from gameday.system import clock
from tests.conduct.day import DAY, PLAN, SCENARIOS
from tests.settings import space


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    made = space.make(tmp_path)
    monkeypatch.chdir(made)
    return wiring.workspace(made)


@pytest.fixture
def store(workspace):
    opened = wiring.workspace_store(workspace)
    yield opened
    opened.close()


def open_day(store, *, ago, attended=False):
    at = instant(clock.now() - ago)
    planned = gf.GameDayPlanned(plan=PLAN, scenarios=SCENARIOS, attended=attended, opened="schedule day")
    store.append(ev.Event(id=EventId("e"), drill=DAY, recorded_at=at, source="host", fact=planned))


def ended(store):
    return [row.event.fact.why for row in store.read(DAY) if isinstance(row.event.fact, gf.GameDayEnded)]


def test_one_without_people_whose_host_died_is_ended_and_written_up(workspace, store):
    open_day(store, ago=60)
    takeover.end_abandoned_game_days(workspace, store)
    takeover.end_abandoned_game_days(workspace, store)
    assert ended(store) == ["left"]
    assert (workspace.root / ".gameday" / "gamedays" / DAY / "report.md").exists()


@pytest.mark.parametrize(
    ("ago", "attended", "conducted"), [(60, True, False), (1, False, False), (60, False, True)]
)
def test_one_of_people_a_young_one_and_one_that_is_conducted_stay_open(
    workspace, store, ago, attended, conducted
):
    open_day(store, ago=ago, attended=attended)
    if conducted:
        store.claim(DAY, host.HOST_RIGHT, "elsewhere:1", until=instant(clock.now() + 60))
    takeover.end_abandoned_game_days(workspace, store)
    assert ended(store) == []


class Away:
    """A store that answers nothing, however often it is asked."""

    def __init__(self, error):
        self.asked, self.error = 0, error

    def register_reverter(self, *_words, **_more):
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    "error",
    [StoreUnavailable("the store is away"), OSError(24, "Too many open files")],
    ids=["away", "files"],
)
def test_what_keeps_it_from_looking_is_said_once_and_ends_nothing(workspace, monkeypatch, capsys, error):
    monkeypatch.setattr(takeover, "POLL_INTERVAL", 0.001)

    async def look():
        store = Away(error)
        standing = asyncio.create_task(takeover.revert_abandoned(workspace, store))
        while store.asked < 5:  # noqa: ASYNC110  # what it waits for is a number
            await asyncio.sleep(0.001)
        standing.cancel()
        with suppress(asyncio.CancelledError):
            await standing

    asyncio.run(look())
    assert capsys.readouterr().err == f"could not look for abandoned drills: {error}\n"
