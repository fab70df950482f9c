"""Judges how much, how long and when: load, hold, rollbacks, hours, freezes, approvals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.core.policy import activities, addresses, hours
from gameday.core.policy.activities import Unknown
from gameday.core.policy.model import Approval, Calendar, Document, Facts, Policy, Users, Verdict
from gameday.core.values import Instant, Seconds, format_duration, format_instant


def verdicts(policy: Policy, facts: Facts) -> Iterator[Verdict]:
    """Judge every limit that the policy sets, and where load goes, which every policy limits."""
    if facts.load is not None:
        yield from _load(policy, facts.load)
    yield from _fault(policy, facts)
    yield from _times(policy, facts)
    if policy.protected:
        yield _approvals(policy, facts)


# --- load ---


def _load(policy: Policy, load: Users) -> Iterator[Verdict]:
    # The locustfile may call other hosts than the environment's own.
    for url in dict.fromkeys((load.base_url, *load.urls)):
        yield _reached(policy, url)
    if policy.max_users is not None:
        yield _most("max_users", f"{load.users} users", load.users, policy.max_users)
    if policy.max_rps is not None:
        rate = load.users * policy.requests_per_user
        subject = f"{rate:g} requests/s ({load.users} users × {policy.requests_per_user:g})"
        yield _most("max_rps", subject, rate, policy.max_rps)


def _reached(policy: Policy, url: str) -> Verdict:
    hint = "list the host in `hosts` of the environment's policy, if load may reach it"
    try:
        address = addresses.parse(url)
    except ValueError as ambiguous:
        why = f"its destination is ambiguous: {ambiguous}"
        return Verdict(rule="hosts", allowed=False, subject="load on a URL", why=why, hint=hint)
    subject = f"load on {address}"
    for pattern in policy.hosts:
        if addresses.host_matches(pattern, address.host):
            return Verdict(rule="hosts", allowed=True, subject=subject, why=f"{pattern} allows it")
    return Verdict(
        rule="hosts", allowed=False, subject=subject, why="no entry of `hosts` allows it", hint=hint
    )


def _most(rule: str, subject: str, figure: float, limit: float) -> Verdict:
    allowed = figure <= limit
    hint = "" if allowed else f"fewer users, or a higher {rule} in the environment's policy"
    return Verdict(rule=rule, allowed=allowed, subject=subject, why=f"{limit:g} at most", hint=hint)


# --- the fault ---


def _fault(policy: Policy, facts: Facts) -> Iterator[Verdict]:
    experiments = [document for document in facts.documents if _actions(document)]
    if policy.max_hold is not None and experiments:
        yield _hold(policy.max_hold, facts, experiments)
    if policy.require_rollbacks:
        for document in experiments:
            rollbacks = document.body.get("rollbacks")
            allowed = isinstance(rollbacks, list) and bool(rollbacks)
            why = "it has rollbacks" if allowed else "it has no rollback: nothing would undo the fault"
            hint = "" if allowed else "give the experiment `rollbacks`"
            yield Verdict(
                rule="require_rollbacks", allowed=allowed, subject=document.name, why=why, hint=hint
            )


def _actions(document: Document) -> bool:
    """Whether a document injects anything."""
    return bool(_activities(document, "method"))


def _activities(document: Document, section: str) -> list[Mapping[str, Any]]:
    listed = document.body.get(section)
    return [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []


def _hold(limit: Seconds, facts: Facts, experiments: list[Document]) -> Verdict:
    """Judge the longest hold, together with what the experiment itself pauses."""
    hint = "a shorter hold, phases.response or pauses, or a longer max_hold in the environment's policy"
    try:
        # Pauses of the method come before the hold, with its first actions already in force; those of the
        # rollbacks come after it, with the fault still in force.
        paused = sum(_pauses(document, facts) for document in experiments)
        longest = facts.hold + paused
    except (Unknown, ValueError) as unknown:
        return Verdict(rule="max_hold", allowed=False, subject="the hold", why=str(unknown), hint=hint)
    allowed = longest <= limit
    pauses = f", pauses of {format_duration(paused)} included" if paused else ""
    return Verdict(
        rule="max_hold",
        allowed=allowed,
        subject=f"a hold of up to {format_duration(longest)}{pauses}",
        why=f"{format_duration(limit)} at most",
        hint="" if allowed else hint,
    )


def _pauses(document: Document, facts: Facts) -> Seconds:
    """Add up the pauses until the last rollback. Raises Unknown or ValueError for one that can't be known."""
    method = [_named(document, activity) for activity in _activities(document, "method")]
    rollbacks = [_named(document, activity) for activity in _activities(document, "rollbacks")]
    total = sum(_pause(document, facts, each, when) for each in method for when in ("before", "after"))
    total += sum(_pause(document, facts, each, "before") for each in rollbacks)
    # After the last rollback nothing is in force.
    return total + sum(_pause(document, facts, each, "after") for each in rollbacks[:-1])


