"""A conductor that does nothing but hold: injects one fault through a real keeper, and waits to be killed.

python -m tests.faults.conductor STORE_URL DRILL FOLDER EXPERIMENT_JSON
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from gameday import wiring
from gameday.conduct.recorder import Recorder
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.policy import LOOPBACK
from gameday.core.values import Mode
from gameday.faults.keeper_client import KeeperClient
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds
from tests.faults.building import request


def planned(drill):
    """A drill on an environment that allows the tests' own actions, and whose hosts are this machine's."""
    return ev.DrillPlanned(
        scenario=Scenario(scenario="held", title="Held", environment="test", experiment="experiment.json"),
        scorecard=ScorecardRules(scorecard="none", version=1, criteria=()),
        mode=Mode.TRAIN,
        environment="test",
        comparable=drill,
        rules=replace(LOOPBACK, providers=("python:chaos_actions", "process:*")),
    )


async def conduct(url, drill, folder, text, up):
    store = wiring.store(url)
    recorder = Recorder(store=store, clock=SystemClock(), ids=SystemIds(), drill=drill)
    asked = request(text)
    recorder.record(planned(drill))
    if up:
        recorder.record(ev.EnvironmentBroughtUp(command=("true",), down=("touch", up)))
    keeper = KeeperClient(store_url=url, drill=drill, folder=Path(folder), cwd=Path(folder), warm=asked)
    await keeper.start()
    recorder.record(asked)
    await keeper.inject(asked.fault)
    while keeper.alive():  # noqa: ASYNC110  # as the real conductor does
        await asyncio.sleep(0.02)
    sys.stdout.write("keeper lost\n")
    sys.stdout.flush()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(conduct(*sys.argv[1:5], sys.argv[5] if len(sys.argv) > 5 else ""))
