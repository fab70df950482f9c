"""What chaoslib calls succeeded is not always a rollback that did its work."""

import pytest

from gameday.faults.child.verdict import failure_of


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
