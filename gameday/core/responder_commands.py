"""The commands that responders and facilitators type during a drill: the one table that names them all.

They are in the order of an incident. `cli.respond.fast_path` carries them out; the help lists them, the live
screen proposes some of them, and the judge knows which of them leave the target as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ResponderCommand(NamedTuple):
    """A command by its name. help: its sentence in the list of commands.

    on_screen: the live screen names it to a team. acts: it may change the target, or what is in force on it;
    the others only record or look. afterwards: also allowed when the drill has ended, which makes a new
    revision.
    """

    help: str
    on_screen: bool = False
    acts: bool = False
    afterwards: bool = False


TEAM: Mapping[str, ResponderCommand] = {
    "ack": ResponderCommand("Acknowledge the incident: somebody is looking at it.", on_screen=True),
    "declare": ResponderCommand(
        "Declare an incident, with its severity and incident commander.",
        on_screen=True,
    ),
    "note": ResponderCommand("Add a note to the drill's timeline.", on_screen=True, afterwards=True),
    "step": ResponderCommand("Record that a step of the playbook is done.", on_screen=True, afterwards=True),
    "contained": ResponderCommand(
        "Mark that the impact on users is contained: it is no longer growing.",
        on_screen=True,
    ),
    "recovered": ResponderCommand("Mark that the service is healthy again.", on_screen=True),
    "update": ResponderCommand(
        "Record an update to customers, stakeholders or the team.", on_screen=True, afterwards=True
    ),
    "hint": ResponderCommand("Take a hint that is on offer, at its cost in points."),
    "mark": ResponderCommand("Mark a milestone, now or in retrospect (--at TIME).", afterwards=True),
}
FACILITATOR: Mapping[str, ResponderCommand] = {
    "end": ResponderCommand(
        "End the response: the fault is reverted and the drill is judged.",
        on_screen=True,
    ),
    "grant": ResponderCommand(
        "Credit a mitigation that this environment does not offer: the fault is reverted instead.",
        acts=True,
    ),
    "inject": ResponderCommand("Send an inject now, or skip it.", acts=True),
    "continue": ResponderCommand("Continue the drill: what looked like a real incident is not one."),
}
STOP: Mapping[str, ResponderCommand] = {
    "abort": ResponderCommand("Stop the drill now and revert everything.", on_screen=True)
}

ALL: Mapping[str, ResponderCommand] = {**TEAM, **FACILITATOR, **STOP}
