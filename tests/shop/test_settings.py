"""Settings change by pure functions, and survive their file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.shop import settings
from gameday.shop.releases import RELEASES
from gameday.shop.settings import EdgeFault, Settings

CHANGES = st.one_of(
    st.builds(lambda on: lambda s: settings.with_flag(s, "new-ranking", on), st.booleans()),
    st.builds(lambda name: lambda s: settings.with_release(s, name), st.sampled_from(sorted(RELEASES))),
    st.just(lambda s: settings.rolled_back(s) if len(s.deployed) > 1 else s),
    st.builds(
        lambda name, opened: lambda s: settings.with_breaker(s, name, opened),
        st.sampled_from(settings.BREAKERS),
        st.booleans(),
    ),
    st.builds(lambda a, b: lambda s: settings.with_blocked(s, str(a), b), st.ip_addresses(), st.booleans()),
    st.builds(lambda n: lambda s: settings.with_rate_limit(s, n), st.integers(0, 1000)),
    st.builds(lambda n: lambda s: settings.with_replicas(s, n), st.integers(1, settings.MAX_REPLICAS)),
    st.builds(lambda p: lambda s: settings.with_payments(s, p), st.floats(0, 60)),
    st.builds(
        lambda route, fault: lambda s: settings.with_edge(s, route, fault),
        st.sampled_from(["*", *settings.ROUTES]),
        st.none() | st.builds(EdgeFault, abort_percent=st.integers(0, 100)),
    ),
)


def after(changes) -> Settings:
    changed = Settings()
    for change in changes:
        changed = change(changed)
    return changed


@given(st.lists(CHANGES))
def test_settings_are_read_as_they_were_written(changes):
    assert settings.decode(settings.encode(after(changes))) == after(changes)


@given(st.lists(CHANGES), CHANGES.filter(lambda change: change(Settings()) == change(change(Settings()))))
def test_a_change_made_twice_is_made_once(changes, change):
    before = after(changes)
    if len(before.deployed) == 1:  # a rollback goes one further each time
        assert change(change(before)) == change(before)


@given(st.lists(CHANGES), st.sampled_from(sorted(RELEASES)))
def test_a_rollback_undoes_the_deployment_of_another_release(changes, name):
    before = after(changes)
    if before.release.name != name:
        assert settings.rolled_back(settings.with_release(before, name)) == before


def test_the_first_release_can_not_be_rolled_back():
    with pytest.raises(ValueError, match="no release before 41"):
        settings.rolled_back(Settings())


def test_a_fault_on_all_routes_is_cleared_from_one_route_only():
    faulty = settings.with_edge(Settings(), "*", EdgeFault(abort_percent=5))
    assert set(settings.with_edge(faulty, "login", None).edge) == {"products", "cart", "checkout"}


@pytest.mark.parametrize("seconds", [-1.0, 61.0, float("nan")])
def test_a_payment_time_out_of_range_is_refused(seconds):
    with pytest.raises(ValueError, match="0 to 60 s"):
        settings.with_payments(Settings(), seconds)
