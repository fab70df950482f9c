"""What responders and facilitators type while a drill is on: the words and what they are for.

Comes in: nothing. Goes out: names with a sentence each, in the order of an incident. `cli.respond.fast_path`
carries them out; this is apart from it so that `gameday --help` names them without loading what they need.
"""

from __future__ import annotations

from collections.abc import Mapping

TEAM: Mapping[str, str] = {
    "ack": "Say that somebody is looking at it.",
    "declare": "Declare the incident: --severity P2 --commander NAME.",
    "note": "Write a line into the drill's timeline.",
    "step": "Say that a step of the playbook is done.",
    "contained": "Mark that the impact on users is contained: it grows no further.",
    "recovered": "Mark that the service is healthy again.",
    "update": "Write down a message to customers, stakeholders or the team.",
    "hint": "Take a hint that is on offer, for its cost.",
    "mark": "Mark a milestone, also afterwards: --at TIME.",
}
FACILITATOR: Mapping[str, str] = {
    "end": "End the response; everything is reverted and judged.",
    "grant": "Credit a mitigation that this environment lacks: the fault is reverted instead.",
    "inject": "Send an inject now, or leave it out: inject send|skip ID.",
    "continue": "Continue the drill: what looked like a real incident was not one.",
}
STOP: Mapping[str, str] = {"abort": "Stop the drill now and revert everything."}

HELP: Mapping[str, str] = {**TEAM, **FACILITATOR, **STOP}
"""Every command of the fast path."""
