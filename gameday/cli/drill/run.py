"""`gameday run`: read the files, ask, conduct the drill, judge it, write its reports.

With `--json`, stdout has `result.json` and nothing else. Conducting the drill is left to `conduct`; the exit
codes are in docs/reference/exit-codes.md.
"""

from __future__ import annotations

import asyncio
import importlib
import signal
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.drill import dry_run, screen
from gameday.cli.shared import guard, import_checks, output
from gameday.conduct.drill import report as drill_report
from gameday.conduct.drill.conductor import Conductor
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.options import DrillOptions
from gameday.core.errors import ExitCode, GamedayError, NotReady, StoreUnavailable, UsageError, worst
from gameday.formats.stored import result as result_json
from gameday.render import live
from gameday.settings import Workspace
from gameday.system import clock

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Each ends the drill: the fault is reverted, and the postmortem written."""
NEEDED_AT_THE_END = ("gameday.render.drill_files", "gameday.cli.drill.score")
"""Modules that only the end of a drill needs: imported while it runs, so that they delay neither end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """What the user asked for."""

    scenario: Path
    drill: DrillOptions = field(default_factory=DrillOptions)
    dry_run: bool = False
    yes: bool = False
    json: bool = False


def main(options: RunOptions) -> int:
    """Run one drill, and give its exit code."""
    guard.conducts()
    try:
        _must_be_a_scenario(options.scenario)
        return _run(options)
    except GamedayError as error:
        code = output.problem(error)
        if options.json and code in (ExitCode.INVALID, ExitCode.INCONCLUSIVE):
            output.data_json(result_json.error(error))
        return code


def _must_be_a_scenario(file: Path) -> None:
    """Name the command for a plan of a game day. Raises UsageError."""
    if file.name.endswith((".gameday.yaml", ".gameday.yml")):
        raise UsageError(f"{file} is the plan of a game day", hint=f"gameday plan start {file}")


def _run(options: RunOptions) -> int:
    space = wiring.workspace(options.scenario)
    prepared = wiring.prepare(space, options.scenario, options.drill)
    for warning in prepared.warnings:
        output.talk(*warning.lines)
    if options.dry_run:
        return dry_run.show(space, prepared, json=options.json)
    import_checks.must_import(space, prepared)
    if not options.yes:
        _ask(prepared)
    store = wiring.workspace_store(space)
    # After the question, which may stay open for minutes, and just before the drill.
    if revert.recover(space, store, environment=prepared.planned.environment) == ExitCode.FAULT_IN_FORCE:
        raise NotReady("an earlier drill's fault may still be in force", hint="see the steps above")
    context = wiring.drill_context(space, prepared, store)
    with guard.at_stake(lambda: revert.is_exposed(store, context.drill)):
        return _conduct(space, context, store, options)


def _conduct(space: Workspace, context: DrillContext, store: ports.HistoryStore, options: RunOptions) -> int:
    output.talk(f"drill {context.drill}: {context.scenario.title}, on {context.scenario.environment}")
    for source in context.signals.sources:
        output.talk(f"alerts: {source}")
    failure: GamedayError | None = None
    try:
        asyncio.run(_play(context))
    except GamedayError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  # the outer edge: everything is reverted; report it, and write the files
        failure = _internal_error(error, space.artifacts / context.drill)
    # The event loop has put back what SIGHUP does by default, which is to end the process.
    guard.conducts()
    try:
        judged = drill_report.judge(store, context.drill)
    except LookupError:  # not even its plan could be stored: nothing began
        raise failure or StoreUnavailable(f"the store took nothing of drill {context.drill}") from None
    except StoreUnavailable as away:  # 5 before a drill; after one, its history is at stake
        output.problem(failure or away)
        return ExitCode.INTERNAL
    # After a failure, too: what happened up to then is what people need to read.
    folder = revert.write_reports(space, store, context.drill)
    if failure is not None:
        output.problem(failure)
    code = _with_store_state(drill_report.exit_code(judged), store, folder, failure)
    _print_result(judged, folder, failure, options, code)
    return code


def _with_store_state(
    code: ExitCode, store: ports.HistoryStore, folder: Path | None, failure: GamedayError | None
) -> ExitCode:
    """Give 70 where not everything could be stored or written, unless a fault in force is worse."""
    if store.degraded():
        kept = "; the rest is kept in the drill's folder, and stored by the next command"
        lost = isinstance(failure, StoreUnavailable)  # not even the folder took it
        output.warn(store.degraded() + ("" if lost else kept))
    elif folder is not None:
        return code
    return worst((code, ExitCode.INTERNAL))


def _internal_error(error: Exception, folder: Path) -> GamedayError:
    """Write a traceback to the drill's folder, and give an error that names it."""
    report = guard.write_report(error, folder, "internal-error.txt")
    if report is None:
        output.talk(*"".join(traceback.format_exception(error)).splitlines())
    return GamedayError(
        f"{type(error).__name__}: {error}",
        hint=f"this is a bug in gameday; please report it with {report or 'the lines above'}",
    )


async def _play(context: DrillContext) -> None:
    def view() -> live.LiveView | None:
        history = context.live_facts.history()
        return live.view(history, context.live_milestones.levels, clock.now()) if history.events else None

    picture = screen.Screen(view, clock.now())
    conductor = Conductor(context, on_events=picture.show_events)
    loop = asyncio.get_running_loop()
    # A fact, not an exception: an abort by a signal takes the same way as any other.
    guard.on_signals(loop, SIGNALS, lambda number: conductor.abort("interrupted", number.name))
    later = [loop.run_in_executor(None, importlib.import_module, name) for name in NEEDED_AT_THE_END]
    with picture.open():
        await conductor.conduct()
    await asyncio.gather(*later)


def _print_result(
    judged: drill_report.JudgedDrill,
    folder: Path | None,
    failure: GamedayError | None,
    options: RunOptions,
    code: ExitCode,
) -> None:
    """Print how the drill ended, and where its files are."""
    from gameday.render import drill_files  # noqa: PLC0415  # imported while the drill ran

    if not judged.result.reverted:
        revert.print_steps(judged.result.drill, drill_report.still_exposed(judged), judged.history)
    if options.json:
        output.data_json(
            result_json.encode(judged.history, judged.result)
            if failure is None
            else result_json.error(
                failure, drill=judged.result.drill, scenario=judged.history.plan.scenario.scenario
            )
        )
    elif failure is None:
        output.data(drill_files.summary(judged.history, judged.result))
    if folder is not None:
        output.talk(f"postmortem: {folder / 'postmortem.html'}")
    if code:
        output.talk(f"exit {code}: {code.meaning}")


# --- before anything starts ---


def _ask(prepared: wiring.Prepared) -> None:
    confirm(prepared.base_url, prepared.planned.scenario.environment, prepared.targets)


def confirm(base_url: str, name: str, targets: Mapping[str, str]) -> None:
    """Outside loopback, show what is about to be touched, and ask for the environment's name."""
    host = urlsplit(base_url).hostname or ""
    if host in ("", "localhost", "::1") or host.startswith("127."):
        return
    output.talk(f"this touches {base_url}")
    for what, target in targets.items():
        output.talk(f"  {what}: {target}")
    output.talk(f"type the environment's name ({name}) to continue: ")
    try:
        typed = input()
    except EOFError:
        typed = ""
    if typed.strip() != name:
        raise UsageError("not confirmed; nothing was touched", hint="--yes skips the question")
