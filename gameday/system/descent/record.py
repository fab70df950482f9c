"""What an experiment's method has started, written down as it is seen, outside the workspace.

Whoever reverts after every process of the drill has died finds in it what may still break something. One
file a fault, a line of JSON an entry, appended by the process that injects and by the keeper:

    {"child": IDENTITY}                          the process that injects
    {"cgroup": PATH}                             it has entered this cgroup
    {"seen": IDENTITY, "command": …, "activity": …}
    {"lives": IDENTITY}                          belongs to the environment: never ended
    {"fenced": TICKS}                            all is ended that had started by then; what came later is
                                                 the environment's

Nothing waits for this file: a line that can't be written is lost, and descent and cgroup still hold.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gameday.system import regular_files
from gameday.system.descent.tree import Descendant
from gameday.system.process_identity import Identity
from gameday.system.state_folder import state_folder, state_folders


@dataclass(slots=True)
class SeenProcesses:
    """A record as it was read. fenced: None while the method may go on."""

    child: Identity | None = None
    cgroup: Path | None = None
    seen: dict[Identity, Descendant] = field(default_factory=dict)
    lives: set[Identity] = field(default_factory=set)
    fenced: int | None = None

    def is_method(self, who: Identity) -> bool:
        """Report whether a process that descends from the method, or did, is the method's."""
        return who not in self.lives and (self.fenced is None or who.started_ticks <= self.fenced)


@dataclass(frozen=True, slots=True)
class MethodRecord:
    """The record of one fault of one drill."""

    drill: str
    fault: str

    @property
    def path(self) -> Path:
        """The file. Raises OSError where there can be none."""
        return state_folder() / self._place

    def add(self, **entry: Any) -> None:
        """Append an entry."""
        line = json.dumps({name: _plain(value) for name, value in entry.items()}).encode() + b"\n"
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # One write to a file that is opened for appending: the lines of two processes do not mix.
            file = regular_files.open_regular(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                os.write(file, line)
            finally:
                os.close(file)

    def read(self) -> SeenProcesses:
        """Read it; what can't be read is passed over."""
        record = SeenProcesses()
        for file in self._files():
            with contextlib.suppress(OSError):
                for line in regular_files.read_regular(file).splitlines():
                    with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                        _take(record, json.loads(line))
        return record

    def remove(self) -> None:
        """Remove it, and the drill's folder with its last one."""
        for file in self._files():
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
                file.parent.rmdir()

    def _files(self) -> list[Path]:
        """Give where it may be: a part of it may be in a folder that can't be written any more."""
        return [folder / self._place for folder in state_folders()]

    @property
    def _place(self) -> Path:
        # Names come from histories, which a stranger may have written.
        return Path("methods", _name(self.drill), f"{_name(self.fault)}.jsonl")


def _name(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E") or "_"


def _plain(value: Any) -> Any:
    match value:
        case Path():
            return str(value)
        case Identity():
            return value._asdict()
        case _:
            return value


def _take(record: SeenProcesses, entry: Mapping[str, Any]) -> None:
    match entry:
        case {"child": who}:
            record.child = Identity(**who)
        case {"cgroup": str(path)}:
            record.cgroup = Path(path)
        case {"seen": who, **more}:
            named = {name: str(more.get(name, "")) for name in ("command", "activity")}
            seen = Descendant(who=Identity(**who), command=named["command"], activity=named["activity"])
            record.seen[seen.who] = seen
        case {"lives": who}:
            record.lives.add(Identity(**who))
        case {"fenced": int(ticks)}:
            record.fenced = ticks
        case _:
            pass
