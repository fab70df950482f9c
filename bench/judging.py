"""How long it takes to judge a stored one-hour drill of 1,000,000 requests, and ten times that.

    python bench/judging.py [--requests 1000000] [--times 1,10]

The drill is in a real SQLite store, as a drill writes it: its events, and each second's load on its
own. `read` reads both back; `judge` is the whole judgement (impact, milestones, attribution, score);
`stored` is the two together as `gameday score` does them (`report.judge`), which the bound is for;
`live ms` is one look at the last minute while a drill runs. Figures are seconds of processor time: the
work is one thread without waiting. Two peers on the same requests, in the same run: `json` is what
`json.loads` alone takes for the same load; `naive` is what a script does that keeps one JSON line a
request and judges a single SLO with a sliding window (the first size only, unless --naive is given).
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import math
import random
import resource
import statistics
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import tables

from gameday import ports, storage
from gameday.conduct.drill import report
from gameday.core.facts.history import History
from gameday.core.facts.load import CHUNK, Chunk, LoadHistory, bin_of, merge
from gameday.core.judging import impact, result
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant
from gameday.formats.stored import load as load_format
from gameday.testing.histories import DRILL, EPOCH, SCENARIO, Game

NAMES = 20
BASELINE, RECOVERED, CLOSED = 300.0, 2400.0, 3600.0
SLOS = (
    Slo(slo="checkout-latency", request="POST /checkout", latency=0.3),
    Slo(slo="everything", request="*", latency=1.0, objective=0.95),
    Slo(slo="errors", request="GET /page/*", objective=0.999),
)
LIMIT_SECONDS = 2.0
LINEAR = 1.25
"""Ten times the requests may take so many times ten times as long: noise, and caches that are too small."""


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


def seconds_of(chunk: Chunk) -> Iterator[Chunk]:
    """Cut a chunk into what each of its seconds brought, as a running drill stores it."""
    for second in range(int(CHUNK)):
        picked = [place for place, at in enumerate(chunk.at) if at // 10 == second]
        if picked:
            yield replace(
                chunk,
                at=tuple(chunk.at[place] for place in picked),
                bin=tuple(chunk.bin[place] for place in picked),
                count=tuple(chunk.count[place] for place in picked),
            )


def store_drill(url: str, past: History, load: Sequence[Chunk]) -> ports.HistoryStore:
    """Store a drill as a running one does: a line for each second and request name."""
    store = storage.open_store(url)
    store.append(*past.events)
    for start, together in itertools.groupby(load, key=lambda chunk: chunk.start):
        pieces = [piece for chunk in together for piece in seconds_of(chunk)]
        store.append_load(DRILL, merge(pieces), Instant(start + CHUNK))
    return store


def measure(folder: Path, count: int, seconds: float, *, with_naive: bool) -> dict[str, float]:
    """Measure one size; every figure in seconds, `MB` is the process's greatest memory so far."""
    load = chunks(count, seconds)
    store = store_drill(f"sqlite:///{folder}/{count}.db", drill(seconds), load)
    text = load_format.dumps(LoadHistory(chunks=load, until=EPOCH + seconds))
    row = {"requests": float(count), "store MB": (folder / f"{count}.db").stat().st_size / 1e6}
    row["json"], _ = timed(lambda: read_json(text))
    row["stored"], judged = timed(lambda: report.judge(store, DRILL))
    assert isinstance(judged, report.JudgedDrill)
    assert judged.result.attribution.recovered_by == "team", judged.result.attribution.why
    assert sum(sum(chunk.count) for chunk in judged.history.load.chunks) == count
    row["read"], samples = timed(lambda: store.read_load(DRILL))
    assert isinstance(samples, LoadHistory)
    row["judge"], _ = timed(lambda: result.judge(judged.history))
    row["live ms"] = live(samples) * 1000
    if with_naive:
        lines = naive_lines(count, seconds)
        row["naive"], _ = timed(lambda: naive(lines))
    row["MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    store.close()
    return row


COLUMNS = ("requests", "store MB", "json", "read", "judge", "stored", "naive", "live ms", "MB")


def main() -> None:
    """Measure and print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("--requests", type=int, default=1_000_000)
    words.add_argument("--times", default="1,10", help="sizes, as multiples; the drill lasts as many hours")
    words.add_argument("--naive", action="store_true", help="the naive judge for every size")
    given = words.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, word in enumerate(given.times.split(",")):
            times = float(word)
            count, naively = round(given.requests * times), given.naive or number == 0
            rows.append(measure(Path(folder), count, CLOSED * times, with_naive=naively))
    cells = [[f"{row[column]:,.2f}" if column in row else "–" for column in COLUMNS] for row in rows]
    tables.show("Judging a stored drill, s", COLUMNS, cells)
    first = rows[0]
    print(f"stored ÷ json.loads of the same load: {first['stored'] / first['json']:.2f}")
    print(f"naive judge of one SLO ÷ stored: {first['naive'] / first['stored']:.2f}")
    bounds = [(f"{first['requests']:,.0f} requests, s", first["stored"], "<=", LIMIT_SECONDS)]
    for row in rows[1:]:
        growth, size = row["stored"] / first["stored"], row["requests"] / first["requests"]
        bounds.append((f"growth of time ÷ growth of requests, {size:g} times", growth / size, "<=", LINEAR))
    tables.finish(bounds)


if __name__ == "__main__":
    main()
