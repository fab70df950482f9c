"""A model's mistakes in plain words, whatever is in the document."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from gameday.formats.text import models
from gameday.formats.text.document import Document
from gameday.formats.text.models import FromVariable, Strict
from tests.formats import mistakes


class Inner(Strict):
    name: str = Field(min_length=1, description="who")
    on: bool = False


class Outer(Strict):
    title: str = Field(description="what it is about")
    count: int = Field(default=1, ge=1, le=9)
    inner: list[Inner] = Field(default_factory=list)
    free: dict[str, Inner] = Field(default_factory=dict)


def check(data: Any, *, lenient: bool = False):
    return models.check(Outer, Document(file="a.yaml", data=data), lenient=lenient)


def messages(data: Any, *, lenient: bool = False) -> list[str]:
    return [line.partition(" ")[2] for line in mistakes.as_lines(check(data, lenient=lenient).mistakes)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, ["the key 'title' is missing | title: what it is about"]),
        ({"titel": "t"}, ["unknown key 'titel' | did you mean 'title'?"]),
        ({"title": 3}, ["expected text, not the number 3 | put it into quotes"]),
        ({"title": "t", "count": 0}, ["0 is too small; it must be at least 1"]),
        ({"title": "t", "count": 10}, ["10 is too large; it must be at most 9"]),
        ({"title": "t", "count": 1.5}, ["expected a whole number, not the number 1.5"]),
        ({"title": "t", "count": True}, ["expected a whole number, not true"]),
        ({"title": "t", "inner": {}}, ["expected a list, not a mapping"]),
        ({"title": "t", "inner": [{"name": ""}]}, ["this text is empty"]),
        ({"title": "t", "inner": [{"name": "a", "on": "yes"}]}, ["expected true or false, not the text 'yes' | write true"]),
        ({"title": "t", "free": {"x": {"nam": "a"}}}, ["unknown key 'nam' | did you mean 'name'?"]),
        ({"title": "t", "free": {"x": {}}}, ["the key 'name' is missing | name: who"]),
        (None, ["expected a mapping of keys to values, not nothing"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words(data: Any, expected: list[str]) -> None:
    assert messages(data) == expected


def test_the_value_of_a_variable_is_never_shown() -> None:
    (message,) = messages({"title": "t", "count": FromVariable("canary")})
    assert message == "expected a whole number, not the value of its environment variable"
    assert models.quoted(FromVariable("canary")) == "the value of its environment variable"
    assert models.quoted("plain") == "'plain'"


def test_lenient_reading_warns_of_a_strange_key_and_refuses_a_misspelt_one() -> None:
    assert messages({"title": "t", "x-team": "shop"}, lenient=True) == []
    (strange,) = check({"title": "t", "deprecated": 1}, lenient=True).mistakes
    (misspelt,) = check({"title": "t", "cuont": 1}, lenient=True).mistakes
    assert (strange.warning, misspelt.warning) == (True, False)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["title", "inner", "free", "name", "on", "count", "other"]), inner)
    ),
    max_leaves=8,
)


@given(data=VALUES)
def test_any_document_is_a_value_or_mistakes_and_never_both_or_neither(data: Any) -> None:
    checked = check(data)
    assert (checked.value is None) == bool(checked.mistakes)


@given(value=VALUES)
def test_every_value_has_a_short_name(value: Any) -> None:
    assert 0 < len(models.kind(value)) < 400
