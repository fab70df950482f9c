"""A PostgreSQL server of the tests' own: an ordinary user's, on a private port, in a temporary folder."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests import ports

NOBODY = 65534
KEY = {"GAMEDAY_STORE_KEY": "k3y-of-the-hosts-that-share-a-store-of-tests"}
"""The variable of KEY_SETTING: preflight refuses a held fault on a shared store without a key."""
KEY_SETTING = 'key = "env:GAMEDAY_STORE_KEY"'
PASSWORD = "c4nary-p4ssword"  # planted: no error text may hold it
PLACES = ("/usr/local/bin", *(str(found) for found in Path("/usr/lib/postgresql").glob("*/bin")))


def binary(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(PLACES))


class PostgreSQL:
    """One server; `url()` gives that of a new, empty database."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gd-pg-", dir="/tmp"))
        self.port = ports.free()
        self._numbers = itertools.count(1)
        self._who = {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
        (self.folder / "password").write_text(PASSWORD)
        if self._who:
            for path in (self.folder, self.folder / "password"):
                os.chown(path, NOBODY, NOBODY)
        self._run("initdb", "-A", "scram-sha-256", "-U", "gameday", "--pwfile", "password", "--no-sync",
                  "-E", "UTF8", "--locale", "C", "data")  # fmt: skip
        self.start()

    def start(self) -> None:
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "fsync": "off",
                    "unix_socket_directories": self.folder}  # fmt: skip
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "server.txt").open("ab") as told:
            self.process = subprocess.Popen(
                [str(binary("postgres")), "-D", "data", *words],
                cwd=self.folder, env=self._environment, stdout=told, stderr=told, **self._who,
            )  # fmt: skip
        self.wait_until_it_serves()

    def wait_until_it_serves(self) -> None:
        import psycopg  # noqa: PLC0415  # an extra of gameday's, as the server is

        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.admin, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < end, (self.folder / "server.txt").read_text()
                time.sleep(0.02)
            else:
                return

    @property
    def admin(self) -> str:
        return f"postgresql://gameday:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        import psycopg  # noqa: PLC0415

        url = self.admin.removesuffix("postgres") + database
        with psycopg.connect(url, autocommit=True) as connection:
            answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []

    def url(self) -> str:
        name = f"t{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://gameday:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def backends(self, database: str) -> list[int]:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'gameday'"
        return [pid for (pid,) in self.execute(asked.format(database))]

    def stop(self, how: int = signal.SIGINT) -> None:
        self.process.send_signal(how)
        self.process.wait(120)  # its last checkpoint writes all databases of the session, on a busy disk

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _run(self, name: str, *words: str) -> None:
        argv = [str(binary(name)), *words]
        done = subprocess.run(
            argv, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False,
            **self._who,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "LC_ALL": "C"}
