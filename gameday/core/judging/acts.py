"""Which of the actions that were observed could have ended an impact, and whose they were.

An action that only looks, or that failed, changes nothing on the target, so it earns nobody anything. What
`read_only_commands` does not know counts as an act, so that no mitigation is overlooked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import read_only_commands
from gameday.core.plans.scenario import Playbook, PlaybookStep
from gameday.core.values import Instant, Party

AUTOMATIONS = ("automation", "bot")
"""Prefixes of actors that are the team's automation."""
CONTROLLERS = frozenset({"autoscaler", "autoscaling", "controller", "hpa", "kubelet", "watchdog"})
"""Words in the names of actors by which a system heals itself."""
SYSTEM = "system:"
"""The prefix by which Kubernetes names its own parts."""
_PEOPLE = ("system:admin", "system:masters")
"""What Kubernetes calls an administrator, who is a person."""


def effective(history: History, since: Instant) -> list[Dated[ev.ActionTaken]]:
    """Give the actions from an instant on that may have changed the target, without the experiment's own."""
    return [
        action
        for action in history.each(ev.ActionTaken)
        if action.at >= since
        and not by_fault(action.fact)
        and action.fact.exit_code in (None, 0)
        and not read_only_commands.only_looks(action.fact.action)
    ]


def by_fault(action: ev.ActionTaken) -> bool:
    """Whether an action is the experiment's own: its actor begins with `fault`."""
    return action.actor.startswith("fault")


def party_of(history: History, action: ev.ActionTaken) -> Party:
    """Give whose action it is. NONE: a controller's, by which the system heals itself."""
    planned = history.plan
    if action.via == "responder" and planned.responder_as is not None:
        return planned.responder_as
    # An automation may act through the environment's trail, too: there its actor's name shows it.
    named = action.actor == planned.responder and planned.responder_as is Party.AUTOMATION
    if named or action.actor.startswith(AUTOMATIONS):
        return Party.AUTOMATION
    return Party.NONE if _is_controller(action.actor.lower()) else Party.TEAM


def _is_controller(actor: str) -> bool:
    if actor.startswith(SYSTEM):
        return not actor.startswith(_PEOPLE)
    return not CONTROLLERS.isdisjoint(re.findall(r"[a-z0-9]+", actor))


def steps(history: History, since: Instant) -> list[Dated[ev.StepDone]]:
    """Give the ticked steps from an instant on, but for those whose commands only look."""
    return [step for step in history.each(ev.StepDone) if step.at >= since and not _looked(history, step)]


def _looked(history: History, done: Dated[ev.StepDone]) -> bool:
    playbook = history.plan.playbook
    for step in playbook.steps if playbook else ():
        if playbook is not None and step.id == done.fact.step:
            commands = _commands(playbook, step)
            return bool(commands) and all(map(read_only_commands.only_looks, commands))
    return False


def _commands(playbook: Playbook, step: PlaybookStep) -> list[str]:
    lines = playbook.text.splitlines()[step.line - 1 : step.text_end or step.line]
    return re.findall(r"`([^`]+)`", "\n".join(lines))


def stated_steps(history: History, playbook: Playbook | None) -> dict[str, Dated[Any]]:
    """Give the steps that a statement proves, by their ids, each with the statement, as the tick that it is.

    Those are the steps of which every command is a statement of gameday's that was recorded. Each statement
    proves one step: of two steps that say `gameday update`, one update leaves the second open.
    """
    recorded: dict[str, list[Dated[Any]]] = defaultdict(list)
    for kind in (ev.IncidentAcknowledged, ev.IncidentDeclared, ev.MilestoneMarked, ev.UpdateSent):
        for dated in history.each(kind):
            recorded[_said(dated.fact)].append(dated)
    found = {}
    for step in playbook.steps if playbook else ():
        words = [command.split()[:2] for command in _commands(playbook, step)] if playbook else []
        said = [each[1] if len(each) > 1 and each[0] == "gameday" else "" for each in words]
        if said and all(len(recorded[name]) >= count for name, count in Counter(said).items()):
            found[step.id] = max((recorded[name].pop(0) for name in said), key=lambda dated: dated.at)
    return found


def _said(fact: object) -> str:
    """Name the command that records a statement; a milestone that was granted is nobody's statement."""
    match fact:
        case ev.IncidentAcknowledged():
            return "ack"
        case ev.IncidentDeclared():
            return "declare"
        case ev.UpdateSent():
            return "update"
        case ev.MilestoneMarked(milestone=name, granted=False) if name in ("contained", "recovered"):
            return name
    return " "  # no word of a command


def watched(history: History, until: Instant) -> bool:
    """Whether a trail could be read at an instant, or later.

    A trail is a record: reading it later also shows what was done while it could not be read.
    """
    answers = list(history.each(ev.TrailWatched))
    # Only the latest before that instant: an earlier one may have been followed by an outage.
    latest = [watch for watch in answers if watch.at <= until][-1:]
    return any(watch.fact.readable for watch in (*latest, *(w for w in answers if w.at > until)))
