"""The small values that everything else is made of: instants, durations, severities, verdicts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NewType

Instant = NewType("Instant", float)
"""Seconds since the Unix epoch, UTC, rounded to the microsecond."""

Seconds = float
"""A duration in seconds."""

DrillId = NewType("DrillId", str)
EventId = NewType("EventId", str)
FaultId = NewType("FaultId", str)


class Severity(StrEnum):
    """How bad an incident is, as the incident-response guide classifies it."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def word(self) -> str:
        """The guide's word for it: Critical, High, Medium or Low."""
        return {"P1": "Critical", "P2": "High", "P3": "Medium", "P4": "Low"}[self.value]


_ALERT_WORDS = {
    Severity.P1: ("p1", "critical", "sev1", "page", "emergency", "fatal"),
    Severity.P2: ("p2", "high", "error", "sev2"),
    Severity.P3: ("p3", "warning", "medium", "warn", "sev3"),
    Severity.P4: ("p4", "info", "low", "information", "sev4"),
}


def alert_severity(word: str) -> Severity | None:
    """Map a monitor's own severity word to ours; None where the word is unknown."""
    wanted = word.strip().lower()
    return next((severity for severity, words in _ALERT_WORDS.items() if wanted in words), None)


class Party(StrEnum):
    """Who is expected to respond, or did respond: the team, an automation, or nobody."""

    TEAM = "team"
    AUTOMATION = "automation"
    NONE = "none"


class Mode(StrEnum):
    """`train` gives no score; `evaluate` does."""

    TRAIN = "train"
    EVALUATE = "evaluate"


class Phase(StrEnum):
    """The phases of a drill, in order."""

    PREFLIGHT = "preflight"
    BASELINE = "baseline"
    INJECT = "inject"
    RESPOND = "respond"
    REVERT = "revert"
    VERIFY = "verify"
    REVIEW = "review"
    CLOSE = "close"


class Verdict(StrEnum):
    """The judgement on one criterion. Unknown is never met.

    no-credit: it was not missed, and nothing shows that those who are judged reached it: it earns no points.
    """

    MET = "met"
    PARTIAL = "partial"
    MISSED = "missed"
    NO_CREDIT = "no-credit"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """The result of a drill, best first; the last four mean that nothing was judged.

    unknown: whether users were affected, or whether the fault changed anything, is not known.
    """

    RECOVERED = "recovered"
    ABSORBED = "absorbed"
    CONTAINED = "contained"
    DETECTED = "detected"
    UNDETECTED = "undetected"
    NO_EFFECT = "no-effect"
    UNKNOWN = "unknown"
    ABORTED = "aborted"
    FAILED = "failed"

    @property
    def judged(self) -> bool:
        """Whether the outcome says anything about the team or the system. If not, it is never a pass."""
        return self not in {Outcome.NO_EFFECT, Outcome.UNKNOWN, Outcome.ABORTED, Outcome.FAILED}


class RecoveredBy(StrEnum):
    """Who ended the impact. Only `team` and `automation` earn points."""

    TEAM = "team"
    AUTOMATION = "automation"
    ITSELF = "itself"
    ROLLBACK = "rollback"
    UNCLEAR = "unclear"
    NONE = "none"


class MilestoneName(StrEnum):
    """The derived instants of a drill, in the order in which a response reaches them."""

    FAULT_INJECTED = "fault_injected"
    IMPACT_STARTED = "impact_started"
    ALERTED = "alerted"
    ACKNOWLEDGED = "acknowledged"
    DETECTED = "detected"
    TRIAGED = "triaged"
    COMMANDER_ASSIGNED = "commander_assigned"
    CONTAINED = "contained"
    RECOVERED = "recovered"
    VERIFIED = "verified"


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


class TooLong(ValueError):
    """A duration that no date can be moved by."""


_LONGEST = 36500 * 86400.0
"""A century: no date that a duration is added to leaves the calendar."""


def parse_duration(text: str) -> Seconds:
    """Read `500ms`, `30s`, `5m`, `1h30m` as seconds.

    Raises ValueError, with an example, for anything else, and TooLong for more than a century.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f"'{text}' is not a duration; write 500ms, 30s, 5m or 1h30m")
    seconds = round(sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text)), 6)
    if seconds > _LONGEST:
        raise TooLong(f"'{text}' is too long; the longest duration is 36500d")
    return seconds


def format_duration(seconds: Seconds) -> str:
    """Write seconds the way people do: `0.4 s`, `41.2 s`, `2 min 05 s`, `1 h 30 min`."""
    if seconds < 0:
        return "-" + format_duration(-seconds)
    # Rounded first: 59.96 s must not read 60.0 s.
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


_FIRST = datetime.min.replace(tzinfo=UTC).timestamp()
_LAST = datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp()
"""The first and the last second that RFC 3339 can write."""


def is_instant(value: object) -> bool:
    """Report whether a JSON value is seconds since the epoch of an instant that RFC 3339 can write."""
    # Not NaN either, of which no comparison holds; and True is an int for isinstance.
    return isinstance(value, int | float) and not isinstance(value, bool) and _FIRST <= value <= _LAST


_DRILL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def is_drill_id(value: object) -> bool:
    """Report whether a JSON value can be a drill's id: it becomes the name of a folder."""
    return isinstance(value, str) and _DRILL_ID.fullmatch(value) is not None


def instant(value: float) -> Instant:
    """Make an instant of seconds since the epoch, rounded to the microsecond."""
    return Instant(round(value, 6))


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 date-time with its offset. Raises ValueError when it has none."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"'{text}' has no offset from UTC; write {text}Z or {text}+01:00")
    at = parsed.timestamp()
    # 0001-01-01T00:00:00+00:01 and 9999-12-31T23:59:59.9999999Z can be read, but not be written in UTC.
    if not _FIRST <= at <= _LAST:
        raise ValueError(f"'{text}' lies outside the years 1 to 9999 in UTC")
    return instant(at)


def format_instant(at: Instant, *, digits: int = 3) -> str:
    """Write an instant as RFC 3339 in UTC with `digits` decimals of a second (3 or 6).

    What lies outside the years 1 to 9999 is written as the nearest instant within them.
    """
    spec = "milliseconds" if digits == 3 else "microseconds"
    # isoformat cuts off; rounding first writes 0.9996 s as the next second.
    utc = datetime.fromtimestamp(round(min(max(at, _FIRST), _LAST), digits), UTC)
    return utc.isoformat(timespec=spec).replace("+00:00", "Z")


def storable(value: Any) -> Any:
    """Give a text, or the texts in JSON's lists and objects, as UTF-8 can hold them; all else as it is.

    Senders that cut texts by UTF-16 leave half a surrogate pair, and undecodable bytes of a command line are
    such halves, too. JSON and Python take them; files, databases and terminals do not. Each becomes U+FFFD.
    """
    match value:
        case str():
            return value if value.isascii() else _whole(value)
        case dict():
            return {storable(name): storable(entry) for name, entry in value.items()}
        case list() | tuple():
            return type(value)(map(storable, value))
        case _:
            return value


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # Through UTF-16: two halves that belong together become their character again.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
