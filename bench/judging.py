"""How long it takes to judge a stored one-hour drill of 1,000,000 requests, and ten times that.

    python bench/judging.py [--requests 1000000] [--times 1,10] [--alerts 6000]

The drill is in a real SQLite store, as a drill writes it: its events, and each second what the plug-in
counted of the requests that ended in it. `read` reads both back; `judge` is the whole judgement (impact,
milestones, attribution, score); `stored` is the two together as `gameday score` does them (`report.judge`),
which the bounds are for, and `MB` the greatest memory of the process that does only that; `live ms` is one
look at the last minute while a drill runs. Figures are seconds of processor time, the least of a few runs:
the work is one thread without waiting. Two peers on the same requests, in the same run: `json` is what
`json.loads` alone takes for the same load, as `gameday export` writes it; `naive` is what a script does that
keeps one JSON line a request and judges a single SLO with a sliding window (the first size only, unless
--naive is given).
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import tables

from gameday import storage
from gameday.conduct.drill import report
from gameday.core.facts.history import History
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.facts.merging import merge
from gameday.core.judging import impact, result
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant
from gameday.formats.stored import load as load_format
from gameday.load.tally import Tally
from gameday.storage import histories
from gameday.testing.histories import DRILL, EPOCH, SCENARIO, Game

NAMES = 20
BASELINE, RECOVERED, CLOSED = 300.0, 2400.0, 3600.0
SLOS = (
    Slo(slo="checkout-latency", request="POST /checkout", latency=0.3),
    Slo(slo="everything", request="*", latency=1.0, objective=0.95),
    Slo(slo="errors", request="GET /page/*", objective=0.999),
)
JSON_TIMES = 5.0
"""So many times `json.loads` of the same load may the whole judgement of the first size take."""
MOST_MB = 400.0
STORM_SECONDS = 1.0
REPEATS = 3
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


def reported(count: int, seconds: float) -> Iterator[tuple[Sequence[Chunk], Instant]]:
    """Give what the plug-in reports each second: its counts of the requests that ended in it."""
    known, tally = names(), Tally()
    ending: dict[int, list[tuple[float, int, float]]] = defaultdict(list)

    def taken(second: int) -> tuple[Sequence[Chunk], Instant]:
        for start, name, milliseconds in ending.pop(second, ()):
            tally.completed(known[name], EPOCH + start, milliseconds, failed=False)
        return merge(tally.take()), Instant(EPOCH + second + 1.0)

    present = 0
    for start, name, milliseconds in requests(count, seconds):
        while present < int(start):
            yield taken(present)
            present += 1
        ending[int(start + milliseconds / 1000)].append((start, name, milliseconds))
    yield from map(taken, sorted(ending))


def store_drill(url: str, past: History, count: int, seconds: float) -> None:
    """Store a drill as a running one does, but for its transactions: one each second would take an hour."""
    store = storage.open_plain(url)
    store.append(*past.events)
    rest = (histories.batch_of(DRILL, *second) for second in reported(count, seconds))
    while batches := list(itertools.islice(rest, 600)):
        store.write([], batches)
    store.close()


def storm(url: str, alerts: int) -> None:
    """Store a drill of ten minutes in which so many alerts fire, each of its own name."""
    game = Game(requests=("POST /checkout",), until=600.0).slowed("POST /checkout", 60.0, 500.0).fault(60.0)
    for number in range(alerts):
        game = game.alert(f"Alert{number}", 70.0 + number * 400.0 / alerts)
    past = game.mark("recovered", 510.0).close(590.0).history()
    store = storage.open_store(url)
    store.append(*past.events)
    store.append_load(DRILL, past.load.chunks, Instant(past.load.until))
    store.close()


def judged(url: str, count: int) -> dict[str, float]:
    """Judge a stored drill in this process, which has done nothing else yet; every figure in seconds."""
    store = storage.open_store(url)
    row: dict[str, float] = {}
    row["stored"], found = timed(lambda: report.judge(store, DRILL))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    row["MB"] = int(status["VmHWM"].split()[0]) / 1024
    assert isinstance(found, report.JudgedDrill)
    if count:
        assert found.result.attribution.recovered_by == "team", found.result.attribution.why
        assert sum(sum(chunk.count) for chunk in found.history.load.chunks) == count
        row["read"], samples = timed(lambda: store.read_load(DRILL))
        assert isinstance(samples, LoadHistory)
        # load of its own: what was counted of it already is kept with it
        row["judge"], _ = timed(lambda: result.judge(History(found.history.events, samples)))
        row["live ms"] = live(samples) * 1000
    store.close()
    return row


def apart(url: str, count: int) -> dict[str, float]:
    """Judge a stored drill in processes of their own; give the least of each figure."""
    argv = [sys.executable, __file__, "--judge", url, "--requests", str(count)]
    rows = [json.loads(subprocess.run(argv, check=True, capture_output=True).stdout) for _ in range(REPEATS)]
    return {name: min(row[name] for row in rows) for name in rows[0]}


def exported(url: str) -> str:
    """Give a stored drill's load as an export has it."""
    store = storage.open_store(url)
    text = load_format.dumps(store.read_load(DRILL))
    store.close()
    return text


