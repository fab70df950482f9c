"""Which alerts the fault caused, which of them can detect it, and whether the right ones fired.

State is kept per series, by the alert's key; each time that a series fires is an *episode* of it, however
often and by however many Alertmanagers it is reported. An episode is *pre-existing* when it was received
before the fault, or when its trusted source reports that it fired before the fault by more than SKEW: it
detects nothing, nor does acknowledging it. A claim that is before the fault by less than SKEW, received after
it, counts at its receipt, and so does every claim of a monitor whose clock is doubted.

An episode is *relevant*, so that it can detect, when the scenario expects it or its label `service` names the
environment's. Where neither is given, all are. What is not relevant is noise.
docs/reference/milestones.md has the rules.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import SKEW, Dated, History, counted_instant
from gameday.core.judging.impact import Impact
from gameday.core.plans import wildcards
from gameday.core.plans.scenario import Expectation
from gameday.core.values import EventId, Instant, Party, Seconds

DELIVERY: Seconds = 30.0
"""How long a delivery may take before its claim is doubted: Alertmanager's default `group_wait`."""
CONSTANT = 3
"""From so many deliveries on, all late by the same time, it is the clock that is slow."""

Change = Dated[Any]
"""An AlertFired, AlertAcknowledged or AlertResolved, at the instant that counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerts:
    """Detection coverage. `preexisting`: firing before the fault, so they detect nothing.

    late            not delivered in time; of these `delivered_late` fired in time
    not_due         users were healthy again, or the drill ended, before it had to be delivered
    unknown         when it had to fire, or whether it fired because of the fault, is not known
    unexpected      names of the noise
    doubted         monitors whose clocks are wrong, so that receipts count
    left_out        how many alerts of a group a sender reports to have left out
    """

    expected: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    preexisting: tuple[str, ...] = ()
    delivered_late: tuple[str, ...] = ()
    not_due: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(kw_only=True, slots=True)
class Episode:
    """One time that a series fired. fired: its first delivery; changes: all that became of it, in order.

    old       it fired before the fault
    doubtful  whether it did is not known: its monitor's clock may be slow, or it may be an old alert repeated
    """

    fired: Dated[ev.AlertFired]
    old: bool
    doubtful: bool = False
    resolved: bool = False
    changes: list[Change] = field(default_factory=list)


def episodes(history: History, fault: Instant) -> tuple[Episode, ...]:
    """Give the episodes of all series, in the order in which they count."""
    # kept: a storm has thousands, and each rule about alerts asks for them
    known: tuple[Episode, ...] | None = history.derived.get(("episodes", fault))
    if known is None:
        known = history.derived["episodes", fault] = _episodes(history, fault)
    return known


def _episodes(history: History, fault: Instant) -> tuple[Episode, ...]:
    clocks = _clocks(history, fault)
    current: dict[str, Episode] = {}
    early: dict[str, list[Change]] = defaultdict(list)
    every: list[Episode] = []
    for change in _changes(history, clocks):
        key = change.fact.key
        episode = current.get(key)
        if isinstance(change.fact, ev.AlertFired) and (episode is None or episode.resolved):
            episode = current[key] = Episode(fired=change, old=False, changes=early.pop(key, []))
            every.append(episode)
        # An acknowledgement may count before its alert, which was received before it.
        (early[key] if episode is None else episode.changes).append(change)
        if episode is not None and isinstance(change.fact, ev.AlertResolved):
            episode.resolved = True
    for episode in every:
        _settle(episode, fault, clocks)
    return tuple(sorted(every, key=lambda each: (each.fired.at, each.fired.event.id)))


def _settle(episode: Episode, fault: Instant, clocks: Mapping[str, Clock]) -> None:
    """Take the delivery that came first, whichever of two Alertmanagers sent it."""
    sightings = (change for change in episode.changes if isinstance(change.fact, ev.AlertFired))
    first = min(sightings, key=lambda sighting: (sighting.event.recorded_at, sighting.event.id))
    clock = clocks.get(first.event.source)
    episode.old = _is_old(first.event, fault) or (clock is not None and first.event.id in clock.old)
    episode.doubtful = not episode.old and clock is not None and first.event.id in clock.doubtful
    episode.fired = first if episode.old else _possible(first, fault)


def _changes(history: History, clocks: Mapping[str, Clock]) -> Iterable[Change]:
    changes = [
        Dated(at=counted_instant(event), event=event, fact=event.fact)
        for event in history.events
        if isinstance(event.fact, ev.AlertFired | ev.AlertAcknowledged | ev.AlertResolved)
    ]
    again = _fired_again(changes)
    if not clocks and not again:
        return changes
    received = [
        _at_receipt(change) if change.event.source in clocks or change.event.id in again else change
        for change in changes
    ]
    return sorted(received, key=lambda change: (change.at, change.event.kind, change.event.id))


def _at_receipt(change: Change) -> Change:
    # Not trusted: what else its clock reports, such as since when the condition was true, is wrong, too.
    event = replace(change.event, trusted=False)
    return Dated(at=event.recorded_at, event=event, fact=event.fact)


def _fired_again(changes: Sequence[Change]) -> frozenset[EventId]:
    """Find the alerts that fired again with a start from before they were resolved.

    Alertmanager reports the old start where it took an alert for resolved only because nothing came from
    Prometheus for a while. What is received within DELIVERY of the end may come late from the other one of
    two Alertmanagers.
    """
    ends: dict[str, list[tuple[Instant, Instant]]] = defaultdict(list)
    for change in changes:
        if isinstance(change.fact, ev.AlertResolved):
            ends[change.fact.key].append((change.event.recorded_at, change.at))
    latest = {key: _latest(received) for key, received in ends.items()}
    return frozenset(
        change.event.id
        for change in changes
        if isinstance(change.fact, ev.AlertFired)
        and change.fact.key in latest
        and _ended_since(latest[change.fact.key], change)
    )


_Ends = tuple[list[Instant], list[Instant]]


def _latest(received: Iterable[tuple[Instant, Instant]]) -> _Ends:
    """Give the receipts of a series' ends in order, and with each the latest end received by then."""
    receipts, at = zip(*sorted(received), strict=True)
    return list(receipts), list(accumulate(at, max))


