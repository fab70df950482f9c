"""NAME.gameday.yaml -> `core.plans.gameday.GameDayPlan`, with every mistake of the file.

Comes in: a document. Goes out: the plan, its paths as seen from the workspace; where plans overlap.
Does not: open the scenarios that a plan names, or read a clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from gameday.core.errors import Mistake
from gameday.core.plans import dry_run as planning
from gameday.core.plans import gameday as core
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Instant, Seconds, format_instant
from gameday.formats.calendar import recurrence
from gameday.formats.gamedays import rules as gameday_rules
from gameday.formats.gamedays.model import (
    BreakItem,
    CommandPrerequisite,
    GameDayFile,
    HttpPrerequisite,
    ProbePrerequisite,
    ScenarioItem,
)
from gameday.formats.text import document as text_document
from gameday.formats.text import models, paths
from gameday.formats.text.document import Checked, Document

ENDINGS = (".gameday.yaml", ".gameday.yml", ".gameday.json")
SETTLING: Seconds = 60.0
"""How long settling takes as a rule, for the length of a day."""
AHEAD: Seconds = 366 * 86_400.0
"""How far plans that recur are compared."""


def check(document: Document) -> Checked[core.GameDayPlan]:
    """Tell every mistake of a plan, and what would make a poor day of it."""
    found = models.check(GameDayFile, document)
    mistakes = tuple(sorted({*found.mistakes, *gameday_rules.check(document)}))
    value = None
    if found.value is not None and all(one.warning for one in mistakes):
        value = _plan(found.value, document)
    return Checked(document=document, value=value, mistakes=mistakes)


def _plan(file: GameDayFile, document: Document) -> core.GameDayPlan:
    when, once = gameday_rules.when(document)
    return core.GameDayPlan(
        gameday=file.gameday,
        title=file.title,
        environment=file.environment,
        when=when,
        once=once,
        agenda=tuple(_item(one, document.file) for one in file.agenda),
        path=document.file,
        description=file.description,
        participants=tuple(core.Participant(name=p.name, roles=tuple(p.roles)) for p in file.participants),
        absent=tuple(core.Absent(**one.model_dump()) for one in file.absent),
        announcement=file.announcement,
        channels=tuple(core.Channel(**one.model_dump()) for one in file.channels),
        approvals=file.approvals,
        prerequisites=tuple(_prerequisite(one) for one in file.prerequisites),
        settle_within=file.settle.within,
        questions=tuple(file.questions),
    )


def _item(one: ScenarioItem | BreakItem, path: str) -> core.Item:
    if isinstance(one, BreakItem):
        return core.Item(title=one.title or "Break", lasts=one.break_)
    return core.Item(
        title=one.title,
        scenario=paths.resolve(path, one.scenario),
        responder=paths.resolve(path, one.responder) if one.responder else "",
        mode=one.mode,
    )


def _prerequisite(one: CommandPrerequisite | HttpPrerequisite | ProbePrerequisite) -> core.Prerequisite:
    match one:
        case CommandPrerequisite():
            name = one.name or " ".join(one.command)
            return core.Prerequisite(name=name, command=tuple(one.command), within=one.within)
        case HttpPrerequisite():
            name = one.name or f"{one.http} answers {one.status}"
            return core.Prerequisite(name=name, http=one.http, status=one.status, within=one.within)
        case ProbePrerequisite():
            whole = one.probe if one.tolerance is None else {**one.probe, "tolerance": one.tolerance}
            name = one.name or str(one.probe.get("name", "probe"))
            probe = json.dumps(whole, ensure_ascii=False)
            return core.Prerequisite(name=name, probe=probe, within=one.within)
        case _:
            assert_never(one)


# --- when ---


def lasts(plan: core.GameDayPlan, scenarios: Mapping[str, Scenario]) -> Seconds:
    """Give how long people should keep free: every drill at its longest, breaks, and settling."""
    drills = [scenarios[item.scenario] for item in plan.agenda if item.scenario in scenarios]
    breaks = sum(item.lasts for item in plan.agenda)
    return sum(planning.compile(each).longest + SETTLING for each in drills) + breaks


def overlaps(
    days: Sequence[tuple[Document, core.GameDayPlan, Seconds]],
) -> Iterator[Mistake]:
    """Tell which plans are on one environment at one time, each pair once, in the later file."""
    for number, (document, plan, length) in enumerate(days):
        for _, other, other_length in days[:number]:
            if plan.environment != other.environment:
                continue
            at = overlap(plan, length, other, other_length)
            if at is not None:
                key = "date" if plan.once else "recurrence"
                told = (
                    f"on {format_instant(at)[:16]}Z this is while {other.path} is on {plan.environment}, too"
                )
                yield document.mistake((key,), told, hint="one game day at a time on an environment")


def overlap(
    one: core.GameDayPlan, lasts_one: Seconds, other: core.GameDayPlan, lasts_other: Seconds
) -> Instant | None:
    """Find the first instant at which two plans are on, within a year of the later one's start."""
    begin = max(recurrence.start_of(one.when), recurrence.start_of(other.when))
    longest = max(lasts_one, lasts_other)
    ours = _windows(one, lasts_one, begin, longest)
    theirs = _windows(other, lasts_other, begin, longest)
    both = (max(a, c) for a, b in ours for c, d in theirs if a < d and c < b)
    return min(both, default=None)


def _windows(
    plan: core.GameDayPlan, length: Seconds, begin: Instant, longest: Seconds
) -> list[tuple[Instant, Instant]]:
    """Give the windows of a plan, to a year ahead; 400 of them at most."""
    found: list[tuple[Instant, Instant]] = []
    for at in recurrence.occurrences(plan.when, Instant(begin - longest)):
        if at > begin + AHEAD or len(found) >= 400:
            break
        found.append((at, Instant(at + length)))
    return found


def unknown_people(document: Document, plan: core.GameDayPlan, people: Sequence[str]) -> Iterator[Mistake]:
    """Warn of people whom gameday.toml does not name, where it names people at all."""
    named = [("participants", index, person.name) for index, person in enumerate(plan.participants)]
    named += [("absent", index, person.name) for index, person in enumerate(plan.absent)]
    for key, index, name in named:
        if people and name not in people:
            yield document.mistake(
                (key, index, "name"),
                f"gameday.toml has no [people.{name}]",
                hint=text_document.suggest(name, people),
                warning=True,
            )


def misspelt_channels(
    document: Document, plan: core.GameDayPlan, integrations: Sequence[str]
) -> Iterator[Mistake]:
    """Warn of channels that are almost an integration of gameday.toml.

    Any other name is a valid one: gameday prints what people should post there.
    """
    for index, channel in enumerate(plan.channels):
        near = text_document.nearest(channel.channel, integrations)
        if near and channel.channel not in integrations:
            yield document.mistake(
                ("channels", index, "channel"),
                f"gameday.toml has no [integrations.{channel.channel}]: gameday can't post to this channel",
                hint=f"did you mean '{near}'?",
                warning=True,
            )
