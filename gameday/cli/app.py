"""The commands of `gameday`, each importing only what it needs, when it runs.

What responders type while a drill is on takes a fast path that never loads Typer: `cli.respond.fast_path`.
The entries here for those commands exist so that `gameday --help` names them.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from gameday.cli.gamedays import commands as plan_commands
from gameday.cli.respond import help_texts
from gameday.cli.schedule import commands as schedule_commands
from gameday.cli.shared import help_groups, output, usage_errors
from gameday.cli.shared.options import AcceptLocalKeeper, AcceptNoLease, Json, Yes
from gameday.cli.workspace import policy, shop, store
from gameday.core.errors import GamedayError, UsageError

app = typer.Typer(
    name="gameday",
    cls=help_groups.Commands,
    help="Break a service on purpose, time how the team responds, score it, improve the playbook.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Phase = Annotated[
    list[str] | None,
    typer.Option(help="NAME=DURATION: another length than the scenario's, such as baseline=10s."),
]
As = Annotated[
    str, typer.Option("--as", help="Who you are, in a game day; else GAMEDAY_ACTOR or your login.")
]
Drill = Annotated[str, typer.Argument(help="The drill's id; `last` for the newest.")]


def _say_version(asked: bool) -> None:  # Typer calls it with the flag's value
    if asked:
        output.data(f"gameday {metadata.version('gameday')}\n")
        raise typer.Exit


@app.callback()
def take(
    *,
    version: Annotated[  # eager: its callback has answered before
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Take what stands before the command."""


@app.command(name="run", rich_help_panel=help_groups.DRILLS)
def run_drill(
    scenario: Annotated[Path, typer.Argument(help="The scenario file.")],
    *,
    environment: Annotated[str, typer.Option(help="Another environment than the scenario's.")] = "",
    responder: Annotated[
        Path | None, typer.Option(help="A script that plays the team or the automation.")
    ] = None,
    mode: Annotated[str, typer.Option(help="evaluate (scored) or train (not scored).")] = "evaluate",
    phase: Phase = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan; start nothing.")] = False,
    yes: Yes = False,
    accept_no_lease: AcceptNoLease = False,
    accept_local_keeper: AcceptLocalKeeper = False,
    json: Json = False,
) -> None:
    """Run one drill of a scenario, and leave its scored postmortem."""
    from gameday.cli.drill import run  # noqa: PLC0415  # what a command needs is loaded when it runs

    options = run.Options(
        scenario=scenario,
        environment=environment,
        responder=responder,
        mode=mode,
        phases=tuple(phase or ()),
        dry_run=dry_run,
        yes=yes,
        json=json,
        accept_no_lease=accept_no_lease,
        accept_local_keeper=accept_local_keeper,
    )
    raise typer.Exit(run.main(options))


@app.command(rich_help_panel=help_groups.DRILLS)
def ci(
    scenarios: Annotated[list[Path], typer.Argument(help="The scenario files.")],
    *,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    fail_under: Annotated[
        float | None, typer.Option(help="Least points; without it, the scorecard's own `pass`.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A folder of earlier result.json: fail when slower beyond noise.")
    ] = None,
    repeat: Annotated[int, typer.Option(help="Play each scenario so many times.")] = 1,
    environment: Annotated[str, typer.Option(help="Another environment than the scenarios'.")] = "",
    responder: Annotated[
        Path | None,
        typer.Option(
            help="A script for all, or a folder of them; else responders/NAME.yaml by each scenario."
        ),
    ] = None,
    artifacts: Annotated[Path | None, typer.Option(help="Where artefacts go; else .gameday/ci.")] = None,
    time_limit: Annotated[str, typer.Option(help="Abort and revert when all takes longer.")] = "1h",
    phase: Phase = None,
    accept_no_lease: AcceptNoLease = False,
    accept_local_keeper: AcceptLocalKeeper = False,
    json: Json = False,
) -> None:
    """Play scenarios with their automation in a pipeline, and hold them against bars."""
    from gameday.cli.ci import cases  # noqa: PLC0415
    from gameday.cli.ci import command as pipeline  # noqa: PLC0415

    options = cases.Options(
        scenarios=tuple(scenarios),
        environment=environment,
        responder=responder,
        junit=junit,
        fail_under=fail_under,
        baseline=baseline,
        repeat=repeat,
        artifacts=artifacts,
        time_limit=time_limit,
        phases=tuple(phase or ()),
        json=json,
        accept_no_lease=accept_no_lease,
        accept_local_keeper=accept_local_keeper,
    )
    raise typer.Exit(pipeline.main(options))


