"""What a store's URL says without opening the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday.core.errors import UsageError
from gameday.formats.settings import model
from gameday.storage import database, open_store, urls

FILE = "sqlite:///.gameday/gameday.db"
SERVER = "postgresql+psycopg://ada:s3cret@host/gameday"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///.gameday/gameday.db", Path(".gameday/gameday.db")),
        ("sqlite:////var/lib/gameday.db", Path("/var/lib/gameday.db")),
    ],
)
def test_a_stores_url_names_its_file(url, path):
    assert urls.sqlite_path(url) == path


@pytest.mark.parametrize("kind", database.KINDS, ids=lambda kind: kind.name)
def test_every_kind_reads_its_own_example(kind):
    assert database.kind(kind.example) is kind
    assert urls.mistake(kind.example) is None


@pytest.mark.parametrize("url", ["mysql://u:pass@h/d", "sqlite:///", "sqlite://a.db", "gameday.db", ""])
def test_a_mistake_names_every_kind_and_no_password(url):
    message, hint = urls.mistake(url) or ("", "")
    assert message.endswith("is not a store")
    assert "pass" not in message
    assert all(kind.example in hint for kind in database.KINDS)


def test_a_server_is_shared_between_hosts_and_a_file_is_not():
    assert (urls.kind_name(FILE), urls.shared_between_hosts(FILE)) == ("SQLite", False)
    assert (urls.kind_name(SERVER), urls.shared_between_hosts(SERVER)) == ("PostgreSQL", True)
    urls.must_be_shared(SERVER, "workers need it")
    with pytest.raises(UsageError, match="workers need it") as refused:
        urls.must_be_shared(FILE, "workers need it")
    assert "PostgreSQL" in refused.value.hint


def test_a_file_is_anchored_in_the_workspace_and_a_server_is_not(tmp_path):
    assert urls.anchored(FILE, tmp_path) == f"sqlite:///{tmp_path}/.gameday/gameday.db"
    assert urls.anchored("sqlite:////var/lib/g.db", tmp_path) == "sqlite:////var/lib/g.db"
    assert urls.anchored(SERVER, tmp_path) == SERVER


def test_only_a_missing_file_is_certainly_absent(tmp_path):
    url = urls.anchored(FILE, tmp_path)
    assert urls.certainly_absent(url)
    open_store(url).close()
    assert not urls.certainly_absent(url)
    assert not urls.certainly_absent(SERVER)


def test_the_default_is_the_one_that_the_settings_format_documents():
    assert urls.DEFAULT == model.STORE_URL
