"""Experiments as chaoslib's own loader and runner read them."""

import json

import pytest

from gameday.faults.child import loaded_experiment
from tests.faults.building import experiment

URL = "http://127.0.0.1:1"
CONFIGURED = experiment(
    URL,
    configuration={
        "host": {"type": "env", "key": "GAMEDAY_TEST_HOST", "default": "h"},
        "api_token": "canary-one",
    },
    secrets={"api": {"token": {"type": "env", "key": "GAMEDAY_TEST_TOKEN"}}},
)


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.setenv("GAMEDAY_TEST_TOKEN", "canary-two")


def test_json_and_yaml_are_one_experiment():
    made = experiment(URL)
    yaml = "title: t\ndescription: d\nmethod: []\nrollbacks: []\n"
    assert loaded_experiment.parse(json.dumps(made), "experiments/a.json") == made
    assert loaded_experiment.parse(yaml, "experiments/a.yaml")["title"] == "t"


def test_configuration_and_secrets_have_their_values_from_the_environment(monkeypatch):
    monkeypatch.setenv("GAMEDAY_TEST_HOST", "shop.test")
    loaded = loaded_experiment.load(json.dumps(CONFIGURED), "a.json")
    assert loaded.configuration["host"] == "shop.test"
    assert loaded.secrets["api"]["token"] == "canary-two"


def test_no_secret_of_the_experiment_is_shown_afterwards():
    loaded = loaded_experiment.load(json.dumps(CONFIGURED), "a.json")
    shown = loaded.redactor().text("canary-one canary-two h")
    assert "canary" not in shown
    assert shown.endswith(" h")


def test_every_module_that_cannot_be_imported_is_named_with_the_reason():
    def action(module):
        provider = {"type": "python", "module": module, "func": "f"}
        return {"type": "action", "name": module, "provider": provider}

    method = [action("no_such_module_a"), action("json"), action("no_such_module_b")]
    missing = dict(loaded_experiment.import_all(experiment(URL, method, [])))
    assert set(missing) == {"no_such_module_a", "no_such_module_b"}
    assert missing["no_such_module_a"].startswith("ModuleNotFoundError: ")


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_importing_early_never_fails(text):
    loaded_experiment.import_early({"request": {"experiment": text, "path": "a.json"}})
