"""Entry point of the process: carry out commands one by one, and report what ends it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gameday.faults.child.connection import ChildConnection
from gameday.system import known_secrets
from gameday.system.imports import own_packages, own_sources


def main() -> None:
    """Carry out commands until the other end is closed."""
    connection = ChildConnection()  # first of all: whatever prints to stdout later must not reach the parent
    sys.path.append(str(Path.cwd()))  # experiments may name modules in their working folder
    own_sources.import_from_sources()
    # Without a handler of its own, Python would print chaoslib's warnings, arguments included, on stderr.
    logging.getLogger("chaostoolkit").addHandler(logging.NullHandler())
    try:
        _serve(connection, connection.commands())
    except BaseException as error:  # noqa: BLE001  # the process's outer edge; a user's code may raise SystemExit: whatever ended it is reported
        connection.send("crashed", error=known_secrets.redactor().excerpt(f"{type(error).__name__}: {error}"))
    os._exit(0)  # no clean-up: a background activity that goes on would keep the process alive


def _serve(connection: ChildConnection, commands: Iterator[dict[str, Any]]) -> None:
    from gameday.faults.child import (  # noqa: PLC0415  # after ChildConnection: chaoslib may print when it is imported
        experiment_checks,
        injection,
        kubernetes_lease,
        loaded_experiment,
        meter_reading,
        probes,
        rollback_standby,
        target_counts,
    )
    from gameday.faults.child.providers import bounded_commands, redirects  # noqa: PLC0415  # as above

    # Once for the process: every command below may run HTTP activities and commands, not only an injection.
    redirects.confine()
    bounded_commands.bound()
    standby = rollback_standby.RollbackStandby(connection)
    handlers: dict[str, Callable[[dict[str, Any]], None]] = {
        "import": loaded_experiment.import_early,
        "load": standby.load,
        "play": standby.play,
        "ask": partial(probes.ask, connection),
        "steady": partial(probes.steady, connection),
        "check": partial(experiment_checks.check, connection),
        "count": partial(target_counts.count, connection),
        "lease": partial(kubernetes_lease.lease, connection),
        "read": partial(meter_reading.read, connection),
    }
    connection.send("up")
    for command in commands:
        word = str(command["do"])
        own_packages.use(command)
        # The last command of a process: chaoslib's controls, caches and signal handlers are global. A thread
        # of the injection reads the further commands.
        if word == "inject":
            injection.inject(connection, command, commands)
            return
        if word not in handlers:
            raise ValueError(f"unknown command {word}")
        handlers[word](command)


main()
