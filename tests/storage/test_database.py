"""The kinds of databases that a store can be in, and opening one by its URL."""

from __future__ import annotations

import pytest

from gameday.core.errors import UsageError
from gameday.storage import database, open_store


@pytest.mark.parametrize("kind", database.KINDS, ids=lambda kind: kind.name)
def test_every_kind_names_a_module_that_opens_its_urls(kind):
    assert callable(database.preload(kind).open_at)


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite:///", "gameday.db", ""])
def test_a_url_of_another_kind_is_answered_with_an_example(url):
    with pytest.raises(UsageError) as found:
        open_store(url)
    assert "sqlite:///.gameday/gameday.db" in found.value.hint


def test_a_url_of_another_kind_is_not_repeated_with_its_password():
    with pytest.raises(UsageError) as found:
        open_store("postgres://ada:c4nary@host/db")
    assert "c4nary" not in found.value.message
