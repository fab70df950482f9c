"""What every Incidents promises: no answer is NotReady, never an empty list."""

from __future__ import annotations

import asyncio

import pytest

from gameday.core.errors import NotReady
from gameday.signals.incidents import AlertmanagerIncidents
from gameday.testing.scheduler.incidents import FakeIncidents
from tests import ports


@pytest.mark.parametrize(
    "incidents",
    [
        AlertmanagerIncidents(urls={"shop": f"http://127.0.0.1:{ports.free()}"}),
        FakeIncidents(silent="no answer"),
    ],
    ids=["alertmanager", "fake"],
)
def test_no_answer_is_an_error(incidents):
    with pytest.raises(NotReady, match="no answer"):
        asyncio.run(incidents.ongoing("shop"))


@pytest.mark.parametrize(
    "incidents", [AlertmanagerIncidents(), FakeIncidents()], ids=["alertmanager", "fake"]
)
def test_an_environment_that_names_no_alert_source_has_no_incidents(incidents):
    assert not asyncio.run(incidents.ongoing("shop"))
