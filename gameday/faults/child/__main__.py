"""The edge of the process: takes commands one after another, and never leaves without a word."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gameday.faults.child_connection import ChildConnection
from gameday.system import known_secrets


def main() -> None:
    """Do what the commands say until the other end is closed."""
    line = ChildConnection()  # first of all: nothing may print into it
    sys.path.append(str(Path.cwd()))  # experiments may name modules that stand beside where they are run
    logging.getLogger("chaostoolkit").addHandler(logging.NullHandler())
    try:
        _serve(line, line.commands())
    except Exception as error:  # noqa: BLE001  # the process's outer edge: what ended it is told
        line.say("crashed", error=known_secrets.known().excerpt(f"{type(error).__name__}: {error}"))
    os._exit(0)  # a background activity that goes on must not keep the process


def _serve(line: ChildConnection, commands: Iterator[dict[str, Any]]) -> None:
    from gameday.faults.child import (  # noqa: PLC0415  # may print
        cloudwatch_alarm,
        experiment_checks,
        injection,
        kubernetes_lease,
        loaded_experiment,
        probes,
        redirects,
        rollback_standby,
        target_counts,
    )

    redirects.stay()
    rollback_player = rollback_standby.RollbackStandby(line)
    duties: dict[str, Callable[[dict[str, Any]], None]] = {
        "import": loaded_experiment.import_beforehand,
        "load": rollback_player.load,
        "play": rollback_player.play,
        "ask": partial(probes.ask, line),
        "steady": partial(probes.steady, line),
        "check": partial(experiment_checks.check, line),
        "count": partial(target_counts.count, line),
        "lease": partial(kubernetes_lease.lease, line),
        "alarm": partial(cloudwatch_alarm.alarm, line),
    }
    line.say("up")
    for command in commands:
        word = str(command["do"])
        if word == "inject":
            injection.inject(line, command, commands)
            return
        if word not in duties:
            raise ValueError(f"unknown command {word}")
        duties[word](command)


main()
