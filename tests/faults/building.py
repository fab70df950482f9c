"""Builds experiments, and runs them in a real Chaos Toolkit process."""

import asyncio
import json
import os
import time
from pathlib import Path

from gameday.core.facts import drill as ev
from gameday.faults.experiment_checks import check
from gameday.faults.supervised_experiment import SupervisedExperiment

HERE = str(Path(__file__).parent)
DRILL = f"d-{os.getpid()}"
"""This process's own: who ends what an abandoned drill has left finds its processes by the drill's name."""
ACTIONS = "chaos_actions"


def python(name, func, kind="action", **arguments):
    provider = {"type": "python", "module": ACTIONS, "func": func, "arguments": arguments}
    return {"type": kind, "name": name, "provider": provider}


def fault_on(url):
    return python("fault-on", "switch", url=url, to="on")


def fault_off(url):
    return python("fault-off", "switch", url=url, to="off")


def probe_on(url):
    return python("is-on", "is_on", kind="probe", url=url)


def experiment(url, method=None, rollbacks=None, *, probed=False, **more):
    made = {
        "title": "t",
        "description": "d",
        "method": [fault_on(url)] if method is None else method,
        "rollbacks": [fault_off(url)] if rollbacks is None else rollbacks,
        **more,
    }
    if probed:
        made["extensions"] = [{"name": "gameday", "still-exposed": probe_on(url)}]
    return made


def request(made, *, fault="f1", path="experiment.json", cwd=HERE, options=""):
    text = made if isinstance(made, str) else json.dumps(made)
    return ev.FaultRequested(fault=fault, experiment=text, path=path, cwd=cwd, options=options)


def problems(tmp_path, *texts, suffix=".json"):
    """Check experiments; give (file name, message) of each problem."""
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"x{number}{suffix}")
        paths[-1].write_text(text if isinstance(text, str) else json.dumps(text))
    return [(Path(m.file).name, m.message) for m in check(paths, cwd=Path(HERE))]


class RecordedFacts:
    """Facts as they are recorded, to be inspected and awaited."""

    def __init__(self):
        self.facts = []
        self.at = []

    def __call__(self, fact, at):
        self.facts.append(fact)
        self.at.append(at)

    def of_kind(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def wait(self, kind, within=60.0):
        await self.until(lambda: self.of_kind(kind), within)
        return self.of_kind(kind)[-1]

    async def until(self, condition, within=60.0):
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within} s: {self.facts}"
            await asyncio.sleep(0.01)


async def supervise(made, recorded, tmp_path, **more):
    """Start an experiment; give the supervised process and the task of its outcome."""
    run = await SupervisedExperiment.start(request(made, **more), recorded, drill=DRILL)
    await run.inject(tmp_path / "journal.json")
    return run, asyncio.ensure_future(run.outcome())


def conduct(made, tmp_path, script=None, **more):
    """Run an experiment while `script(run, recorded)` acts on it; released at once without a script."""

    async def main():
        recorded = RecordedFacts()
        run, outcome = await supervise(made, recorded, tmp_path, **more)
        try:
            if script is None:
                await run.release()
            else:
                await script(run, recorded)
            return recorded, await asyncio.wait_for(outcome, 60)
        finally:
            await run.discard()

    return asyncio.run(main())
