"""`list`, `status` and `show`: what is read quickly says what the whole way says, and stands back where it must."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from gameday import wiring
from gameday.cli.drill import list_drills, quick_store, show, show_judged
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId
from gameday.system import processes
from gameday.testing.histories import DRILL
from tests.cli.drill.conftest import GAME

HEAVY = (
    "numpy",
    "cattrs",
    "ruamel",
    "asyncio",
    "gameday.core.facts.drill",
    "gameday.wiring",
    "gameday.settings",
)


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path_factory):
    """A state folder in which no other test's drills are lost; and no variable cuts tables to a width."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def store(root):
    opened = wiring.workspace_store(wiring.workspace(root))
    yield opened
    opened.close()


@pytest.fixture
def open_drill(store):
    """Plan a drill that is not closed, and give what records a conductor for it."""
    drill = DrillId("20260101-000000-open")
    planned = replace(GAME.history().events[0], drill=drill, id=EventId("open-planned"))
    store.append(planned)

    def conducted(*, alive: bool) -> None:
        me = processes.me()
        ticks = me.started_ticks if alive else me.started_ticks + 1
        fact = ev.ProcessStarted(
            role="conductor", pid=me.pid, started_ticks=ticks, boot=me.boot, host=processes.hostname()
        )
        store.append(replace(planned, id=EventId("open-conductor"), fact=fact))

    return conducted


def shown(capsys, command, **options):
    code = command(**options)
    return code, capsys.readouterr()


@pytest.mark.parametrize("json_", [True, False])
def test_the_list_is_the_same_either_way(root, store, capsys, monkeypatch, json_):
    quick = shown(capsys, list_drills.main, json=json_)
    assert DRILL in quick[1].out
    monkeypatch.setattr(quick_store, "_opened", lambda *_: None)
    assert shown(capsys, list_drills.main, json=json_) == quick


def test_the_newest_are_listed_and_the_rest_is_named(root, store, capsys):
    planned = GAME.history().events[0]
    for number in range(list_drills.LISTED):
        store.append(replace(planned, drill=DrillId(f"d{number:03}"), id=EventId(f"e{number}")))
        closed = ev.DrillClosed(how="aborted", reverted=True)
        store.append(replace(planned, drill=DrillId(f"d{number:03}"), id=EventId(f"c{number}"), fact=closed))
    out = shown(capsys, list_drills.main, json=False)[1]
    assert len(out.out.splitlines()) == list_drills.LISTED + 1
    assert "gameday list --limit 0" in out.err
    assert (
        len(shown(capsys, list_drills.main, json=False, limit=0)[1].out.splitlines())
        == list_drills.LISTED + 2
    )
    assert len(json.loads(shown(capsys, list_drills.main, json=True)[1].out)) == list_drills.LISTED + 1
    assert len(json.loads(shown(capsys, list_drills.main, json=True, limit=2)[1].out)) == 2


def test_a_drill_is_shown_as_it_was_judged(root, store, capsys, monkeypatch):
    judged = shown(capsys, show.main, named="last", json=False)
    wiring.write_reports(wiring.workspace(root), store, DRILL)
    monkeypatch.setattr(show_judged, "shown", lambda *_, **__: pytest.fail("it was judged again"))
    assert shown(capsys, show.main, named="last", json=False) == judged
    assert shown(capsys, show.main, named=DRILL[:5], json=False) == judged


def test_a_drill_is_judged_again_once_its_history_has_grown(root, store, capsys):
    wiring.write_reports(wiring.workspace(root), store, DRILL)
    before = shown(capsys, show.main, named="last", json=False)[1].out
    note = replace(GAME.history().events[-1], id=EventId("late"), fact=ev.NoteWritten(text="seen late"))
    store.append(note)
    after = shown(capsys, show.main, named="last", json=False)[1].out
    assert "seen late" in after
    assert "seen late" not in before


def test_a_drill_in_progress_is_listed_quickly_only_while_it_is_looked_after(root, open_drill):
    with quick_store.opened() as quick:
        assert quick is None
    open_drill(alive=True)
    with quick_store.opened() as quick:
        assert quick is not None
        assert len(quick.open_drills) == 1
        assert [row.scenario for row in quick.shown_to("")][-1] != quick_store.HIDDEN


def test_a_drill_whose_processes_are_gone_is_reverted_first(root, open_drill, capsys):
    open_drill(alive=False)
    assert "was abandoned" in shown(capsys, list_drills.main, json=False)[1].err


def test_a_drill_whose_store_is_gone_is_looked_for_on_the_whole_way(root, store, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # its copy is no other test's
    other = tmp_path / "other" / "gameday.db"
    other.parent.mkdir()
    elsewhere = wiring.store(f"sqlite:///{other}", tmp_path / "other" / "drills")
    elsewhere.append(replace(GAME.history().events[0], drill=DrillId("elsewhere"), id=EventId("x")))
    elsewhere.close()
    with quick_store.opened() as quick:
        assert quick is not None
    other.unlink()
    with quick_store.opened() as quick:
        assert quick is None


@pytest.mark.parametrize("words", [["list"], ["status"], ["show"]])
def test_little_is_loaded(root, store, words):
    wiring.write_reports(wiring.workspace(root), store, DRILL)
    code = (
        f"import sys; sys.argv = ['gameday', *{words}]; from gameday.__main__ import main\n"
        f"try: main()\nexcept SystemExit: pass\n"
        f"print(sorted(set({HEAVY}) & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.endswith("[]\n"), ended.stdout
