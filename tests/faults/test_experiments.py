"""What gameday reads of an experiment."""

import pytest

from gameday.faults import experiments
from tests.faults.building import experiment, fault_on, probe_on, python

URL = "http://127.0.0.1:1"


def test_variables_and_secrets_are_named_without_their_values():
    made = experiment(
        URL,
        configuration={"a": {"type": "env", "key": "A"}, "b": "plain"},
        secrets={
            "g": {
                "x": {"type": "env", "key": "X"},
                "y": {"type": "vault", "path": "p/q"},
                "z": "inline-value",
            }
        },
    )
    assert experiments.variables(made) == ("A",)
    assert experiments.secrets(made) == ("env:X", "vault:p/q", "inline:g.z")


def test_the_probe_comes_from_the_gameday_extension():
    assert experiments.still_exposed(experiment(URL, probed=True)) == probe_on(URL)
    assert experiments.still_exposed(experiment(URL)) is None
    assert experiments.still_exposed({"extensions": [{"name": "other", "still-exposed": {}}]}) is None


def test_modules_are_found_wherever_they_are_named():
    control = {"name": "c", "provider": {"type": "python", "module": "ctl"}}
    dynamic = {"k": {"type": "probe", "name": "p", "provider": {"type": "python", "module": "dyn"}}}
    made = experiment(URL, method=[{**fault_on(URL), "controls": [control]}], configuration=dynamic)
    assert set(experiments.modules(made)) == {"chaos_actions", "ctl", "dyn"}


def test_steps_tell_a_person_what_to_do():
    rollbacks = [
        python("off", "switch", to="off"),
        {"name": "sh", "provider": {"type": "process", "path": "kubectl", "arguments": "uncordon n1"}},
        {"name": "flags", "provider": {"type": "process", "path": "x", "arguments": {"--a": "1"}}},
        {"name": "post", "provider": {"type": "http", "method": "POST", "url": "http://h/p"}},
        {"ref": "other"},
    ]
    assert experiments.steps({"rollbacks": rollbacks}) == (
        "off: call chaos_actions.switch(to='off')",
        "sh: run `kubectl uncordon n1`",
        "flags: run `x --a 1`",
        "post: send POST http://h/p",
        "rollback: do what other describes",
    )
    assert "no rollback" in experiments.steps({})[0]


@pytest.mark.parametrize(
    ("text", "path"), [("{", "x.json"), ("a: [", "x.yaml"), ("[]", "x.json"), ("- a", "x.yml")]
)
def test_an_unreadable_text_is_a_value_error(text, path):
    with pytest.raises(ValueError, match=r"."):
        experiments.parse(text, path)


def test_the_request_carries_the_text_byte_for_byte():
    text = "title: t  # kept\nconfiguration: {a: {type: env, key: A}}\n"
    made = experiments.request(text, fault="f1", path="x.yaml", cwd="/w", host="h")
    assert (made.experiment, made.variables, made.host) == (text, ("A",), "h")
