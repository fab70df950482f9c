"""A drill in which nobody responds is judged by the steady state and by users' SLOs."""

import re
from dataclasses import replace

import pytest

from gameday.conduct.drill import report
from gameday.core import exposure, postmortem
from gameday.core.errors import ExitCode
from gameday.core.facts import drill as ev
from gameday.core.judging import steady_state
from gameday.core.judging.steady_state import SteadyState
from gameday.core.plans.scenario import Condition, MilestoneRules, Rule
from gameday.core.trends import FinishedDrill, Thresholds, thresholds
from gameday.core.values import Mode, Outcome, Party, Verdict
from gameday.formats.stored import result as result_json
from gameday.render import junit
from gameday.testing.histories import FAULT, SCENARIO, Game

CHECKOUTS = "POST /checkout"
NOBODY = replace(SCENARIO, responders=Party.NONE, severity=(), expect=())
NO_USERS = replace(NOBODY, load=None, slos=())


def steady(game, stage, at, *, met=True, detail="1 of 1 probes within tolerance"):
    return game.add(ev.SteadyStateChecked(stage=stage, met=met, detail=detail), at=at)


def drill(scenario=NOBODY, *, after=True, reverted=True, requests=(CHECKOUTS,)):
    game = steady(Game(scenario=scenario, requests=requests), "before", 5).fault(at=10)
    if after is not None:
        game = steady(game, "after-method", 70, met=after)
    return steady(game.ended(70, "time").revert(71), "after", 80, met=reverted).close(at=81)


def without_users(**settings):
    return drill(NO_USERS, requests=(), **settings)


def code(game):
    history = game.history()
    return report.exit_code(report.JudgedDrill(history=history, result=game.result()))


# --- the verdict ---------------------------------------------------------------------------------


@pytest.mark.parametrize("game", [drill(), without_users()], ids=["with load", "without load"])
def test_a_hypothesis_that_held_passes_and_the_outcome_stays_unknown(game):
    card = game.result().score
    assert (card.verdict, card.passed, code(game)) == ("passed", True, ExitCode.PASSED)
    assert game.result().attribution.outcome is Outcome.UNKNOWN
    assert "the steady state was met before and after" in card.why
    assert "no still-exposed probe" in card.why


def test_a_probe_that_shows_the_fault_leaves_nothing_missing():
    game = drill().exposed(at=12, exposed=True)
    card = game.result().score
    assert (card.verdict, card.points, game.result().attribution.outcome) == ("passed", 100, Outcome.ABSORBED)
    assert "still-exposed" not in card.why


@pytest.mark.parametrize("game", [drill(after=False), without_users(after=False)], ids=["load", "no load"])
def test_a_hypothesis_that_deviated_fails_although_the_rollbacks_restored_it(game):
    result = game.result()
    assert (result.score.verdict, code(game), result.reverted) == ("failed", ExitCode.FAILED, True)
    assert "not met after the method" in result.score.why


def test_a_deviation_takes_the_full_marks_of_what_users_did_not_feel():
    game = drill(after=False).exposed(at=12, exposed=True)
    assert (game.result().score.verdict, game.result().score.points) == ("failed", None)


def test_a_continuous_hypothesis_that_was_not_met_during_the_method_fails():
    game = steady(drill(), "during", 40, met=False, detail="probe up gave 503")
    assert (code(game), game.result().score.verdict) == (ExitCode.FAILED, "failed")
    assert "probe up gave 503" in game.result().score.why


def test_rollbacks_that_do_not_restore_the_steady_state_leave_the_fault_in_force():
    game = without_users(after=False, reverted=False)
    assert (game.result().reverted, code(game)) == (False, ExitCode.FAULT_IN_FORCE)


def test_users_who_were_healthy_again_within_the_objective_pass():
    game = drill().bad(CHECKOUTS, 10, 30)
    assert (code(game), game.result().score.verdict) == (ExitCode.PASSED, "passed")
    assert "objective" in game.result().score.why


def test_users_who_were_affected_for_longer_than_the_objective_fail():
    quick = replace(NOBODY, objectives=replace(NOBODY.objectives, recover=15.0))
    assert code(drill(quick).bad(CHECKOUTS, 10, 30)) == ExitCode.FAILED


def test_users_who_were_affected_until_our_rollback_fail():
    game = drill().bad(CHECKOUTS, 10, 72)
    assert (code(game), game.result().score.verdict) == (ExitCode.FAILED, "failed")
    assert "our own rollback" in game.result().score.why