@app.command(rich_help_panel=help_groups.DRILLS)
def status(json: Json = False, as_: As = "") -> None:
    """Show the live drills: phase, clocks, affected users, alerts, latest events."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.status(json=json, who=as_))


@app.command(name="list", rich_help_panel=help_groups.AFTERWARDS)
def list_drills(json: Json = False, as_: As = "") -> None:
    """List the drills of this workspace, newest first."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.listing(json=json, who=as_))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def show(drill: Drill = "last", json: Json = False, as_: As = "") -> None:
    """Show one drill: its result and its timeline."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.show(drill, json=json, who=as_))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def score(
    drill: Drill = "last",
    scorecard: Annotated[Path | None, typer.Option(help="Judge by another scorecard.")] = None,
    json: Json = False,
    as_: As = "",
) -> None:
    """Judge a stored drill again, with its own scorecard or another."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.score(drill, scorecard=scorecard, json=json, who=as_))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def postmortem(
    drill: Drill = "last",
    html: Annotated[bool, typer.Option("--html", help="Print the page instead of Markdown.")] = False,
    as_: As = "",
) -> None:
    """Write a stored drill's files again, and print its postmortem."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.postmortem(drill, html=html, who=as_))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def review(
    drill: Drill = "last",
    answer: Annotated[list[str] | None, typer.Option(help="QUESTION=TEXT; without it, asks each.")] = None,
    by: Annotated[str, typer.Option(help="Who answers.")] = "",
    as_: As = "",
) -> None:
    """Answer the review's questions: root cause, fix, steps taken. Makes a new revision."""
    from gameday.cli.drill import review as reviewing  # noqa: PLC0415

    raise typer.Exit(reviewing.main(drill, answers=answer or [], by=by, who=as_))


@app.command(rich_help_panel=help_groups.STOP)
def revert(
    drill: Annotated[str, typer.Argument(help="The drill's id; `last` for the newest open one.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every drill of this store: the red button.")] = False,
    here: Annotated[
        bool,
        typer.Option("--here", help="Every drill of this workspace on this host: after a pipeline's job."),
    ] = False,
) -> None:
    """Undo every fault that may still be in force, and close its drill."""
    from gameday.cli import revert as cli_revert  # noqa: PLC0415

    raise typer.Exit(cli_revert.main(drill, everything=all_, here=here))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def verify(drill: Drill = "last") -> None:
    """Check that a drill's history was neither cut nor changed."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.verify(drill))


@app.command(name="export", rich_help_panel=help_groups.AFTERWARDS)
def export_drill(
    drill: Drill, file: Annotated[Path, typer.Argument(help="The file to write.")], *, as_: As = ""
) -> None:
    """Write a drill as one file."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.export(drill, file, who=as_))


@app.command(name="import", rich_help_panel=help_groups.AFTERWARDS)
def import_drill(file: Annotated[Path, typer.Argument(help="A file that `gameday export` wrote.")]) -> None:
    """Read a drill from one file into this store."""
    from gameday.cli.drill import stored_drills  # noqa: PLC0415

    raise typer.Exit(stored_drills.import_(file))


@app.command(rich_help_panel=help_groups.WORKSPACE)
def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files; without any, the whole workspace.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings count, and what preflight would refuse is told, too.")
    ] = False,
    json: Json = False,
) -> None:
    """Check scenarios, experiments, scorecards, playbooks and settings; touch nothing."""
    from gameday.cli.workspace import validate as validating  # noqa: PLC0415

    raise typer.Exit(validating.validate(paths or [], json=json, strict=strict))


