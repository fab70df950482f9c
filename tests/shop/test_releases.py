"""The releases fit the shop that deploys them, and only one of them lacks its secret."""

from __future__ import annotations

from gameday.shop.releases import RELEASES, SECRETS, STABLE
from gameday.shop.replicas import database
from gameday.shop.settings import Settings


def test_a_shop_comes_up_with_the_stable_release():
    assert Settings().release is STABLE
    assert Settings().flags == STABLE.flags


def test_every_release_sets_the_same_flags():
    assert {frozenset(release.flags) for release in RELEASES.values()} == {frozenset(STABLE.flags)}


def test_a_migration_drops_only_indexes_that_there_are():
    assert {name for release in RELEASES.values() for name in release.drops} <= set(database.INDEXES)


def test_only_the_release_that_breaks_logins_lacks_its_secret():
    assert [name for name, release in RELEASES.items() if release.session_key not in SECRETS] == [
        "42-sessions"
    ]
