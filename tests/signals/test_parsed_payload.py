"""Texts out of payloads that may hold anything."""

from hypothesis import given
from hypothesis import strategies as st

from gameday.signals.parsed_payload import text, texts

ANYTHING = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)


@given(value=ANYTHING, default=st.text())
def test_what_is_no_text_is_the_default(value, default):
    assert text(value, default) == (value if isinstance(value, str) else default)


@given(value=ANYTHING | st.dictionaries(st.text(), ANYTHING))
def test_of_an_object_the_texts_are_kept_and_of_anything_else_nothing(value):
    entries = value.items() if isinstance(value, dict) else ()
    assert texts(value) == {name: entry for name, entry in entries if isinstance(entry, str)}
