"""The commands of the fast path: the arguments of each, the fact that it records, and how it is confirmed.

Nothing is stored here; `cli.respond.fast_path` does that. `conduct.drill.response.allowed_commands` decides
what may be done.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gameday.cli.respond.live_drill import LiveDrill
from gameday.conduct.drill.response import allowed_commands
from gameday.core.values import MilestoneName, Severity
from gameday.formats.text import nearest

Body = dict[str, Any]
Asked = argparse.Namespace


class Command(NamedTuple):
    """One command.

    kind     the kind of the fact that it records
    body     builds the fact's fields from the arguments and the drill; raises UsageError
    confirm  gives the beginning of the confirmation, from the fact's fields and the arguments
    add      adds the command's own arguments
    """

    kind: str
    body: Callable[[Asked, LiveDrill], Body]
    confirm: Callable[[Body], str]
    add: Callable[[argparse.ArgumentParser], object] = lambda _parser: None


MARKABLE = tuple(
    name.value
    for name in MilestoneName
    if name not in {MilestoneName.FAULT_INJECTED, MilestoneName.IMPACT_STARTED, MilestoneName.ALERTED}
)
"""The milestones that people may mark; the others are only observed."""

AUDIENCES = ("customers", "stakeholders", "team")


def clean(text: str) -> str:
    """Replace bytes of the command line that are not UTF-8, so that every store can hold the text."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _severity(text: str) -> str:
    """Read a severity by its code or its title. Raises ArgumentTypeError, with the nearest one."""
    wanted = text.strip().upper()
    for severity in Severity:
        if wanted in {severity.value, severity.word.upper()}:
            return severity.value
    names = [name for severity in Severity for name in (severity.value, severity.word)]
    near = nearest.ending(text.strip().capitalize(), names)
    every = ", ".join(f"{severity.value} {severity.word}" for severity in Severity)
    raise argparse.ArgumentTypeError(f"'{text}' is not a severity{near}; choose from {every}")


def _milestone(text: str) -> str:
    wanted = text.strip().lower().replace("-", "_")
    if wanted in MARKABLE:
        return wanted
    near = nearest.ending(wanted, MARKABLE)
    raise argparse.ArgumentTypeError(
        f"'{text}' is not a milestone that can be marked{near}; choose from {', '.join(MARKABLE)}"
    )


def _step(asked: Asked, live: LiveDrill) -> Body:
    steps = [step["id"] for step in (live.plan.get("playbook") or {}).get("steps", ())]
    allowed_commands.must_be_step(asked.step, steps)
    return {"step": asked.step}


def _hint(asked: Asked, live: LiveDrill) -> Body:
    offered = [fact["index"] for fact in live.facts("InjectSent") if fact["kind"] == "hint"]
    taken = {fact["index"] for fact in live.facts("HintTaken")}
    return {"index": allowed_commands.hint(asked.number, offered, taken)}


def _inject(asked: Asked, live: LiveDrill) -> Body:
    index = allowed_commands.inject(
        asked.id,
        [str(inject.get("id") or "") for inject in live.plan["scenario"]["injects"]],
        sent={fact["index"] for fact in live.facts("InjectSent")},
        skipped={fact["index"] for fact in live.facts("InjectSkipped")},
    )
    return {"index": index, "send": asked.action == "send", "why": clean(" ".join(asked.why))}


def _grant(asked: Asked, live: LiveDrill) -> Body:
    experiment = bool(live.plan["scenario"].get("experiment"))
    allowed_commands.must_be_grantable(experiment=experiment, injected=live.fault_at is not None)
    return {"milestone": "contained", "granted": True, "lever": clean(" ".join(asked.lever))}


def _marks(milestone: str) -> Callable[[Asked, LiveDrill], Body]:
    return lambda _asked, _live: {"milestone": milestone, "granted": False}


def _confirm_mark(body: Body) -> str:
    return f"marked: {body['milestone'].replace('_', ' ')}"


