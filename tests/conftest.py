"""What tests of several packages share."""

from __future__ import annotations

import os

import pytest

from tests import postgresql


@pytest.fixture(scope="session")
def server():
    """A real PostgreSQL server for the whole session."""
    if postgresql.binary("initdb") is None or postgresql.binary("postgres") is None:
        reason = "no PostgreSQL server is installed: apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    running = postgresql.PostgreSQL()
    yield running
    running.remove()
