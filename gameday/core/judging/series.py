"""What users experienced, as two numbers a bucket: how many requests began in it, and how many were bad.

`core.judging.changepoint` decides what is a sustained stretch of it.

Three rules decide what is bad, explained in docs/reference/milestones.md:
- a failure is always bad;
- a success is bad when its latency bin begins at or above the SLO's threshold. The bin that holds the
  threshold counts as good, so a response up to 6.25 % slower than the threshold may pass, and none
  that is faster ever fails;
- a request that never ended is bad at the bucket of its start, once it is older than the threshold
  (OPEN_LIMIT without one) at the instant up to which load was observed. A younger one is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np

from gameday.core.facts import merging
from gameday.core.facts.load import BUCKETS_PER_CHUNK, CHUNK, STEPS, Chunk, LoadHistory, bin_of, lower_edge
from gameday.core.facts.merging import Numbers
from gameday.core.plans import wildcards
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant, Seconds, instant

OPEN_LIMIT = 10.0
"""Seconds after which an open request is bad where its SLO has no latency threshold."""
PER_SECOND = round(BUCKETS_PER_CHUNK / CHUNK)
"""Buckets in a second."""
NEVER_SLOW = 1 << 30
"""A bin that no response time reaches."""


def bucket_of(at: float) -> int:
    """Find the bucket, counted from the epoch, that holds an instant."""
    # rounded first: the difference of two instants may be a hair below the edge at which its bucket begins
    return int(round(at * PER_SECOND, 5) // 1)


def time_of(bucket: int) -> Instant:
    """Give the instant at which a bucket begins."""
    return instant(bucket / PER_SECOND)


def slow_from(latency: Seconds | None) -> int:
    """Find the first latency bin that is bad: the first that begins at or above the threshold."""
    if latency is None:
        return NEVER_SLOW
    # Rounded, because 0.3 s times 1000 is not exactly 300.
    milliseconds = round(latency * 1000.0, 6)
    number = bin_of(milliseconds)
    return number if lower_edge(number) >= milliseconds else number + 1


def matching(slo: Slo, chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Pick the chunks whose `NAME` or `TYPE NAME` an SLO's glob matches whole."""
    pattern = wildcards.matcher(slo.request)
    # A name comes in a chunk every 10 s: match each once.
    known: dict[tuple[str, str], bool] = {}
    picked = []
    for chunk in chunks:
        key = (chunk.type, chunk.name)
        if key not in known:
            whole = f"{chunk.type} {chunk.name}"
            known[key] = bool(pattern.fullmatch(chunk.name) or pattern.fullmatch(whole))
        if known[key]:
            picked.append(chunk)
    return tuple(picked)


