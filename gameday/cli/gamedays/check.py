"""`gameday plan check`: whether a plan may open, asked of all that it depends on.

Comes in: a plan's file. Goes out: a line for each check, or JSON; exit code 0, 2 for mistakes in files and
a wrong date, 5 for what is not ready. Does not: open the game day; commands of prerequisites do run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from gameday import wiring
from gameday.cli.gamedays import find
from gameday.cli.shared import output, times
from gameday.conduct.gamedays import readiness
from gameday.conduct.scheduler import upcoming
from gameday.core.errors import Busy, GamedayError, InvalidFiles, NotReady
from gameday.core.facts.gameday import PrerequisiteChecked
from gameday.core.policy import Approval
from gameday.core.values import Instant, format_duration
from gameday.formats.settings import approvals
from gameday.settings import Workspace
from gameday.settings.gameday import GameDayFiles, game_day_files
from gameday.system import clock


def main(path: Path, *, anytime: bool, who: str, json: bool) -> int:
    """Check a plan, and give the exit code."""
    space = wiring.workspace(path)
    try:
        files = game_day_files(space, path)
    except InvalidFiles as wrong:
        return output.problem(wrong)
    found = list(_checks(space, files, anytime=anytime, who=who))
    code = max((code for _, _, code in found), default=0)  # not ready (5) says more than a wrong word (2)
    if json:
        checks = [{"check": name, "passed": not failed, "detail": text} for name, text, failed in found]
        output.data_json(
            {"plan": files.plan.path, "ready": code == 0, "covers": files.covers, "checks": checks}
        )
        return code
    for name, text, failed in found:
        output.data(f"{'NO' if failed else 'ok':4}{name:16}{text}")
    output.talk(f"{files.plan.path}: {'ready' if code == 0 else 'not ready'}")
    if files.plan.approvals:
        output.talk(f"an approval covers {files.covers}")
    return code


def _checks(
    space: Workspace, files: GameDayFiles, *, anytime: bool, who: str
) -> Iterator[tuple[str, str, int]]:
    """Give each check's name, what was found, and its exit code."""
    plan, now = files.plan, clock.now()
    warnings = "; ".join(f"{one.file}: {one.message}" for one in files.warnings)
    count = sum(not item.is_break for item in plan.agenda)
    kept = format_duration(files.lasts)
    yield "files", f"{count} scenarios, {kept} at most{f'; {warnings}' if warnings else ''}", 0
    try:
        at = now if anytime else readiness.occurrence(plan, files.lasts, now)
        yield "date", "now, whatever the plan says" if anytime else times.local(at), 0
        yield from _schedules(space, files, at)
    except GamedayError as wrong:
        yield "date", _said(wrong), wrong.exit_code
    for name, ask in (("other game days", _others), ("approvals", _approvals)):
        try:
            yield name, ask(space, files, find.viewer(who)), 0
        except GamedayError as wrong:
            yield name, _said(wrong), wrong.exit_code
    for one in asyncio.run(prerequisites(space, files)):
        text = f"{one.name}{f': {one.detail}' if one.detail else ''}"
        yield "prerequisite", text, 0 if one.passed else NotReady.exit_code


def _said(wrong: GamedayError) -> str:
    return f"{wrong.message}{f' (hint: {wrong.hint})' if wrong.hint else ''}"


def _schedules(space: Workspace, files: GameDayFiles, at: Instant) -> Iterator[tuple[str, str, int]]:
    """Tell which schedule has a window on the same environment while the game day is on."""
    here = _due(space, files, at)
    for slot in here:
        yield "schedules", f"{_window(slot)}; {_hint(slot)}", NotReady.exit_code
    if not here:
        yield "schedules", "none is due on the environment meanwhile", 0


def _due(space: Workspace, files: GameDayFiles, at: Instant) -> list[upcoming.Slot]:
    """Give what else the calendar has on the environment while the game day is on."""
    with closing(wiring.schedules(space.store_url)) as store:
        rows = [row for row in store.rows() if row.schedule.environment == files.plan.environment]
    slots = upcoming.slots(rows, Instant(at + files.lasts))
    return [s for s in slots if s.end > at and not s.paused and s.schedule.scenario != files.plan.path]


def no_schedule(space: Workspace, files: GameDayFiles, at: Instant) -> None:
    """Refuse while a schedule has a window on the environment meanwhile. Raises Busy."""
    for slot in _due(space, files, at):
        raise Busy(_window(slot), hint=_hint(slot))


def _window(slot: upcoming.Slot) -> str:
    span = f"{times.local(slot.start)} to {times.local(slot.end)}"
    return f"a schedule has {span} on {slot.schedule.environment}"


def _hint(slot: upcoming.Slot) -> str:
    return f"gameday schedule pause {slot.schedule.schedule}"


def _others(space: Workspace, files: GameDayFiles, _who: str) -> str:
    """Refuse while another game day is open on the environment. Raises Busy."""
    return no_other_day(space, files.plan.gameday, files.plan.environment)


def no_other_day(space: Workspace, gameday: str, environment: str) -> str:
    """Refuse while a game day of another plan is open on an environment. Raises Busy."""
    for row in wiring.workspace_store(space).game_days():
        if row.closed is None and row.environment == environment and row.scenario != gameday:
            hint = f"gameday plan show {row.drill} tells whether somebody conducts it"
            raise Busy(
                f"{row.drill} is open on {environment}",
                hint=f"{hint}; if nobody does: gameday plan end --game-day {row.drill}",
            )
    return f"none is open on {environment}"


def _approvals(space: Workspace, files: GameDayFiles, who: str) -> str:
    return readiness.approved(files.plan, given(space, files), files.covers, who, clock.now())


def given(space: Workspace, files: GameDayFiles) -> tuple[Approval, ...]:
    """Read the approvals of the plan's environment; none where there is no file. Raises NotReady."""
    rules = space.settings.environment(files.plan.environment).rules
    name = rules.approvals_file if rules else "approvals.toml"
    if not (space.root / name).exists():
        return ()
    try:
        return approvals.parse(space.read(name))
    except ValueError as wrong:
        raise NotReady(f"{name} can't be read: {wrong}") from wrong


async def prerequisites(space: Workspace, files: GameDayFiles) -> list[PrerequisiteChecked]:
    """Check all prerequisites, in order."""
    checker = wiring.checker(space)
    found = [one async for one in checker.check(files.plan.prerequisites)]
    close = getattr(checker.prober, "close", None)
    if close is not None:
        await close()
    return found
