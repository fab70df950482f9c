"""The commands that responders and facilitators type during a drill, each with its help sentence.

They are in the order of an incident. `cli.respond.fast_path` carries them out; the sentences are apart from
it so that `gameday --help` lists the commands without loading what they need.
"""

from __future__ import annotations

from collections.abc import Mapping

TEAM: Mapping[str, str] = {
    "ack": "Acknowledge the incident: somebody is looking at it.",
    "declare": "Declare an incident, with its severity and incident commander.",
    "note": "Add a note to the drill's timeline.",
    "step": "Record that a step of the playbook is done.",
    "contained": "Mark that the impact on users is contained: it is no longer growing.",
    "recovered": "Mark that the service is healthy again.",
    "update": "Record an update to customers, stakeholders or the team.",
    "hint": "Take a hint that is on offer, at its cost in points.",
    "mark": "Mark a milestone, now or in retrospect (--at TIME).",
}
FACILITATOR: Mapping[str, str] = {
    "end": "End the response: the fault is reverted and the drill is judged.",
    "grant": "Credit a mitigation that this environment does not offer: the fault is reverted instead.",
    "inject": "Send an inject now, or skip it.",
    "continue": "Continue the drill: what looked like a real incident is not one.",
}
STOP: Mapping[str, str] = {"abort": "Stop the drill now and revert everything."}

HELP: Mapping[str, str] = {**TEAM, **FACILITATOR, **STOP}
"""Every command of the fast path, with its help sentence."""
