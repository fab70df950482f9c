"""The message-event list and the report: what was planned, what became of it, nobody named."""

import subprocess
from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import message_event_list, report, state
from gameday.core.judging import result
from gameday.core.plans.gameday import Absent
from gameday.core.plans.scenario import Inject
from gameday.formats.scenario import playbook as markdown
from gameday.render import gameday_report as rendering
from gameday.testing.histories import Game
from tests.conduct.day import DAY, PLAN, SCENARIOS
from tests.core.gamedays.test_state import ENDED, event

INJECTS = (
    Inject(after=30.0, message="Support calls", id="call", expected="acknowledge"),
    Inject(after=60.0, hint="look at queries", cost=5.0),
)
SCENARIO = replace(Game().scenario, injects=INJECTS)
DRILL = (
    Game(scenario=SCENARIO)
    .fault(at=10)
    .bad("POST /checkout", 10, 60)
    .alert("HighApiLatency", at=18)
    .add(ev.InjectSent(index=0, kind="message", text="Support calls"), at=40)
    .ack(at=45)
    .declare("P2", at=48)
    .action("flag off", at=59)
    .add(ev.InjectSkipped(index=1, why="contained was reached"), at=70)
    .mark("recovered", at=75)
    .over(at=80)
)
NAMED = replace(PLAN, absent=(Absent(name="dora", knows="sessions"),), questions=("What about sessions?",))
SAID = (
    gf.GameDayPlanned(
        plan=NAMED, scenarios={**SCENARIOS, "scenarios/one.yaml": SCENARIO}, attended=True, opened="ada"
    ),
    gf.PrerequisiteChecked(name="the shop is up", passed=True),
    gf.ItemBegun(item=0, attempt=1, drill="d1"),
    ENDED,
    gf.SettlingChecked(item=0, attempt=1, step="reset", passed=False, detail="exit 1"),
    gf.SettlingFailed(item=0, attempt=1, number=1, step="reset", detail="exit 1"),
    gf.SettlingWaived(item=0, attempt=1, reason="it is a <b>test</b>"),
    gf.ItemSkipped(item=2, attempt=1, why="no time"),
    gf.GameDayEnded(why="facilitator"),
    gf.HotWashAnswered(question="went-well", answer="fast"),
    gf.HotWashAnswered(question="question-1", answer="fine"),
    gf.ImprovementPlanned(text="show the release", owner="on-call", due="2026-12-15"),
)
DAY_TOLD = history.from_events(event(number, fact) for number, fact in enumerate(SAID))


def drafted():
    told = DRILL.history()
    return report.build(DAY_TOLD, {"d1": report.DrillResult(history=told, result=result.judge(told))})


def test_the_timetable_has_every_inject_with_what_was_expected_and_what_was_done():
    now = state.fold(DAY_TOLD)
    before = message_event_list.build(now, {})
    assert [(one.id, one.state) for one in before] == [("call", "not sent"), ("1", "not sent")]
    call, hint = message_event_list.build(now, {"d1": DRILL.history()})
    assert (call.state, call.expected, call.after) == ("sent", "acknowledge", 30)
    assert [(round(done.after), done.text) for done in call.actual] == [
        (5, "Acknowledged: somebody is looking into it."),
        (8, "Incident declared P2 (High), without an incident commander."),
        (19, "Action on the target: flag off."),
        (35, "Milestone marked: recovered."),
    ]
    assert (hint.state, hint.why, hint.actual) == ("skipped", "contained was reached", ())


def test_what_has_not_begun_is_planned():
    opened = history.from_events([event(0, SAID[0])])
    assert {one.state for one in message_event_list.build(state.fold(opened), {})} == {"planned"}


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
    day = report.build(history.from_events(event(number, fact) for number, fact in enumerate(said)), drills)
    (tmp_path / "playbooks").mkdir()
    (tmp_path / path).write_text(book.text)
    for line in day.drills:
        assert line.patch
        subprocess.run(["git", "apply"], input=line.patch.encode(), cwd=tmp_path, check=True)
    assert {"`d1`", "`d2`"} <= set((tmp_path / path).read_text().split())


def test_the_report_names_nobody():
    for text in (rendering.markdown(drafted()), rendering.html(drafted())):
        for name in ("ada", "rita", "dora"):
            assert f" {name}" not in text
            assert f"{name}<" not in text


def test_the_report_is_drawn_whole_and_words_from_outside_are_no_markup():
    told = drafted()
    for text in (rendering.markdown(told), rendering.html(told)):
        assert "<b>test</b>" not in text
        for part in ("Improvement plan", "Message-event list", "sessions", "show the release", "no time"):
            assert part in text
    assert rendering.html(told) == rendering.html(drafted())
    assert "http" not in rendering.html(told).replace("http://127", "")


def test_why_a_drill_ended_stands_next_to_it():
    told = drafted()
    lines = (replace(told.drills[0], why="whoever conducted it died"), *told.drills[1:])
    assert lines[0].postmortem is not None
    for draw in (rendering.markdown, rendering.html):
        assert "whoever conducted it died" in draw(replace(told, drills=lines))


def test_a_day_without_a_drill_has_a_report_too():
    opened = history.from_events([event(0, SAID[0]), event(1, gf.GameDayEnded(why="facilitator"))])
    told = report.build(opened, {})
    text = rendering.markdown(told)
    assert f'<dd>0<span class="sub">{told.scenarios} on the agenda' in rendering.html(told)
    assert told.scenarios == sum(not item.is_break for item in SAID[0].plan.agenda) > 1
    assert "No scenario was drilled." in text
    assert str(DAY) in text
    assert "Nothing was waived." in text
