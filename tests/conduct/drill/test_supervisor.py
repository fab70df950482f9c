"""What is watched in all phases: a lost load, keeper or store aborts the drill; every fact is passed on once."""

from gameday.core.facts import drill as ev
from tests.conduct.stage import AUTOMATION, MENDED, Stage, how, mend


def test_when_the_keeper_dies_the_conductor_reverts():
    stage = Stage().at(20, lambda s: setattr(s.keeper, "living", False))
    history = stage.play()
    assert len(stage.rollback_player.played) == 1
    assert history.first(ev.AbortRequested).fact.reason == "keeper-lost"
    assert how(history) == "aborted"


def test_load_beyond_the_policys_limits_aborts_the_drill_as_a_guardrail_does():
    over = "max_users: 40 users at once, 5 at most"
    history = Stage().at(20, lambda s: setattr(s.users, "over", over)).play()
    tripped = history.first(ev.GuardrailTripped).fact
    assert (tripped.guardrail, tripped.detail) == ("max_users", "40 users at once, 5 at most")
    assert history.first(ev.AbortRequested).fact.reason == "guardrail"
    assert history.first(ev.LoadLost) is None
    assert how(history) == "aborted"


def test_lost_load_aborts_the_drill():
    history = Stage().at(20, lambda s: setattr(s.users, "gone", "Locust was killed")).play()
    assert history.first(ev.LoadLost).fact.reason == "Locust was killed"
    assert how(history) == "aborted"


def test_every_fact_is_heard_once_by_the_screen():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    history = stage.play()
    assert sorted(event.id for event in stage.heard) == sorted(event.id for event in history.events)


def test_a_store_that_takes_nothing_for_a_while_ends_the_drill():
    stage = Stage().at(20, lambda s: setattr(s.store, "degraded", lambda: "the disk is full"))
    history = stage.play()
    assert history.first(ev.AbortRequested).fact == ev.AbortRequested(
        reason="store-lost", detail="the disk is full"
    )
    assert 25 <= stage.seconds(history, ev.AbortRequested) <= 26


def test_a_store_that_is_well_again_soon_ends_nothing():
    stage = Stage().at(20, lambda s: setattr(s.store, "degraded", lambda: "locked"))
    stage.at(23, lambda s: delattr(s.store, "degraded")).say(60, ev.EndRequested())
    assert how(stage.play()) == "completed"


def test_before_the_fault_a_busy_store_is_waited_for_and_nothing_is_injected_meanwhile():
    stage = Stage(AUTOMATION).at(1, lambda s: setattr(s.store, "degraded", lambda: "locked"))
    stage.at(15, lambda s: delattr(s.store, "degraded")).at(MENDED, mend)
    history = stage.play()
    assert 15 <= stage.seconds(history, ev.FaultRequested) <= 15.2
    assert how(history) == "completed"


def test_before_the_fault_a_store_that_is_lost_ends_the_drill_with_nothing_injected():
    stage = Stage().at(1, lambda s: setattr(s.store, "degraded", lambda: "the disk is full"))
    history = stage.play()
    assert history.first(ev.AbortRequested).fact.reason == "store-lost"
    assert 31 <= stage.seconds(history, ev.AbortRequested) <= 32
    assert history.first(ev.FaultRequested) is None
