"""What tests of several packages share."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from gameday.system import known_secrets
from tests import postgresql

if os.environ.get("CI") != "true":  # in CI Hypothesis uses its own profile, which has no deadline either
    # tests run in parallel: a slow one means nothing
    settings.register_profile("by hand", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("by hand")


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory):
    """No test writes into its user's own state folder."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    yield
    os.environ.pop("XDG_STATE_HOME") if before is None else os.environ.update(XDG_STATE_HOME=before)


@pytest.fixture(autouse=True)
def _nothing_withheld():
    """No test knows a variable that another one's workspace has taken out of the environment."""
    yield
    known_secrets._withheld.clear()


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
