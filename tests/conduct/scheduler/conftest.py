"""The daemon's house."""

import pytest

from tests.conduct.scheduler.house import House


@pytest.fixture
def house() -> House:
    return House()
