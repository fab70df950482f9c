"""What is reported of a probe's output and of a hypothesis."""

import pytest

from gameday.faults.child import probes


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (None, ""),
        ("ok", "ok"),
        (
            {"status": 200, "headers": {"set-cookie": "canary"}, "body": {"up": True}},
            'status 200: {"up": true}',
        ),
        ({"status": 204, "headers": {}, "body": None}, "status 204: "),
        ({"größe": 1}, '{"größe": 1}'),
        ([object], "[\"<class 'object'>\"]"),
    ],
)
def test_an_output_is_readable_and_an_http_answer_has_no_headers(output, text):
    assert probes.readable(output) == text


def run(**result):
    return {"activity": {"name": "answers", "tolerance": 200}, **result}


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (None, "the experiment has no hypothesis"),
        ({"steady_state_met": True, "probes": [run(), run()]}, "2 of 2 probes within tolerance"),
        (
            {"steady_state_met": False, "probes": [run(), run(status="succeeded", output=503)]},
            "probe answers gave 503, tolerance 200",
        ),
        (
            {
                "steady_state_met": False,
                "probes": [
                    run(
                        status="failed",
                        exception=["Traceback\n", "chaoslib.exceptions.ActivityFailed: down\n"],
                    )
                ],
            },
            "probe answers failed: down",
        ),
        (
            {"steady_state_met": False, "probes": [run(status="failed", exception=None)]},
            "probe answers failed: ",
        ),
    ],
)
def test_a_hypothesis_that_is_missed_names_its_last_probe(state, text):
    assert probes.detail(state) == text
