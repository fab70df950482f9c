from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.formats.scenario import playbook
from gameday.formats.text.document import Checked, Document


def checked(text: str) -> Checked[playbook.Playbook]:
    return playbook.check(Document(file="a.md", data=text))


def said(text: str) -> list[str]:
    """Give the mistakes of a playbook as `line:column message`, warnings with a question mark."""
    return [f"{one.line}:{one.column} {one.message}{'?' * one.warning}" for one in checked(text).mistakes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* bullet <!-- step: x -->\n", ["1:10 'x' names no step here"]),
        ("1. a\n   - b\n   - c <!-- step: x -->\n", ["3:8 'x' names no step here"]),
        ("1. a\n\n   more <!-- step: x -->\n", ["3:9 'x' names no step here"]),
        ("1. a\n\n   <!-- step: x -->\n", ["3:4 'x' names no step here"]),
        ("1. <!-- step: x --> Look\n", ["1:4 'x' names no step here"]),
        ("# Head <!-- step: x -->\n", ["1:8 'x' names no step here?"]),
        ("<!-- step: x -->\n", ["1:1 'x' names no step here?"]),
        ("| a <!-- step: x --> |\n| --- |\n| b |\n", ["1:5 'x' names no step here?"]),
        ("1. a <!-- step: n -->\n2. b <!-- step: n -->\n", ["2:6 there is already a step 'n'"]),
        (
            "1. a <!-- step: n -->\n2. b <!-- step: N -->\n",
            ["2:6 'N' differs from the step 'n' in upper and lower case alone?"],
        ),
        ("1. a <!-- step: B B -->\n", ["1:6 'B B' can't be the id of a step"]),
        ("1. a <!-- step: -->\n", ["1:6 the id of this step is empty"]),
        ("1. a <!-- step: x --> <!-- step: y -->\n", ["1:23 this step is named 'x' already"]),
        ("1. a\n   b <!-- step: x\n2. c\n", ["2:6 this comment does not end"]),
        ("1. a <!-- step: x\n   b <!-- step: y -->\n", ["1:6 this comment does not end"]),
        ("Now:\n\n<!-- step: x\n\n1. a\n2. b\n", ["3:1 this comment does not end"]),
        ("1. `<!-- step: c -->` <!-- step: B B -->\n", ["1:23 'B B' can't be the id of a step"]),
        ("> 1. a\n>    b <!-- step: B B -->\n", ["2:8 'B B' can't be the id of a step"]),
    ],
)
def test_a_comment_that_names_no_step_is_reported_at_its_place(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1. a `<!-- step: x -->`\n",
        "1. a \\<!-- step: x -->\n",
        "```\n* <!-- step: x -->\n```\n",
        "* a\n\n      <!-- step: x -->\n",
        "---\ntitle: <!-- step: x\n---\n\n1. a\n",
        "1. a <!-- a step: as you know -->\n",
    ],
)
def test_what_is_code_or_text_is_no_marker(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "1. a <!-- step: the.id_1 -->\n",
        "1. a <!--step:the.id_1-->\n",
        "1. a <!-- Step: the.id_1 -->\n",
        "- [ ] a <!-- step:\n  the.id_1 -->\n",
        "* x\n  1. a <!-- step: the.id_1 -->\n",
    ],
)
def test_a_step_has_the_id_of_its_comment(text: str) -> None:
    assert said(text) == []
    (step,) = playbook.read(text).steps
    assert step.id == "the.id_1"


PIECES = [
    "1. ",
    "* ",
    "- [ ] ",
    "  ",
    "\n",
    "\n\n",
    "`",
    "# ",
    "> ",
    "a",
    "-->",
    "\\",
    "<!-- step: ",
    "x",
    "B B",
]


@given(st.lists(st.sampled_from([*PIECES, "<!-- step: x -->", "<!-- step: y -->"])).map("".join))
def test_each_comment_names_one_step_or_is_reported(text: str) -> None:
    found = checked(text)
    ids = [step.id for step in playbook.read(text).steps]
    named = [name for name in ("x", "y") if re.search(rf"<!--\s*step:\s*{name}\s*-->", text)]
    in_code = "`" in text or "\\" in text or "    " in text or "  * " in text or "  1. " in text
    for name in named:
        assert name in ids or found.mistakes or in_code
    lines = text.split("\n")
    for mistake in found.mistakes:
        assert lines[mistake.line - 1][mistake.column - 1 :].startswith("<!--")
