"""What no single key of a game-day plan shows: when it takes place, who has which role, its agenda.

It reads the document, however broken, so that these mistakes are reported together with those of the models.
A date in the past is not a mistake of the file.
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
    """Find what is wrong between the keys of a plan."""
    for rule in (_when, _agenda, _people, _absent, _probes):
        yield from rule(document)


def references(document: Document) -> Iterator[tuple[Path, str, str]]:
    """Give the files that a plan names: at which key, of which kind, and their workspace paths."""
    for where, item in _items(document, "agenda"):
        for key in ("scenario", "responder"):
            named = item.get(key)
            if isinstance(named, str) and named and not paths.problem(named):
                yield (*where, key), key, paths.resolve(document.file, named)


def when(document: Document) -> tuple[Recurrence, bool]:
    """Read when a game day takes place, and whether only once. Raises UsageError."""
    zone = str(document.get(("zone",), "UTC"))
    once = document.get(("date",))
    if once is not None:
        return recurrence.parse(Kind.RRULE, recurrence.ONCE, zone, _start(once, zone)), True
    rule = document.get(("recurrence",), {})
    kind = Kind.RRULE if "rrule" in rule else Kind.CRON
    return recurrence.parse(kind, str(rule[kind.value]), zone, _start(rule["from"], zone)), False


def _start(value: Any, zone: str) -> datetime:
    return recurrence.local_start(value.isoformat() if isinstance(value, date) else str(value), zone)


def _when(document: Document) -> Iterator[Mistake]:
    """Find an unknown zone, a missing, second or invalid date, and a recurrence that never comes due."""
    given = [key for key in ("date", "recurrence") if document.get((key,)) is not None]
    if len(given) != 1:
        message = (
            "a plan has a date or a recurrence, not both"
            if given
            else "the plan has no date and no recurrence"
        )
        yield document.mistake(tuple(given[1:]), message, hint="write one of: date, recurrence", at_key=True)
        return
    zone = document.get(("zone",), "UTC")
    try:
        recurrence.zone(zone if isinstance(zone, str) else "")
    except UsageError as error:
        yield document.mistake(("zone",), error.message, hint=error.hint)
        return
    try:
        when(document)
    except UsageError as error:
        yield document.mistake(_wrong_part(document, given[0]), error.message, hint=error.hint)
    except (KeyError, TypeError):
        return  # the models report what is missing


def _wrong_part(document: Document, key: str) -> Path:
    """Find the part of an invalid recurrence that is wrong: its start, or its rule."""
    if key == "date":
        return ("date",)
    rule = document.get(("recurrence",))
    try:
        _start(rule["from"], str(document.get(("zone",), "UTC")))
    except UsageError:
        return ("recurrence", "from")
    return ("recurrence", "rrule" if "rrule" in rule else "cron")


def _items(document: Document, *path: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    items = document.get(path)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*path, index), item


def _agenda(document: Document) -> Iterator[Mistake]:
    items = list(_items(document, "agenda"))
    if items and not any("scenario" in item for _, item in items):
        yield document.mistake(("agenda",), "the agenda has no scenario", hint="add - scenario: FILE")
    for where, item in items:
        for key in ("scenario", "responder"):
            problem = paths.problem(item[key]) if isinstance(item.get(key), str) else ""
            if problem:
                yield document.mistake((*where, key), problem)
    if items and "break" in items[-1][1]:
        yield document.mistake(items[-1][0], "nothing follows this break", warning=True)


def _roles(item: dict[str, Any]) -> list[str]:
    roles = item.get("roles")
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


def _people(document: Document) -> Iterator[Mistake]:
    """Find people who are listed twice or whose roles conflict, and a team without a facilitator."""
    names: dict[str, Path] = {}
    everybody: set[str] = set()
    for where, item in _items(document, "participants"):
        name, roles = item.get("name"), _roles(item)
        everybody.update(roles)
        ours, theirs = [r for r in roles if r in EXERCISE], [r for r in roles if r in TEAM]
        if ours and theirs:
            yield document.mistake(
                (*where, "roles"),
                f"{name} can't be both {ours[0]} and {theirs[0]}: "
                "whoever knows what is injected can't respond to it",
                hint="give one of the two roles to somebody else",
            )
        if isinstance(name, str) and name in names:
            hint = "list all roles of a person together"
            yield document.mistake((*where, "name"), f"{name} is listed twice", hint=hint)
        names.setdefault(str(name), where)
    if everybody & set(TEAM) and "facilitator" not in everybody:
        hint = "a game day with people needs one: roles: [facilitator]"
        yield document.mistake(("participants",), "no participant is the facilitator", hint=hint, at_key=True)


def _absent(document: Document) -> Iterator[Mistake]:
    present = {item.get("name") for _, item in _items(document, "participants")}
    for where, item in _items(document, "absent"):
        if item.get("name") in present:
            yield document.mistake((*where, "name"), f"{item['name']} is both absent and a participant")


def _probes(document: Document) -> Iterator[Mistake]:
    for path, item in _items(document, "prerequisites"):
        probe = item.get("probe")
        if not isinstance(probe, dict):
            continue
        yield from experiment.check_probe(document, (*path, "probe"))
        if "tolerance" not in item and "tolerance" not in probe:
            hint = "add tolerance: true, or the answer that you expect"
            yield document.mistake((*path, "probe"), "this probe has no tolerance", hint=hint, at_key=True)
