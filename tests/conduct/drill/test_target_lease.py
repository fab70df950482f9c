"""Leases between stores, and a second host that can revert: refused, kept, accepted, lost."""

from dataclasses import replace

import pytest

from gameday.conduct.drill import target_lease
from gameday.conduct.drill.options import DrillOptions
from gameday.core import exposure
from gameday.core.errors import Busy, NotReady
from gameday.core.facts import drill as ev
from gameday.core.policy import LOOPBACK, Account, Cluster
from gameday.core.values import DrillId, Instant
from gameday.ports import Lease
from gameday.testing.drill.target_lease import FakeTargetLease
from tests.conduct.stage import AUTOMATION, SCENARIO, Stage

FAR = "https://staging.example.com"
BOTH = {"options": DrillOptions(accept_no_lease=True, accept_local_keeper=True)}
HERE = DrillOptions(accept_local_keeper=True)


def staged(base_url="", scenario=AUTOMATION, rules=None, **more):
    stage = Stage(scenario, base_url=base_url, **more)
    planned = replace(stage.context.planned, rules=replace(LOOPBACK, hosts=("*",), **(rules or {})))
    stage.use(replace(stage.context, planned=planned))
    return stage.at(30, lambda s: setattr(s.world, "mended", True))


def refused(stage):
    history = stage.play()
    assert history.first(ev.FaultRequested) is None
    return stage.error


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])
def test_on_loopback_nothing_more_is_needed(url):
    stage = staged(url)
    stage.play()
    assert stage.error is None


@pytest.mark.parametrize("url", [FAR, "http://10.0.0.1:80"])
def test_outside_loopback_a_store_of_its_own_is_refused(url):
    error = refused(staged(url, options=HERE))
    assert "could start on this environment, too" in error.message
    assert "--accept-no-lease" in error.hint


@pytest.mark.parametrize("url", ["http://0x7f.1", "http://127.0.0.1@example.com", "http://[::1%25eth0]", "x"])
def test_an_address_in_disguise_is_outside(url):
    assert target_lease.is_remote(staged(url).context)


@pytest.mark.parametrize("rules", [{"kubernetes": Cluster()}, {"aws": Account()}], ids=["cluster", "account"])
def test_a_cluster_or_an_account_is_outside_whatever_the_address(rules):
    assert isinstance(refused(staged("http://127.0.0.1", rules=rules)), NotReady)


@pytest.mark.parametrize("accepted", [{"shared_store": True}, BOTH], ids=str)
def test_a_shared_store_or_ones_word_is_enough(accepted):
    stage = staged(FAR, **{"options": HERE, **accepted})
    stage.play()
    assert stage.error is None


def test_the_environments_own_lease_is_taken_renewed_and_given_back():
    lease = FakeTargetLease()
    stage = staged(FAR, options=HERE, target_lease=lease)
    stage.play()
    assert stage.error is None
    assert len(lease.taken) >= 3
    assert lease.released == [stage.context.drill]


def test_an_environment_that_another_laptop_holds_is_busy():
    lease = FakeTargetLease()
    stage = staged(FAR, target_lease=lease, **BOTH)
    lease.other = Lease(
        environment="stage",
        drill=DrillId("d2"),
        holder="ada@desktop",
        since=stage.began,
        until=Instant(stage.began + 60),
    )
    error = refused(stage)
    assert isinstance(error, Busy)
    assert "ada@desktop" in error.message


def test_a_lease_that_can_not_be_kept_is_no_lease_unless_ones_word_is_given():
    lease = FakeTargetLease()
    lease.why = "forbidden"
    assert "forbidden" in refused(staged(FAR, target_lease=lease, options=HERE)).message
    stage = staged(FAR, target_lease=lease, **BOTH)
    stage.play()
    assert stage.error is None


def test_a_lease_that_another_took_over_ends_the_drill():
    lease = FakeTargetLease()
    stage = staged(FAR, scenario=SCENARIO, options=HERE, target_lease=lease)
    other = Lease(environment="stage", drill=DrillId("d2"), holder="h", since=0.0, until=stage.began + 999)
    stage.at(50, lambda _: setattr(lease, "other", other))
    history = stage.play()
    assert history.first(ev.AbortRequested).fact.reason == "lease-lost"
    assert exposure.open_faults(history) == ()


@pytest.mark.parametrize(("back", "lost"), [(70.0, False), (200.0, True)])
def test_a_lease_that_can_not_be_renewed_ends_the_drill_before_it_runs_out(back, lost):
    lease = FakeTargetLease()
    stage = staged(FAR, scenario=SCENARIO, options=HERE, target_lease=lease)
    stage.at(45, lambda _: setattr(lease, "why", "unreachable"))
    stage.at(back, lambda _: setattr(lease, "why", ""))
    history = stage.play()
    assert (history.first(ev.AbortRequested) is not None) is lost
    if lost:
        assert stage.seconds(history, ev.AbortRequested) <= 40 + 60 + 1


def test_a_store_lease_is_renewed_also_without_a_load():
    stage = Stage(replace(SCENARIO, experiment="", load=None, slos=()))
    other = Lease(
        environment="stage",
        drill=DrillId("d2"),
        holder="h",
        since=Instant(stage.began + 90),
        until=Instant(stage.began + 99),
    )
    said = []
    stage.at(90, lambda s: said.append(s.store.take_lease(other))).say(95, ev.EndRequested()).play()
    assert said[0].drill == stage.context.drill


def test_a_held_fault_outside_needs_a_second_reverter():
    error = refused(staged(FAR, shared_store=True))
    assert "nobody would revert" in error.message
    assert "--accept-local-keeper" in error.hint


def test_ones_word_is_a_second_reverter():
    stage = staged(FAR, shared_store=True, options=HERE)
    stage.play()
    assert stage.error is None


def test_another_host_that_stands_by_is_a_second_reverter():
    stage = staged(FAR, shared_store=True)
    stage.store.register_reverter("b:7", "b", until=Instant(stage.began + 10))
    history = stage.play()
    assert stage.error is None
    found = next(c for c in history.each(ev.PreflightChecked) if c.fact.check == "another host can revert")
    assert found.fact.detail == "b can revert if this host dies"


@pytest.mark.parametrize(("host", "seconds"), [("stage", 10), ("b", 0)], ids=["this host", "no longer"])
def test_this_host_or_one_that_no_longer_stands_by_is_none(host, seconds):
    stage = staged(FAR, shared_store=True)
    stage.store.register_reverter("h", host, until=Instant(stage.began + seconds))
    assert "nobody would revert" in refused(stage).message


def test_a_fault_that_is_not_held_needs_no_second_reverter():
    stage = staged(FAR, scenario=replace(AUTOMATION, hold="none"), shared_store=True)
    stage.play()
    assert stage.error is None
