"""What an experiment names as its packages, what of it is not here, and what may be installed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.formats.experiment import requirements


def naming(*dependencies: Any) -> dict[str, Any]:
    return {"runtime": {"python": {"dependencies": list(dependencies)}}}


def test_what_is_not_here_is_lacking_once_and_sorted() -> None:
    made = naming("zzz-none", "requests", " aaa-none>1 ", "zzz-none", "x; python_version < '3'", 7)
    assert requirements.lacking(made) == ("7", "aaa-none>1", "zzz-none")


@pytest.mark.parametrize("made", [{}, {"runtime": []}, {"runtime": {"python": {"dependencies": "requests"}}}])
def test_where_nothing_is_named_nothing_lacks(made: dict[str, Any]) -> None:
    assert requirements.declared(made) == requirements.lacking(made) == ()


@pytest.mark.parametrize(
    ("text", "patterns", "may"),
    [
        ("chaos-tiny", ["chaos-*"], True),
        ("Chaos_Tiny[all]>=1; python_version > '3'", ["chaos-tiny"], True),
        ("chaos-tiny", ["Chaos_Tiny"], True),
        ("chaos-tiny", [], False),
        ("chaos-tiny", ["chaos"], False),
        ("chaos-tiny @ https://example.com/chaos_tiny-1.0-py3-none-any.whl", ["*"], False),
        ("requests<1", ["*"], False),
        ("--index-url=https://example.com", ["*"], False),
        ("-r other.txt", ["*"], False),
        ("chaos-tiny\n--index-url https://example.com", ["*"], False),
        ("./folder", ["*"], False),
    ],
)
def test_only_a_release_of_what_is_listed_and_not_here_may_be_installed(
    text: str, patterns: list[str], may: bool
) -> None:
    assert requirements.allowed(text, patterns) is may


@given(st.text())
def test_what_may_be_installed_is_one_plain_line_that_is_no_option(text: str) -> None:
    if requirements.allowed(text, ["*"]):
        assert len(text.strip().splitlines()) == 1
        assert text.strip()[0].isalnum()
        assert requirements.package(text)
