"""What a host must have to undo another's fault."""

from dataclasses import replace

import pytest

from gameday.faults.rollbacks import needs
from tests.faults.building import HERE, experiment, python, request

URL = "http://127.0.0.1:1"


def lacking(made, environ=(), cwd=HERE):
    return needs.lacking(request(made, cwd=cwd), dict(environ))


def test_what_has_everything_lacks_nothing():
    made = experiment(URL, configuration={"a": {"type": "env", "key": "A"}})
    assert lacking(made, {"A": "1"}) == ()


def test_variables_and_secrets_without_a_default_are_needed():
    made = experiment(
        URL,
        configuration={"a": {"type": "env", "key": "A"}, "b": {"type": "env", "key": "B", "default": "x"}},
        secrets={"shop": {"token": {"type": "env", "key": "TOKEN"}}},
    )
    assert lacking(made) == ("the variable A is not set", "the variable TOKEN is not set")


def test_modules_of_the_rollbacks_are_needed_and_not_those_of_the_method():
    elsewhere = python("off", "off")
    elsewhere["provider"]["module"] = "not_here.at_all"
    assert lacking(experiment(URL, rollbacks=[elsewhere])) == ("module not_here.at_all is not installed",)
    assert lacking(experiment(URL, method=[elsewhere])) == ()


def test_modules_stand_beside_where_it_is_run(tmp_path):
    assert lacking(experiment(URL), cwd=str(tmp_path)) == ("module chaos_actions is not installed",)


@pytest.mark.parametrize(
    ("path", "missing"),
    [("sh", ()), ("no-such-command", ("command no-such-command is not installed",)), ("${tool}", ())],
)
def test_commands_of_the_rollbacks_are_needed(path, missing):
    off = {"type": "action", "name": "off", "provider": {"type": "process", "path": path}}
    assert lacking(experiment(URL, rollbacks=[off])) == missing


def test_secrets_that_were_masked_stay_where_they_were():
    masked = replace(request(experiment(URL)), experiment='{"secrets": {"a": {"b": "***"}}}')
    assert "on the host of its drill only" in needs.lacking(masked, {})[0]


def test_what_can_not_be_read_is_left_to_the_try():
    assert needs.lacking(request("{"), {}) == ()