def _ended_since(ends: _Ends, fired: Change) -> bool:
    """Whether an end after its start was received long enough before an alert."""
    before = bisect_left(ends[0], fired.event.recorded_at - DELIVERY)
    return before > 0 and ends[1][before - 1] >= fired.at


# --- clocks --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """A monitor's clock that is slow, or may be. lag: by how much at most.

    old       ids of alerts that fired before the fault even if the clock is as slow as can be
    doubtful  ids of alerts that either fired before the fault, or come from a slow clock
    """

    lag: Seconds
    old: frozenset[EventId] = frozenset()
    doubtful: frozenset[EventId] = frozenset()


def doubted(history: History, fault: Instant) -> dict[str, Seconds]:
    """Give the monitors whose clocks are doubted, and by about how much they may be slow, at most."""
    return {source: clock.lag for source, clock in _clocks(history, fault).items()}


def doubtful(history: History, fault: Instant) -> tuple[Dated[ev.AlertFired], ...]:
    """Give the alerts of which it is not known whether they fired before the fault, in order."""
    return tuple(episode.fired for episode in episodes(history, fault) if episode.doubtful)


def _clocks(history: History, fault: Instant) -> dict[str, Clock]:
    # kept, as episodes are
    known: dict[str, Clock] | None = history.derived.get(("clocks", fault))
    if known is None:
        known = history.derived["clocks", fault] = _find_clocks(history, fault)
    return known


def _find_clocks(history: History, fault: Instant) -> dict[str, Clock]:
    """Find the monitors whose clocks are doubted.

    None is doubted of which any signal was received within DELIVERY of its claim: its clock is no slower than
    that. Of the others those are that claim to have fired before the fault what was received only after it;
    and those of which all signals of several deliveries are late by the same time.
    """
    claims: dict[str, list[ev.Event]] = defaultdict(list)
    for event in history.events:
        if isinstance(event.fact, _SIGNALS) and event.trusted and event.occurred_at is not None:
            claims[event.source].append(event)
    clocks = {}
    for source, events in claims.items():
        clock = _clock(events, fault)
        if clock is not None:
            clocks[source] = clock
    return clocks


_SIGNALS = (ev.AlertFired, ev.AlertAcknowledged, ev.AlertResolved)
LONG: Seconds = 3600.0
"""By more than this no clock is slow unnoticed: what fired so long before the fault is old."""


def _clock(events: Sequence[ev.Event], fault: Instant) -> Clock | None:
    """Judge one monitor's clock; None: it is believed.

    A clock is as slow for all that it dates, and an old alert that is repeated is late by as much as it is
    old. So what fired before the fault even by a clock that is slow by all of the least lag is old; and
    another signal, received at another time, that is late by the same time shows that the clock is slow.
    Otherwise it can't be told.
    """
    lag = min(map(_lag, events))
    early = [each for each in events if _impossible(each, fault)]
    slow = min(lag, LONG)
    old = {each.id for each in early if each.recorded_at - _lag(each) + slow < fault - SKEW}
    rest = [each for each in early if each.id not in old]
    if lag <= DELIVERY or not (rest or _constant(events)):
        return None
    unclear = {each.id for each in rest} - _as_late(rest, events)
    return Clock(lag=lag, old=frozenset(old), doubtful=frozenset(unclear))


def _as_late(early: Iterable[ev.Event], events: Iterable[ev.Event]) -> set[EventId]:
    """Find the early ones that are late by about the same time as another, received at another time."""
    receipts: dict[int, list[Instant]] = defaultdict(list)
    for event in events:
        for near in (-1, 0, 1):
            receipts[int(_lag(event) / SKEW) + near].append(event.recorded_at)
    ends = {lag: (min(each), max(each)) for lag, each in receipts.items()}
    # One delivery that was held up brings what is late by the same time, too.
    return {
        each.id
        for each in early
        if max(abs(each.recorded_at - end) for end in ends[int(_lag(each) / SKEW)]) > SKEW
    }


def _lag(event: ev.Event) -> Seconds:
    return event.recorded_at - (event.recorded_at if event.occurred_at is None else event.occurred_at)


def _impossible(event: ev.Event, fault: Instant) -> bool:
    """Whether it claims to have fired before the fault, and was received only after it."""
    claimed = isinstance(event.fact, ev.AlertFired) and event.recorded_at >= fault
    return claimed and event.recorded_at - _lag(event) < fault - SKEW


def _constant(events: Sequence[ev.Event]) -> bool:
    receipts, lags = {event.recorded_at for event in events}, [_lag(event) for event in events]
    # One delivery that was held up brings alerts that are late by the same time, too.
    apart = len(receipts) >= CONSTANT and max(receipts) - min(receipts) > DELIVERY
    return apart and max(lags) - min(lags) <= SKEW


def fresh(history: History, fault: Instant) -> tuple[Dated[ev.AlertFired], ...]:
    """Give the alerts known to have fired after the fault, in order, each at the instant that counts."""
    every = episodes(history, fault)
    return tuple(episode.fired for episode in every if not episode.old and not episode.doubtful)


def relevant(history: History, fault: Instant) -> tuple[Dated[ev.AlertFired], ...]:
    """Give those of the fresh alerts that can detect the fault."""
    detects = _detects(history)
    return tuple(fired for fired in fresh(history, fault) if detects(fired))


def _detects(history: History) -> Callable[[Dated[ev.AlertFired]], bool]:
    scenario, services = history.plan.scenario, [wildcards.matcher(name) for name in history.plan.services]
    rules = scenario.milestones
    conditions = (*rules.detected.conditions, *rules.contained.conditions, *rules.recovered.conditions)
    # What a rule names is expected by it; where it is expected with labels, those decide.
    named = {each.alert for each in conditions if each.alert} - {each.alert for each in scenario.expect}

    def detects(fired: Dated[ev.AlertFired]) -> bool:
        if not scenario.expect and not services:
            return True
        service = fired.fact.labels.get("service", "")
        return (
            fired.fact.alert in named
            or any(matches(each, fired) for each in scenario.expect)
            or any(pattern.fullmatch(service) for pattern in services)
        )

    return detects


def states(history: History, fault: Instant, alert: str) -> list[tuple[Change, str]]:
    """Give what became of an alert that a rule names, in order: firing, acknowledged or resolved.

    It is resolved when its last series is, and acknowledged while any series is that fires. Where the
    scenario expects it with labels, only series with these count.
    """
    detects, changes = _detects(history), list[Change]()
    labelled = any(each.alert == alert for each in history.plan.scenario.expect)
    for episode in episodes(history, fault):
        named = not episode.old and not episode.doubtful and episode.fired.fact.alert == alert
        if named and (not labelled or detects(episode.fired)):
            first = episode.fired.event.id
            changes += [episode.fired if each.event.id == first else each for each in episode.changes]
    changes.sort(key=lambda change: (change.at, change.event.kind, change.event.id))
    by_series: dict[str, str] = {}
    return [(change, _state(by_series, change)) for change in changes if change.at >= fault]


def _state(by_series: dict[str, str], change: Change) -> str:
    """Note a change of one series; give the state of all."""
    match change.fact:
        case ev.AlertResolved(key=key):
            by_series.pop(key, None)
        case ev.AlertAcknowledged(key=key):
            by_series[key] = "acknowledged"
        case fact:
            by_series.setdefault(fact.key, "firing")
    if not by_series:
        return "resolved"
    return "acknowledged" if "acknowledged" in by_series.values() else "firing"


# --- acknowledgements ----------------------------------------------------------------------------

Acknowledged = Dated[ev.AlertAcknowledged] | Dated[ev.IncidentAcknowledged]

_AUTOMATED = frozenset(
    {"auto", "automated", "automation", "bot", "orchestration", "robot", "system", "workflow"}
)
"""Words in the names by which pagers and automations acknowledge by themselves."""


def automated(name: str) -> bool:
    """Whether a name is an automation's: `bot…`, `automation…`, or with a word such as `bot` in it."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    return name.startswith(("automation", "bot")) or not _AUTOMATED.isdisjoint(words)


