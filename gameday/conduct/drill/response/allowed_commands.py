"""Decides what responders and facilitators may do with a drill: who may use which command, and on what.

Values in, values out: what is typed passes facts as plain JSON, on a path that loads no model. Each function
raises UsageError where something may not be done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gameday.core import responder_commands
from gameday.core.errors import UsageError
from gameday.formats.text import nearest

USELESS_AT_THE_END: Mapping[str, str] = {
    "inject": "no inject is sent or skipped any more",
    "hint": "no hint is given any more",
    "grant": "nothing is granted any more, the fault is reverted anyway",
}
"""The commands that have no effect on a drill that is being ended, and what to say of each."""


def must_be_open(command: str, drill: str, *, closed: bool) -> None:
    """Refuse a command on a drill that has ended, but for those that are allowed afterwards."""
    if closed and not responder_commands.ALL[command].afterwards:
        raise UsageError(
            f"drill {drill} has ended",
            hint=f"gameday {command} works during a drill; afterwards: gameday mark MILESTONE --at TIME",
        )


def must_not_be_ending(command: str, drill: str, *, ending: bool) -> None:
    """Refuse what a drill that is being ended does not do any more; statements are still recorded."""
    if ending and command in USELESS_AT_THE_END:
        raise UsageError(
            f"drill {drill} is being ended: {USELESS_AT_THE_END[command]}",
            hint="gameday status shows what is left to do",
        )


def must_facilitate(command: str, actor: str, facilitators: Collection[str]) -> None:
    """Reserve the facilitators' commands to those whom the drill's game day names; empty: to nobody."""
    if command in responder_commands.FACILITATOR and facilitators and actor not in facilitators:
        raise UsageError(
            f"gameday {command} is for facilitators, not for {actor}",
            hint=f"use `by` to name yourself; facilitators: {', '.join(facilitators)}",
        )


def must_be_step(step: str, steps: Sequence[str]) -> None:
    """Refuse a step that the playbook does not have; a drill without a playbook takes any."""
    if steps and step not in steps:
        raise UsageError(
            f"the playbook has no step '{step}'{nearest.ending(step, steps)}",
            hint=f"its steps: {', '.join(steps)}",
        )


def hint(number: int | None, offered: Sequence[int], taken: Collection[int]) -> int:
    """Give the number of the hint that is taken. number: the one that is asked for; None: the newest.

    offered, taken: the numbers of those that were announced, and of those that were taken, so far.
    """
    # Only what was announced: a hint must not be readable before it is on offer.
    left = [index for index in offered if index not in taken]
    if number is None:
        if not left:
            raise UsageError("no hint is on offer now", hint="a hint is announced when it becomes available")
        return left[-1]
    if number not in offered:
        on_offer = ", ".join(map(str, left)) or "none"
        raise UsageError(f"hint {number} is not on offer", hint=f"on offer: {on_offer}")
    return number


def inject(named: str, injects: Sequence[str], *, sent: Collection[int], skipped: Collection[int]) -> int:
    """Give the number of an inject that may still be sent or skipped, by its id or number.

    injects: the id of each; empty where it has none. sent, skipped: the numbers of those that were.
    """
    names = [id_ or str(number) for number, id_ in enumerate(injects)]
    if named not in names and not (named.isdigit() and int(named) < len(names)):
        every = ", ".join(names) or "none"
        raise UsageError(
            f"the scenario has no inject '{named}'{nearest.ending(named, names)}",
            hint=f"its injects: {every}",
        )
    # Ids first: an id may be a number only where it is the inject's own.
    index = names.index(named) if named in names else int(named)
    for numbers, word in ((sent, "sent"), (skipped, "skipped")):
        if index in numbers:
            raise UsageError(
                f"inject {named} was already {word}", hint="gameday status shows the latest events"
            )
    return index


def must_be_grantable(*, experiment: bool, injected: bool) -> None:
    """Refuse to credit a mitigation before the fault is injected: there is nothing to revert yet."""
    if experiment and not injected:
        raise UsageError(
            "no fault has been injected yet, so there is nothing to grant",
            hint="gameday status shows the phase",
        )
