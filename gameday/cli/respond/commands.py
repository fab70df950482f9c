"""What each command of the fast path states: the fact, its arguments, and what is said of it.

Comes in: the command's words and what is known of the live drill. Goes out: a fact's fields.
Does not: store anything; `cli.respond.fast_path` carries the commands out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.cli.respond import live_drill
from gameday.cli.respond.live_drill import LiveDrill
from gameday.core.errors import UsageError
from gameday.core.values import MilestoneName, Severity

Body = dict[str, Any]
Asked = argparse.Namespace


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command.

    kind        the fact that it states
    body        its fields, as far as words and drill give them; raises UsageError
    said        what the confirmation begins with, by the fact's fields and the command's words
    add         adds its own arguments
    afterwards  it may also be said of a drill that has ended, which makes a new revision
    facilitator in a game day, only its facilitators may say it
    """

    kind: str
    body: Callable[[Asked, LiveDrill], Body]
    said: Callable[[Body], str]
    add: Callable[[argparse.ArgumentParser], object] = lambda _parser: None
    afterwards: bool = False
    facilitator: bool = False


MARKABLE = tuple(
    name.value
    for name in MilestoneName
    if name not in {MilestoneName.FAULT_INJECTED, MilestoneName.IMPACT_STARTED, MilestoneName.ALERTED}
)
"""The milestones that people may mark; the others are only ever observed."""

AUDIENCES = ("customers", "stakeholders", "team")


