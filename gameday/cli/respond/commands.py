"""The commands of the fast path: the arguments of each, the fact that it records, and how it is confirmed.

Nothing is stored here; `cli.respond.fast_path` does that.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gameday.cli.respond import live_drill
from gameday.cli.respond.live_drill import LiveDrill
from gameday.core.errors import UsageError
from gameday.core.values import MilestoneName, Severity

Body = dict[str, Any]
Asked = argparse.Namespace


class Command(NamedTuple):
    """One command.

    kind         the kind of the fact that it records
    body         builds the fact's fields from the arguments and the drill; raises UsageError
    confirm      gives the beginning of the confirmation, from the fact's fields and the arguments
    add          adds the command's own arguments
    afterwards   also allowed when the drill has ended, which makes a new revision
    facilitator  in a game day, reserved to its facilitators
    """

    kind: str
    body: Callable[[Asked, LiveDrill], Body]
    confirm: Callable[[Body], str]
    add: Callable[[argparse.ArgumentParser], object] = lambda _parser: None
    afterwards: bool = False
    facilitator: bool = False


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
    near = live_drill.nearest(text.strip().capitalize(), names)
    every = ", ".join(f"{severity.value} {severity.word}" for severity in Severity)
    raise argparse.ArgumentTypeError(f"'{text}' is not a severity{near}; choose from {every}")


def _milestone(text: str) -> str:
    wanted = text.strip().lower().replace("-", "_")
    if wanted in MARKABLE:
        return wanted
    near = live_drill.nearest(wanted, MARKABLE)
    raise argparse.ArgumentTypeError(
        f"'{text}' is not a milestone that can be marked{near}; choose from {', '.join(MARKABLE)}"
    )


def _step(asked: Asked, live: LiveDrill) -> Body:
    steps = [step["id"] for step in (live.plan.get("playbook") or {}).get("steps", ())]
    if steps and asked.step not in steps:
        raise UsageError(
            f"the playbook has no step '{asked.step}'{live_drill.nearest(asked.step, steps)}",
            hint=f"its steps: {', '.join(steps)}",
        )
    return {"step": asked.step}


def _hint(asked: Asked, live: LiveDrill) -> Body:
    offered = [fact["index"] for fact in live.facts("InjectSent") if fact["kind"] == "hint"]
    taken = {fact["index"] for fact in live.facts("HintTaken")}
    # Only what was announced: a hint must not be readable before it is on offer.
    left = [index for index in offered if index not in taken]
    if asked.number is None:
        if not left:
            raise UsageError("no hint is on offer now", hint="a hint is announced when it becomes available")
        return {"index": left[-1]}
    if asked.number not in offered:
        on_offer = ", ".join(map(str, left)) or "none"
        raise UsageError(f"hint {asked.number} is not on offer", hint=f"on offer: {on_offer}")
    return {"index": asked.number}


def _inject(asked: Asked, live: LiveDrill) -> Body:
    """Find an inject by its id or number. Raises UsageError, also for one that was sent or skipped."""
    injects = live.plan["scenario"]["injects"]
    names = [str(inject.get("id") or number) for number, inject in enumerate(injects)]
    if asked.id not in names and not (asked.id.isdigit() and int(asked.id) < len(names)):
        near = live_drill.nearest(asked.id, names)
        every = ", ".join(names) or "none"
        raise UsageError(f"the scenario has no inject '{asked.id}'{near}", hint=f"its injects: {every}")
    # Ids first: an id may be a number only where it is the inject's own.
    index = names.index(asked.id) if asked.id in names else int(asked.id)
    for kind, word in (("InjectSent", "sent"), ("InjectSkipped", "skipped")):
        if any(fact["index"] == index for fact in live.facts(kind)):
            raise UsageError(
                f"inject {asked.id} was already {word}", hint="gameday status shows the latest events"
            )
    return {"index": index, "send": asked.action == "send", "why": clean(" ".join(asked.why))}


def _grant(asked: Asked, live: LiveDrill) -> Body:
    """Credit a mitigation. Raises UsageError before the fault is injected: there is nothing to revert yet."""
    if live.plan["scenario"].get("experiment") and live.fault_at is None:
        raise UsageError(
            "no fault has been injected yet, so there is nothing to grant",
            hint="gameday status shows the phase",
        )
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
        afterwards=True,
    ),
    "step": Command(
        kind="StepDone",
        body=_step,
        confirm=lambda body: f"step {body['step']} done",
        add=lambda parser: parser.add_argument("step", metavar="ID", help="The step's id in the playbook."),
        afterwards=True,
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
        afterwards=True,
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
        afterwards=True,
    ),
    "end": Command(
        kind="EndRequested",
        body=lambda _asked, _live: {},
        confirm=lambda _body: "end of the response requested",
        facilitator=True,
    ),
    "grant": Command(
        kind="MilestoneMarked",
        body=_grant,
        confirm=lambda body: f"granted: {body['lever']}",
        add=lambda parser: parser.add_argument(
            "lever", nargs="+", metavar="MITIGATION", help="What the team did, such as: failed over to B."
        ),
        facilitator=True,
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
        facilitator=True,
    ),
    "continue": Command(
        kind="ContinueRequested",
        body=lambda _asked, _live: {},
        confirm=lambda _body: "continuing the drill",
        facilitator=True,
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
