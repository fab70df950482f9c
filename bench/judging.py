"""How long it takes to judge a stored one-hour drill of 1,000,000 requests, and ten times that.

    python bench/judging.py [--requests 1000000] [--times 1,10]

Prints a table. `read` parses load.jsonl, `judge` is the whole judgement (impact, milestones,
attribution, score), `live ms` is one look at the last minute while a drill runs. Two peers on the same
requests, in the same run: `json` is what `json.loads` alone takes for the same file; `naive` is what a
script does that keeps one JSON line a request and judges a single SLO with a sliding window (skipped
for the larger sizes unless --naive is given).
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import resource
import statistics
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from gameday.core import history, impact, result
from gameday.core.history import History
from gameday.core.loadsamples import CHUNK, Chunk, LoadHistory, bin_of
from gameday.core.scenario import Slo
from gameday.core.values import Instant
from gameday.formats import load as load_format
from gameday.testing.histories import EPOCH, SCENARIO, Game

NAMES = 20
BASELINE, RECOVERED, CLOSED = 300.0, 2400.0, 3600.0
SLOS = (
    Slo(slo="checkout-latency", request="POST /checkout", latency=0.3),
    Slo(slo="everything", request="*", latency=1.0, objective=0.95),
    Slo(slo="errors", request="GET /page/*", objective=0.999),
)
LIMIT_SECONDS = 2.0


def names() -> list[tuple[str, str]]:
    """Name 20 requests; one of them is the checkout."""
    return [("POST", "/checkout"), *(("GET", f"/page/{number}") for number in range(1, NAMES))]


def requests(count: int, seconds: float, seed: int = 7) -> Iterator[tuple[float, int, float]]:
    """Give (second of start, index of name, milliseconds) for evenly spread requests of mixed lengths."""
    chance = random.Random(seed)
    for number in range(count):
        second = number * seconds / count
        slow = BASELINE / CLOSED * seconds <= second < RECOVERED / CLOSED * seconds
        yield second, number % NAMES, chance.lognormvariate(math.log(900.0 if slow else 60.0), 0.4)


def chunks(count: int, seconds: float) -> tuple[Chunk, ...]:
    """Count requests into chunks, as the plug-in in Locust's process does."""
    counted: dict[tuple[int, int], dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    for second, name, milliseconds in requests(count, seconds):
        bucket = int(second % CHUNK * 10)
        counted[int(second // CHUNK), name][bucket, bin_of(milliseconds)] += 1
    known = names()
    return tuple(
        Chunk(
            type=known[name][0],
            name=known[name][1],
            start=EPOCH + start * int(CHUNK),
            at=tuple(bucket for bucket, _ in cells),
            bin=tuple(number for _, number in cells),
            count=tuple(cells.values()),
        )
        for (start, name), cells in sorted(counted.items())
    )


def drill(seconds: float) -> History:
    """Tell a drill with some 500 events, without its load."""
    scale = seconds / CLOSED
    game = Game(scenario=replace(SCENARIO, slos=SLOS), requests=())
    game = game.trail(1).fault(BASELINE * scale).alert("HighApiLatency", (BASELINE + 20) * scale)
    game = game.ack((BASELINE + 40) * scale).declare("P2", (BASELINE + 60) * scale, commander="on-call")
    for number in range(480):
        game = game.note(f"note {number}", (BASELINE + 60 + number * 4) * scale)
    game = game.action("flag off", (RECOVERED - 1) * scale).mark("recovered", (RECOVERED + 20) * scale)
    return game.over((RECOVERED + 30) * scale).history()


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Give the seconds of processor time that a piece of work took, and what it gave.

    The work is one thread without waiting, so this is its time on a machine with nothing else to do.
    """
    gc.collect()
    began = time.process_time()
    done = work()
    return time.process_time() - began, done


def read_json(text: str) -> int:
    """Do nothing but parse the file's lines: what no reader can be faster than with this parser."""
    return sum(len(json.loads(line)) for line in text.splitlines())


def naive(lines: list[str]) -> tuple[float, float]:
    """Judge one SLO from one JSON line a request: first and last second of a breached 5 s window."""
    window: deque[tuple[float, bool]] = deque()
    bad, first, last = 0, math.inf, 0.0
    for line in lines:
        row = json.loads(line)
        late = row["name"] == "/checkout" and row["ms"] > 300
        if row["name"] != "/checkout":
            continue
        window.append((row["at"], late))
        bad += late
        while window[0][0] < row["at"] - 5.0:
            bad -= window.popleft()[1]
        if len(window) >= 20 and bad > 0.01 * len(window):
            first, last = min(first, row["at"]), row["at"]
    return first, last


def naive_lines(count: int, seconds: float) -> list[str]:
    """Write one JSON line a request, for the naive judge."""
    known = names()
    return [
        json.dumps({"at": at, "type": known[name][0], "name": known[name][1], "ms": round(ms, 1)})
        for at, name, ms in requests(count, seconds)
    ]


def live(samples: LoadHistory) -> float:
    """Give the median seconds of one live look at the last minute; a conductor takes four a second."""
    recent = tuple(chunk for chunk in samples.chunks if chunk.start >= samples.until - 60)
    minute = LoadHistory(chunks=recent, until=samples.until)
    looks = [timed(lambda: impact.service(SLOS, minute, Instant(minute.until)))[0] for _ in range(21)]
    return statistics.median(looks)


def measure(count: int, seconds: float, *, with_naive: bool) -> dict[str, float]:
    """Measure one size; every figure in seconds, `MB` is the process's greatest memory so far."""
    text = load_format.dumps(LoadHistory(chunks=chunks(count, seconds), until=EPOCH + seconds))
    told = drill(seconds)
    row = {"requests": float(count), "file MB": len(text) / 1e6}
    row["json"], _ = timed(lambda: read_json(text))
    row["read"], samples = timed(lambda: load_format.loads(text))
    assert isinstance(samples, LoadHistory)
    whole = history.of(told.events, samples)
    row["judge"], judged = timed(lambda: result.of(whole))
    assert isinstance(judged, result.Result)
    assert judged.attribution.recovered_by == "team", judged.attribution.why
    row["whole"] = row["read"] + row["judge"]
    row["live ms"] = live(samples) * 1000
    if with_naive:
        lines = naive_lines(count, seconds)
        row["naive"], _ = timed(lambda: naive(lines))
    row["MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return row


def main() -> None:
    """Measure and print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("--requests", type=int, default=1_000_000)
    words.add_argument("--times", default="1,10", help="sizes, as multiples; the drill lasts as many hours")
    words.add_argument("--naive", action="store_true", help="the naive judge for every size")
    given = words.parse_args()
    rows = []
    for number, word in enumerate(given.times.split(",")):
        times = float(word)
        count = round(given.requests * times)
        rows.append(measure(count, CLOSED * times, with_naive=given.naive or number == 0))
    columns = ("requests", "file MB", "json", "read", "judge", "whole", "naive", "live ms", "MB")
    print("".join(f"{column:>12}" for column in columns))
    for row in rows:
        cells = (f"{row[column]:,.2f}" if column in row else "-" for column in columns)
        print("".join(f"{cell:>12}" for cell in cells))
    first = rows[0]
    print(f"\nwhole ÷ json.loads of the same file: {first['whole'] / first['json']:.2f}")
    if "naive" in first:
        print(f"naive per-request judge of one SLO ÷ whole: {first['naive'] / first['whole']:.2f}")
    for row in rows[1:]:
        growth, size = row["whole"] / first["whole"], row["requests"] / first["requests"]
        print(f"{size:g} times the requests take {growth:.1f} times as long")
    if given.requests == 1_000_000:
        print(f"bar: 1,000,000 requests in at most {LIMIT_SECONDS} s: {first['whole']:.2f} s")


if __name__ == "__main__":
    main()
