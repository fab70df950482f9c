"""`gameday revert --here` ends this workspace's drills, and leaves those of others in the same store alone."""

from __future__ import annotations

import json

import pytest

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import live_status
from gameday.cli.shared import guard
from gameday.conduct.revert import graceful_stop
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, FaultId
from gameday.storage import open_plain
from gameday.system import clock, machine, processes
from gameday.system.ids import new_event_id
from tests.render import a_drill

EXPERIMENT = json.dumps({"title": "t", "description": "d", "method": [], "rollbacks": []})


@pytest.fixture
def conductors():
    """Processes that live, each as the conductor of a drill."""
    started = [processes.start(["sleep", "120"]) for _ in range(2)]
    yield started
    for child in started:
        child.kill()


@pytest.fixture
def workspaces(tmp_path, conductors, monkeypatch):
    """Two workspaces with one store, and in each a drill with its conductor and a fault."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = open_plain(url)
    for name, child in zip(("ours", "theirs"), conductors, strict=True):
        root = tmp_path / name
        root.mkdir()
        (root / "gameday.toml").write_text(f'[store]\nurl = "{url}"\n')
        requested = ev.FaultRequested(
            fault=FaultId("main"), experiment=EXPERIMENT, path="experiments/e.json", cwd=str(root)
        )
        for fact in (a_drill.planned(), machine.started("conductor", child.identity), requested):
            store.append(
                ev.Event(
                    id=new_event_id(), drill=DrillId(name), recorded_at=clock.now(), source="test", fact=fact
                )
            )
    monkeypatch.chdir(tmp_path / "ours")
    yield store
    store.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait less long for conductors that answer nobody."""
    monkeypatch.setattr(graceful_stop, "LIMITS", {"asked": 0.1, "ending": 20.0, "closed": 5.0})


def test_only_what_was_started_here_is_ended(workspaces, conductors, capfd):
    assert revert.main("", everything=False, here=True) == 0
    assert "ours: reverted and closed" in capfd.readouterr().err
    assert [row.drill for row in workspaces.live()] == ["theirs"]
    assert [processes.alive(child.identity) for child in conductors] == [False, True]


def test_a_second_time_there_is_nothing_to_do(workspaces, capfd):
    revert.main("", everything=False, here=True)
    capfd.readouterr()
    assert revert.main("", everything=False, here=True) == 0
    assert capfd.readouterr().err == "nothing is in force\n"


def test_without_it_a_drill_that_is_looked_after_goes_on(workspaces, conductors, capfd):
    assert revert.main("", everything=False) == 0
    said = capfd.readouterr().err
    assert "every open drill is looked after by its own processes; --all reverts them too" in said
    assert len(workspaces.live()) == 2


def test_status_has_no_more_than_the_screen_for_a_drill_that_is_looked_after(workspaces, conductors, capfd):
    assert live_status.main(json=False) == 0
    shown = capfd.readouterr()
    assert "ours" in shown.out
    assert shown.err == ""


def test_a_report_that_cannot_be_written_keeps_no_other_drill_in_force(workspaces, tmp_path, capfd):
    """The emergency stop goes on to the next drill."""
    drills = tmp_path / "ours" / ".gameday" / "drills"
    drills.parent.mkdir()
    drills.write_text("a file where the folder should be")
    assert revert.main("", everything=True) == 0
    said = capfd.readouterr().err
    assert "postmortem.md can't be written" in said
    assert "hint: once the disk can be written to: gameday postmortem ours" in said
    assert workspaces.live() == []


def test_what_a_person_must_do_is_said_by_every_command_until_it_is_done(workspaces, conductors, capfd):
    conductors[0].kill()
    final = ev.RevertFailed(
        fault=FaultId("main"), attempt=9, error="answered 500", steps=("fix it: by hand",), final=True
    )
    workspaces.append(
        ev.Event(id=new_event_id(), drill=DrillId("ours"), recorded_at=clock.now(), source="test", fact=final)
    )
    for _ in range(2):
        revert.open_store(wiring.workspace()).close()
        said = capfd.readouterr().err
        assert "ours: a fault may still be in force. What a person must do:\n  1. fix it: by hand\n" in said
        assert "hint: follow these steps, then: gameday revert ours" in said