def acknowledged(history: History, fault: Instant) -> Iterator[Acknowledged]:
    """Give the acknowledgements since the fault, of alerts that can detect, by the party that responds.

    A bot's is not the team's. One by hand that names no alert, or one that was never received, counts.
    """
    bots = team_responds(history)
    for statement in _acknowledgements(history, fault):
        if not (bots and automated(statement.event.by)):
            yield statement


def acknowledged_by_bots(history: History, fault: Instant) -> tuple[Acknowledged, ...]:
    """Give the acknowledgements that do not count, since an automation made them and a team responds."""
    if not team_responds(history):
        return ()
    return tuple(each for each in _acknowledgements(history, fault) if automated(each.event.by))


def team_responds(history: History) -> bool:
    """Whether people respond, and no script that plays an automation."""
    plan = history.plan
    return (plan.responder_as or plan.scenario.responders) is Party.TEAM


def _acknowledgements(history: History, fault: Instant) -> Iterator[Acknowledged]:
    detects, every = _detects(history), episodes(history, fault)
    known = {episode.fired.fact.key for episode in every}
    for episode in every:
        if not episode.old and detects(episode.fired):
            changes = (each for each in episode.changes if isinstance(each.fact, ev.AlertAcknowledged))
            yield from (change for change in changes if change.at >= fault)
    for change in _changes(history, _clocks(history, fault)):
        unseen = isinstance(change.fact, ev.AlertAcknowledged) and change.fact.key not in known
        if unseen and change.at >= fault and _may_be_expected(history, change.fact.alert):
            yield change
    yield from _by_hand(history, fault, every, detects)


