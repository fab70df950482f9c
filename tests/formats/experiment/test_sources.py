"""Where configuration and secrets take their values from, read without looking at the environment."""

from __future__ import annotations

import pytest

from gameday.formats.experiment import sources
from gameday.formats.text.document import Document


def found(**data: object) -> list[str]:
    return [mistake.message for mistake in sources.check(Document(file="a.json", data=data))]


def env(**more: object) -> dict[str, object]:
    return {"v": {"type": "env", "key": "V", **more}}


@pytest.mark.parametrize("kind", [None, "str", "int", "number", "json", "bool", "bytes"])
def test_every_type_of_a_variable_is_taken(kind: str | None) -> None:
    assert found(configuration=env(env_var_type=kind, default="3")) == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"type": "env"}, "the key 'key' is missing"),
        ({"type": "env", "key": 7}, "expected the name of an environment variable, not the number 7"),
        ({"type": "env", "key": ""}, "'' can't be the name of an environment variable"),
        ({"type": "env", "key": "V", "env_var_type": "whole"}, "can't be made into the text 'whole'"),
        ({"type": "env", "key": "V", "env_var_type": "int", "default": "x"}, "is not of the type int"),
        ({"type": "env", "key": "V", "env_var_type": "json", "default": "{"}, "is not of the type json"),
        ({"type": "env", "key": "V", "env_var_type": "bool", "default": None}, "is not of the type bool"),
    ],
)
def test_what_chaos_toolkit_can_not_read_is_named(entry: object, why: str) -> None:
    (message,) = found(configuration={"v": entry})
    assert why in message


def test_a_group_of_secrets_is_a_mapping_and_its_text_is_not_shown() -> None:
    (message,) = found(secrets={"g": "hunter2"})
    assert "a group of secrets is a mapping" in message
    assert "hunter2" not in message


def test_secrets_are_looked_at_however_deep_but_not_those_of_a_vault() -> None:
    assert found(secrets={"g": {"deep": {"s": {"type": "env"}}}}) == ["the key 'key' is missing"]
    assert found(secrets={"g": {"s": {"type": "vault", "path": "p"}}}) == []


def test_what_must_be_set_in_the_environment_is_listed() -> None:
    data = {
        "configuration": {**env(), "with-default": {"type": "env", "key": "D", "default": ""}},
        "secrets": {"g": {"deep": {"s": {"type": "env", "key": "S"}}}},
    }
    listed = list(sources.required(Document(file="a.json", data=data)))
    assert listed == [
        (("configuration", "v", "key"), "V"),
        (("secrets", "g", "deep", "s", "key"), "S"),
    ]
