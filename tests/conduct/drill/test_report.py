"""A finished drill: judged from its history, written into files, and turned into an exit code."""

import json
import subprocess
from dataclasses import replace

import pytest

from gameday.conduct.drill import report
from gameday.core.errors import ExitCode, StoreUnavailable
from gameday.core.judging import result
from gameday.core.values import Mode
from gameday.formats.scenario import playbook as markdown
from gameday.formats.stored import heads
from gameday.testing.histories import DRILL, Game
from gameday.testing.history_store import MemoryHistoryStore

TROUBLED = (
    Game()
    .fault(at=10)
    .bad("POST /checkout", 10, 60)
    .alert("HighApiLatency", at=18)
    .ack(at=20)
    .declare("P2", at=25, commander="ada")
)
GOOD = TROUBLED.action("flag off", at=59).mark("recovered", at=75).over(at=80)
POOR = TROUBLED.bad("POST /checkout", 60, 120).over(at=105, how="rolled-back", why="time")
STOPPED = (
    Game().fault(at=10).bad("POST /checkout", 10, 40).abort(at=40).revert(at=41).close(at=42, how="aborted")
)
IN_FORCE = Game().fault(at=10).bad("POST /checkout", 10, 60).ended(at=50).close(at=60, reverted=False)


def judged(game):
    history = game.history()
    return report.JudgedDrill(history=history, result=result.judge(history))


@pytest.mark.parametrize(
    ("game", "code"),
    [
        (GOOD, ExitCode.PASSED),
        (POOR, ExitCode.FAILED),
        (replace(POOR, mode=Mode.TRAIN), ExitCode.PASSED),
        (STOPPED, ExitCode.ABORTED),
        (STOPPED.lost_load(at=39), ExitCode.INCONCLUSIVE),
        (Game().close(at=5, how="not-ready"), ExitCode.INCONCLUSIVE),
        (Game().close(at=5, how="failed"), ExitCode.INTERNAL),
        (Game(), ExitCode.INTERNAL),
        (IN_FORCE, ExitCode.FAULT_IN_FORCE),
    ],
    ids=["good", "poor", "training", "aborted", "load lost", "not ready", "failed", "not closed", "in force"],
)
def test_the_exit_code_says_how_the_drill_went(game, code):
    assert report.exit_code(judged(game)) == code


@pytest.mark.parametrize("how", ["completed", "aborted", "not-ready", "failed"])
def test_however_it_ended_a_fault_in_force_comes_first(how):
    game = Game().fault(at=10).close(at=60, how=how, reverted=False)
    assert report.exit_code(judged(game)) == ExitCode.FAULT_IN_FORCE


def test_the_faults_that_may_be_in_force_are_named_and_none_after_their_revert():
    assert [each.fault for each in report.still_exposed(judged(IN_FORCE))] == ["fault-1"]
    assert report.still_exposed(judged(GOOD)) == ()


# --- from the store, into files ---


@pytest.fixture
def store():
    kept = MemoryHistoryStore()
    history = GOOD.history()
    for event in history.events:
        kept.append(event)
    kept.append_load(DRILL, history.load.chunks, history.load.until)
    return kept


def test_a_stored_drill_is_judged_as_its_history_is_each_time_alike(store):
    first, second = report.judge(store, DRILL), report.judge(store, DRILL)
    assert first.result == second.result
    assert replace(first.result, head=None) == judged(GOOD).result
    head = first.result.head
    assert head is not None
    lines, load = store.lines(DRILL), store.read_load(DRILL)
    assert heads.position(DRILL, lines, load, head.hash) == head.events <= len(lines)


def test_a_stored_drill_can_be_judged_by_another_scorecard(store):
    rules = replace(GOOD.scorecard, scorecard="other", criteria=GOOD.scorecard.criteria[:1])
    by_other = report.judge(store, DRILL, rules)
    assert len(by_other.result.score.criteria) == 1
    assert len(report.judge(store, DRILL).result.score.criteria) == len(GOOD.scorecard.criteria)


def test_a_drill_that_is_not_stored_is_not_judged(store):
    with pytest.raises(LookupError):
        report.judge(store, "another")


def test_the_files_of_a_drill_are_written_again_byte_for_byte(store, tmp_path):
    def written(folder):
        report.write_reports(report.judge(store, DRILL), folder)
        return {file.name: file.read_bytes() for file in folder.iterdir()}

    first = written(tmp_path / "one")
    assert first == written(tmp_path / "two")
    assert {"result.json", "postmortem.md"} <= set(first)
    assert json.loads(first["result.json"])["drill"] == DRILL


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        report.write_reports(judged(GOOD), tmp_path / "file" / "drill")


def test_the_patch_changes_the_playbook_of_today_and_goes_once_there_is_nothing_to_change(tmp_path):
    book = markdown.read("1. Look\n", "playbooks/book.md")
    drilled = judged(replace(GOOD, playbook=book))
    now = "# Rewritten since\n\n1. Look\n"
    patch = report.write_reports(drilled, tmp_path, playbook=now) / "playbook.patch"
    (tmp_path / "playbooks").mkdir()
    (tmp_path / book.path).write_text(now)
    subprocess.run(["git", "apply", str(patch)], cwd=tmp_path, check=True, capture_output=True)
    report.write_reports(drilled, tmp_path, playbook=(tmp_path / book.path).read_text())
    assert not patch.exists()


def test_without_the_playbook_of_today_the_patch_changes_the_one_that_was_drilled(tmp_path):
    book = markdown.read("1. Look\n", "playbooks/book.md")
    report.write_reports(judged(replace(GOOD, playbook=book)), tmp_path)
    assert "+## Drills" in (tmp_path / "playbook.patch").read_text()