@dataclass(frozen=True, kw_only=True, slots=True)
class Starts:
    """The first and the last start of the good and of the bad requests in a bucket, as steps of 10 ms in it.

    None where there were none, or where it is not known. answered: the seconds, at most, that the good ones
    took of which one was the first or the last to start.
    """

    good: tuple[int, int] | None = None
    bad: tuple[int, int] | None = None
    answered: Seconds = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Requests by the bucket of their start. Index 0 is bucket `first`, counted from the epoch.

    total        requests that began in the bucket and are known; bad: those of them that were bad
    hung         those of them that never ended
    chunks, cut  what was counted, and the latency bin from which a request is bad
    """

    first: int
    total: list[int]
    bad: list[int]
    hung: list[int]
    chunks: tuple[Chunk, ...] = field(default=(), compare=False, repr=False)
    cut: int = NEVER_SLOW

    def __len__(self) -> int:
        return len(self.total)

    def at(self, index: int, steps: int = 0) -> Instant:
        """Give the instant at which the bucket at an index begins, or so many steps of 10 ms later."""
        return instant((self.first + index + steps / STEPS) / PER_SECOND)

    def index(self, at: float) -> int:
        """Find the index of the bucket that holds an instant, kept within the series."""
        return min(max(bucket_of(at) - self.first, 0), len(self.total))

    def starts(self, index: int) -> Starts:
        """Give when requests began within a bucket, for the few buckets where that matters."""
        at = self.first + index
        start, bucket = at // BUCKETS_PER_CHUNK * round(CHUNK), at % BUCKETS_PER_CHUNK
        good: list[tuple[int, int]] = []
        bad: list[tuple[int, int]] = []
        bins: list[int] = []
        for chunk in (chunk for chunk in self.chunks if chunk.start == start):
            if len(chunk.first) < len(chunk.at) or len(chunk.bad_first) < len(chunk.bad_at):
                return Starts()
            for place, number, first, last in zip(chunk.at, chunk.bin, chunk.first, chunk.last, strict=True):
                if place == bucket and number < self.cut:
                    good.append((first, last))
                    bins.append(number)
                elif place == bucket:
                    bad.append((first, last))
            failed = zip(chunk.bad_at, chunk.bad_first, chunk.bad_last, strict=True)
            bad.extend((first, last) for place, first, last in failed if place == bucket)
        # of a request that hangs only the bucket is known
        return Starts(
            good=_extent(good), bad=None if self.hung[index] else _extent(bad), answered=_answered(good, bins)
        )

    def without_bad_before(self, index: int) -> Series:
        """Leave out what was bad before an index; the good requests stay."""
        zeros = [0] * index
        good = [all_ - bad for all_, bad in zip(self.total[:index], self.bad[:index], strict=True)]
        return replace(
            self,
            total=good + self.total[index:],
            bad=zeros + self.bad[index:],
            hung=zeros + self.hung[index:],
        )

    def until(self, index: int) -> Series:
        """Give what began before an index."""
        return replace(self, total=self.total[:index], bad=self.bad[:index], hung=self.hung[:index])


def _extent(spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


def _answered(spans: Sequence[tuple[int, int]], bins: Sequence[int]) -> Seconds:
    earliest, latest = _extent(spans) or (0, 0)
    ends = (
        number
        for (first, last), number in zip(spans, bins, strict=True)
        if first == earliest or last == latest
    )
    return lower_edge(max(ends, default=-1) + 1) / 1000.0


def span(load: LoadHistory) -> tuple[int, int]:
    """Give the first bucket and the number of buckets up to where load was observed.

    Silence at the end belongs to them; without `until` they end with the last chunk.
    """
    if not load.chunks:
        return 0, 0
    first = min(chunk.start for chunk in load.chunks) * PER_SECOND
    end = max(chunk.start for chunk in load.chunks) * PER_SECOND + BUCKETS_PER_CHUNK
    # an `until` at a bucket's edge does not open the next bucket, of which nothing was observed
    observed = bucket_of(load.until - 1e-6) + 1 if load.until else end
    return first, max(0, observed - first)


def count(slo: Slo, load: LoadHistory, *, pending: bool = False) -> Series:
    """Count requests and bad requests of one SLO by bucket. Linear in the samples' columns.

    pending: count requests that are still open, and not yet bad, as if they ended well.

    What was counted is kept with the load: impact, milestones and findings ask for the same.
    """
    question = (slo.request, slo.latency, pending)
    counted: Series | None = load.counted.get(question)
    if counted is None:
        cut, limit = slow_from(slo.latency), slo.latency or OPEN_LIMIT
        counted = build(matching(slo, load.chunks), load, cut, limit, pending=pending)
        load.counted[question] = counted
    return counted


def build(
    chunks: Iterable[Chunk], load: LoadHistory, cut: int, limit: Seconds, *, pending: bool = False
) -> Series:
    """Add chunks up: bins from `cut` are bad, and open requests older than `limit` seconds."""
    first, length = span(load)
    chunks = tuple(chunks)
    last = max((chunk.start for chunk in chunks), default=0) * PER_SECOND + BUCKETS_PER_CHUNK - first
    room = max(length, last)  # the last chunk may extend past what was observed
    total, bad, opened = (np.zeros(room, dtype=np.int64) for _ in range(3))
    for block in blocks(chunks):
        at, count = block.places("at", first), block.column("count")
        _add(total, at, count)
        if cut < NEVER_SLOW:
            slow = block.column("bin") >= cut
            _add(bad, at[slow], count[slow])
        failed = block.places("bad_at", first), block.column("bad_count")
        _add(total, *failed)
        _add(bad, *failed)
        _add(opened, block.places("open_at", first), block.column("open_count"))
    # the counts are signed: where the end of a request is known and its start is not, the sum is below zero
    opened = np.maximum(opened, 0)
    overdue = min(length, max(0, bucket_of(load.until - limit) - first))
    hung = np.where(np.arange(room) < overdue, opened, 0)
    total += opened if pending else hung
    bad += hung
    kept = (column[:length].tolist() for column in (total, bad, hung))
    return Series(
        first=first, **dict(zip(("total", "bad", "hung"), kept, strict=True)), chunks=chunks, cut=cut
    )


BLOCK = 512
"""Chunks that are added up at a time, which bounds the memory that this takes."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some chunks, whose columns are read as if they were one."""

    chunks: tuple[Chunk, ...]

    def column(self, name: str) -> Numbers:
        """Give a column of all chunks."""
        return merging.joined(self.chunks, name)

    def places(self, name: str, first: int) -> Numbers:
        """Give the buckets of a column, counted from bucket `first`."""
        bases = np.array([chunk.start for chunk in self.chunks], dtype=np.int64) * PER_SECOND - first
        return np.repeat(bases, merging.lengths(self.chunks, name)) + self.column(name)


def blocks(chunks: Sequence[Chunk]) -> Iterator[Block]:
    """Cut chunks into blocks."""
    for start in range(0, len(chunks), BLOCK):
        yield Block(tuple(chunks[start : start + BLOCK]))


def _add(sums_: Numbers, places: Numbers, counts: Numbers) -> None:
    """Add counts to the sums of their places, and touch no others: a block covers little of a long drill."""
    if places.size:
        low, high = int(places.min()), int(places.max()) + 1
        sums_[low:high] += sums(places - low, counts, high - low)


def sums(places: Numbers, counts: Numbers, room: int) -> Numbers:
    """Add counts up by place."""
    # exact: the sums are far below 2**53
    return np.bincount(places, weights=counts, minlength=room).astype(np.int64)


def percentile(histogram: Mapping[int, int], share: float) -> float | None:
    """Give the response time, in milliseconds, below which a share of a histogram's requests lies.

    The middle of the bin that holds it; None for an empty histogram.
    """
    wanted = share * sum(histogram.values())
    numbers = sorted(histogram)
    for number, reached in zip(numbers, accumulate(histogram[n] for n in numbers), strict=True):
        if reached >= wanted:
            return round((lower_edge(number) + lower_edge(number + 1)) / 2, 3)
    return None
