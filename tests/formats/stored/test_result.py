"""`result.json`: it keeps the published contract; what was written is what is read; all else is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from gameday.core.errors import InvalidFiles, Mistake, NotReady
from gameday.core.judging.milestones import Milestones
from gameday.core.values import Outcome, Verdict
from gameday.formats.stored import result
from gameday.testing import histories
from tests.paths import ROOT
from tests.render import a_drill

DOCUMENT = result.encode(a_drill.of(), a_drill.result())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_a_result_is_read_as_it_was_written():
    stored = result.read(json.dumps(DOCUMENT))
    assert (stored.drill, stored.scenario, stored.reverted) == (a_drill.DRILL, "api-latency-spike", True)
    assert (stored.points, stored.passed, stored.outcome) == (71.4, True, Outcome.RECOVERED)
    assert [(one.name, one.seconds, one.verdict) for one in stored.intervals] == [
        (name, one["seconds"], Verdict(one["verdict"])) for name, one in DOCUMENT["intervals"].items()
    ]
    assert stored.judged


def test_a_drill_that_could_not_run_has_its_reason_and_is_not_judged():
    stored = result.read(json.dumps(result.error(NotReady("the target does not answer"))))
    assert (stored.error, stored.judged, stored.reverted, stored.points) == (
        "the target does not answer",
        False,
        True,
        None,
    )


def test_mistakes_of_files_keep_their_places():
    mistake = Mistake(file="a.yaml", line=3, column=7, message="m", hint="h")
    stored = result.read(json.dumps(result.error(InvalidFiles((mistake,)))))
    assert stored.mistakes == (mistake,)


def test_results_without_actors_are_still_read():
    older = {name: value for name, value in DOCUMENT.items() if name != "actors"}
    assert result.read(json.dumps(older)).outcome is Outcome.RECOVERED


def test_who_did_what_is_published():
    assert DOCUMENT["schema"] == 1
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 60).ack(at=20).over(at=80)
    acting = result.encode(game.history(), game.result())["actors"]
    assert acting["acknowledged"] == {"name": None, "kind": "person", "known": None}
    assert acting["declared"] == {"name": None, "kind": None, "known": None}


def test_what_older_results_lack_is_not_known():
    older = {name: value for name, value in DOCUMENT.items() if name != "comparable"}
    assert result.read(json.dumps(older)).comparable == ""


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"schema": 3}', '{"schema": 1}', "\x00", "nonsense"])
def test_what_is_no_result_is_refused(text):
    with pytest.raises(ValueError, match=r"\S"):
        result.read(text)


@given(st.sampled_from(sorted(DOCUMENT)), JSON)
def test_a_result_with_anything_in_a_place_of_its_own_is_read_or_refused(key, value):
    try:
        stored = result.read(json.dumps({**DOCUMENT, key: value}))
    except ValueError:
        return
    assert stored.reverted is (key != "reverted" or value is True)


# --- the published contract ---


SCHEMA = ROOT / "docs" / "reference" / "result.schema.json"


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    published = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(published)
    return Draft202012Validator(published, format_checker=FormatChecker())


def encoded(**changes):
    return result.encode(a_drill.of(), a_drill.result(**changes))


def keys(value, path="") -> set[str]:
    if not isinstance(value, dict):
        return set()
    return {f"{path}/{k}" for k in value} | {k for n, v in value.items() for k in keys(v, f"{path}/{n}")}


def test_a_result_keeps_the_published_contract(schema):
    schema.validate(encoded())


def test_a_judged_drill_keeps_the_published_contract(schema):
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 60).alert("HighApiLatency", at=18)
    game = game.ack(at=20).declare("P2", at=25).action("flag off", at=59).over(at=80).close(at=100)
    schema.validate(result.encode(game.history(), game.result()))


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
    document = result.error(problem)
    schema.validate(document)
    assert keys(encoded()) <= keys(document)
    assert document["error"]["code"] == problem.code


def test_mistakes_keep_their_places():
    mistake = Mistake(file="a.yaml", line=3, column=5, message="unknown key")
    document = result.error(InvalidFiles((mistake, mistake._replace(warning=True))))
    assert [(m["file"], m["line"], m["column"]) for m in document["error"]["mistakes"]] == [("a.yaml", 3, 5)]


def test_instants_are_rfc_3339_and_evidence_are_event_ids():
    detected = encoded()["milestones"]["detected"]
    assert detected["at"] == "2026-12-01T10:00:51.400Z"
    assert detected["evidence"] == [a_drill.id_of(a_drill.ev.IncidentAcknowledged, a_drill.ACKED)]


def test_a_censored_time_has_no_seconds_but_a_least():
    whole = a_drill.milestones()
    cut = replace(whole.intervals[2], seconds=None, censored=True, at_least=158.4)
    document = encoded(milestones=replace(whole, intervals=(*whole.intervals[:2], cut)))["intervals"][
        "recover"
    ]
    assert (document["seconds"], document["censored"], document["at_least"]) == (None, True, 158.4)


def test_the_text_is_the_encoded_document():
    history, judged = a_drill.of(), a_drill.result()
    assert json.loads(result.text(history, judged)) == result.encode(history, judged)
    assert result.text(history, judged) == result.text(history, judged)


def test_the_page_names_every_key_of_the_schema():
    page = (SCHEMA.parent / "result.md").read_text()
    top = json.loads(SCHEMA.read_text())["properties"]
    assert all(f"`{key}" in page for key in top)
