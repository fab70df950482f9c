"""A workspace with one stored drill."""

import pytest

from gameday import wiring
from gameday.testing.histories import DRILL, Game
from tests.settings import space

GAME = (
    Game()
    .trail(at=1)
    .fault(at=10)
    .bad("POST /checkout", 10, 60)
    .ack(at=20)
    .action("flag off", at=59)
    .over(at=80)
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    made = space.make(tmp_path)
    monkeypatch.chdir(made)
    for name in ("GAMEDAY_STORE_URL", "GAMEDAY_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    opened = wiring.workspace_store(wiring.workspace(made))
    history = GAME.history()
    for event in history.events:
        opened.append(event)
    opened.append_load(DRILL, history.load.chunks, history.load.until)
    opened.close()
    return made