COMMANDS: Mapping[str, Command] = {
    "ack": Command(
        kind="IncidentAcknowledged",
        body=lambda _asked, _live: {"alert": ""},
        confirm=lambda _body: "acknowledged",
    ),
    "declare": Command(
        kind="IncidentDeclared",
        body=lambda asked, _live: {"severity": asked.severity, "commander": clean(asked.commander)},
        confirm=lambda body: f"declared {body['severity']} {Severity(body['severity']).word}",
        add=lambda parser: (
            parser.add_argument(
                "--severity",
                type=_severity,
                required=True,
                metavar="SEVERITY",
                help="P1 Critical, P2 High, P3 Medium or P4 Low.",
            ),
            parser.add_argument("--commander", default="", metavar="NAME", help="The incident commander."),
        ),
    ),
    "note": Command(
        kind="NoteWritten",
        body=lambda asked, _live: {"text": clean(" ".join(asked.text))},
        confirm=lambda _body: "noted",
        add=lambda parser: parser.add_argument("text", nargs="+", metavar="TEXT", help="The note."),
    ),
    "step": Command(
        kind="StepDone",
        body=_step,
        confirm=lambda body: f"step {body['step']} done",
        add=lambda parser: parser.add_argument("step", metavar="ID", help="The step's id in the playbook."),
    ),
    "contained": Command(
        kind="MilestoneMarked",
        body=_marks("contained"),
        confirm=_confirm_mark,
    ),
    "recovered": Command(
        kind="MilestoneMarked",
        body=_marks("recovered"),
        confirm=_confirm_mark,
    ),
    "update": Command(
        kind="UpdateSent",
        body=lambda asked, _live: {"audience": asked.audience, "text": clean(" ".join(asked.text))},
        confirm=lambda body: f"update to {body['audience']} recorded",
        add=lambda parser: (
            parser.add_argument("text", nargs="+", metavar="TEXT", help="The message."),
            parser.add_argument(
                "--audience",
                required=True,
                choices=AUDIENCES,
                help="Whom it is for: customers, stakeholders or team.",
            ),
        ),
    ),
    "hint": Command(
        kind="HintTaken",
        body=_hint,
        confirm=lambda body: f"hint {body['index']} taken",
        add=lambda parser: parser.add_argument(
            "number", nargs="?", type=int, metavar="[N]", help="The hint's number. (default: the newest)"
        ),
    ),
    "mark": Command(
        kind="MilestoneMarked",
        body=lambda asked, _live: {"milestone": asked.milestone, "granted": False},
        confirm=_confirm_mark,
        add=lambda parser: (
            parser.add_argument(
                "milestone", type=_milestone, metavar="MILESTONE", help=f"One of {', '.join(MARKABLE)}."
            ),
            parser.add_argument(
                "--at",
                default="",
                metavar="TIME",
                help="RFC 3339, local HH:MM[:SS], or -2m for two minutes ago. (default: now)",
            ),
        ),
    ),
    "end": Command(
        kind="EndRequested",
        body=lambda _asked, _live: {},
        confirm=lambda _body: "end of the response requested",
    ),
    "grant": Command(
        kind="MilestoneMarked",
        body=_grant,
        confirm=lambda body: f"granted: {body['lever']}",
        add=lambda parser: parser.add_argument(
            "lever", nargs="+", metavar="MITIGATION", help="What the team did, such as: failed over to B."
        ),
    ),
    "inject": Command(
        kind="InjectAsked",
        body=_inject,
        confirm=lambda body: f"inject {body['id']} will be {'sent' if body['send'] else 'skipped'}",
        add=lambda parser: (
            parser.add_argument(
                "action", choices=("send", "skip"), metavar="send|skip", help="What to do with it."
            ),
            parser.add_argument("id", metavar="ID", help="Its id, or its number from 0."),
            parser.add_argument("why", nargs="*", metavar="[WHY]", help="Why, for the record."),
        ),
    ),
    "continue": Command(
        kind="ContinueRequested",
        body=lambda _asked, _live: {},
        confirm=lambda _body: "continuing the drill",
    ),
    "abort": Command(
        kind="AbortRequested",
        body=lambda asked, _live: {"reason": clean(asked.reason), "detail": ""},
        confirm=lambda body: f"abort requested ({body['reason']})",
        add=lambda parser: parser.add_argument(
            "--reason",
            default="facilitator",
            metavar="REASON",
            help="real-incident, safety, facilitator, or a word of your own. (default: facilitator)",
        ),
    ),
}
