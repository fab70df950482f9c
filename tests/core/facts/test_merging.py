"""Adding chunks up, as a plain loop over their rows would."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import GROUPS, Chunk
from gameday.core.facts.merging import BLOCK, merge


def chunk(**columns) -> Chunk:
    return Chunk(type="GET", name="/", start=1_764_583_200, **columns)


def test_the_same_bucket_and_bin_adds_up_and_zero_disappears() -> None:
    first = chunk(
        at=(3, 1), bin=(5, 5), count=(2, 1), bad_at=(0,), bad_count=(1,), open_at=(9,), open_count=(1,)
    )
    second = chunk(at=(3,), bin=(5,), count=(4,), bad_at=(0,), bad_count=(2,), open_at=(9,), open_count=(-1,))
    assert merge([first, second]) == (
        chunk(at=(1, 3), bin=(5, 5), count=(1, 6), bad_at=(0,), bad_count=(3,)),
    )


CHUNKS = st.lists(
    st.builds(
        lambda name, start, at, count: Chunk(
            type="GET",
            name=name,
            start=start,
            at=(at,),
            bin=(1,),
            count=(count,),
            open_at=(at,),
            open_count=(1,),
        ),
        st.sampled_from("ab"),
        st.sampled_from([0, 10]),
        st.integers(0, 2),
        st.integers(1, 3),
    )
)


@given(CHUNKS, CHUNKS)
def test_grouping_and_merging_twice_change_nothing(some, more) -> None:
    assert merge([*merge(some), *merge(more)]) == merge([*more, *some])
    assert merge(merge(some)) == merge(some)


STEP = st.integers(0, 9)


@st.composite
def any_chunk(draw):
    """Draw a chunk whose rows are in any order, twice or of zero, with steps or without."""
    columns = {}
    for rows, steps in GROUPS:
        numbers = {"at": st.integers(0, 3), "bin": st.integers(0, 2), "count": st.integers(0, 2)}
        numbers |= {"open_count": st.integers(-1, 1), "first": STEP, "last": STEP}
        kinds = [numbers.get(name, numbers[name.split("_")[-1]]) for name in (*rows, *steps)]
        values = draw(st.lists(st.tuples(*kinds), max_size=4))
        known = draw(st.booleans())
        for number, name in enumerate((*rows, *steps)):
            columns[name] = [row[number] for row in values] if known or name in rows else ()
    named = {"name": draw(st.sampled_from("ab")), "start": draw(st.sampled_from([0, 10]))}
    return Chunk(type="GET", **named, **columns)


def by_hand(chunks):
    """Add up row by row: {(start, name, group): {place: [count, first, last]}}, steps None where not known."""
    found = defaultdict(dict)
    known = defaultdict(lambda: True)
    for one in chunks:
        for number, (rows, steps) in enumerate(GROUPS):
            key = (one.start, one.name, number)
            columns = [getattr(one, name) for name in rows]
            has = bool(steps) and len(getattr(one, steps[0])) == len(columns[0])
            known[key] &= has or not len(columns[0])
            for index, (*place, count) in enumerate(zip(*columns, strict=True)):
                first, last = [getattr(one, name)[index] for name in steps] if has else (9, 0)
                cell = found[key].setdefault(tuple(place), [0, 9, 0])
                cell[:] = cell[0] + count, min(cell[1], first), max(cell[2], last)
    return {
        key: {p: (c, *((f, n) if known[key] else ())) for p, (c, f, n) in sorted(cells.items()) if c}
        for key, cells in found.items()
        if any(cell[0] for cell in cells.values())
    }


def as_cells(chunks):
    """Give the same form of chunks that are added up already, in their order."""
    found = {}
    for one in chunks:
        for number, (rows, steps) in enumerate(GROUPS):
            columns = [getattr(one, name) for name in rows]
            has = bool(steps) and len(getattr(one, steps[0])) == len(columns[0])
            ends = [getattr(one, name) for name in steps] if has else []
            cells = list(zip(*columns, *ends, strict=True))
            wide = len(rows) - 1
            assert [cell[:wide] for cell in cells] == sorted({cell[:wide] for cell in cells})
            if cells:
                assert (one.start, one.name, number) not in found
                found[one.start, one.name, number] = {cell[:wide]: cell[wide:] for cell in cells}
    return found


@given(st.lists(any_chunk(), max_size=6))
def test_each_name_and_time_comes_to_what_its_rows_add_up_to(chunks) -> None:
    merged = merge(chunks)
    assert as_cells(merged) == by_hand(chunks)
    assert list(merged) == sorted(merged, key=lambda one: (one.start, one.type, one.name))
    assert merge(merged) == merged


def test_what_is_added_up_already_is_kept_as_it_is_next_to_what_is_not():
    many = [
        Chunk(type="GET", name="/", start=10 * n, at=[1, 2], bin=[0, 0], count=[1, 1])
        for n in range(2 * BLOCK)
    ]
    unsorted = Chunk(type="GET", name="/z", start=0, at=[2, 1], bin=[0, 0], count=[1, 1])
    merged = merge([unsorted, *many])
    assert [one for one in merged if one.name == "/"] == many
    assert all(one is other for one, other in zip((m for m in merged if m.name == "/"), many, strict=True))
    assert [list(one.at) for one in merged if one.name == "/z"] == [[1, 2]]


def test_counts_that_no_column_holds_are_refused():
    one = Chunk(type="GET", name="/", start=0, at=[1], bin=[0], count=[2**32 - 1])
    with pytest.raises(OverflowError, match="count"):
        merge([one, one])
