"""What a CI system is told: every text from one report, and none that it could misread."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from gameday.core import trends
from gameday.core.errors import Mistake
from gameday.core.trends import Baseline, FinishedDrill, Report, Row, Thresholds
from gameday.core.values import Outcome, Verdict
from gameday.render import pipeline
from tests.core.trends.results import NAMES, finished_drill, interval, stored_result
from tests.render import junit_schema


def report(*drills, thresholds=None, stopped="", scenario="slow", lines=None) -> Report:
    judgement = trends.judge(drills, thresholds or Thresholds())
    row = Row(
        scenario=scenario,
        file=f"scenarios/{scenario}.yaml",
        environment="shop",
        drills=drills,
        judgement=judgement,
        lines=lines or {},
    )
    return Report(rows=(row,), seconds=61.5, stopped=stopped)


def states(text: str) -> dict[str, list[str]]:
    return {
        case.name: [type(one).__name__ for one in case.result]
        for suite in JUnitXml.fromstring(text.encode())
        for case in suite
    }


REPORTS = {
    "passed": report(finished_drill()),
    "failed": report(finished_drill(1, points=10.0, passed=False), thresholds=Thresholds(fail_under=50)),
    "flaky": report(finished_drill(drill="a"), finished_drill(1, "b", passed=False)),
    "aborted": report(
        finished_drill(3, outcome=Outcome.ABORTED, why="guardrail"), stopped="interrupted by SIGTERM"
    ),
    "in force": report(FinishedDrill(code=4, why="look at the database")),
    "own error": report(FinishedDrill(code=70)),
    "compared": report(
        finished_drill(), thresholds=Thresholds(baseline=Baseline(folder="b", drills=(stored_result("x"),)))
    ),
    "incomparable": report(finished_drill(), thresholds=Thresholds(baseline=Baseline(folder="b"))),
    "absorbed": report(
        finished_drill(
            outcome=Outcome.ABSORBED,
            intervals=tuple(interval(name, None, Verdict.UNKNOWN, applies=False) for name in NAMES),
        )
    ),
    "invalid": report(FinishedDrill(code=2, why="a.yaml:1:1: x\nb.yaml:2:2: y")),
}


@pytest.mark.parametrize("name", REPORTS)
def test_junit_keeps_to_the_schema_of_ci_systems(name):
    assert junit_schema.complaints(pipeline.junit(REPORTS[name])) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("testsuites", "testsuits"), "testsuits"),
        ((' failures="0"', ""), "failures"),
        (('tests="4"', 'tests="5"'), "told 5, counted 4"),
        (("<testcase ", '<testcase file="x" '), "file"),
        (("objective detect", "objective contain"), "two cases are called objective contain"),
        (('time="61.500"', 'time="1 min"'), "1 min"),
    ],
)
def test_the_schema_sees_what_is_wrong(change, complaint):
    broken = pipeline.junit(REPORTS["passed"]).replace(*change)
    assert complaint in "\n".join(junit_schema.complaints(broken))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("passed", []),
        ("failed", ["Failure"]),
        ("flaky", ["Error"]),
        ("aborted", ["Error"]),
        ("in force", ["Error"]),
        ("own error", ["Error"]),
        ("invalid", ["Error"]),
    ],
)
def test_a_failure_is_a_verdict_and_an_error_says_that_there_is_none(name, state):
    assert states(pipeline.junit(REPORTS[name]))["scenario slow"] == state


def test_times_of_an_absorbed_fault_are_skipped_not_passed():
    assert states(pipeline.junit(REPORTS["absorbed"]))["objective detect"] == ["Skipped"]


@given(st.text(), st.text())
def test_nothing_that_a_drill_says_breaks_a_document(said, name):
    hostile = report(FinishedDrill(code=5, why=said), scenario=f"s{name}", stopped=said)
    assert junit_schema.complaints(pipeline.junit(hostile)) == []
    assert all("\n" not in line and "\r" not in line for line in pipeline.annotate(hostile))
    assert json.loads(json.dumps(pipeline.encode(hostile)))["stopped"] == (said or None)


def test_the_summary_begins_with_the_verdict_and_has_a_row_for_each_scenario():
    text = pipeline.markdown(REPORTS["passed"]).splitlines()
    assert text[0] == "# Drills: passed"
    assert text[2] == "1 of 1 scenarios passed, in 1 min 02 s."
    assert text[6] == "| slow | shop | ✓ passed | 90.0 | 10.0 s | 10.0 s | 10.0 s |"
    assert len(text) == 7


def test_the_summary_says_what_did_not_pass_why_it_ended_early_and_what_is_flaky():
    assert "> **Ended early:** interrupted by SIGTERM" in pipeline.markdown(REPORTS["aborted"])
    assert "- **scenario**: aborted: guardrail" in pipeline.markdown(REPORTS["aborted"])
    flaky = pipeline.markdown(REPORTS["flaky"])
    assert "✗ flaky: inconclusive" in flaky
    assert "1 of 2 drills passed." in flaky


def test_the_summary_shows_the_figures_of_a_comparison():
    text = pipeline.markdown(REPORTS["compared"])
    assert "| detect | 10.0 s (of 1) | 10.0 s (of 1) | 1.00 |" in text
    assert "| not worse |" in text


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "[a](javascript:x)", "| b |", "`x`", "![](http://x)"]
)
def test_the_summary_runs_nothing_that_a_drill_said(hostile):
    text = pipeline.markdown(report(FinishedDrill(code=5, why=hostile)))
    assert hostile not in text


def test_annotations_stand_at_the_line_of_what_was_missed():
    missed = finished_drill(1, passed=False, intervals=(interval("detect", 70.0, Verdict.MISSED),))
    lines = list(pipeline.annotate(report(missed, lines={"objective detect": 24})))
    assert lines[1] == (
        "::error file=scenarios/slow.yaml,line=24,col=1,title=slow%3A objective detect::"
        "1 min 10 s; the objective is 1 min 00 s"
    )


def test_mistakes_of_files_are_annotated_once_at_their_place():
    wrong = finished_drill(
        2, error="x", mistakes=(Mistake(file="a,b.yaml", line=3, column=7, message="50 %\nx", hint="h"),)
    )
    lines = list(pipeline.annotate(report(wrong, wrong)))
    assert lines[0] == ("::error file=a%2Cb.yaml,line=3,col=7,title=gameday validate::50 %25%0Ax%0Ahint: h")
    assert len(lines) == 2


def test_a_passed_pipeline_annotates_nothing():
    assert list(pipeline.annotate(REPORTS["passed"])) == []
    assert pipeline.code_quality(REPORTS["passed"]) == []


def test_code_quality_names_the_place_and_keeps_its_fingerprint_from_run_to_run():
    first, second = (
        pipeline.code_quality(report(finished_drill(1, drill, points=p, passed=False), lines={"scenario": 1}))
        for drill, p in (("a", 10.0), ("b", 20.0))
    )
    (one,) = first
    assert one["location"] == {"path": "scenarios/slow.yaml", "lines": {"begin": 1}}
    assert (one["severity"], one["check_name"]) == ("major", "gameday scenario")
    assert one["fingerprint"] == second[0]["fingerprint"]
    assert one["description"] != second[0]["description"]


def test_code_quality_tells_scenarios_and_checks_apart():
    rows = (*REPORTS["failed"].rows, *report(finished_drill(1, passed=False), scenario="other").rows)
    found = pipeline.code_quality(Report(rows=rows, seconds=0.0))
    assert len({one["fingerprint"] for one in found}) == len(found) == 2


def test_json_has_null_for_what_was_not_reached():
    never = finished_drill(
        1, passed=False, intervals=(interval("recover", None, Verdict.MISSED, at_least=9.0),)
    )
    (row,) = pipeline.encode(report(never))["scenarios"]
    assert row["distribution"]["recover"] == {"values": [None], "least": None, "median": None, "most": None}
    assert not math.isinf(json.loads(json.dumps(row["drills"][0]["seconds"])))
    assert row["checks"][1] == {
        "check": "objective recover",
        "state": "failure",
        "said": "not reached: at least 9.0 s; the objective is 1 min 00 s",
    }


def test_properties_name_the_drills():
    root = ET.fromstring(pipeline.junit(REPORTS["flaky"]))
    told_ = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert told_ == {"environment": "shop", "verdict": "flaky: inconclusive", "drills": "a b"}
