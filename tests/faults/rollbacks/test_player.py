"""Rollbacks played by a process that did not inject."""

import asyncio
import time

import pytest

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.faults.rollbacks.player import ChildRollbackPlayer
from gameday.system import processes
from tests.faults.building import DRILL, RecordedFacts, experiment, fault_off, python, request


def play(made, *, attempts=1, warm=False, meanwhile=None, ask=True):
    async def main():
        recorded, ledger = RecordedFacts(), ChildRollbackPlayer(DRILL)
        asked = made if isinstance(made, ev.FaultRequested) else request(made)
        try:
            if warm:
                await ledger.warm(asked, recorded)
            begin = time.monotonic()
            task = asyncio.ensure_future(ledger.play(asked, attempts, "keeper", recorded, ask=ask))
            if meanwhile is not None:
                await meanwhile(recorded)
            played = await task
            return recorded, played, time.monotonic() - begin
        finally:
            await ledger.close()

    return asyncio.run(main())


def test_all_rollbacks_are_played_and_recorded(target):
    target.change("on")
    recorded, played, _ = play(experiment(target.url), attempts=3)
    assert (played.undone, played.how) == (True, "rolled-back")
    assert recorded.of_kind(ev.RevertAttempted) == [ev.RevertAttempted(fault="f1", attempt=3, by="keeper")]
    assert [fact.role for fact in recorded.of_kind(ev.ProcessStarted)] == ["standby"]
    assert not target.on


def test_a_warm_standby_begins_within_a_tenth_of_a_second(target):
    _, played, seconds = play(experiment(target.url), warm=True)
    assert played.undone
    assert seconds < 0.3


def test_what_the_probe_says_is_gone_is_not_played(target):
    _, played, _ = play(experiment(target.url, probed=True))
    assert played.how == "already-undone"
    assert target.changes == []


def test_where_an_action_may_still_arrive_the_probe_is_not_asked_before(target):
    _, played, _ = play(experiment(target.url, probed=True), ask=False)
    assert played.how == "rolled-back"
    assert [change for _, change in target.changes] == ["off"]


def test_a_slow_probe_does_not_delay_the_rollbacks(target):
    made = experiment(target.url)
    made["extensions"] = [
        {"name": "gameday", "still-exposed": python("slow", "nap", kind="probe", seconds=20)}
    ]
    asked = []

    async def note(_):
        asked.append(time.time())

    _, played, _ = play(made, warm=True, meanwhile=note)
    assert played.undone
    assert target.times("off")[0] - asked[0] < 2.0


def test_one_rollback_that_cannot_be_played_does_not_keep_the_next_from_it(target):
    target.change("on")
    missing = python("missing", "switch")
    missing["provider"]["module"] = "no_such_module_here"
    _, played, _ = play(experiment(target.url, rollbacks=[missing, fault_off(target.url)]))
    assert not target.on
    assert not played.undone
    assert "no_such_module_here" in played.error


def test_background_rollbacks_are_waited_for(target):
    target.change("on")
    rollbacks = [{**python("nap", "nap", seconds=0.3), "background": True}, fault_off(target.url)]
    recorded, played, _ = play(experiment(target.url, rollbacks=rollbacks))
    assert played.undone
    assert {fact.activity for fact in recorded.of_kind(ev.ActivityFinished)} == {"nap", "fault-off"}


def test_a_rollback_that_hangs_is_ended_at_its_timeout(target):
    hang = {**python("hang", "stubborn_nap"), "timeout": 0.5}
    _, played, seconds = play(experiment(target.url, rollbacks=[hang]))
    assert not played.undone
    assert "activity hang did not end within 0.5 s" in played.error
    assert seconds < 10


def test_a_standby_that_is_killed_is_a_failed_try_with_steps_for_a_person(target):
    async def kill(recorded):
        await recorded.wait(ev.RevertAttempted)
        fact = recorded.of_kind(ev.ProcessStarted)[0]
        processes.kill_and_wait(processes.identity(fact.pid))

    made = experiment(target.url, rollbacks=[python("nap", "nap"), fault_off(target.url)])
    _, played, _ = play(made, meanwhile=kill)
    assert "died" in played.error
    assert len(played.steps) == 2
    assert "chaos_actions.switch" in played.steps[1]


def test_a_standby_that_died_while_it_stood_by_costs_no_try(target):
    async def main():
        recorded, ledger = RecordedFacts(), ChildRollbackPlayer(DRILL)
        asked = request(experiment(target.url))
        await ledger.warm(asked, recorded)
        processes.kill_and_wait(processes.identity(recorded.of_kind(ev.ProcessStarted)[0].pid))
        await asyncio.sleep(0.1)
        try:
            return recorded, await ledger.play(asked, 1, "keeper", recorded, ask=True)
        finally:
            await ledger.close()

    recorded, played = asyncio.run(main())
    assert played.undone
    assert len(recorded.of_kind(ev.ProcessStarted)) == 2


def test_what_stands_by_is_ended_even_if_it_could_not_be_recorded(target):
    started = []

    def refuse(fact, _at):
        started.append(processes.identity(fact.pid))
        raise StoreUnavailable("away")

    async def main():
        ledger = ChildRollbackPlayer(DRILL)
        with pytest.raises(StoreUnavailable):
            await ledger.warm(request(experiment(target.url)), refuse)
        alive = processes.alive(started[0])
        await ledger.close()
        return alive

    assert asyncio.run(main())
    assert not processes.alive(started[0])


@pytest.mark.parametrize("text", ["{", "- a list\n", '{"rollbacks": 3}'])
def test_an_experiment_that_cannot_be_read_is_a_failed_try(text):
    _, played, _ = play(request(text))
    assert not played.undone
    assert played.error
    assert played.steps


def test_a_folder_that_is_gone_is_a_failed_try(target):
    _, played, _ = play(request(experiment(target.url), cwd="/no/such/folder"))
    assert "can't be started" in played.error
