"""`gameday plan check`: shows whether a game day may open; its rules are `conduct.gamedays.readiness`.

It opens nothing, but the commands of the prerequisites do run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from gameday import wiring
from gameday.cli.gamedays import find
from gameday.cli.shared import output, times
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.gamedays import readiness
from gameday.core.errors import Busy, ExitCode, GamedayError, InvalidFiles, NotReady, worst
from gameday.core.facts.gameday import PrerequisiteChecked
from gameday.core.policy import Approval
from gameday.core.values import Instant, format_duration
from gameday.formats.settings import approvals
from gameday.settings import Workspace
from gameday.settings.gameday import GameDayFiles, game_day_files
from gameday.system import clock
from gameday.system.ids import SystemIds

Check = tuple[str, str, ExitCode]
"""The name of a check, its result in words, and its exit code."""


def main(path: Path, *, anytime: bool, who: str, json: bool) -> int:
    """Check a plan, and give the worst code: 2 for mistakes and a wrong date, 5 for what is not ready."""
    space = wiring.workspace(path)
    try:
        files = game_day_files(space, path)
    except InvalidFiles as error:
        return output.problem(error)
    results = list(_checks(space, files, anytime=anytime, who=who))
    code = worst(code for _, _, code in results)
    if json:
        checks = [{"check": name, "passed": not failed, "detail": text} for name, text, failed in results]
        output.data_json(
            {
                "plan": files.plan.path,
                "ready": code == ExitCode.PASSED,
                "covers": files.covers,
                "checks": checks,
            }
        )
        return code
    for name, text, failed in results:
        output.data(f"{'NO' if failed else 'ok':4}{name:16}{text}")
    output.talk(f"{files.plan.path}: {'ready' if code == ExitCode.PASSED else 'not ready'}")
    if files.plan.approvals:
        output.talk(f"an approval covers {files.covers}")
    return code


def _checks(space: Workspace, files: GameDayFiles, *, anytime: bool, who: str) -> Iterator[Check]:
    plan, now = files.plan, clock.now()
    warnings = "; ".join(f"{warning.file}: {warning.message}" for warning in files.warnings)
    count = sum(not item.is_break for item in plan.agenda)
    longest = format_duration(files.lasts)
    yield (
        "files",
        f"{count} scenarios, {longest} at most{f'; {warnings}' if warnings else ''}",
        ExitCode.PASSED,
    )
    try:
        at = occurrence(files, now, anytime=anytime)
        yield "date", "now, regardless of the plan's date" if anytime else times.local(at), ExitCode.PASSED
        yield from _schedules(space, files, at)
    except GamedayError as error:
        yield "date", _words(error), error.exit_code
    yield _check("other game days", lambda: _other_game_days(space, files))
    yield _check("approvals", lambda: approved(space, files, find.viewer(who), now))
    for checked in prerequisites(space, files):
        text = f"{checked.name}{f': {checked.detail}' if checked.detail else ''}"
        yield "prerequisite", text, ExitCode.PASSED if checked.passed else NotReady.exit_code


def _check(name: str, rule: Callable[[], str]) -> Check:
    try:
        return name, rule(), ExitCode.PASSED
    except GamedayError as error:
        return name, _words(error), error.exit_code


def _words(error: GamedayError) -> str:
    return f"{error.message}{f' (hint: {error.hint})' if error.hint else ''}"


def _schedules(space: Workspace, files: GameDayFiles, at: Instant) -> Iterator[Check]:
    conflicts = schedule_conflicts(space, files, at)
    for conflict in conflicts:
        yield "schedules", f"{conflict.message}; {conflict.hint}", conflict.exit_code
    if not conflicts:
        yield "schedules", "none is due on the environment meanwhile", ExitCode.PASSED


def _other_game_days(space: Workspace, files: GameDayFiles) -> str:
    with closing(wiring.workspace_store(space)) as store:
        return readiness.no_other_game_day(store, files.plan.environment, gameday=files.plan.gameday)


# --- what `gameday plan start` asks as well ---


def occurrence(files: GameDayFiles, now: Instant, *, anytime: bool) -> Instant:
    """Give the occurrence that may open now; with `anytime`, now. Raises UsageError."""
    with option_names(anytime="--now"):
        return now if anytime else readiness.occurrence(files.plan, files.lasts, now)


def schedule_conflicts(space: Workspace, files: GameDayFiles, at: Instant) -> tuple[Busy, ...]:
    """Give an error for each window that schedules have on the environment during the game day."""
    with closing(wiring.schedules(space.store_url)) as store:
        rows = store.rows()
    return readiness.schedule_conflicts(rows, files.plan, at, files.lasts, format_time=times.local)


def approved(space: Workspace, files: GameDayFiles, by: str, now: Instant) -> str:
    """Give how many people approved the plan, in words. Raises NotReady, and Refused where too few did."""
    return readiness.approved(files.plan, _approvals(space, files), files.covers, by, now)


def _approvals(space: Workspace, files: GameDayFiles) -> tuple[Approval, ...]:
    """Read the approvals of the plan's environment; none where there is no file. Raises NotReady."""
    rules = space.settings.environment(files.plan.environment).rules
    name = rules.approvals_file if rules else "approvals.toml"
    if not (space.root / name).exists():
        return ()
    try:
        return approvals.parse(space.read(name))
    except ValueError as error:
        raise NotReady(f"{name} can't be read: {error}") from error


def prerequisites(space: Workspace, files: GameDayFiles) -> list[PrerequisiteChecked]:
    """Check all prerequisites, in order. They reach the cluster and account of the drills alone."""
    rules = space.settings.environment(files.plan.environment).rules
    checking = SystemIds().drill("prerequisites")
    try:
        with wiring.verified_clients(wiring.cloud_clients(rules, checking)):
            return asyncio.run(_prerequisites(space, files))
    finally:
        wiring.forget_clients(checking)


async def _prerequisites(space: Workspace, files: GameDayFiles) -> list[PrerequisiteChecked]:
    checker = wiring.checker(space)
    checked = [result async for result in checker.check(files.plan.prerequisites)]
    close = getattr(checker.prober, "close", None)
    if close is not None:
        await close()
    return checked