def _by_hand(
    history: History,
    fault: Instant,
    every: Sequence[Episode],
    detects: Callable[[Dated[ev.AlertFired]], bool],
) -> Iterator[Dated[ev.IncidentAcknowledged]]:
    """Give the acknowledgements by hand; a name stands for what had fired under it by then."""
    named: dict[str, list[Episode]] = defaultdict(list)
    for episode in every:
        for name in {episode.fired.fact.key, episode.fired.fact.alert}:
            named[name].append(episode)
    for statement in history.each(ev.IncidentAcknowledged):
        fired = [each for each in named.get(statement.fact.alert, ()) if each.fired.at <= statement.at + SKEW]
        if statement.at >= fault and (
            not fired or any(not each.old and detects(each.fired) for each in fired)
        ):
            yield statement


def acted_on(
    history: History, fault: Instant | None, noise: Sequence[str], *, false_alarm: bool
) -> tuple[str, ...]:
    """Give the names of the noise that somebody acknowledged, or on which an incident was declared.

    false_alarm: there was no incident, so that what was declared was declared on the noise before it.
    """
    if fault is None or not noise:
        return ()
    bots, keys = team_responds(history), dict[str, str]()
    first: dict[str, Instant] = {}
    for fired in fresh(history, fault):
        keys[fired.fact.key] = keys[fired.fact.alert] = fired.fact.alert
        first.setdefault(fired.fact.alert, fired.at)
    statements: list[tuple[Acknowledged, str]] = [
        *((each, each.fact.key) for each in history.each(ev.AlertAcknowledged)),
        *((each, each.fact.alert) for each in history.each(ev.IncidentAcknowledged)),
    ]
    acknowledged = {
        keys.get(named, "")
        for each, named in statements
        if each.at >= fault and not (bots and automated(each.event.by))
    }
    declared = [each.at for each in history.each(ev.IncidentDeclared) if false_alarm]
    last = max(declared, default=fault)
    return tuple(name for name in noise if name in acknowledged or first[name] < last)


