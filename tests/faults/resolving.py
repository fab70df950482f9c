"""Resolves the targets of experiments through a child process."""

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId
from gameday.faults.targets import ChildTargets


def resolve(asking, text, *between, path="e.json"):
    """Resolve an experiment's aims once, and once more after each of `between`."""
    request = ev.FaultRequested(fault=FaultId("f"), experiment=text, path=path, cwd="/")
    targets = ChildTargets(request, asking.questions)
    found = [asking.run(targets.resolve())]
    for act in between:
        act()
        found.append(asking.run(targets.resolve()))
    return found if between else found[0]
