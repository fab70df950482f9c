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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.drill import screen
from gameday.cli.shared import output
from gameday.conduct.drill import report as drill_report
from gameday.conduct.drill.conductor import Conductor
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.options import DrillOptions
from gameday.core.errors import ExitCode, GamedayError, NotReady, StoreUnavailable, UsageError, worst
from gameday.core.plans import dry_run as planning
from gameday.core.values import format_duration
from gameday.formats.stored import result as result_json
from gameday.render import live
from gameday.settings import Workspace
from gameday.system import clock, files, known_secrets

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Each ends the drill: the fault is reverted, and the postmortem written."""
NEEDED_AT_THE_END = ("gameday.render.drill_files", "gameday.cli.drill.stored_drills")
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
    try:
        return _run(options)
    except GamedayError as error:
        code = output.problem(error)
        if options.json and code in (ExitCode.INVALID, ExitCode.INCONCLUSIVE):
            output.data_json(result_json.error(error))
        return code


def _run(options: RunOptions) -> int:
    space = wiring.workspace(options.scenario)
    prepared = wiring.prepare(space, options.scenario, options.drill, imports=not options.dry_run)
    for warning in prepared.warnings:
        output.talk(str(warning))
    if options.dry_run:
        return _dry_run(prepared, json=options.json)
    if not options.yes:
        _ask(prepared)
    store = wiring.workspace_store(space)
    # After the question, which may stay open for minutes, and just before the drill.
    if revert.recover(space, store) == 4:
        raise NotReady("an earlier drill's fault may still be in force", hint="see the steps above")
    context = wiring.drill_context(space, prepared, store)
    return _conduct(space, context, store, options)


def _conduct(space: Workspace, context: DrillContext, store: ports.HistoryStore, options: RunOptions) -> int:
    output.talk(f"drill {context.drill}: {context.scenario.title}, on {context.scenario.environment}")
    failure: GamedayError | None = None
    try:
        asyncio.run(_play(context))
    except GamedayError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  # the outer edge: everything is reverted; report it, and write the files
        failure = _internal_error(error, space.artifacts / context.drill)
    try:
        judged = drill_report.judge(store, context.drill)
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
    report = folder / "internal-error.txt"
    text = known_secrets.redactor().text("".join(traceback.format_exception(error)))
    try:
        files.write_whole(report, text)
    except StoreUnavailable:
        output.talk(text)
    return GamedayError(
        f"{type(error).__name__}: {error}", hint=f"this is a bug in gameday; please report it with {report}"
    )


async def _play(context: DrillContext) -> None:
    def view() -> live.LiveView | None:
        history = context.live_facts.history()
        return live.view(history, context.live_milestones.levels, clock.now()) if history.events else None

    picture = screen.Screen(view, clock.now())
    conductor = Conductor(context, on_events=picture.show_events)
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        # A fact, not an exception: an abort by a signal takes the same way as any other.
        loop.add_signal_handler(number, conductor.abort, "interrupted", number.name)
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
    from gameday.cli.drill import stored_drills  # noqa: PLC0415  # imported while the drill ran

    if not judged.result.reverted:
        revert.print_steps(judged.result.drill, drill_report.still_exposed(judged))
    if options.json:
        output.data_json(
            result_json.encode(judged.history, judged.result)
            if failure is None
            else result_json.error(
                failure, drill=judged.result.drill, scenario=judged.history.plan.scenario.scenario
            )
        )
    elif failure is None:
        output.data(stored_drills.summary(judged))
    if folder is not None:
        output.talk(f"postmortem: {folder / 'postmortem.html'}")
    if code:
        output.talk(f"exit {code}: {code.meaning}")


# --- before anything starts ---


def _dry_run(prepared: wiring.Prepared, *, json: bool) -> int:
    """Print the plan: moments, resolved targets, longest hold."""
    plan = planning.compile(prepared.planned.scenario)
    targets = {"base_url": prepared.base_url, **prepared.targets}
    if json:
        limits = {"targets": targets, "longest_hold": plan.longest_hold, "longest": plan.longest}
        output.data_json(
            {"scenario": plan.scenario.scenario, **limits, "moments": [asdict(m) for m in plan.moments]}
        )
        return 0
    output.data(f"{plan.scenario.title} ({plan.scenario.scenario}), on {plan.scenario.environment}")
    for name, target in targets.items():
        output.data(f"  {name}: {target or '–'}")
    for moment in plan.moments:
        at = "" if moment.at is None else format_duration(moment.at)
        output.data(f"{at:>12}  {moment.phase:10}{moment.what}")
    output.data(
        f"longest hold {format_duration(plan.longest_hold)}; at most {format_duration(plan.longest)} in all"
    )
    return 0


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
