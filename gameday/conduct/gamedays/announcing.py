"""Decides what participants are notified of when a game day opens and ends, and in which channels."""

from __future__ import annotations

from typing import NamedTuple

from gameday.conduct.gamedays import host
from gameday.core.errors import ExitCode
from gameday.core.gamedays.state import GameDayState
from gameday.core.plans.gameday import GameDayPlan


class Opened(NamedTuple):
    """What is announced of a game day that opens. title, text: empty where only its window is announced."""

    channels: tuple[str, ...]
    title: str = ""
    text: str = ""


class Ended(NamedTuple):
    """What is announced of a game day that has ended. safe: every fault is reverted."""

    channels: tuple[str, ...]
    safe: bool


def opened(plan: GameDayPlan) -> Opened | None:
    """Give what is announced of a game day that opens; None where its plan announces nothing."""
    if plan.announcement == "none":
        return None
    if plan.announcement == "full":
        return Opened(_channels(plan), plan.title, plan.description)
    return Opened(_channels(plan))


def ended(state: GameDayState) -> Ended | None:
    """Give what is announced of a game day that has ended: whoever was notified that it began learns it."""
    if state.plan.announcement == "none":
        return None
    return Ended(_channels(state.plan), safe=host.exit_code(state) != ExitCode.FAULT_IN_FORCE)


def _channels(plan: GameDayPlan) -> tuple[str, ...]:
    return tuple(place.channel for place in plan.channels)