def _named(document: Document, activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the activity that one which only refers stands for."""
    hypothesis = document.body.get("steady-state-hypothesis")
    probes = hypothesis.get("probes") if isinstance(hypothesis, Mapping) else None
    known = [*(probes if isinstance(probes, list) else ()), *_activities(document, "method")]
    named = (each for each in known if isinstance(each, Mapping) and "ref" not in each)
    return next((each for each in named if each.get("name") == activity.get("ref")), activity)


def _pause(document: Document, facts: Facts, activity: Mapping[str, Any], when: str) -> Seconds:
    """Give the seconds of one pause of an activity. Raises Unknown or ValueError."""
    pauses = activity.get("pauses")
    given = pauses.get(when) if isinstance(pauses, Mapping) else None
    seconds = float(activities.resolve(given, document, facts.variables) or 0)
    if not 0 <= seconds < math.inf:  # also false for NaN
        raise ValueError(f"a pause of {seconds} s")
    return seconds


# --- times ---


def _times(policy: Policy, facts: Facts) -> Iterator[Verdict]:
    end = Instant(facts.now + facts.hold)
    if policy.hours:
        yield _hours(policy.hours, facts.now, end)
    read = {calendar.path: calendar for calendar in facts.calendars}
    for path in policy.freezes:
        yield _freeze(read.get(path, Calendar(path=path, error="it was not read")), facts.now, end)


def _hours(lines: tuple[str, ...], now: Instant, end: Instant) -> Verdict:
    subject = f"from {_time(now)} until {_time(end)} at the latest"
    written, hint = "; ".join(lines), "start within the hours, early enough for the longest hold"
    try:
        closes = hours.until(lines, now)
    except ValueError as error:
        return Verdict(rule="hours", allowed=False, subject=subject, why=str(error), hint="fix gameday.toml")
    if closes is None:
        return Verdict(
            rule="hours", allowed=False, subject=subject, why=f"drills run only {written}", hint=hint
        )
    if closes < end:
        why = f"the hours end at {_time(closes)}, and the fault may be held beyond that ({written})"
        return Verdict(rule="hours", allowed=False, subject=subject, why=why, hint=hint)
    return Verdict(rule="hours", allowed=True, subject=subject, why=written)


def _freeze(calendar: Calendar, now: Instant, end: Instant) -> Verdict:
    if calendar.error:
        why = f"it can't be read, and may hold a freeze: {calendar.error}"
        return Verdict(rule="freezes", allowed=False, subject=calendar.path, why=why, hint="fix the calendar")
    for freeze in calendar.freezes:
        if freeze.start <= end and now < freeze.end:
            why = f"'{freeze.summary}' from {_time(freeze.start)} to {_time(freeze.end)}"
            return Verdict(
                rule="freezes", allowed=False, subject=calendar.path, why=why, hint="wait until it ends"
            )
    return Verdict(rule="freezes", allowed=True, subject=calendar.path, why="no freeze now")


def _time(at: Instant) -> str:
    return f"{format_instant(at)[:16]}Z"


# --- people ---


def _approvals(policy: Policy, facts: Facts) -> Verdict:
    """Count the other people who approved exactly this content, and whose approval is still valid."""
    judged = [(approval, _does_not_count(approval, facts)) for approval in facts.approvals]
    # One person under two spellings is one.
    others = {approval.by.strip().casefold() for approval, why in judged if not why}
    # A protected environment needs one, even where the number is left out.
    needed = max(1, policy.approvals)
    allowed = bool(facts.by.strip()) and bool(facts.fingerprint) and len(others) >= needed
    count = f"{len(others)} of {needed} other people approved this content"
    without = ", ".join(f"{approval.by.strip() or 'nobody'}'s {why}" for approval, why in judged if why)
    why = count if allowed else f"needs approval: {count}{f'; {without}' if without else ''}"
    hint = (
        f"another person adds to {policy.approvals_file} what `gameday policy check` prints: "
        f"by, covers = '{facts.fingerprint}'"
    )
    subject = f"a protected environment, started by {facts.by or 'somebody without a name'}"
    return Verdict(rule="approvals", allowed=allowed, subject=subject, why=why, hint="" if allowed else hint)


def _does_not_count(approval: Approval, facts: Facts) -> str:
    """Explain why an approval does not count; empty when it does."""
    if not approval.by.strip() or approval.by.strip().casefold() == facts.by.strip().casefold():
        return "does not count: it is not another person's"
    if approval.covers != facts.fingerprint:
        return f"covers other content: {_changed(approval, facts)}"
    if approval.until is not None and facts.now >= approval.until:
        return f"expired at {_time(approval.until)}"
    return ""


def _changed(approval: Approval, facts: Facts) -> str:
    """Name the parts that are not as they were approved."""
    if not approval.parts:
        return "it names no parts, so approve anew"
    names = sorted({*approval.parts, *facts.parts})
    changed = [name for name in names if not _same(approval.parts.get(name), facts.parts.get(name))]
    return f"changed: {', '.join(changed)}" if changed else "approve anew"


def _same(approved: str | None, part: str | None) -> bool:
    """Whether a part is as it was approved; an approval holds the beginning of a hash."""
    return bool(approved) and bool(part) and str(part).startswith(str(approved))