@pytest.mark.parametrize("named", ["last", "theirs", "thei"])
def test_one_drill_is_named_as_other_commands_name_it(workspaces, capfd, named):
    assert revert.main(named, everything=False) == 0
    assert [row.drill for row in workspaces.live()] == ["ours"]
    revert.main("", everything=True)
    capfd.readouterr()
    assert revert.main(named, everything=False) == 0
    told = "nothing is in force" if named == "last" else f"drill {named} is closed: nothing is left to revert"
    assert told in capfd.readouterr().err


def test_a_drill_that_is_not_there_is_a_wrong_word(workspaces):
    with pytest.raises(UsageError, match="no drill 'nope'"):
        revert.main("nope", everything=False)


def test_what_nothing_undid_is_closed_and_not_called_reverted(workspaces, conductors, capfd):
    conductors[0].kill()
    steady = ev.SteadyStateChecked(stage="after", met=False)
    injected = ev.FaultInjected(fault=FaultId("main"), action="a")
    for fact in (injected, steady):
        workspaces.append(
            ev.Event(
                id=new_event_id(), drill=DrillId("ours"), recorded_at=clock.now(), source="test", fact=fact
            )
        )
    assert revert.main("ours", everything=False) == 4
    said = capfd.readouterr().err
    assert "ours: closed\nerror: ours: a fault may still be in force" in said
    assert "1. undo by hand what experiments/e.json does: it has no rollbacks\n" in said


def test_all_names_a_closed_drill_whose_steady_state_is_not_met(workspaces, conductors, capfd):
    for child in conductors:
        child.kill()

    def record(drill, *facts):
        for fact in facts:
            workspaces.append(
                ev.Event(
                    id=new_event_id(), drill=DrillId(drill), recorded_at=clock.now(), source="test", fact=fact
                )
            )

    requested = ev.FaultRequested(fault=FaultId("main"), experiment=EXPERIMENT, path="e.json", cwd="/")
    record("theirs", ev.FaultInjected(fault=FaultId("main"), action="a"))
    record("theirs", ev.FaultReverted(fault=FaultId("main"), how="rolled-back", by="keeper"))
    record("theirs", ev.SteadyStateChecked(stage="after", met=False))
    record("theirs", ev.DrillClosed(how="aborted", reverted=True))
    for _ in range(2):  # and again, for as long as it is not met
        assert revert.main("", everything=True) == 4
        assert "error: theirs: a fault may still be in force" in capfd.readouterr().err
    # One that could not start, maybe for that very fault, says nothing.
    record("refused", a_drill.planned(), ev.DrillClosed(how="not-ready", reverted=True))
    assert revert.main("", everything=True) == 4
    # A fault is requested only where the service was healthy.
    record("later", a_drill.planned(), requested, ev.DrillClosed(how="completed", reverted=True))
    record("later", ev.FaultReverted(fault=FaultId("main"), how="never-injected", by="keeper"))
    assert revert.main("", everything=True) == 0


def test_one_drill_and_every_drill_are_not_asked_for_at_once(workspaces):
    with pytest.raises(UsageError, match="either 'ours' or --all"):
        revert.main("ours", everything=True)
    assert len(workspaces.live()) == 2


def test_outside_every_workspace_nothing_is_called_gone_without_a_warning(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert revert.main("", everything=True) == 0
    assert f"warning: {tmp_path} is not a workspace" in capfd.readouterr().err


def test_what_goes_wrong_with_one_drill_keeps_no_other_ones_fault_in_force(workspaces, monkeypatch, capfd):
    settle = revert._settle

    def broken(space, store, open_drill, **more):
        if open_drill.drill == "theirs":
            raise ValueError("what nobody foresaw")
        return settle(space, store, open_drill, **more)

    monkeypatch.setattr(revert, "_settle", broken)
    assert revert.main("", everything=True) == 4
    assert [row.drill for row in workspaces.live()] == ["theirs"]
    said = capfd.readouterr().err
    assert "error: theirs: gameday's own error: ValueError: what nobody foresaw" in said
    assert "theirs: a fault may still be in force" in said
    assert "ours: reverted and closed" in said


def test_after_an_error_while_the_store_is_opened_it_is_asked_whether_a_fault_was_left(
    workspaces, conductors, monkeypatch
):
    monkeypatch.setattr(guard, "_questions", [])
    for child in conductors:
        child.kill()

    def broken(*_arguments):
        raise ValueError("what nobody foresaw")

    monkeypatch.setattr(wiring, "workspace_store", broken)
    with pytest.raises(ValueError, match="nobody foresaw"):
        revert.main("", everything=True)
    assert [question() for question in guard._questions] == [True]
