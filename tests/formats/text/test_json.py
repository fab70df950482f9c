import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import InvalidFiles
from gameday.formats.text import json as json_text
from gameday.formats.text.document import Spot
from tests.formats.mistakes import as_lines

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES, indent=st.none() | st.integers(0, 4))
def test_whatever_json_writes_is_read_back(value: object, indent: int | None) -> None:
    assert json_text.read(json.dumps(value, indent=indent), "x.json").data == value


def test_every_key_and_value_knows_its_place() -> None:
    document = json_text.read('{\n  "a": [1,\n    {"b": true}]\n}', "x.json")
    assert document.spot(("a", 1, "b")) == Spot(3, 11)
    assert document.key_spot(("a",)) == Spot(2, 3)


def test_comments_are_skipped_and_reported_once() -> None:
    document = json_text.read('{\n  // one\n  "a": 1 /* two */, # three\n  "b": "// text"\n}', "x.json")
    assert document.data == {"a": 1, "b": "// text"}
    assert as_lines(document.mistakes) == [
        "2:3 JSON has no comments: Chaos Toolkit refuses this file | remove them, or write the experiment as YAML"
    ]


def test_a_key_written_twice_is_a_mistake() -> None:
    document = json_text.read('{"a": 1,\n "a": 2}', "x.json")
    assert as_lines(document.mistakes) == ["2:2 'a' is written twice | it is first on line 1; keep one"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x.json:1:1: JSON: the file ends where a value is expected"),
        (
            '{"a": 1,}',
            "x.json:1:8: JSON: there is a ',' before '}'\n  hint: JSON allows no comma after the last value",
        ),
        ('{"a" 1}', "x.json:1:6: JSON: a ':' is missing after the key 'a'"),
        ("{a: 1}", 'x.json:1:2: JSON: a key in double quotes is expected here\n  hint: write "key": value'),
        ("[1 2]", "x.json:1:4: JSON: unexpected text where ',' or ']' is expected"),
        ("[1,\n2", "x.json:2:2: JSON: the file ends where ',' or ']' is expected"),
        ("[True]", "x.json:1:2: JSON: 'True' is not a value\n  hint: did you mean true?"),
        ("[NaN]", "x.json:1:2: JSON: 'NaN' is not a value\n  hint: put text into double quotes"),
        ("[] x", "x.json:1:4: JSON: there is more text after the end of the value"),
        ('["a\nb"]', "x.json:1:4: JSON: invalid control character at"),
        ('["\\ud800"]', "x.json:1:2: JSON: half of a surrogate pair is not a character"),
    ],
)
def test_what_is_not_json_is_reported_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(InvalidFiles) as wrong:
        json_text.read(text, "x.json")
    assert str(wrong.value) == expected
