"""Load samples: what users' requests met, by request name, in 100 ms buckets of the requests' start.

They come in chunks of 10 s, in columns, one chunk per request name. Several chunks of one name and time add
up, so any SLO can be judged by the counts afterwards.

Latency bins are log-linear: bin 0 is below 1 ms; above it each octave of milliseconds is cut into
16 equal parts, so that a bin's upper edge is at most 6.25 % above its lower one.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BUCKET = 0.1
"""Seconds in a bucket."""
BUCKETS_PER_CHUNK = 100
STEPS = 10
"""Steps of 10 ms in a bucket, by which the first and the last start in it are known."""
CHUNK = 10.0
"""Seconds in a chunk; chunks start at multiples of it since the epoch."""
PARTS = 16
"""Parts of an octave."""
LONGEST = 2.0**36
"""Milliseconds (two years) from which all response times share the last bin."""
BINS = 2 + 36 * PARTS
"""The number of latency bins."""


def bin_of(milliseconds: float) -> int:
    """Find the latency bin of a response time in milliseconds; NaN and negative ones are in bin 0."""
    if not milliseconds >= 1.0:  # written so that NaN is caught, too
        return 0
    if milliseconds >= LONGEST:
        return BINS - 1
    # milliseconds = mantissa * 2**exponent, 0.5 <= mantissa < 1
    mantissa, exponent = math.frexp(milliseconds)
    return 1 + (exponent - 1) * PARTS + int((mantissa * 2 - 1) * PARTS)


def lower_edge(number: int) -> float:
    """Give the least response time, in milliseconds, of a bin."""
    if number <= 0:
        return 0.0
    octave, part = divmod(number - 1, PARTS)
    return 2.0**octave * (1 + part / PARTS)


COLUMNS = {
    "at": "B",
    "bin": "H",
    "count": "I",
    "first": "B",
    "last": "B",
    "bad_at": "B",
    "bad_count": "I",
    "bad_first": "B",
    "bad_last": "B",
    "open_at": "B",
    "open_count": "i",
}
"""The columns of a chunk with the type of their numbers, as `array` names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """What happened to one request name within 10 s. Columns of equal length belong together.

    type, name       Locust's own
    start            chunk start: whole seconds since the epoch, a multiple of 10
    at, bin, count       completed successes: bucket 0..99 of the request's START, latency bin, number
    first, last          the first and the last start of those requests: step 0..9 within the bucket
    bad_at, bad_count    failures: bucket of the request's start, number
    bad_first, bad_last  the first and the last start of those
    open_at, open_count  requests seen open at a flush: bucket of their start, signed: +1 when first
                         seen open, -1 when it ends. The sum over all chunks is what never ended.
                         Named by what the request was called when it started.

    Steps are left out where they were not counted, as in drills from before there were any. Columns are kept
    as arrays: a long drill has millions of rows. Raises OverflowError, TypeError for what they can't hold.
    """

    type: str
    name: str
    start: int
    at: Sequence[int] = ()
    bin: Sequence[int] = ()
    count: Sequence[int] = ()
    first: Sequence[int] = ()
    last: Sequence[int] = ()
    bad_at: Sequence[int] = ()
    bad_count: Sequence[int] = ()
    bad_first: Sequence[int] = ()
    bad_last: Sequence[int] = ()
    open_at: Sequence[int] = ()
    open_count: Sequence[int] = ()

    def __post_init__(self) -> None:
        """Keep the columns compact."""
        for column, code in COLUMNS.items():
            values = getattr(self, column)
            if not isinstance(values, array):
                object.__setattr__(self, column, array(code, values))


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadHistory:
    """All samples of one drill. `until`: the instant up to which load was observed (last flush)."""

    chunks: tuple[Chunk, ...] = ()
    until: float = 0.0


