"""The shop's state folder: the paths of its files, and the record of a shop that is up."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from gameday.system import processes

DEFAULT = Path(".gameday/shop")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """The three fixed ports of a shop; replicas take any free one."""

    edge: int = 8080
    admin: int = 8081
    control: int = 8082


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A shop that is up: who owns it and where it answers."""

    pid: int
    started_ticks: int
    boot: str
    edge: int
    admin: int
    control: int

    @property
    def owner(self) -> processes.Identity:
        """Identify the control server's process; start time and boot guard against a pid that is reused."""
        return processes.Identity(pid=self.pid, started_ticks=self.started_ticks, boot=self.boot)

    @property
    def base_url(self) -> str:
        """Give the address that users reach."""
        return f"http://127.0.0.1:{self.edge}"

    @property
    def control_url(self) -> str:
        """Give the address of the control server."""
        return f"http://127.0.0.1:{self.control}"

    @property
    def admin_url(self) -> str:
        """Give the address of Envoy's admin interface."""
        return f"http://127.0.0.1:{self.admin}"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths within one state folder."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "shop.db"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def trail(self) -> Path:
        return self.folder / "trail.jsonl"

    @property
    def record(self) -> Path:
        return self.folder / "shop.json"

    @property
    def edge(self) -> Path:
        return self.folder / "edge"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def read_record(self) -> Record | None:
        """Give the record of the shop that is up in this folder, or None."""
        try:
            record = Record(**json.loads(self.record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        # A control server that was killed leaves its record behind.
        return record if processes.alive(record.owner) else None

    def write_record(self, record: Record) -> None:
        """Record who owns the shop and where it answers."""
        replace(self.record, json.dumps(asdict(record)))


def own_record(ports: Ports) -> Record:
    """Make the record of a shop that this process owns."""
    me = processes.me()
    return Record(pid=me.pid, started_ticks=me.started_ticks, boot=me.boot, **asdict(ports))


def current() -> StateFolder:
    """Find the state folder: GAMEDAY_SHOP_HOME, else `.gameday/shop` of the workspace.

    The workspace is the nearest folder with a gameday.toml, upwards from the working folder, else the working
    folder itself: experiments run in a drill's own folder within the workspace.
    """
    named = os.environ.get("GAMEDAY_SHOP_HOME")
    if named:
        return StateFolder(Path(named).absolute())
    working = Path.cwd()
    candidates = (working, *working.parents)
    workspace = next((folder for folder in candidates if (folder / "gameday.toml").is_file()), working)
    return StateFolder(workspace / DEFAULT)


def replace(path: Path, text: str) -> None:
    """Replace a file atomically: a reader finds the old text or the new one."""
    # With the pid, because two processes may be replacing the file at once.
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
