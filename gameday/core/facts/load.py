"""Load samples: what users' requests met, by request name, in 100 ms buckets of the requests' start.

They come in chunks of 10 s, in columns, one chunk per request name. Several chunks of one name and time add
up, so any SLO can be judged by the counts afterwards.

Latency bins are log-linear: bin 0 is below 1 ms; above it each octave of milliseconds is cut into
16 equal parts, so that a bin's upper edge is at most 6.25 % above its lower one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

BUCKET = 0.1
"""Seconds in a bucket."""
BUCKETS_PER_CHUNK = 100
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """What happened to one request name within 10 s. Columns of equal length belong together.

    type, name       Locust's own
    start            chunk start: whole seconds since the epoch, a multiple of 10
    at, bin, count       completed successes: bucket 0..99 of the request's START, latency bin, number
    bad_at, bad_count    failures: bucket of the request's start, number
    open_at, open_count  requests seen open at a flush: bucket of their start, signed: +1 when first
                         seen open, -1 when it ends. The sum over all chunks is what never ended.
                         Named by what the request was called when it started.
    """

    type: str
    name: str
    start: int
    at: tuple[int, ...] = ()
    bin: tuple[int, ...] = ()
    count: tuple[int, ...] = ()
    bad_at: tuple[int, ...] = ()
    bad_count: tuple[int, ...] = ()
    open_at: tuple[int, ...] = ()
    open_count: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadHistory:
    """All samples of one drill. `until`: the instant up to which load was observed (last flush)."""

    chunks: tuple[Chunk, ...] = ()
    until: float = 0.0


def merge(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Add up the chunks of each request name and time: one each, sorted, without counts of zero.

    In any order, in any grouping and done twice, the result is the same.
    """
    sums: dict[tuple[int, str, str], _Sum] = {}
    for chunk in chunks:
        key = (chunk.start, chunk.type, chunk.name)
        total = sums.get(key)
        if total is None:
            total = sums[key] = _Sum()
        total.add(chunk)
    merged = (sums[key].chunk(*key) for key in sorted(sums))
    return tuple(chunk for chunk in merged if chunk.at or chunk.bad_at or chunk.open_at)


class _Sum:
    """The counts of one request name in one chunk."""

    def __init__(self) -> None:
        self._good: dict[tuple[int, int], int] = {}
        self._bad: dict[int, int] = {}
        self._open: dict[int, int] = {}

    def add(self, chunk: Chunk) -> None:
        good, bad, opened = self._good, self._bad, self._open
        for at, number, count in zip(chunk.at, chunk.bin, chunk.count, strict=True):
            good[at, number] = good.get((at, number), 0) + count
        for at, count in zip(chunk.bad_at, chunk.bad_count, strict=True):
            bad[at] = bad.get(at, 0) + count
        for at, count in zip(chunk.open_at, chunk.open_count, strict=True):
            opened[at] = opened.get(at, 0) + count

    def chunk(self, start: int, type_: str, name: str) -> Chunk:
        # Zeros go: an open request that has ended adds up to 0.
        good = sorted((at, number, count) for (at, number), count in self._good.items() if count)
        bad = sorted((at, count) for at, count in self._bad.items() if count)
        opened = sorted((at, count) for at, count in self._open.items() if count)
        return Chunk(
            type=type_,
            name=name,
            start=start,
            at=tuple(at for at, _, _ in good),
            bin=tuple(number for _, number, _ in good),
            count=tuple(count for _, _, count in good),
            bad_at=tuple(at for at, _ in bad),
            bad_count=tuple(count for _, count in bad),
            open_at=tuple(at for at, _ in opened),
            open_count=tuple(count for _, count in opened),
        )
