"""Finds the drill that a responder's command is about, with no more imports than that needs.

Comes in: the folder where the command was typed, the environment variables, the command's options.
Goes out: the drill, with what the command must know of it. Raises UsageError with the way on.
Does not: build facts as values: it reads the stored lines as JSON.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import storage
from gameday.core.errors import UsageError
from gameday.core.values import Instant, instant, parse_instant
from gameday.storage import journal, urls
from gameday.storage.database import Executor
from gameday.system import process_identity
from gameday.system.actor import current_actor
from gameday.system.process_identity import Identity

ARTIFACTS = ".gameday/drills"

PATIENCE = 2.0
"""Seconds to wait for the write lock: then the event is kept beside the store, where the conductor
reads it at once. An abort must not wait longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreLocation:
    """Where a workspace keeps its histories. store: the URL; the path of a file in it is absolute."""

    store: str
    artifacts: Path

    @property
    def empty(self) -> bool:
        """Whether there is no store yet."""
        return urls.certainly_absent(self.store)


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveDrill:
    """A stored drill. `fault_at`: T0, once the fault is injected; `plan`: the body of its DrillPlanned."""

    drill: str
    database: Executor
    started: Instant
    closed: bool
    plan: Mapping[str, Any]
    fault_at: Instant | None

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Give the bodies of the drill's facts of one kind, in order."""
        return [document["fact"] for document in journal.documents(self.database, self.drill, kind)]


def store_location(start: Path, environ: Mapping[str, str]) -> StoreLocation:
    """Find the workspace at `start` or above, and where it keeps its histories."""
    root = next((folder for folder in (start, *start.parents) if (folder / "gameday.toml").is_file()), None)
    url = environ.get("GAMEDAY_STORE_URL", "")
    if root is None and not url:
        raise UsageError(
            f"{start} is not in a workspace: there is no gameday.toml here or above",
            hint="change into the workspace, or set GAMEDAY_STORE_URL",
        )
    table = {} if root is None else _store_table(root / "gameday.toml")
    root = root or start
    url = url or _resolved(str(table.get("url", urls.DEFAULT)), environ)
    return StoreLocation(
        store=urls.anchored(url, root),
        artifacts=root / _resolved(str(table.get("artifacts", ARTIFACTS)), environ),
    )


def _store_table(file: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("store", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    return table if isinstance(table, dict) else {}


def _resolved(value: str, environ: Mapping[str, str]) -> str:
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if name not in environ:
        raise UsageError(f"gameday.toml takes the store from {name}, which is not set")
    return environ[name]


def find(where: StoreLocation, *, drill: str = "", environment: str = "") -> LiveDrill:
    """Find the drill that is named, or the only one that is live."""
    if where.empty:
        raise _none_live(environment)
    database = storage.open_executor(where.store, patience=PATIENCE, create=False)
    rows = journal.drills(database)
    if any(row[4] is None and _left(database, row[0]) for row in rows):
        _revert_what_was_left()
        rows = journal.drills(database)
    row = _named(rows, drill) if drill else _only_live(rows, environment)
    injected = journal.documents(database, row[0], "FaultInjected")
    planned = journal.documents(database, row[0], "DrillPlanned")
    return LiveDrill(
        drill=row[0],
        database=database,
        started=instant(row[3]),
        closed=row[4] is not None,
        plan=planned[0]["fact"] if planned else {},
        fault_at=min((_occurred(document) for document in injected), default=None),
    )


def _left(database: Executor, drill: str) -> bool:
    """Tell whether a drill of this host has neither a conductor nor a keeper that lives.

    It is the quick half of `conduct.revert.abandoned`, which has the last word.
    """
    started = [document["fact"] for document in journal.documents(database, drill, "ProcessStarted")]
    host = process_identity.hostname()
    looking = [fact for fact in started if fact["role"] in ("conductor", "keeper") and fact["host"] == host]
    who = [Identity(pid=f["pid"], started_ticks=f["started_ticks"], boot=f["boot"]) for f in looking]
    return bool(who) and not any(
        process_identity.alive(one) and not process_identity.stopped(one) for one in who
    )


def _revert_what_was_left() -> None:
    """Take the time to revert, as every command does first of all."""
    from gameday import wiring  # noqa: PLC0415  # only after somebody died
    from gameday.cli import revert  # noqa: PLC0415

    revert.open_store(wiring.workspace()).close()


def _named(rows: Sequence[tuple[Any, ...]], drill: str) -> tuple[Any, ...]:
    if drill == "last" and rows:
        return rows[0]
    found = next((row for row in rows if row[0] == drill), None)
    if found is None:
        near = nearest(drill, [row[0] for row in rows])
        raise UsageError(f"there is no drill '{drill}'{near}", hint="gameday list names them")
    return found


def _only_live(rows: Sequence[tuple[Any, ...]], environment: str) -> tuple[Any, ...]:
    live = [row for row in rows if row[4] is None and environment in {"", row[2]}]
    if not live:
        raise _none_live(environment)
    if len(live) > 1:
        lines = "\n".join(f"  {row[0]}  {row[1]} on {row[2]}" for row in live)
        raise UsageError(f"{len(live)} drills are live:\n{lines}", hint="say which: --drill ID")
    return live[0]


def _none_live(environment: str) -> UsageError:
    on = f" on {environment}" if environment else ""
    return UsageError(
        f"no drill is live{on}", hint="gameday run SCENARIO starts one; --drill ID names one that has ended"
    )


def current_viewer(environ: Mapping[str, str]) -> str:
    """Name who is at this terminal: by GAMEDAY_ACTOR, else the machine's user."""
    return current_actor(environ)


def may_see(plan: Mapping[str, Any], who: str, environ: Mapping[str, str]) -> bool:
    """Tell whether somebody (empty: who is at this terminal) may see what is injected, and when.

    It is `core.plans.gameday.Occasion.shows`, on plain JSON.
    """
    occasion = plan.get("occasion") or {}
    return not occasion.get("hidden") or (who or current_viewer(environ)) in (occasion.get("insiders") or ())


def nearest(word: str, words: Sequence[str]) -> str:
    """Say which of the words is meant, as an end of a sentence; nothing where none is near."""
    import difflib  # noqa: PLC0415  # only a slip needs it

    near = difflib.get_close_matches(word, words, n=1, cutoff=0.4)
    return f"; nearest: '{near[0]}'" if near else ""


def _occurred(document: Mapping[str, Any]) -> Instant:
    return parse_instant(document["occurred_at"] or document["recorded_at"])
