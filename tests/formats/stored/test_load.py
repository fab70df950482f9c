"""load.jsonl: text and chunks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import BINS, Chunk, LoadHistory
from gameday.core.facts.merging import merge
from gameday.formats.stored import load as stored_load
from gameday.formats.stored.load_lines import decode_all

AT, COUNT = st.integers(0, 99), st.integers(1, 10**6)
STEP = st.integers(0, 9)


def columns(*parts):
    return st.lists(st.tuples(*parts), max_size=8).map(
        lambda rows: tuple(zip(*rows, strict=True)) or ((),) * len(parts)
    )


@st.composite
def chunks(draw):
    at, number, count, first, last = draw(columns(AT, st.integers(0, BINS - 1), COUNT, STEP, STEP))
    bad_at, bad_count, bad_first, bad_last = draw(columns(AT, COUNT, STEP, STEP))
    if draw(st.booleans()):  # a drill from before steps were counted
        first = last = bad_first = bad_last = ()
    open_at, open_count = draw(columns(AT, st.sampled_from([-1, 1])))
    return Chunk(
        type=draw(st.sampled_from(["GET", "POST", ""])),
        name=draw(st.text(max_size=4) | st.sampled_from(["/", "two\nlines", "ä"])),
        start=draw(st.integers(0, 3)) * 10 + 1_764_583_200,
        at=at,
        bin=number,
        count=count,
        first=first,
        last=last,
        bad_at=bad_at,
        bad_count=bad_count,
        bad_first=bad_first,
        bad_last=bad_last,
        open_at=open_at,
        open_count=open_count,
    )


@given(chunks())
def test_a_chunk_survives_its_line(chunk) -> None:
    line = stored_load.encode(chunk)
    assert stored_load.decode(line) == chunk
    assert "\n" not in line
    assert line.isascii()


@given(st.lists(chunks()), st.randoms())
def test_lines_add_up_in_any_order(some, random) -> None:
    lines = [stored_load.encode(chunk) for chunk in some]
    random.shuffle(lines)
    assert merge(stored_load.decode(line) for line in lines) == merge(some)


@given(st.lists(chunks()), st.floats(0, 2e9))
def test_a_file_holds_one_line_a_name_and_time_and_reads_back_the_same(some, until) -> None:
    text = stored_load.dumps(LoadHistory(chunks=tuple(some), until=until))
    back = stored_load.loads(text)
    assert back == LoadHistory(chunks=merge(some), until=until)
    assert text.count("\n") == 1 + len({(c.type, c.name, c.start) for c in back.chunks})
    assert stored_load.dumps(back) == text


GOOD = {"type": "GET", "name": "/", "start": 1_764_583_200, "at": [1], "bin": [2], "count": [3]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start": 1_764_583_201}, "multiple"),
        ({"start": True}, "multiple"),
        ({"name": 7}, "text"),
        ({"at": [1, 2]}, "differ in length"),
        ({"at": [100]}, "outside"),
        ({"at": [-1]}, "outside"),
        ({"at": [256]}, "outside"),
        ({"count": [-1]}, "outside"),
        ({"first": [10], "last": [0]}, "first outside"),
        ({"first": [1, 2]}, "differ in length"),
        ({"count": [1.5]}, "whole numbers"),
        ({"open_at": "12", "open_count": [1]}, "whole numbers"),
        ({"at": None}, "whole numbers"),
        ({"name": []}, "text"),
    ],
)
def test_a_wrong_line_is_refused_with_what_is_wrong(change, expected) -> None:
    with pytest.raises(ValueError, match=expected):
        stored_load.decode(json.dumps({**GOOD, **change}))
    with pytest.raises(ValueError, match=expected):
        decode_all([json.dumps(GOOD), json.dumps({**GOOD, **change})])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1"),
        ("[]\n", "line 1"),
        ('{"load":2,"until":1.0}\n', "version 2"),
        ('{"load":1,"until":1.0}\n' + json.dumps(GOOD) + "\n{cut", "line 3"),
        ('{"load":1,"until":1.0}\n7\n', "line 2"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text, expected) -> None:
    with pytest.raises(ValueError, match=expected):
        stored_load.loads(text)


def test_half_a_character_in_a_request_name_is_replaced_written_or_read():
    chunk = Chunk(type="GET", name="/\ud83d", start=1_764_583_200, at=(0,), bin=(1,), count=(1,))
    row = json.loads(stored_load.encode(chunk))
    assert row["name"] == "/\ufffd"
    assert stored_load.decode(json.dumps({**row, "name": "/\ud83d"})).name == "/\ufffd"
    assert [one.name for one in decode_all([json.dumps({**row, "name": "/\ud83d"})])] == ["/\ufffd"]
