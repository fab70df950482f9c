"""What chaoslib calls succeeded is not always a rollback that did its work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.values import FaultId
from gameday.faults.child.loaded_experiment import Loaded
from gameday.faults.child.still_exposed import Exposure
from gameday.faults.child.verdict import PlayedRollback, RollbackVerdict, failure_of, last_error
from tests.faults.child.connected import connected


def run(kind, output, status="succeeded", exception=None):
    activity = {"name": "off", "provider": {"type": kind}}
    return {"activity": activity, "status": status, "output": output, "exception": exception}


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        (run("python", None), ""),
        (run("process", {"status": 0, "stderr": ""}), ""),
        (run("http", {"status": 204}), ""),
        (run("process", {"status": 1, "stderr": "no node\n"}), "off: ended with exit code 1: no node"),
        (run("http", {"status": 500}), "off: answered 500"),
        (run("python", None, "failed", ["Traceback", "ValueError: x\n"]), "off: ValueError: x"),
        (run("python", None, "aborted"), "off: it did not end"),
    ],
)
def test_a_failure_is_explained(result, failure):
    assert failure_of(result) == failure


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(object()),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["activity", "status", "output", "exception", "provider", "name", "type"]),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_a_run_that_somebody_changed_is_judged_and_only_success_succeeds(changed):
    failure = failure_of(changed)
    if not (isinstance(changed, dict) and changed.get("status") == "succeeded"):
        assert failure
    assert isinstance(last_error(changed if isinstance(changed, dict) else {}), str)


DECLARED = ({"name": "off"}, {"ref": "other"})


@pytest.mark.parametrize(
    ("played", "undone"),
    [
        ([("off", ""), ("other", "")], True),
        ([("other", ""), ("off", ""), ("mine", "")], True),
        ([("off", "")], False),
        ([("off", ""), ("off", "")], False),
        ([("off", ""), ("mine", "")], False),
        ([("off", ""), ("other", None)], False),
        ([("off", "off: answered 500"), ("other", "")], False),
        ([], False),
    ],
)
def test_by_our_own_events_every_declared_rollback_must_have_succeeded(played, undone):
    with connected() as (connection, other_end):
        verdict = RollbackVerdict(connection, Exposure(connection, FaultId("f1"), Loaded({})), DECLARED)
        verdict.judge([PlayedRollback(name, failure) for name, failure in played], "a control broke")
        (note,) = other_end.received()
    assert note.data["undone"] is undone
    assert ("a control broke" in note.data["error"]) is not undone


@pytest.mark.parametrize("played", [[("off", ""), ("other", "")], []])
def test_what_of_the_method_goes_on_may_bring_the_fault_back(played):
    with connected() as (connection, other_end):
        exposure = Exposure(connection, FaultId("f1"), Loaded({}))
        verdict = RollbackVerdict(connection, exposure, DECLARED, "it goes on")
        verdict.judge([PlayedRollback(name, failure) for name, failure in played])
        (note,) = other_end.received()
    assert note.data["undone"] is False
    assert "it goes on" in note.data["error"]