def clean(text: str) -> str:
    """Replace bytes of the command line that are no UTF-8, so that every store can hold the text."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _severity(text: str) -> str:
    """Read a severity by its letter and number or its title. Raises ArgumentTypeError, with the nearest."""
    wanted = text.strip().upper()
    for severity in Severity:
        if wanted in {severity.value, severity.word.upper()}:
            return severity.value
    names = [name for severity in Severity for name in (severity.value, severity.word)]
    near = live_drill.nearest(text.strip().capitalize(), names)
    every = ", ".join(f"{severity.value} {severity.word}" for severity in Severity)
    raise argparse.ArgumentTypeError(f"'{text}' is not a severity{near}; there are {every}")


def _milestone(text: str) -> str:
    wanted = text.strip().lower().replace("-", "_")
    if wanted in MARKABLE:
        return wanted
    near = live_drill.nearest(wanted, MARKABLE)
    raise argparse.ArgumentTypeError(
        f"'{text}' is not a milestone that can be marked{near}; there are {', '.join(MARKABLE)}"
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
    left = [index for index in offered if index not in taken]
    if asked.number is None:
        if not left:
            raise UsageError("no hint is on offer now", hint="hints are announced when they can be taken")
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
        every = ", ".join(names) or "the scenario has none"
        raise UsageError(f"the scenario has no inject '{asked.id}'{near}", hint=f"its injects: {every}")
    index = names.index(asked.id) if asked.id in names else int(asked.id)
    for kind, word in (("InjectSent", "sent"), ("InjectSkipped", "skipped")):
        if any(fact["index"] == index for fact in live.facts(kind)):
            raise UsageError(f"inject {asked.id} was {word} already", hint="gameday status shows the latest")
    return {"index": index, "send": asked.action == "send", "why": clean(" ".join(asked.why))}


def _grant(asked: Asked, live: LiveDrill) -> Body:
    """Credit a lever. Raises UsageError while nothing is injected: it would be undone before it had begun."""
    if live.plan["scenario"].get("experiment") and live.fault_at is None:
        raise UsageError(
            "no fault is injected yet, so there is nothing to grant", hint="gameday status shows the phase"
        )
    return {"milestone": "contained", "granted": True, "lever": clean(" ".join(asked.lever))}


def _marks(milestone: str) -> Callable[[Asked, LiveDrill], Body]:
    return lambda _asked, _live: {"milestone": milestone, "granted": False}


def _mark_said(body: Body) -> str:
    return f"{body['milestone'].replace('_', ' ')}, marked"


COMMANDS: Mapping[str, Command] = {
    "ack": Command(
        kind="IncidentAcknowledged",
        body=lambda _asked, _live: {"alert": ""},
        said=lambda _body: "acknowledged",
    ),
    "declare": Command(
        kind="IncidentDeclared",
        body=lambda asked, _live: {"severity": asked.severity, "commander": clean(asked.commander)},
        said=lambda body: f"declared {body['severity']} {Severity(body['severity']).word}",
        add=lambda parser: (
            parser.add_argument(
                "--severity", type=_severity, required=True, metavar="SEVERITY", help="P1, P2, P3 or P4."
            ),
            parser.add_argument("--commander", default="", metavar="NAME", help="Who commands the response."),
        ),
    ),
    "note": Command(
        kind="NoteWritten",
        body=lambda asked, _live: {"text": clean(" ".join(asked.text))},
        said=lambda _body: "noted",
        add=lambda parser: parser.add_argument("text", nargs="+", metavar="TEXT", help="The line."),
        afterwards=True,
    ),
    "step": Command(
        kind="StepDone",
        body=_step,
        said=lambda body: f"step {body['step']} done",
        add=lambda parser: parser.add_argument("step", metavar="ID", help="The step's id."),
        afterwards=True,
    ),
    "contained": Command(
        kind="MilestoneMarked",
        body=_marks("contained"),
        said=_mark_said,
    ),
    "recovered": Command(
        kind="MilestoneMarked",
        body=_marks("recovered"),
        said=_mark_said,
    ),
    "update": Command(
        kind="UpdateSent",
        body=lambda asked, _live: {"audience": asked.audience, "text": clean(" ".join(asked.text))},
        said=lambda body: f"update to {body['audience']} written down",
        add=lambda parser: (
            parser.add_argument("text", nargs="+", metavar="TEXT", help="The message."),
            parser.add_argument(
                "--audience", required=True, choices=AUDIENCES, help="customers, stakeholders or team."
            ),
        ),
        afterwards=True,
    ),
    "hint": Command(
        kind="HintTaken",
        body=_hint,
        said=lambda body: f"hint {body['index']} taken",
        add=lambda parser: parser.add_argument(
            "number", nargs="?", type=int, metavar="[N]", help="The hint's number; the newest without it."
        ),
    ),
    "mark": Command(
        kind="MilestoneMarked",
        body=lambda asked, _live: {"milestone": asked.milestone, "granted": False},
        said=_mark_said,
        add=lambda parser: (
            parser.add_argument(
                "milestone", type=_milestone, metavar="MILESTONE", help=f"One of {', '.join(MARKABLE)}."
            ),
            parser.add_argument(
                "--at", default="", metavar="TIME", help="RFC 3339, HH:MM[:SS] local, or -2m (ago)."
            ),
        ),
        afterwards=True,
    ),
    "end": Command(
        kind="EndRequested",
        body=lambda _asked, _live: {},
        said=lambda _body: "the response is asked to end",
        facilitator=True,
    ),
    "grant": Command(
        kind="MilestoneMarked",
        body=_grant,
        said=lambda body: f"granted: {body['lever']}",
        add=lambda parser: parser.add_argument(
            "lever", nargs="+", metavar="LEVER", help="What the team did, such as: failed over to B."
        ),
        facilitator=True,
    ),
    "inject": Command(
        kind="InjectAsked",
        body=_inject,
        said=lambda body: f"inject {body['id']} is to be {'sent' if body['send'] else 'left out'}",
        add=lambda parser: (
            parser.add_argument("action", choices=("send", "skip"), metavar="send|skip", help="Which."),
            parser.add_argument("id", metavar="ID", help="Its id, or its number from 0."),
            parser.add_argument("why", nargs="*", metavar="[WHY]", help="Why, for the record."),
        ),
        facilitator=True,
    ),
    "continue": Command(
        kind="ContinueRequested",
        body=lambda _asked, _live: {},
        said=lambda _body: "the drill goes on",
        facilitator=True,
    ),
    "abort": Command(
        kind="AbortRequested",
        body=lambda asked, _live: {"reason": clean(asked.reason), "detail": ""},
        said=lambda body: f"abort asked for ({body['reason']})",
        add=lambda parser: parser.add_argument(
            "--reason",
            default="facilitator",
            metavar="REASON",
            help="real-incident, safety, facilitator, or your own word.",
        ),
    ),
}
