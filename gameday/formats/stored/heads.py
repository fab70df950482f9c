"""The head of a drill's history: one hash over every line and every load sample of a revision.

Whoever can write a store can change its lines and compute every hash anew. A head that has left the machine,
in a postmortem or a message, can't be changed with them: `gameday verify DRILL --head HASH` compares.

It is taken after the last event that counts for the revision, so that what is only noted later, such as an
import, does not change it; and over load added up as in an export, whatever batches it was stored in.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from array import array
from collections.abc import Iterator, Sequence

from gameday.core.facts.history import JUDGED_LATE
from gameday.core.facts.load import COLUMNS, LoadHistory
from gameday.core.facts.merging import merge
from gameday.core.judging.result import Head
from gameday.formats.stored import envelope

_CLOSES = "DrillClosed"
_COUNTS = {_CLOSES, *(kind.__name__ for kind in JUDGED_LATE)}


def latest(drill: str, lines: Sequence[str], load: LoadHistory, revision: int) -> Head | None:
    """Give the head of a drill's stored lines; None while it is open."""
    last = None
    for last in _heads(drill, lines, load):  # noqa: B007  # the last one is wanted
        pass
    return None if last is None else Head(hash=last[1], events=last[0], revision=revision)


def position(drill: str, lines: Sequence[str], load: LoadHistory, given: str) -> int:
    """Give how many events a head covers, of this revision or an earlier one; 0 where it is none of them."""
    return next((events for events, head in _heads(drill, lines, load) if head == given), 0)


def _heads(drill: str, lines: Sequence[str], load: LoadHistory) -> Iterator[tuple[int, str]]:
    """Give the number of events and the head after each event that closed the drill or counts since."""
    samples = _samples(load)
    last, closed = envelope.start(drill), False
    for number, line in enumerate(lines, 1):
        # An import writes 20 as 20.0: the same value has to give the same head.
        document = json.loads(line, parse_int=float)
        last = envelope.chain(last, json.dumps(document, sort_keys=True))
        kind = document["kind"]
        closed = closed or kind == _CLOSES
        if closed and kind in _COUNTS:
            yield number, hashlib.sha256((last + samples).encode()).hexdigest()


def _samples(load: LoadHistory) -> str:
    digest = hashlib.sha256(json.dumps(load.until).encode())
    for chunk in merge(load.chunks):
        columns = [getattr(chunk, column) for column in COLUMNS]
        # lengths, so that no number can move from one column to the next unnoticed
        lengths = ", ".join(map(str, (chunk.start, *map(len, columns))))
        # as `json.dumps` writes the whole list, which took a third of the time
        digest.update(f"{_named(chunk.type, chunk.name)}, {lengths}]".encode())
        for column in filter(len, columns):
            digest.update(column if sys.byteorder == "little" else _swapped(column))
    return digest.hexdigest()


@functools.cache
def _named(type_: str, name: str) -> str:
    return json.dumps([type_, name])[:-1]


def _swapped(column: array[int]) -> array[int]:
    swapped = column[:]
    swapped.byteswap()
    return swapped
