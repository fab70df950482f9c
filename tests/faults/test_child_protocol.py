"""The lines between a Chaos Toolkit process and its parent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.faults import child_protocol

text = st.text(max_size=20)
facts = st.one_of(
    st.builds(ev.ActivityStarted, fault=text, stage=text, activity=text, kind=text, background=st.booleans()),
    st.builds(
        ev.RevertFailed, fault=text, attempt=st.integers(1, 9), error=text, steps=st.lists(text).map(tuple)
    ),
    st.builds(ev.ExposureProbed, fault=text, stage=text, exposed=st.none() | st.booleans(), detail=text),
)


@given(facts, st.floats(0, 2e9), st.none() | st.floats(0, 1e6))
def test_a_fact_comes_back_as_it_was_reported(fact, at, limit):
    line = child_protocol.encode_fact(fact, round(at, 6), limit)
    assert line.count(b"\n") == 1
    assert child_protocol.decode(line) == child_protocol.ReportedFact(fact=fact, at=round(at, 6), limit=limit)


def test_a_note_carries_its_data():
    assert child_protocol.decode(
        child_protocol.encode("is", "settled", {"undone": True})
    ) == child_protocol.Note(word="settled", data={"undone": True})


@pytest.mark.parametrize("line", [b"", b"{}", b"noise", b'{"is": "fact", "kind": "Nothing"}', b"[1]"])
def test_anything_else_is_refused(line):
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        child_protocol.decode(line)
