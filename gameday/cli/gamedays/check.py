"""`gameday plan check`: shows whether a game day may open; its rules are `conduct.gamedays.opening`.

It opens nothing, but the commands of the prerequisites do run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from gameday import wiring
from gameday.cli.gamedays import find
from gameday.cli.shared import output, times
from gameday.cli.shared.field_errors import name_options
from gameday.conduct.gamedays import opening
from gameday.conduct.gamedays.opening import Opening
from gameday.core.errors import ExitCode, GamedayError, InvalidFiles, NotReady, worst
from gameday.core.facts.gameday import PrerequisiteChecked
from gameday.core.policy import Approval
from gameday.core.values import format_duration
from gameday.formats.settings import approvals
from gameday.ports import DrillRow, ScheduleRow
from gameday.settings import Workspace
from gameday.settings.gameday import GameDayFiles, game_day_files
from gameday.system import clock
from gameday.system.ids import SystemIds

OPTIONS = {"anytime": "--now"}
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
    warnings = "; ".join(f"{warning.file}: {warning.message}" for warning in files.warnings)
    count = sum(not item.is_break for item in files.plan.agenda)
    longest = format_duration(files.lasts)
    yield (
        "files",
        f"{count} scenarios, {longest} at most{f'; {warnings}' if warnings else ''}",
        ExitCode.PASSED,
    )
    for answer in opening.answers(wanted(space, files, find.viewer(who), anytime=anytime)):
        if answer.error is None:
            yield answer.rule, answer.text, ExitCode.PASSED
        else:
            yield answer.rule, answer.text or _words(answer.error), answer.error.exit_code


def _words(error: GamedayError) -> str:
    name_options(error, OPTIONS)
    return f"{error.message}{f' (hint: {error.hint})' if error.hint else ''}"


# --- what `gameday plan start` asks as well ---


def wanted(space: Workspace, files: GameDayFiles, by: str, *, anytime: bool) -> Opening:
    """Give the game day that somebody wants to open, with this workspace as the source of all answers."""
    return Opening(
        plan=files.plan,
        lasts=files.lasts,
        covers=files.covers,
        by=by,
        now=clock.now(),
        anytime=anytime,
        game_days=lambda: _game_days(space),
        schedules=lambda: _schedules(space),
        approvals=lambda: _approvals(space, files),
        prerequisites=lambda: prerequisites(space, files),
        format_time=times.local,
    )


def _game_days(space: Workspace) -> Iterable[DrillRow]:
    with closing(wiring.workspace_store(space)) as store:
        return store.game_days()


def _schedules(space: Workspace) -> Iterable[ScheduleRow]:
    with closing(wiring.schedules(space.store_url)) as store:
        return store.rows()


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