def measure(folder: Path, count: int, seconds: float, *, with_naive: bool) -> dict[str, float]:
    """Measure one size; every figure in seconds, MB for memory and the store."""
    url = f"sqlite:///{folder}/{count}.db"
    store_drill(url, drill(seconds), count, seconds)
    row = {"requests": float(count), "store MB": (folder / f"{count}.db").stat().st_size / 1e6}
    text = exported(url)
    row["json"] = min(timed(lambda: read_json(text))[0] for _ in range(REPEATS))
    row |= apart(url, count)
    if with_naive:
        lines = naive_lines(count, seconds)
        row["naive"], _ = timed(lambda: naive(lines))
    return row


COLUMNS = ("requests", "store MB", "json", "read", "judge", "stored", "naive", "live ms", "MB")


def main() -> None:
    """Measure and print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("--requests", type=int, default=1_000_000)
    words.add_argument("--times", default="1,10", help="sizes, as multiples; the drill lasts as many hours")
    words.add_argument("--alerts", type=int, default=6000)
    words.add_argument("--naive", action="store_true", help="the naive judge for every size")
    words.add_argument("--judge", metavar="URL", help="only judge this store, and print the figures as JSON")
    given = words.parse_args()
    if given.judge:
        print(json.dumps(judged(given.judge, given.requests)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, word in enumerate(given.times.split(",")):
            times = float(word)
            count, naively = round(given.requests * times), given.naive or number == 0
            rows.append(measure(Path(folder), count, CLOSED * times, with_naive=naively))
        url = f"sqlite:///{folder}/storm.db"
        storm(url, given.alerts)
        stormy = apart(url, 0)
    cells = [[f"{row[column]:,.2f}" if column in row else "–" for column in COLUMNS] for row in rows]
    tables.show("Judging a stored drill, s", COLUMNS, cells)
    first = rows[0]
    print(f"naive judge of one SLO ÷ stored: {first['naive'] / first['stored']:.2f}")
    ratio = first["stored"] / first["json"]
    bounds = [(f"{first['requests']:,.0f} requests ÷ json.loads of the same load", ratio, "<=", JSON_TIMES)]
    for row in rows[1:]:
        growth, size = row["stored"] / first["stored"], row["requests"] / first["requests"]
        bounds.append((f"growth of time ÷ growth of requests, {size:g} times", growth / size, "<=", LINEAR))
        bounds.append((f"{row['requests']:,.0f} requests, memory in MB", row["MB"], "<=", MOST_MB))
    bounds.append((f"{given.alerts:,} alerts, s", stormy["stored"], "<=", STORM_SECONDS))
    tables.finish(bounds)


if __name__ == "__main__":
    main()