@app.command(rich_help_panel=help_groups.WORKSPACE)
def init(folder: Annotated[Path, typer.Argument(help="The folder to make.")] = Path()) -> None:
    """Make a workspace with the catalogue of scenarios to copy and change."""
    from gameday.cli.workspace import init as workspace_init  # noqa: PLC0415

    raise typer.Exit(workspace_init.initialise(folder))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def serve(
    *,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT for /calendar.ics and /health, such as 127.0.0.1:8090.")
    ] = "",
) -> None:
    """Run what is due by schedule, until stopped; a stop reverts what runs."""
    from gameday.cli.daemon import serve as serving  # noqa: PLC0415

    raise typer.Exit(serving.main(listen=listen))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def worker(
    *,
    environment: Annotated[
        list[str] | None, typer.Option(help="Whose drills it carries out; may be given again.")
    ] = None,
    occurrence: Annotated[
        str, typer.Option(help="SCHEDULE@SECONDS: carry out this one and end.", hidden=True)
    ] = "",
) -> None:
    """Carry out the drills that `gameday serve` hands to this host, until stopped."""
    from gameday.cli.daemon import worker as working  # noqa: PLC0415

    raise typer.Exit(working.main(environment or [], occurrence=occurrence))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def calendar(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far to look ahead.")] = 30,
    ics: Annotated[bool, typer.Option("--ics", help="Print an iCalendar feed.")] = False,
    output_file: Annotated[Path | None, typer.Option("--output", help="Write the feed into a file.")] = None,
    url: Annotated[
        str,
        typer.Option(help="Print where to subscribe, from where the daemon is reached: http://HOST:8090."),
    ] = "",
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show scenario and moment: not for responders' eyes.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the game days to come; as a feed for calendars with --ics. Participants see windows only."""
    from gameday.cli.schedule import calendar as showing  # noqa: PLC0415

    raise typer.Exit(showing.main(days=days, ics=ics, file=output_file, url=url, reveal=reveal, json=json))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def announce(
    channel: Annotated[str, typer.Argument(help="An integration of gameday.toml of the kind apprise.")],
    text: Annotated[list[str], typer.Argument(help="What people have to know.")],
) -> None:
    """Tell people something in one of their channels."""
    from gameday.cli.shared import notify  # noqa: PLC0415

    raise typer.Exit(notify.main(channel, text))


@app.command(rich_help_panel=help_groups.WORKSPACE)
def doctor(json: Json = False) -> None:
    """Say what is missing on this machine and how to get it."""
    from gameday.cli.workspace import doctor as doctoring  # noqa: PLC0415

    raise typer.Exit(doctoring.main(json=json))


def _name_marks() -> None:
    """List in the help what `__main__` sends down the fast path before Typer is loaded."""
    for heading, words in (
        (help_groups.TEAM, help_texts.TEAM),
        (help_groups.FACILITATOR, help_texts.FACILITATOR),
        (help_groups.STOP, help_texts.STOP),
    ):
        for name, sentence in words.items():
            app.command(name=name, help=sentence, add_help_option=False, rich_help_panel=heading)(_never)


def _never() -> None:
    raise AssertionError("the fast path takes this command")


def main() -> None:
    """Run the command line, and explain what goes wrong."""
    _name_marks()
    app.add_typer(shop.app, name="shop", rich_help_panel=help_groups.WORKSPACE)
    app.add_typer(policy.app, name="policy", rich_help_panel=help_groups.WORKSPACE)
    app.add_typer(schedule_commands.app, name="schedule", rich_help_panel=help_groups.GAME_DAYS)
    app.add_typer(plan_commands.app, name="plan", rich_help_panel=help_groups.GAME_DAYS)
    app.add_typer(store.app, name="store", rich_help_panel=help_groups.WORKSPACE)
    try:
        code = app(standalone_mode=False)
    except usage_errors.MISUSE as wrong:
        if asked := usage_errors.help_of(wrong):
            output.talk(asked)
            sys.exit(UsageError.exit_code)
        sys.exit(output.problem(usage_errors.explain(wrong)))
    except GamedayError as error:
        sys.exit(output.problem(error))
    sys.exit(code)