def _may_be_expected(history: History, alert: str) -> bool:
    """Whether an alert of which only the name is known may be one that can detect."""
    scenario = history.plan.scenario
    patterns = (each.alert or each.name or "*" for each in scenario.expect)
    return not scenario.expect or any(wildcards.matcher(pattern).fullmatch(alert) for pattern in patterns)


# --- coverage ------------------------------------------------------------------------------------


def matches(expected: Expectation, fired: Dated[ev.AlertFired]) -> bool:
    """Whether an alert is what was expected; empty fields of the expectation match all."""
    fact = fired.fact
    return (
        expected.alert in ("", fact.alert)
        and expected.source in ("", fired.event.source)
        and (not expected.name or bool(wildcards.matcher(expected.name).fullmatch(fact.alert)))
        and expected.labels.items() <= fact.labels.items()
        and expected.monitor in ("", fact.key, fact.labels.get("monitor"))
    )


def label(expected: Expectation) -> str:
    """Give an expectation's name as people read it."""
    labels = ", ".join(f"{key}={value}" for key, value in sorted(expected.labels.items()))
    return expected.alert or expected.name or expected.monitor or labels or expected.source or "any alert"


def coverage(
    history: History, fault: Instant | None, start: Instant | None, impact: Impact | None = None
) -> Alerts:
    """Compare what was delivered with what should have been.

    `within` counts from `start`, the start of impact, to the delivery; where it is not known whether users
    were affected, only what came in time since the fault is known to be in time. What was not due before
    users were healthy again, the load was lost or the drill ended is held against nobody, whether it came
    later or never; nor is it where no user was affected, so that there was nothing to report.
    """
    expectations = history.plan.scenario.expect
    names = tuple(label(expected) for expected in expectations)
    if fault is None or start is None:
        return Alerts(expected=names)
    every = episodes(history, fault)
    fired = [episode.fired for episode in every if not episode.old and not episode.doubtful]
    doubtful = [episode.fired for episode in every if episode.doubtful]
    until, dated = _due_until(history, fault, impact), impact is None or _dated(impact)
    by_state: dict[str, list[str]] = defaultdict(list)
    for expected in expectations:
        matching = [alert for alert in fired if matches(expected, alert)]
        state = _timeliness(matching, Instant(start + expected.within), until)
        known = dated and not any(matches(expected, alert) for alert in doubtful)
        by_state[state if known or state in ("in time", "not due") else "unknown"].append(label(expected))
    return Alerts(
        expected=names,
        missing=tuple(by_state["missing"]),
        late=tuple(name for name in names if name in by_state["late"] + by_state["delivered late"]),
        delivered_late=tuple(by_state["delivered late"]),
        not_due=tuple(by_state["not due"]),
        unknown=tuple(by_state["unknown"]),
        unexpected=_noise(history, fired),
        preexisting=tuple(dict.fromkeys(episode.fired.fact.alert for episode in every if episode.old)),
        doubted=tuple(sorted(doubted(history, fault))),
        left_out=max((rejected.fact.left_out for rejected in history.each(ev.SignalRejected)), default=0),
    )


