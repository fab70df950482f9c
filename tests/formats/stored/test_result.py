"""`result.json` read back: what was written is what is read; what is no result is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import InvalidFiles, Mistake, NotReady
from gameday.core.values import Outcome, Verdict
from gameday.formats.stored import result
from gameday.render import result_json
from tests.render import a_drill

DOCUMENT = result_json.encode(a_drill.of(), a_drill.result())
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
    stored = result.read(json.dumps(result_json.error(NotReady("the target does not answer"))))
    assert (stored.error, stored.judged, stored.reverted, stored.points) == (
        "the target does not answer",
        False,
        True,
        None,
    )


def test_mistakes_of_files_keep_their_places():
    mistake = Mistake(file="a.yaml", line=3, column=7, message="m", hint="h")
    stored = result.read(json.dumps(result_json.error(InvalidFiles((mistake,)))))
    assert stored.mistakes == (mistake,)


def test_what_older_results_lack_is_not_known():
    older = {name: value for name, value in DOCUMENT.items() if name != "comparable"}
    assert result.read(json.dumps(older)).comparable == ""


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"schema": 2}', '{"schema": 1}', "\x00", "nonsense"])
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