@pytest.mark.parametrize(
    ("game", "words"),
    [
        (drill().silent(CHECKOUTS, 10, 70), "checkout-latency"),
        (without_users(after=None, reverted=None), "could not be judged"),
        (
            Game(scenario=NO_USERS, requests=()).fault(at=10).ended(70).revert(71).close(at=81),
            "neither a steady-state hypothesis nor an SLO",
        ),
        (
            without_users().add(
                ev.ActivityFinished(
                    fault=FAULT, stage="method", activity="stop", kind="action", status="failed"
                ),
                at=11,
            ),
            "no action of the method succeeded",
        ),
        (drill().exposed(at=12, exposed=False), "did not change its target"),
    ],
    ids=["no requests", "hypothesis unknown", "nothing to judge", "nothing done", "no effect"],
)
def test_what_could_not_be_judged_is_inconclusive_and_says_why(game, words):
    card = game.result().score
    assert (card.verdict, code(game)) == ("insufficient-evidence", ExitCode.INCONCLUSIVE)
    assert words in card.why


def test_a_training_without_people_is_judged_too():
    assert code(replace(without_users(), mode=Mode.TRAIN)) == ExitCode.PASSED
    assert code(replace(without_users(after=False), mode=Mode.TRAIN)) == ExitCode.FAILED


def test_a_breach_of_safety_is_never_a_pass():
    game = drill().add(ev.GuardrailTripped(guardrail="slo", detail="x"), at=20)
    assert (game.result().score.verdict, code(game)) == ("gated", ExitCode.FAILED)


def test_a_script_that_responds_is_judged_as_its_party_and_not_as_nobody():
    game = replace(drill().bad(CHECKOUTS, 10, 30), responder="healer", responder_as=Party.AUTOMATION)
    game = game.action("heal", 28, actor="healer", via="responder")
    assert game.result().milestones.interval("detect").applies
    assert game.result().score.points is not None


# --- nobody can be late --------------------------------------------------------------------------


def test_nobody_misses_what_nobody_was_there_to_do():
    game = drill().bad(CHECKOUTS, 10, 72)
    result = game.result()
    assert not result.milestones.interval("detect").applies
    shares = {scored.criterion: scored.share for scored in result.score.criteria}
    assert [shares[name] for name in ("time-to-detect", "severity-right", "commander")] == [None] * 3
    assert shares["time-to-recover"] == 0.0
    drafted = postmortem.draft(game.history(), result)
    assert not any("Time to detect" in finding.title for finding in drafted.improve)


def test_a_detection_that_an_alert_proves_is_still_timed():
    alarm = Rule(all=False, conditions=(Condition(alert="HighApiLatency", state="firing"),))
    watched = replace(NOBODY, milestones=replace(MilestoneRules(), detected=alarm))
    seen = drill(watched).bad(CHECKOUTS, 10, 30).alert("HighApiLatency", 18).result()
    assert seen.milestones.interval("detect").seconds == 8.0
    missed = drill(watched).bad(CHECKOUTS, 10, 30).result()
    assert missed.milestones.interval("detect").applies
    # cut off by the drill's end before the limit: neither met nor missed
    assert missed.score.criteria[0].verdict is Verdict.NO_CREDIT


def test_a_recovery_by_itself_is_what_a_system_alone_is_measured_by():
    scored = {each.criterion: each for each in drill().bad(CHECKOUTS, 10, 30).result().score.criteria}
    assert scored["time-to-recover"].share == 1.0


# --- the steady state ----------------------------------------------------------------------------


def test_the_steady_state_is_kept_apart_before_during_after_and_after_the_revert():
    found = steady_state.read(steady(drill(after=False), "during", 30, met=True).history())
    assert found == SteadyState(before=True, during=True, after=False, after_revert=True)
    assert found.deviated


def test_the_steady_state_of_an_experiment_without_hypothesis_is_not_known():
    game = steady(Game(), "before", 5, detail=exposure.NO_HYPOTHESIS).fault(at=10)
    found = steady_state.read(steady(game, "after", 80, detail=exposure.NO_HYPOTHESIS).history())
    assert (found, found.deviated) == (SteadyState(), False)


def test_result_json_has_the_steady_state():
    game = drill(after=False)
    assert result_json.encode(game.history(), game.result())["steady_state"] == {
        "before": True,
        "during": None,
        "after": False,
        "after_revert": True,
        "deviated": True,
    }


# --- in a pipeline -------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "expected"), [(True, 0), (False, 1), (None, 5)])
@pytest.mark.parametrize("fail_under", [None, 80.0])
def test_a_pipeline_and_its_junit_follow_the_verdict(after, expected, fail_under):
    game = without_users(after=after, reverted=after)
    if after is False:
        game = without_users(after=after)
    text = result_json.text(game.history(), game.result())
    finished = FinishedDrill(code=code(game), result=result_json.read(text), folder="ci")
    assert thresholds.judge([finished], Thresholds(fail_under=fail_under)).code == expected
    xml = junit.encode(game.history(), game.result())
    shown = re.search(r'<testcase name="scenario [^>]*?(/>|>\s*<(\w+))', xml)
    assert shown is not None
    assert shown[2] == {0: None, 1: "failure", 5: "error"}[expected]
