"""NAME.gameday.yaml -> `core.plans.gameday.GameDayPlan`, with every mistake of the file.

The plan's paths are as seen from the workspace. It also finds plans that overlap. The scenarios that a plan
names are not opened here.
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
"""How long settling usually takes, for the length of a game day."""
COMPARED: Seconds = 366 * 86_400.0
"""How far ahead recurring plans are compared."""


def check(document: Document) -> Checked[core.GameDayPlan]:
    """Find every mistake of a plan, and warn of what would make it a poor game day."""
    filled = models.check(GameDayFile, document)
    mistakes = tuple(sorted({*filled.mistakes, *gameday_rules.check(document)}))
    value = None
    if filled.value is not None and all(mistake.warning for mistake in mistakes):
        value = _plan(filled.value, document)
    return Checked(document=document, value=value, mistakes=mistakes)


def _plan(file: GameDayFile, document: Document) -> core.GameDayPlan:
    when, once = gameday_rules.when(document)
    return core.GameDayPlan(
        gameday=file.gameday,
        title=file.title,
        environment=file.environment,
        when=when,
        once=once,
        agenda=tuple(_item(item, document.file) for item in file.agenda),
        path=document.file,
        description=file.description,
        participants=tuple(core.Participant(name=p.name, roles=tuple(p.roles)) for p in file.participants),
        absent=tuple(core.Absent(**absent.model_dump()) for absent in file.absent),
        announcement=file.announcement,
        channels=tuple(core.Channel(**channel.model_dump()) for channel in file.channels),
        approvals=file.approvals,
        prerequisites=tuple(_prerequisite(prerequisite) for prerequisite in file.prerequisites),
        settle_within=file.settle.within,
        questions=tuple(file.questions),
    )


def _item(item: ScenarioItem | BreakItem, path: str) -> core.Item:
    if isinstance(item, BreakItem):
        return core.Item(title=item.title or "Break", lasts=item.break_)
    return core.Item(
        title=item.title,
        scenario=paths.resolve(path, item.scenario),
        responder=paths.resolve(path, item.responder) if item.responder else "",
        mode=item.mode,
    )


def _prerequisite(
    prerequisite: CommandPrerequisite | HttpPrerequisite | ProbePrerequisite,
) -> core.Prerequisite:
    match prerequisite:
        case CommandPrerequisite():
            name = prerequisite.name or " ".join(prerequisite.command)
            return core.Prerequisite(
                name=name, command=tuple(prerequisite.command), within=prerequisite.within
            )
        case HttpPrerequisite():
            name = prerequisite.name or f"{prerequisite.http} answers {prerequisite.status}"
            return core.Prerequisite(
                name=name, http=prerequisite.http, status=prerequisite.status, within=prerequisite.within
            )
        case ProbePrerequisite():
            whole = (
                prerequisite.probe
                if prerequisite.tolerance is None
                else {**prerequisite.probe, "tolerance": prerequisite.tolerance}
            )
            name = prerequisite.name or str(prerequisite.probe.get("name", "probe"))
            probe = json.dumps(whole, ensure_ascii=False)
            return core.Prerequisite(name=name, probe=probe, within=prerequisite.within)
        case _:
            assert_never(prerequisite)


# --- when ---


def lasts(plan: core.GameDayPlan, scenarios: Mapping[str, Scenario]) -> Seconds:
    """Give how long people should keep free: every drill at its longest, the breaks, and settling."""
    drills = [scenarios[item.scenario] for item in plan.agenda if item.scenario in scenarios]
    breaks = sum(item.lasts for item in plan.agenda)
    return sum(planning.compile(scenario).longest + SETTLING for scenario in drills) + breaks


def overlaps(
    plans: Sequence[tuple[Document, core.GameDayPlan, Seconds]],
) -> Iterator[Mistake]:
    """Find plans that use one environment at the same time; each pair is reported once, in the later file."""
    for number, (document, plan, length) in enumerate(plans):
        for _, other, other_length in plans[:number]:
            if plan.environment != other.environment:
                continue
            at = overlap(plan, length, other, other_length)
            if at is not None:
                key = "date" if plan.once else "recurrence"
                message = (
                    f"on {format_instant(at)[:16]}Z {other.path} uses {plan.environment} at the same time"
                )
                yield document.mistake(
                    (key,), message, hint="only one game day at a time can use an environment"
                )


def overlap(
    one: core.GameDayPlan, lasts_one: Seconds, other: core.GameDayPlan, lasts_other: Seconds
) -> Instant | None:
    """Find the first instant at which two plans overlap, within a year of the later one's start."""
    begin = max(recurrence.start_of(one.when), recurrence.start_of(other.when))
    longest = max(lasts_one, lasts_other)
    ours = _windows(one, lasts_one, begin, longest)
    theirs = _windows(other, lasts_other, begin, longest)
    both = (max(a, c) for a, b in ours for c, d in theirs if a < d and c < b)
    return min(both, default=None)


def _windows(
    plan: core.GameDayPlan, length: Seconds, begin: Instant, longest: Seconds
) -> list[tuple[Instant, Instant]]:
    """Give the windows of a plan for a year ahead, at most 400."""
    windows: list[tuple[Instant, Instant]] = []
    for at in recurrence.occurrences(plan.when, Instant(begin - longest)):
        if at > begin + COMPARED or len(windows) >= 400:
            break
        windows.append((at, Instant(at + length)))
    return windows


def unknown_people(document: Document, plan: core.GameDayPlan, people: Sequence[str]) -> Iterator[Mistake]:
    """Warn of people whom gameday.toml does not name.

    Only in a plan that names some of its people, or a name that is almost one: other plans name roles, such
    as on-call, which whoever is there takes.
    """
    named = [("participants", index, person.name) for index, person in enumerate(plan.participants)]
    named += [("absent", index, person.name) for index, person in enumerate(plan.absent)]
    by_name = any(name in people for _, _, name in named)
    for key, index, name in named:
        if name not in people and (by_name or text_document.nearest(name, people)):
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
