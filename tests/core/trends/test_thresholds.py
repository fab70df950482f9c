"""What could not be verified never passes; the worst of all is told; repeats that differ are flaky."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import trends
from gameday.core.errors import WORST_FIRST as ORDER
from gameday.core.errors import Mistake
from gameday.core.trends import Baseline, FinishedDrill, Thresholds
from gameday.core.values import Outcome, Verdict
from tests.core.trends.results import finished_drill, interval, stored_result

CODES = st.sampled_from(ORDER)


SCORECARDS = Thresholds()


def checks(*drills, thresholds=SCORECARDS):
    return {check.name: check for check in trends.judge(drills, thresholds).checks}


def against(*earlier, now=None, folder="before"):
    thresholds = Thresholds(baseline=Baseline(folder=folder, drills=earlier))
    return trends.judge((now or finished_drill(drill="now"),), thresholds)


@given(st.lists(CODES, min_size=1))
def test_repeats_pass_only_when_each_did(codes):
    assert (trends.together(codes) == 0) == (set(codes) == {0})


def test_repeats_that_contradict_each_other_are_inconclusive():
    assert (trends.together([0, 1, 0]), trends.together([1, 1]), trends.together([0, 1, 3])) == (5, 1, 3)


# --- one drill ---


def test_a_good_drill_passes_with_a_check_for_the_scenario_and_each_objective():
    judged = trends.judge((finished_drill(),), Thresholds())
    names = [check.name for check in judged.checks]
    assert (judged.code, judged.flaky) == (0, False)
    assert names == ["scenario", "objective detect", "objective contain", "objective recover"]


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_threshold_on_points_is_met_from_the_threshold_on(points, bar):
    found = checks(finished_drill(points=points), thresholds=Thresholds(fail_under=bar))["scenario"]
    assert found.code == (0 if points >= bar else 1)


def test_without_a_threshold_the_scorecard_decides():
    assert checks(finished_drill(code=1, passed=False))["scenario"].code == 1


def test_a_threshold_below_the_scorecard_s_own_passes_what_the_drill_itself_failed():
    found = checks(finished_drill(code=1, points=60.0, passed=False), thresholds=Thresholds(fail_under=50))
    assert found["scenario"].code == 0


def test_no_points_do_not_pass():
    assert checks(finished_drill(code=1, points=None, score_verdict="gated"))["scenario"].code == 1
    assert checks(finished_drill(points=None, score_verdict="not-scored"))["scenario"].code == 5


@pytest.mark.parametrize("outcome", [one for one in Outcome if not one.judged])
@pytest.mark.parametrize("code", [0, 1])
def test_what_was_not_judged_never_passes_whatever_its_exit_code(outcome, code):
    assert trends.judge((finished_drill(code, outcome=outcome),), Thresholds()).code == 5


@pytest.mark.parametrize("code", [0, 1, 3, 5])
def test_a_fault_in_force_is_the_verdict_whatever_the_exit_code(code):
    assert trends.judge((finished_drill(code, reverted=False),), Thresholds()).code == 4


@pytest.mark.parametrize("code", [0, 1])
def test_a_drill_without_a_result_is_an_error_though_it_says_that_it_passed(code):
    judged = trends.judge((FinishedDrill(code=code),), Thresholds())
    assert (judged.code, judged.checks[0].detail) == (70, "gameday's own error: it left no result")


@pytest.mark.parametrize("code", [2, 3, 4, 5, 70])
def test_the_drill_s_own_exit_code_stands(code):
    assert trends.judge((FinishedDrill(code=code, why="why"),), Thresholds()).code == code


def test_the_reason_of_an_error_is_reported():
    wrong = finished_drill(2, outcome=Outcome.FAILED, error="bad file", mistakes=(Mistake(file="a.yaml"),))
    assert checks(wrong)["scenario"].detail == "invalid: bad file"


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.MET, 0), (Verdict.MISSED, 1), (Verdict.PARTIAL, 1), (Verdict.UNKNOWN, 5)]
)
def test_an_objective_is_a_threshold_of_its_own(verdict, code):
    drill = finished_drill(intervals=(interval("detect", 70.0, verdict),))
    assert checks(drill, thresholds=Thresholds(fail_under=1))["objective detect"].code == code


def test_a_time_that_was_cut_off_is_reported_as_at_least():
    drill = finished_drill(intervals=(interval("recover", None, Verdict.MISSED, at_least=90.0),))
    found = checks(drill)["objective recover"]
    assert found.detail == "not reached: at least 1 min 30 s; the objective is 1 min 00 s"


def test_who_recovered_is_reported_only_where_anybody_did():
    drill = finished_drill(1, points=6.0, passed=False, outcome=Outcome.UNDETECTED)
    assert checks(drill)["scenario"].detail == "undetected: 6.0 points; not enough for the scorecard"


def test_an_unknown_time_is_reported_as_unknown():
    drill = finished_drill(intervals=(interval("recover", None, Verdict.UNKNOWN),))
    assert checks(drill)["objective recover"].detail.startswith("not known;")


def test_what_affected_nobody_has_no_time_to_be_compared_with():
    drill = finished_drill(intervals=(interval("detect", None, Verdict.UNKNOWN, applies=False),))
    found = checks(drill)["objective detect"]
    assert (found.code, found.skipped) == (0, True)


# --- repeats ---


def test_flaky_repeats_are_reported_as_flaky_with_each_of_them():
    judged = trends.judge(
        (finished_drill(0, "a"), finished_drill(1, "b", points=10.0, passed=False)), Thresholds()
    )
    said = next(check for check in judged.checks if check.name == "scenario").detail
    assert (judged.code, judged.flaky, judged.codes) == (5, True, (0, 1))
    assert said.splitlines() == [
        "flaky: 1 of 2 passed",
        "1. recovered by automation: 90.0 points; enough for the scorecard",
        "2. recovered by automation: 10.0 points; not enough for the scorecard",
    ]


def test_repeats_that_agree_are_not_flaky():
    judged = trends.judge((finished_drill(0, "a"), finished_drill(0, "b")), Thresholds())
    assert (judged.code, judged.flaky, judged.checks[0].detail.splitlines()[0]) == (0, False, "2 of 2 passed")


def test_repeats_give_the_distribution():
    drills = [finished_drill(drill=f"d{n}", seconds=float(n), points=float(n)) for n in (4, 1, 9)]
    spreads = {one.name: one for one in trends.judge(drills, Thresholds()).spreads}
    assert set(spreads) == {"points", "detect", "contain", "recover"}
    assert (spreads["detect"].low, spreads["detect"].median, spreads["detect"].high) == (1.0, 4.0, 9.0)


def test_an_aborted_repeat_is_no_part_of_the_distribution_and_no_pass():
    judged = trends.judge(
        (finished_drill(drill="a"), finished_drill(3, "b", outcome=Outcome.ABORTED)), Thresholds()
    )
    assert (judged.code, len(judged.spreads[0].values)) == (3, 1)


# --- baseline ---

NONE = "not comparable: none of the 1 earlier results of this scenario in before"


def test_equal_times_are_not_worse():
    judged = against(*(stored_result(f"d{n}") for n in range(5)))
    assert judged.code == 0
    assert [one.worse for one in judged.comparisons] == [False] * 3


def test_a_time_beyond_noise_fails_with_the_figures():
    judged = against(
        *(stored_result(f"d{n}") for n in range(5)), now=finished_drill(drill="now", seconds=50.0)
    )
    found = next(check for check in judged.checks if check.name == "baseline detect")
    assert (judged.code, found.code) == (1, 1)
    assert "50.0 s (median of 1) now, 10.0 s (median of 5) before: 5.00 times" in found.detail
    assert "may be noise (run-to-run log-sd 0.05, of the baseline)" in found.detail


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        ((), "not comparable: before holds no earlier result"),
        ((stored_result("now"),), "not comparable: before holds no earlier result"),
        (
            (stored_result(scenario="other", comparable="else"),),
            "not comparable: none of the 1 earlier results in before is of this scenario",
        ),
        (
            (stored_result(outcome=Outcome.ABORTED),),
            f"{NONE} was judged",
        ),
        (
            (stored_result(comparable="else"),),
            f"{NONE} had the same experiment, load, SLOs and objectives",
        ),
    ],
)
def test_a_baseline_that_does_not_compare_does_not_pass_and_says_why(earlier, why):
    judged = against(*earlier)
    assert (judged.code, judged.checks[-1].detail) == (5, why)


def test_a_time_that_only_one_side_knows_does_not_pass():
    unknown = (*stored_result().intervals[:2], interval("recover", None, Verdict.UNKNOWN))
    judged = against(stored_result(intervals=unknown))
    assert judged.checks[-1].detail == "not comparable: no time to recover is known both now and before"
    assert judged.code == 5


def test_a_drill_that_was_not_judged_is_not_compared():
    judged = against(stored_result(), now=finished_drill(3, "now", outcome=Outcome.ABORTED))
    assert (judged.code, judged.comparisons) == (3, ())
    assert judged.checks[-1].detail == "not comparable: there is no judged drill to compare"


def test_scenarios_of_one_pipeline_share_its_false_alarms():
    baseline = Baseline(folder="before", drills=tuple(stored_result(f"d{n}") for n in range(5)))
    one, ten = (
        trends.judge(
            (finished_drill(drill="now"),), Thresholds(baseline=baseline, scenarios=count)
        ).comparisons[0]
        for count in (1, 10)
    )
    assert ten.limit > one.limit > 1


@given(st.lists(st.sampled_from([0, 1]), min_size=1, max_size=4), st.integers(0, 3))
def test_a_single_bad_objective_is_never_outvoted(codes, where):
    drills = [finished_drill(drill=f"d{n}") for n in range(len(codes))]
    place = where % len(drills)
    worse = replace(
        drills[place],
        result=stored_result(f"d{place}", intervals=(interval("detect", 70.0, Verdict.MISSED),)),
    )
    assert trends.judge((*drills[:place], worse, *drills[place + 1 :]), Thresholds()).code in (1, 5)


# --- nothing to time ---


def untimed(drill="d1", outcome=Outcome.UNKNOWN, **changes):
    nothing = tuple(
        interval(name, None, Verdict.UNKNOWN, applies=False) for name in ("detect", "contain", "recover")
    )
    changes = {"points": None, "intervals": nothing, "outcome": outcome, **changes}
    return finished_drill(drill=drill, **changes)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.ABSORBED])
@pytest.mark.parametrize("repeats", [1, 3])
def test_what_was_not_to_be_timed_has_no_distribution_and_is_not_compared(outcome, repeats):
    drills = tuple(untimed(f"d{number}", outcome) for number in range(repeats))
    before = Baseline(folder="b", drills=(untimed("before", outcome).result,))
    judged = trends.judge(drills, Thresholds(baseline=before))
    assert (judged.code, judged.spreads, judged.comparisons) == (0, (), ())
    compared = [check for check in judged.checks if check.name.startswith("baseline")]
    assert len(compared) == 3
    assert all(check.skipped for check in compared)


def test_of_repeats_only_those_count_that_were_to_be_timed():
    judged = trends.judge((untimed("a", Outcome.ABSORBED), finished_drill(drill="b")), Thresholds())
    assert {each.name: each.values for each in judged.spreads}["detect"] == (10.0,)


def test_what_users_feel_now_and_did_not_before_is_worse():
    judged = against(untimed("before", Outcome.ABSORBED).result, now=finished_drill(drill="now"))
    assert {check.name: check.code for check in judged.checks}["baseline recover"] == 1
