"""Load samples: what users' requests met, by request name, in 100 ms buckets of the requests' start.

They come in chunks of 10 s, in columns, one chunk per request name. Several chunks of one name and time add
up, so any SLO can be judged by the counts afterwards (`core.facts.merging` adds them up).

Latency bins are log-linear: bin 0 is below 1 ms; above it each octave of milliseconds is cut into
16 equal parts, so that a bin's upper edge is at most 6.25 % above its lower one.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

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
GROUPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("at", "bin", "count"), ("first", "last")),
    (("bad_at", "bad_count"), ("bad_first", "bad_last")),
    (("open_at", "open_count"), ()),
)
"""Columns of equal length; those of the second part may be left out."""
_EMPTY = {column: array(code) for column, code in COLUMNS.items()}
"""Shared by all chunks: most of their columns are empty, and each array takes as much as thirty rows."""


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
            if getattr(values, "typecode", "") != code:
                object.__setattr__(self, column, array(code, values) if len(values) else _EMPTY[column])


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadHistory:
    """All samples of one drill. `until`: the instant up to which load was observed (last flush).

    counted: what `core.judging.series` has counted of it already, by question; no part of the value.
    """

    chunks: tuple[Chunk, ...] = ()
    until: float = 0.0
    counted: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
