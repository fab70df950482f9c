"""Every encoding is undone, in any order, however often it is there."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy.texts import decoded

ENCODINGS = [
    lambda text: "".join(f"%{ord(each):02x}" for each in text),
    lambda text: quote(text, safe=""),
    lambda text: "".join(f"&#{ord(each)};" for each in text),
    lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    lambda text: "".join(f"\\x{ord(each):02x}" for each in text),
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
]


@given(st.lists(st.sampled_from(ENCODINGS), max_size=3))
def test_a_text_is_read_whatever_encodings_are_in_one_another(encodings):
    written = "http://evil/x"
    for encode in encodings:
        written = encode(written)
    assert "http://evil/x" in decoded.forms(written)


@pytest.mark.parametrize("text", ["", "plain words", "50%", "a & b", "C:\\dir"])
def test_a_text_without_encodings_is_itself_first(text):
    assert decoded.forms(text)[0] == text


def test_what_can_be_read_in_too_many_ways_is_not():
    with pytest.raises(ValueError, match="encoded more than"):
        decoded.forms("%" + "25" * 20 + "41")
