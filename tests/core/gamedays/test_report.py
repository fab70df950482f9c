"""The message-event list and the report: what was planned, what became of it, nobody named."""

import subprocess
from dataclasses import replace

from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import report
from gameday.core.judging import result
from gameday.formats.scenario import playbook as markdown
from tests.core.gamedays.a_game_day import DRILL, SAID, drafted
from tests.core.gamedays.test_state import ENDED, event


def test_the_report_counts_objectives_and_gathers_findings_and_work():
    told = drafted()
    assert (told.met, told.missed, told.unknown) == (3, 0, 0)
    assert [(line.how, line.postmortem is not None) for line in told.drills] == [
        ("completed", True),
        ("skipped", False),
    ]
    assert next((one.text, one.owner, one.due) for one in told.actions) == (
        "show the release",
        "on-call",
        "2026-12-15",
    )
    assert [(one.question, one.answers) for one in told.hot_wash] == [
        (report.QUESTIONS["went-well"], ("fast",)),
        ("What about sessions?", ("fine",)),
    ]
    (waived,) = told.waivers
    assert (waived.step, waived.detail, waived.reason) == ("reset", "exit 1", "it is a <b>test</b>")
    assert [one.quote for one in told.decisions] == ["no time"]


def test_a_repeated_scenarios_patches_apply_one_after_the_other(tmp_path):
    path = "playbooks/checkout.md"
    book = markdown.read("# Checkout\n\n1. Look at the queries\n2. Turn the flag off\n", path)
    said = (
        *SAID[:4],
        gf.RepeatAsked(item=0, attempt=2),
        gf.ItemBegun(item=0, attempt=2, drill="d2"),
        replace(ENDED, attempt=2),
        gf.GameDayEnded(why="facilitator"),
    )
    told = replace(DRILL, playbook=book).history()
    drills = {
        name: report.DrillResult(history=told, result=replace(result.judge(told), drill=name))
        for name in ("d1", "d2")
    }
    day = report.build(
        history.from_events(event(number, fact) for number, fact in enumerate(said)),
        drills,
        lambda drilled: markdown.present(drilled.text + "\nSince then.\n"),
    )
    (tmp_path / "playbooks").mkdir()
    (tmp_path / path).write_text(book.text + "\nSince then.\n")
    for line in day.drills:
        assert line.patch
        subprocess.run(["git", "apply"], input=line.patch.encode(), cwd=tmp_path, check=True)
    assert {"`d1`", "`d2`"} <= set((tmp_path / path).read_text().split())