def _dated(impact: Impact) -> bool:
    """Whether it is known since when users were affected, or that they were not.

    Without SLOs the fault counts.
    """
    return impact.started is not None or impact.judged or not impact.slos


def _due_until(history: History, fault: Instant, impact: Impact | None) -> Instant | None:
    """Give the instant up to which there was something to report; None: to this day."""
    if impact is not None and impact.started is None and impact.judged:
        return fault
    lost = history.first(ev.LoadLost)
    ended = impact.ended if impact is not None else None
    ends = (ended.at if ended else None, lost.at if lost else None, history.closed_at)
    return min((at for at in ends if at is not None), default=None)


def _timeliness(matching: Sequence[Dated[ev.AlertFired]], due: Instant, until: Instant | None) -> str:
    delivered = min((alert.event.recorded_at for alert in matching), default=None)
    if delivered is not None and delivered <= due:
        return "in time"
    # What comes after that is held against nobody, as silence is not.
    if until is not None and until < due:
        return "not due"
    if delivered is None:
        return "missing"
    return "delivered late" if any(alert.at <= due for alert in matching) else "late"


def _noise(history: History, fired: Iterable[Dated[ev.AlertFired]]) -> tuple[str, ...]:
    """Name what the scenario does not expect and the environment's services do not explain."""
    expectations = history.plan.scenario.expect
    detects = _detects(history) if expectations or history.plan.services else lambda _: False
    return tuple(dict.fromkeys(alert.fact.alert for alert in fired if not detects(alert)))


def _is_old(event: ev.Event, fault: Instant) -> bool:
    claim = event.occurred_at if event.trusted else None
    # SKEW in favour of the alert: a clock that is a little behind must not make a new alert an old one.
    return event.recorded_at < fault or (claim is not None and claim < fault - SKEW)


def _possible(fired: Dated[ev.AlertFired], fault: Instant) -> Dated[ev.AlertFired]:
    if fired.at >= fault:
        return fired
    # A claim before the fault is impossible for an alert that the fault caused: the receipt counts.
    return Dated(at=fired.event.recorded_at, event=fired.event, fact=fired.fact)
