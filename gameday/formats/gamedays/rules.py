"""What a game-day plan's keys mean to each other: when it is, who does what, what it leads through.

Comes in: a document, however broken. Goes out: mistakes and warnings that no single key shows.
Does not: open the scenarios that a plan names, or read a clock; a date that has passed is no mistake of
the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from gameday.core.errors import Mistake, UsageError
from gameday.core.plans.gameday import EXERCISE, TEAM
from gameday.core.plans.schedule import Kind, Recurrence
from gameday.formats.calendar import recurrence
from gameday.formats.experiment import reader as experiment
from gameday.formats.text import paths
from gameday.formats.text.document import Document, Path


def check(document: Document) -> Iterator[Mistake]:
    """Tell what is wrong between the keys of a plan."""
    for rule in (_when, _agenda, _people, _absent, _probes):
        yield from rule(document)


def references(document: Document) -> Iterator[tuple[Path, str, str]]:
    """Give the files that a plan names: where it does, what each is, and its workspace path."""
    for where, item in _items(document, "agenda"):
        for key in ("scenario", "responder"):
            named = item.get(key)
            if isinstance(named, str) and named and not paths.complaint(named):
                yield (*where, key), key, paths.resolve(document.file, named)


def when(document: Document) -> tuple[Recurrence, bool]:
    """Read when it is, and whether once. Raises UsageError as `recurrence.parse` does."""
    zone = str(document.get(("zone",), "UTC"))
    once = document.get(("date",))
    if once is not None:
        return recurrence.parse(Kind.RRULE, recurrence.ONCE, zone, _start(once, zone)), True
    found = document.get(("recurrence",), {})
    kind = Kind.RRULE if "rrule" in found else Kind.CRON
    return recurrence.parse(kind, str(found[kind.value]), zone, _start(found["from"], zone)), False


def _start(value: Any, zone: str) -> datetime:
    return recurrence.local_start(value.isoformat() if isinstance(value, date) else str(value), zone)


def _when(document: Document) -> Iterator[Mistake]:
    """Find an unknown zone, no date or two, a date that is none, a recurrence that can't be."""
    given = [key for key in ("date", "recurrence") if document.get((key,)) is not None]
    if len(given) != 1:
        told = "a plan is once or recurs, not both" if given else "the plan does not say when it is"
        yield document.mistake(tuple(given[1:]), told, hint="write date, or recurrence", at_key=True)
        return
    zone = document.get(("zone",), "UTC")
    try:
        recurrence.zone(zone if isinstance(zone, str) else "")
    except UsageError as wrong:
        yield document.mistake(("zone",), wrong.message, hint=wrong.hint)
        return
    try:
        when(document)
    except UsageError as wrong:
        yield document.mistake(_blamed(document, given[0]), wrong.message, hint=wrong.hint)
    except (KeyError, TypeError):
        return  # the model tells what is missing


def _blamed(document: Document, key: str) -> Path:
    """Find what a recurrence that can't be read is wrong about: its start, or its rule."""
    if key == "date":
        return ("date",)
    found = document.get(("recurrence",))
    try:
        _start(found["from"], str(document.get(("zone",), "UTC")))
    except UsageError:
        return ("recurrence", "from")
    return ("recurrence", "rrule" if "rrule" in found else "cron")


def _items(document: Document, *path: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    found = document.get(path)
    for index, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, dict):
            yield (*path, index), item


def _agenda(document: Document) -> Iterator[Mistake]:
    items = list(_items(document, "agenda"))
    if items and not any("scenario" in item for _, item in items):
        yield document.mistake(("agenda",), "the agenda has no scenario", hint="add - scenario: FILE")
    for where, item in items:
        for key in ("scenario", "responder"):
            wrong = paths.complaint(item[key]) if isinstance(item.get(key), str) else ""
            if wrong:
                yield document.mistake((*where, key), wrong)
    if items and "break" in items[-1][1]:
        yield document.mistake(items[-1][0], "nothing comes behind this break", warning=True)


def _roles(item: dict[str, Any]) -> list[str]:
    roles = item.get("roles")
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


def _people(document: Document) -> Iterator[Mistake]:
    """Find people who are named twice or in roles that conflict, and a team without a facilitator."""
    seen: dict[str, Path] = {}
    everybody: set[str] = set()
    for where, item in _items(document, "participants"):
        name, roles = item.get("name"), _roles(item)
        everybody.update(roles)
        ours, theirs = [r for r in roles if r in EXERCISE], [r for r in roles if r in TEAM]
        if ours and theirs:
            yield document.mistake(
                (*where, "roles"),
                f"{name} can't be {ours[0]} and {theirs[0]}: who knows what is injected can't respond to it",
                hint="give one of the two roles to somebody else",
            )
        if isinstance(name, str) and name in seen:
            hint = "list all roles of a person together"
            yield document.mistake((*where, "name"), f"{name} is listed twice", hint=hint)
        seen.setdefault(str(name), where)
    if everybody & set(TEAM) and "facilitator" not in everybody:
        hint = "a game day with people is conducted by somebody: roles: [facilitator]"
        yield document.mistake(("participants",), "nobody is facilitator", hint=hint, at_key=True)


def _absent(document: Document) -> Iterator[Mistake]:
    present = {item.get("name") for _, item in _items(document, "participants")}
    for where, item in _items(document, "absent"):
        if item.get("name") in present:
            yield document.mistake((*where, "name"), f"{item['name']} is absent and takes part")


def _probes(document: Document) -> Iterator[Mistake]:
    for path, item in _items(document, "prerequisites"):
        probe = item.get("probe")
        if not isinstance(probe, dict):
            continue
        yield from experiment.check_probe(document, (*path, "probe"))
        if "tolerance" not in item and "tolerance" not in probe:
            hint = "add tolerance: true, or what the probe has to answer"
            yield document.mistake((*path, "probe"), "this probe has no tolerance", hint=hint, at_key=True)
