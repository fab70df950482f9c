"""A store read quickly: its drills as rows, and of one that has ended what was printed when it was judged.

Settings, facts and the judge take most of a second to import. They are needed only where something may have
to be reverted first, or where a drill has to be judged; then there is no quick store, and the caller opens
the store in the usual way. Nothing here writes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gameday import storage
from gameday.cli.respond import live_drill
from gameday.cli.respond.live_drill import StoreLocation
from gameday.cli.shared import find_drill
from gameday.core.errors import StoreUnavailable, UsageError
from gameday.core.facts.drill_row import DrillRow
from gameday.storage import journal, urls
from gameday.storage.database import Executor
from gameday.storage.spill import spill_file
from gameday.system import regular_files
from gameday.system.state_folder import state_folders

if TYPE_CHECKING:
    from gameday.render.show_cache import Shown

HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class QuickStore:
    """A store in which nothing waits to be reverted."""

    where: StoreLocation
    database: Executor
    open_drills: frozenset[str]

    def drills(self, most: int | None = None) -> list[DrillRow]:
        """List the drills, newest first; most: no more than that."""
        return journal.drills(self.database, most)

    def shown_to(self, who: str, most: int | None = None) -> list[DrillRow]:
        """List the drills as somebody may see them: without the scenario of one that is hidden from them."""
        return [self._as_shown(row, who) for row in self.drills(most)]

    def _as_shown(self, row: DrillRow, who: str) -> DrillRow:
        if row.drill not in self.open_drills:
            return row
        planned = journal.documents(self.database, row.drill, "DrillPlanned")
        plan = planned[0]["fact"] if planned else {}
        return row if live_drill.may_see(plan, who, os.environ) else row._replace(scenario=HIDDEN)

    def game_days_in_progress(self) -> list[str]:
        """Name the game days that have not ended."""
        return [row.drill for row in journal.game_days(self.database) if row.closed is None]

    def find(self, named: str) -> DrillRow:
        """Find a drill by its id, the unique beginning or end of it, or `last`. Raises UsageError."""
        if named == "last" and (newest := self.drills(1)):
            return newest[0]
        drill = find_drill.find(self, named)
        return next(row for row in self.drills() if row.drill == drill)

    def shown(self, row: DrillRow) -> Shown | None:
        """Give what was printed of a drill when it was judged last; None where it has to be judged again."""
        from gameday.render import show_cache  # noqa: PLC0415  # `gameday list` needs none

        folder = self.where.artifacts / row.drill
        if row.closed is None or spill_file.exists(self.where.artifacts, row.drill):
            return None
        try:
            text = (folder / show_cache.FILE).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return show_cache.decode(text, journal.ends(self.database, row.drill))


@contextmanager
def opened() -> Iterator[QuickStore | None]:
    """Open the store of the working folder; None where the usual way has to be taken."""
    quick = _opened(Path.cwd(), os.environ)
    try:
        yield quick
    finally:
        if quick is not None:
            quick.database.close()


def _opened(start: Path, environ: Mapping[str, str]) -> QuickStore | None:
    try:
        where = live_drill.store_location(start, environ)
        if where.empty:
            return None
        database = storage.open_executor(where.store, create=False)
    except (UsageError, StoreUnavailable):
        return None  # which is explained on the usual way
    open_drills = [row.drill for row in journal.live(database)]
    if _all_looked_after(database, open_drills) and set(_copies(where.store)) <= set(open_drills):
        return QuickStore(where=where, database=database, open_drills=frozenset(open_drills))
    database.close()
    return None


def _all_looked_after(database: Executor, drills: Sequence[str]) -> bool:
    return all(live_drill.is_looked_after(database, drill) for drill in drills)


def _copies(url: str) -> Iterator[str]:
    """Name the drills of which this user keeps what reverting needs, and which a store may have lost.

    Those of another store that is still there are looked after in its own workspace.
    """
    for file in [file for folder in state_folders() for file in (folder / "open-drills").glob("*.jsonl")]:
        store = _store_of(file)
        if (
            store in {"", urls.address(url)}
            or urls.shared_between_hosts(store)
            or urls.certainly_absent(store)
        ):
            yield file.name.rsplit(".", 2)[0]


def _store_of(copy: Path) -> str:
    """Give the address of the store of a copy (`storage.spill.own_copies`); empty where it is uncertain."""
    try:
        with os.fdopen(regular_files.open_regular(copy), encoding="utf-8") as lines:
            first = next(line for line in lines if line.strip())
        address = str(json.loads(first)["store"]["address"])
    except (OSError, ValueError, LookupError, TypeError, StopIteration, RecursionError):
        return ""
    # A copy is named by its store: a line that somebody has put before the first must not hide it.
    return address if hashlib.sha256(address.encode()).hexdigest()[:12] in copy.name else ""
