"""Finds the drill that a responder's command is about, with no more imports than that needs.

So it reads stored facts as plain JSON and builds none of them as values.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gameday import storage
from gameday.core.errors import StoreUnavailable, UsageError
from gameday.core.facts.drill_row import DrillRow
from gameday.core.plans import spoilers
from gameday.core.values import Instant, instant, parse_instant
from gameday.formats.text import nearest
from gameday.storage import journal, urls
from gameday.storage.database import Executor
from gameday.system import process_identity
from gameday.system.actor import current_actor
from gameday.system.process_identity import Identity

ARTIFACTS = ".gameday/drills"

LOCK_TIMEOUT = 2.0
"""Seconds to wait for the write lock. After that the event goes into the spill file, where the conductor
reads it at once: an abort must not wait longer."""


class StoreLocation(NamedTuple):
    """Where a workspace keeps its histories. store: the URL; the path of a file in it is absolute."""

    store: str
    artifacts: Path

    @property
    def empty(self) -> bool:
        """Whether there is no store yet."""
        return urls.certainly_absent(self.store)


class LiveDrill(NamedTuple):
    """A stored drill. `fault_at`: T0, once the fault is injected; `plan`: the fields of its DrillPlanned."""

    drill: str
    database: Executor
    started: Instant
    closed: bool
    plan: Mapping[str, Any]
    fault_at: Instant | None

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """Give the fields of the drill's facts of one kind, in order."""
        return [document["fact"] for document in journal.documents(self.database, self.drill, kind)]

    @property
    def ending(self) -> bool:
        """Whether the drill was aborted or its response has ended: then little counts any more."""
        return any(self.facts(kind) for kind in ("AbortRequested", "EndRequested", "ResponseEnded"))

    def nudge(self) -> None:
        """Let the drill's conductor, where it is on this host, look into the store now."""
        with contextlib.suppress(StoreUnavailable):  # the conductor looks a little later, then
            for role, process in _here(self.facts("ProcessStarted")):
                if role == "conductor":
                    process_identity.nudge(process)