def merge(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Add up the chunks of each request name and time: one each, sorted, without counts of zero.

    In any order, in any grouping and done twice, the result is the same.
    """
    named: dict[tuple[int, str, str], list[Chunk]] = {}
    for chunk in chunks:
        named.setdefault((chunk.start, chunk.type, chunk.name), []).append(chunk)
    merged = (_merged(named[key]) for key in sorted(named))
    return tuple(chunk for chunk in merged if chunk.at or chunk.bad_at or chunk.open_at)


def _merged(chunks: Sequence[Chunk]) -> Chunk:
    first = chunks[0]
    if len(chunks) == 1 and _is_merged(first):
        return first
    total = _Sum()
    for chunk in chunks:
        total.add(chunk)
    return total.chunk(first.start, first.type, first.name)


def _is_merged(chunk: Chunk) -> bool:
    """Whether a chunk has nothing to add up or to sort, as most that are read back."""
    good = [at * BINS + number for at, number in zip(chunk.at, chunk.bin, strict=True)]
    return all(
        keys == sorted(set(keys)) and all(counts)
        for keys, counts in (
            (good, chunk.count),
            (list(chunk.bad_at), chunk.bad_count),
            (list(chunk.open_at), chunk.open_count),
        )
    )


_Cell = tuple[int, int, int]
"""How many requests, the first step at which one started, and the last; -1: the steps are not known."""


class _Sum:
    """The counts of one request name in one chunk."""

    def __init__(self) -> None:
        self._good: dict[tuple[int, int], _Cell] = {}
        self._bad: dict[int, _Cell] = {}
        self._open: dict[int, int] = {}

    def add(self, chunk: Chunk) -> None:
        good, bad, opened = self._good, self._bad, self._open
        steps = zip(chunk.count, *_steps(chunk.first, chunk.last, chunk.at), strict=True)
        for key, cell in zip(zip(chunk.at, chunk.bin, strict=True), steps, strict=True):
            good[key] = _together(good.get(key), cell)
        steps = zip(chunk.bad_count, *_steps(chunk.bad_first, chunk.bad_last, chunk.bad_at), strict=True)
        for at, cell in zip(chunk.bad_at, steps, strict=True):
            bad[at] = _together(bad.get(at), cell)
        for at, count in zip(chunk.open_at, chunk.open_count, strict=True):
            opened[at] = opened.get(at, 0) + count

    def chunk(self, start: int, type_: str, name: str) -> Chunk:
        # Zeros go: an open request that has ended adds up to 0.
        good = sorted((key, cell) for key, cell in self._good.items() if cell[0])
        bad = sorted((at, cell) for at, cell in self._bad.items() if cell[0])
        opened = sorted((at, count) for at, count in self._open.items() if count)
        known = all(first >= 0 for _, (_, first, _) in good)
        bad_known = all(first >= 0 for _, (_, first, _) in bad)
        return Chunk(
            type=type_,
            name=name,
            start=start,
            at=[at for (at, _), _ in good],
            bin=[number for (_, number), _ in good],
            count=[count for _, (count, _, _) in good],
            first=[first for _, (_, first, _) in good] if known else (),
            last=[last for _, (_, _, last) in good] if known else (),
            bad_at=[at for at, _ in bad],
            bad_count=[count for _, (count, _, _) in bad],
            bad_first=[first for _, (_, first, _) in bad] if bad_known else (),
            bad_last=[last for _, (_, _, last) in bad] if bad_known else (),
            open_at=[at for at, _ in opened],
            open_count=[count for _, count in opened],
        )


def _steps(
    first: Sequence[int], last: Sequence[int], rows: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    unknown = [-1] * len(rows)
    return (first, last) if first else (unknown, unknown)


def _together(known: _Cell | None, more: _Cell) -> _Cell:
    if known is None:
        return more
    count, first, last = known
    if first < 0 or more[1] < 0:
        return count + more[0], -1, -1
    return count + more[0], min(first, more[1]), max(last, more[2])
