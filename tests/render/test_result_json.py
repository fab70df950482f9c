from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from gameday.core.errors import InvalidFiles, Mistake, NotReady
from gameday.core.judging.milestones import Milestones
from gameday.render import result_json
from gameday.testing import histories
from tests.paths import ROOT
from tests.render import a_drill

SCHEMA = ROOT / "docs" / "reference" / "result.schema.json"


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    read = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read, format_checker=FormatChecker())


def encoded(**changes):
    return result_json.encode(a_drill.of(), a_drill.result(**changes))


def keys(value, path="") -> set[str]:
    if not isinstance(value, dict):
        return set()
    return {f"{path}/{k}" for k in value} | {k for n, v in value.items() for k in keys(v, f"{path}/{n}")}


def test_a_result_keeps_the_published_contract(schema):
    schema.validate(encoded())


def test_a_judged_drill_keeps_the_published_contract(schema):
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 60).alert("HighApiLatency", at=18)
    game = game.ack(at=20).declare("P2", at=25).action("flag off", at=59).over(at=80).close(at=100)
    schema.validate(result_json.encode(game.history(), game.result()))


def test_a_drill_that_reached_nothing_has_every_key_with_null(schema):
    bare = encoded(milestones=Milestones(by_name={}, intervals=(), chain=()))
    schema.validate(bare)
    assert keys(bare) == keys(encoded())
    assert bare["milestones"]["detected"]["at"] is None


@pytest.mark.parametrize(
    "problem",
    [
        NotReady("The target can't be reached.", hint="Start it."),
        InvalidFiles(
            (Mistake(file="a.yaml", line=3, column=5, message="unknown key", hint="did you mean slo?"),)
        ),
    ],
)
def test_an_error_has_the_same_shape(schema, problem):
    told = result_json.error(problem)
    schema.validate(told)
    assert keys(encoded()) <= keys(told)
    assert told["error"]["code"] == problem.code


def test_mistakes_keep_their_places():
    mistake = Mistake(file="a.yaml", line=3, column=5, message="unknown key")
    told = result_json.error(InvalidFiles((mistake, replace(mistake, warning=True))))
    assert [(m["file"], m["line"], m["column"]) for m in told["error"]["mistakes"]] == [("a.yaml", 3, 5)]


def test_instants_are_rfc_3339_and_evidence_are_event_ids():
    detected = encoded()["milestones"]["detected"]
    assert detected["at"] == "2026-12-01T10:00:51.400Z"
    assert detected["evidence"] == [a_drill.id_of(a_drill.ev.IncidentAcknowledged, a_drill.ACKED)]


def test_a_censored_time_has_no_seconds_but_a_least():
    whole = a_drill.milestones()
    cut = replace(whole.intervals[2], seconds=None, censored=True, at_least=158.4)
    told = encoded(milestones=replace(whole, intervals=(*whole.intervals[:2], cut)))["intervals"]["recover"]
    assert (told["seconds"], told["censored"], told["at_least"]) == (None, True, 158.4)


def test_the_page_names_every_key_of_the_schema():
    page = (SCHEMA.parent / "result.md").read_text()
    top = json.loads(SCHEMA.read_text())["properties"]
    assert all(f"`{key}" in page for key in top)
