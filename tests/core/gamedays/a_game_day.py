"""A game day of one drill with two injects, and its report."""

from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import report
from gameday.core.judging import result
from gameday.core.plans.gameday import Absent
from gameday.core.plans.scenario import Inject
from gameday.testing.histories import Game
from tests.conduct.day import PLAN, SCENARIOS
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
