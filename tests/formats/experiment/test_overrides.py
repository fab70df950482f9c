"""What is given besides an experiment, as `chaos run` reads it."""

from __future__ import annotations

import pytest

from gameday.formats.experiment import overrides
from gameday.formats.experiment.overrides import Values
from gameday.formats.text import reader

EXPERIMENT = {
    "title": "t",
    "configuration": {"n": 1, "host": {"type": "env", "key": "HOST"}},
    "secrets": {"group": {"token": {"type": "env", "key": "TOKEN"}, "other": "o"}},
}


def values(text: str, file: str) -> Values | None:
    return overrides.check_values(reader.attempt(overrides.read_values, text.encode(), file)).value


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("PATH=/x\n", "a.env"),
        ("no pair\n", "a.env"),
        ("[1]", "a.json"),
        ("configuration: 1\n", "a.yaml"),
        ("{", "a.json"),
        ("{}", "a.json"),
    ],
)
def test_a_file_of_values_that_can_not_be_taken_has_no_value(text: str, file: str) -> None:
    assert values(text, file) is None


def test_only_declared_entries_are_replaced_and_the_later_file_counts() -> None:
    first = values("configuration: {n: 2, new: 3}\nsecrets: {group: {token: a}}\n", "a.yaml")
    second = values('{"configuration": {"n": 4}}', "b.json")
    third = values("# of ours\nHOST=h=1\nOTHER=x\n", "c.env")
    assert first is not None
    assert second is not None
    assert third is not None
    made = overrides.applied(EXPERIMENT, overrides.merged([first, second, third], {}))
    assert made["configuration"] == {"n": 4, "host": "h=1"}
    assert made["secrets"] == {"group": {"token": "a"}}
    assert overrides.applied(EXPERIMENT, overrides.merged([first], {"n": 5}))["configuration"]["n"] == 5
    assert made["title"] == "t"


@pytest.mark.parametrize(
    ("text", "file", "right"),
    [
        ("c: {provider: {type: python, module: m}}\n", "c.yaml", True),
        ("c: {provider: {type: python, module: m}}\n", "c.txt", False),
        ("c: {provider: {type: python}}\n", "c.yaml", False),
        ("- c\n", "c.yaml", False),
    ],
)
def test_a_file_of_controls_is_a_mapping_of_names_to_controls(text: str, file: str, right: bool) -> None:
    document = reader.attempt(overrides.read_controls, text.encode(), file)
    assert (overrides.check_controls(document).value is not None) is right