def store_location(start: Path, environ: Mapping[str, str]) -> StoreLocation:
    """Find the workspace at `start` or above, and where it keeps its histories."""
    root = next((folder for folder in (start, *start.parents) if (folder / "gameday.toml").is_file()), None)
    url = environ.get("GAMEDAY_STORE_URL", "")
    if root is None and not url:
        raise UsageError(
            f"{start} is not in a workspace: no gameday.toml here or above",
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
        text = file.read_text(encoding="utf-8")
        # Most files have no such table, however its name is escaped: then nothing is imported for it.
        if "store" not in text and "\\" not in text:
            return {}
        import tomllib  # noqa: PLC0415

        # Only this table, and without the models: reading the whole file properly takes too long here.
        table = tomllib.loads(text).get("store", {})
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are some
        raise UsageError(f"{file} cannot be read: {error}") from error
    return table if isinstance(table, dict) else {}


def _resolved(value: str, environ: Mapping[str, str]) -> str:
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if name not in environ:
        raise UsageError(f"gameday.toml takes the store from the variable {name}, which is not set")
    return environ[name]


def find(where: StoreLocation, *, drill: str = "", environment: str = "") -> LiveDrill:
    """Find the drill that is named, or the only one that is live."""
    if where.empty and _has_own_copies():
        _revert_abandoned()  # the store was deleted: what is known of its drills is put back
    if where.empty:
        raise _no_live_drill(environment)
    database = storage.open_executor(where.store, patience=LOCK_TIMEOUT, create=False)
    rows = journal.drills(database)
    # First: a drill that is abandoned must not be taken for the live one.
    if any(row.closed is None and _is_abandoned(database, row.drill) for row in rows):
        _revert_abandoned()
        rows = journal.drills(database)
    row = _named(rows, drill) if drill else _only_live(rows, environment)
    injected = journal.documents(database, row.drill, "FaultInjected")
    planned = journal.documents(database, row.drill, "DrillPlanned")
    return LiveDrill(
        drill=row.drill,
        database=database,
        started=instant(row.started),
        closed=row.closed is not None,
        plan=planned[0]["fact"] if planned else {},
        fault_at=min((_occurred(document) for document in injected), default=None),
    )


def _is_abandoned(database: Executor, drill: str) -> bool:
    """Report whether a drill of this host has neither a live conductor nor a live keeper.

    This is the quick check only; `conduct.revert.abandoned` decides.
    """
    processes = _processes(database, drill)
    return bool(processes) and not any(map(_works, processes))


def is_looked_after(database: Executor, drill: str) -> bool:
    """Report whether a conductor or keeper of a drill certainly works on this host."""
    return any(map(_works, _processes(database, drill)))


def _processes(database: Executor, drill: str) -> list[Identity]:
    started = [document["fact"] for document in journal.documents(database, drill, "ProcessStarted")]
    return [process for role, process in _here(started) if role in ("conductor", "keeper")]


def _works(process: Identity) -> bool:
    # A stopped process (SIGSTOP) exists but reverts nothing: it counts as gone.
    return process_identity.alive(process) and not process_identity.stopped(process)


def _here(started: Sequence[Mapping[str, Any]]) -> list[tuple[str, Identity]]:
    """Give those of the processes that were started on this host, each with its role."""
    host = process_identity.hostname()
    return [
        (fact["role"], Identity(pid=fact["pid"], started_ticks=fact["started_ticks"], boot=fact["boot"]))
        for fact in started
        if fact["host"] == host
    ]


def _has_own_copies() -> bool:
    """Report whether the user's state folder holds copies of open drills, without reading them."""
    from gameday.system.state_folder import state_folders  # noqa: PLC0415  # needed only without a store

    return any(any((folder / "open-drills").glob("*.jsonl")) for folder in state_folders())


def _revert_abandoned() -> None:
    """Revert what drills left, as every command does first."""
    from gameday import wiring  # noqa: PLC0415  # slow; needed only after a conductor died
    from gameday.cli import revert  # noqa: PLC0415

    revert.open_store(wiring.workspace()).close()


def _named(rows: Sequence[DrillRow], drill: str) -> DrillRow:
    if drill == "last" and rows:
        return rows[0]
    row = next((row for row in rows if row.drill == drill), None)
    if row is None:
        near = nearest.ending(drill, [row.drill for row in rows])
        raise UsageError(f"no drill '{drill}'{near}", hint="gameday list shows the drills of this store")
    return row


def _only_live(rows: Sequence[DrillRow], environment: str) -> DrillRow:
    live = [row for row in rows if row.closed is None and environment in {"", row.environment}]
    if not live:
        raise _no_live_drill(environment)
    if len(live) > 1:
        lines = tuple(f"  {row.drill}  {row.scenario} on {row.environment}" for row in live)
        raise UsageError(f"{len(live)} drills are in progress:", lines=lines, hint="choose one: --drill ID")
    return live[0]


def _no_live_drill(environment: str) -> UsageError:
    on = f" on {environment}" if environment else ""
    return UsageError(
        f"no drill is in progress{on}",
        hint="gameday run SCENARIO starts one; --drill ID names one that has ended",
    )


def current_viewer(environ: Mapping[str, str]) -> str:
    """Name who is at this terminal: from GAMEDAY_ACTOR, else the machine's user."""
    return current_actor(environ)


def may_see(plan: Mapping[str, Any], who: str, environ: Mapping[str, str]) -> bool:
    """Report whether somebody (empty: who is at this terminal) may see what is injected, and when."""
    occasion = plan.get("occasion") or {}
    return spoilers.shows(
        who or current_viewer(environ),
        hidden=bool(occasion.get("hidden")),
        insiders=occasion.get("insiders") or (),
    )


def _occurred(document: Mapping[str, Any]) -> Instant:
    return parse_instant(document["occurred_at"] or document["recorded_at"])
