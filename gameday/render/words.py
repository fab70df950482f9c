"""Typography that all renderers share: instants, offsets, durations, shares. Each format escapes itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from gameday.core import visible
from gameday.core.values import Instant, MilestoneName, Outcome, Seconds, Verdict, format_duration

if TYPE_CHECKING:
    from gameday.core.postmortem import MilestoneLine, Postmortem

NONE = "–"

VERDICT_MARKS = {
    Verdict.MET: "✓",
    Verdict.PARTIAL: "◐",
    Verdict.MISSED: "✗",
    Verdict.NO_CREDIT: "○",
    Verdict.UNKNOWN: "?",
}
"""A sign for each verdict that reads without colour."""

NOT_RECOVERED = "not recovered"
OUTCOMES = {
    Outcome.RECOVERED: "Recovered",
    Outcome.ABSORBED: "Absorbed",
    Outcome.CONTAINED: "Contained",
    Outcome.DETECTED: "Detected",
    Outcome.UNDETECTED: "Undetected",
    Outcome.NO_EFFECT: "No effect",
    Outcome.UNKNOWN: "Unknown",
    Outcome.ABORTED: "Aborted",
    Outcome.FAILED: "Failed",
}


def outcome(pm: Postmortem) -> str:
    """Name what a drill came to. Nobody failed to detect it where nobody was to respond."""
    return (
        NOT_RECOVERED.capitalize() if pm.alone and pm.outcome is Outcome.UNDETECTED else OUTCOMES[pm.outcome]
    )


def outcome_word(outcome: Outcome, *, alone: bool) -> str:
    """Give the same in a word, as result.json has it. alone: nobody was to respond."""
    return NOT_RECOVERED if alone and outcome is Outcome.UNDETECTED else str(outcome)


SECTIONS = {
    "summary": "Summary",
    "timeline": "Timeline",
    "time": "Where the time went",
    "cause": "Root Cause",
    "impact": "Impact Analysis",
    "resolution": "Resolution",
    "lessons": "Lessons Learned",
    "actions": "Action Items",
    "scorecard": "Scorecard",
    "coverage": "Detection coverage",
}
"""The sections of a postmortem in order: their titles by the ids that the page gives them."""

GAME_DAY_SECTIONS = {
    "objectives": "Objectives",
    "findings": "Findings",
    "plan": "Improvement plan",
    "wash": "Hot wash",
    "msel": "Message-event list",
    "record": "On record",
    "patches": "Proposed playbook changes",
}
"""The same of a game day's report."""

TIMES = {"detect": "Time to detect", "contain": "Time to contain", "recover": "Time to recover"}


def legal(text: str) -> str:
    """Show what nobody would see, and what XML 1.0 can't hold, as escapes."""
    return visible.visible(text)


def clock(at: Instant) -> str:
    """Write the time of day in UTC to a tenth of a second, rounded down."""
    utc = datetime.fromtimestamp(at, UTC)
    return f"{utc:%H:%M:%S}.{utc.microsecond // 100_000}"


def minute(at: Instant) -> str:
    """Write date and time in UTC to the minute."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def offset(seconds: Seconds | None) -> str:
    """Write the time since the fault: `+41.2 s`, `−2 min 05 s`."""
    if seconds is None:
        return NONE
    return ("−" if seconds < 0 else "+") + format_duration(abs(seconds))


def duration(seconds: Seconds | None) -> str:
    """Write a duration, or a dash where it is not known."""
    return NONE if seconds is None else format_duration(seconds)


def share(value: float | None) -> str:
    """Write a fraction in percent, or a dash where it is not known."""
    from gameday.core.postmortem import percent  # noqa: PLC0415  # a list of drills has no shares

    return NONE if value is None else percent.share(value)


def milliseconds(value: float | None) -> str:
    """Write a response time in milliseconds."""
    return NONE if value is None else f"{value:,.0f} ms"


def points(value: float | None) -> str:
    """Write points with one decimal, or a dash where there are no points."""
    return NONE if value is None else f"{value:.1f}"


class Timed(Protocol):
    """An interval, or the chain that divides it."""

    @property
    def seconds(self) -> Seconds | None: ...
    @property
    def at_least(self) -> Seconds | None: ...
    @property
    def applies(self) -> bool: ...
    @property
    def instead(self) -> str: ...
    @property
    def verdict(self) -> Verdict: ...


def taken(chain: Timed) -> str:
    """Write a chain's time: known, at least, not known, or why there is none."""
    if chain.seconds is not None:
        return format_duration(chain.seconds)
    if not chain.applies:
        return chain.instead or "not needed"
    return f"at least {format_duration(chain.at_least)}" if chain.at_least is not None else "not known"


def verdict(chain: Timed) -> str:
    """Write a chain's verdict with its sign; a dash where there was nothing to judge."""
    return f"{VERDICT_MARKS[chain.verdict]} {chain.verdict}" if chain.applies else NONE


def reached(milestone: MilestoneLine) -> str:
    """Write when a milestone was reached, if it was."""
    if milestone.at is None:
        return "not reached" if milestone.known else "not known"
    return clock(milestone.at)


def milestone(name: MilestoneName) -> str:
    """Write a milestone with a capital: `Impact started`."""
    return str(name).replace("_", " ").capitalize()


def whole(pm: Postmortem) -> str:
    """Explain how the requests of the whole impact relate to those of each SLO."""
    return (
        f"Each SLO's requests are those of its own impact; in the whole of it, each request counted once, "
        f"{pm.bad:,} of {pm.requests:,} were bad."
    )


def refs(numbers: tuple[int, ...]) -> str:
    """Write evidence as numbers of the timeline: `[3, 12]`."""
    return f"[{', '.join(map(str, numbers))}]" if numbers else ""
