"""The commands with which the daemon and the workers start a drill.

They are apart from `launch`, which must start quickly and so imports none of this.
"""

from __future__ import annotations

import sys

from gameday.core.plans.schedule import Schedule
from gameday.system.scheduled.drill_processes import Launcher

# -P: a file called gameday.py in the working folder must not be imported in our place.
GAMEDAY = (sys.executable, "-P", "-m", "gameday")


def command(schedule: Schedule) -> list[str]:
    """Give the command that runs a schedule's scenario, or conducts its game day."""
    if schedule.game_day:
        return [*GAMEDAY, "plan", "start", schedule.scenario, "--yes", "--json"]
    argv = [*GAMEDAY, "run", schedule.scenario, "--yes", "--json"]
    argv += ["--environment", schedule.environment, "--mode", schedule.mode]
    return [*argv, "--responder", schedule.responder] if schedule.responder else argv


LAUNCHER = Launcher(confirm=(sys.executable, "-P", "-m", "gameday.cli.daemon.launch"), command=command)
