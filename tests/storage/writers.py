"""What other processes do in these tests: `python writers.py append DATABASE DRILL NAME COUNT`.

Each acknowledged append is printed on stdout, so that the test knows what must not be lost.
"""

from __future__ import annotations

import sqlite3
import sys
import time

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, instant
from gameday.storage import open_plain
from gameday.storage.histories import SqlStore


def note(drill: str, name: str) -> ev.Event:
    return ev.Event(
        id=EventId(name), drill=DrillId(drill), recorded_at=instant(time.time()), source="cli",
        fact=ev.NoteWritten(text=name * 20),
    )  # fmt: skip


def opened(database: str) -> SqlStore:
    """Open a store by its URL, or by the path of its file."""
    return open_plain(database if "://" in database else f"sqlite:///{database}")


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def append(database: str, drill: str, name: str, count: str) -> None:
    store = opened(database)
    for number in range(int(count)):
        store.append(note(drill, f"{name}-{number}"))
        tell(f"{name}-{number}")


def claim(database: str, drill: str, name: str) -> None:
    store = opened(database)
    if store.claim(DrillId(drill), "revert", name, until=instant(time.time() + 60)):
        tell(name)


def hold(database: str, _drill: str) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    tell("held")
    sys.stdin.read()


if __name__ == "__main__":
    {"append": append, "claim": claim, "hold": hold}[sys.argv[1]](*sys.argv[2:])
