"""The commands of `gameday`, each importing only what it needs, when it runs.

What responders type during a drill takes a fast path that never loads Typer: `cli.respond.fast_path`. Those
commands have entries here only so that `gameday --help` lists them.
"""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.models import CommandInfo

from gameday import __version__
from gameday.cli.shared import help_groups, output, usage_errors
from gameday.cli.shared.flags import Json, Yes, takes_drill_options
from gameday.core import responder_commands
from gameday.core.errors import GamedayError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gameday.conduct.drill.options import DrillOptions

app = typer.Typer(
    name="gameday",
    cls=help_groups.Commands,
    help="Break a service on purpose, time the response, score it, improve the playbook.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

Phase = Annotated[
    list[str] | None,
    typer.Option(help="NAME=DURATION: overrides the length of a phase, such as baseline=10s."),
]
As = Annotated[
    str,
    typer.Option("--by", "--as", help="Who you are. (default: GAMEDAY_ACTOR, else your login)"),
]
Drill = Annotated[str, typer.Argument(help="The drill's id, or `last` for the newest drill.")]


def _print_version(asked: bool) -> None:  # Typer calls it with the flag's value
    if asked:
        output.data(f"gameday {__version__}\n")
        raise typer.Exit


@app.callback()
def take(
    *,
    version: Annotated[  # eager: its callback prints and exits before a missing command is an error
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take the options that come before the command."""


@app.command(name="run", rich_help_panel=help_groups.DRILLS)
@takes_drill_options
def run_drill(
    scenario: Annotated[Path, typer.Argument(help="The scenario file.")],
    *,
    environment: Annotated[str, typer.Option(help="The environment to use. (default: the scenario's)")] = "",
    responder: Annotated[
        Path | None, typer.Option(help="A script that plays the team or its automation.")
    ] = None,
    mode: Annotated[str, typer.Option(help="evaluate (scored) or train (not scored).")] = "evaluate",
    phase: Phase = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan; start nothing.")] = False,
    yes: Yes = False,
    json: Json = False,
    drill: DrillOptions,
) -> None:
    """Run one drill of a scenario, and write its scored postmortem."""
    from gameday.cli.drill import run  # noqa: PLC0415  # what a command needs is loaded when it runs

    phases = tuple(phase or ())
    options = run.RunOptions(
        scenario=scenario,
        drill=replace(drill, environment=environment, responder=responder, mode=mode, phases=phases),
        dry_run=dry_run,
        yes=yes,
        json=json,
    )
    raise typer.Exit(run.main(options))


@app.command(rich_help_panel=help_groups.DRILLS)
@takes_drill_options
def ci(
    scenarios: Annotated[list[Path], typer.Argument(help="The scenario files.")],
    *,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    fail_under: Annotated[
        float | None, typer.Option(help="The fewest points that pass. (default: `pass` in the scorecard)")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A folder of earlier result.json files: fail if significantly slower.")
    ] = None,
    repeat: Annotated[int, typer.Option(help="How many times to run each scenario.")] = 1,
    environment: Annotated[
        str, typer.Option(help="The environment to use. (default: each scenario's own)")
    ] = "",
    responder: Annotated[
        Path | None,
        typer.Option(
            help="A script for all scenarios, or a folder of scripts. "
            "(default: responders/NAME.yaml next to each scenario)"
        ),
    ] = None,
    artifacts: Annotated[
        Path | None, typer.Option(help="The folder for artefacts. (default: .gameday/ci)")
    ] = None,
    time_limit: Annotated[
        str, typer.Option(help="Abort and revert if all drills together take longer than this.")
    ] = "1h",
    phase: Phase = None,
    json: Json = False,
    drill: DrillOptions,
) -> None:
    """Run scenarios with their automation in a pipeline, and fail below thresholds."""
    from gameday.cli.ci import cases  # noqa: PLC0415
    from gameday.cli.ci import command as pipeline  # noqa: PLC0415

    options = cases.CiOptions(
        scenarios=tuple(scenarios),
        drill=replace(drill, environment=environment, responder=responder, phases=tuple(phase or ())),
        junit=junit,
        fail_under=fail_under,
        baseline=baseline,
        repeat=repeat,
        artifacts=artifacts,
        time_limit=time_limit,
        json=json,
    )
    raise typer.Exit(pipeline.main(options))


@app.command(rich_help_panel=help_groups.DRILLS)
def status(json: Json = False, as_: As = "") -> None:
    """Show the drills in progress: phase, clocks, affected users, alerts, latest events."""
    from gameday.cli.drill import status as drill_status  # noqa: PLC0415

    raise typer.Exit(drill_status.main(json=json, who=as_))


@app.command(name="list", rich_help_panel=help_groups.AFTERWARDS)
def list_drills(
    *,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="The most drills to list; 0: all. (default: 50, and as JSON all)"),
    ] = None,
    json: Json = False,
    as_: As = "",
) -> None:
    """List the drills of this workspace, newest first."""
    from gameday.cli.drill import list_drills as listing  # noqa: PLC0415

    raise typer.Exit(listing.main(json=json, who=as_, limit=limit))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def show(drill: Drill = "last", json: Json = False, as_: As = "") -> None:
    """Show one drill: its result and its timeline."""
    from gameday.cli.drill import show as showing  # noqa: PLC0415

    raise typer.Exit(showing.main(drill, json=json, who=as_))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def score(
    drill: Drill = "last",
    scorecard: Annotated[
        Path | None, typer.Option(help="The scorecard to judge by. (default: the drill's own)")
    ] = None,
    json: Json = False,
    as_: As = "",
) -> None:
    """Score a stored drill again, with its own scorecard or another."""
    from gameday.cli.drill import score as scoring  # noqa: PLC0415

    raise typer.Exit(scoring.main(drill, scorecard=scorecard, json=json, who=as_))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def postmortem(
    drill: Drill = "last",
    html: Annotated[bool, typer.Option("--html", help="Print HTML instead of Markdown.")] = False,
    json: Json = False,
    as_: As = "",
) -> None:
    """Write the files of a stored drill again, and print its postmortem."""
    from gameday.cli.drill import postmortem as writing  # noqa: PLC0415

    raise typer.Exit(writing.main(drill, html=html, who=as_, json=json))


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def review(
    drill: Drill = "last",
    answer: Annotated[
        list[str] | None,
        typer.Option(help="QUESTION=TEXT; may be repeated. (default: each question is asked)"),
    ] = None,
    as_: As = "",
) -> None:
    """Answer the review questions: root cause, fix, steps taken. Writes a new revision."""
    from gameday.cli.drill import review as reviewing  # noqa: PLC0415

    raise typer.Exit(reviewing.main(drill, answers=answer or [], by=as_, who=as_))


@app.command(rich_help_panel=help_groups.STOP)
def revert(
    drill: Annotated[str, typer.Argument(help="The drill's id, or `last` for the newest open drill.")] = "",
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Every open drill in this store: the emergency stop.")
    ] = False,
    here: Annotated[
        bool,
        typer.Option(
            "--here", help="Every open drill of this workspace on this host, to clean up after a CI job."
        ),
    ] = False,
    by_hand: Annotated[
        str | None,
        typer.Option(
            "--by-hand",
            metavar="TEXT",
            help="Play nothing: you undid it yourself. What was done is kept with your name.",
        ),
    ] = None,
    as_: As = "",
    play_unsigned: Annotated[
        bool,
        typer.Option(
            "--play-unsigned",
            help="Play also what this installation did not sign, after you have looked at what it runs.",
        ),
    ] = False,
) -> None:
    """Revert every fault that may still be in force, and close its drill."""
    from gameday.cli import revert as cli_revert  # noqa: PLC0415

    raise typer.Exit(
        cli_revert.main(
            drill, everything=all_, here=here, by_hand=by_hand, play_unsigned=play_unsigned, who=as_
        )
    )


@app.command(rich_help_panel=help_groups.AFTERWARDS)
def verify(
    drill: Drill = "last",
    *,
    head: Annotated[
        str,
        typer.Option(
            help="A head of this history that was noted elsewhere: in result.json, a postmortem or a message",
            show_default=False,
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Check that a drill's history has not been truncated or altered."""
    from gameday.cli.drill import verify as verifying  # noqa: PLC0415

    raise typer.Exit(verifying.main(drill, head, json=json))


@app.command(name="export", rich_help_panel=help_groups.AFTERWARDS)
def export_drill(
    drill: Drill, file: Annotated[Path, typer.Argument(help="The file to write.")], *, as_: As = ""
) -> None:
    """Export a drill to a file."""
    from gameday.cli.drill import transfer  # noqa: PLC0415

    raise typer.Exit(transfer.export(drill, file, who=as_))


@app.command(name="import", rich_help_panel=help_groups.AFTERWARDS)
def import_drill(file: Annotated[Path, typer.Argument(help="A file that `gameday export` wrote.")]) -> None:
    """Import a drill from a file into this store."""
    from gameday.cli.drill import transfer  # noqa: PLC0415

    raise typer.Exit(transfer.import_(file))


@app.command(rich_help_panel=help_groups.WORKSPACE)
def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="The files to check. (default: the whole workspace)")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Fail on warnings, and report what preflight would refuse."),
    ] = False,
    imports: Annotated[
        bool,
        typer.Option(
            "--import", help="Import what the files name, where a policy allows it; this runs code."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Check scenarios, experiments, scorecards, playbooks and settings. Changes nothing, runs nothing."""
    from gameday.cli.workspace import validate as validating  # noqa: PLC0415

    raise typer.Exit(validating.validate(paths or [], json=json, strict=strict, imports=imports))


@app.command(rich_help_panel=help_groups.WORKSPACE)
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to create the workspace in.")] = Path(),
) -> None:
    """Create a workspace with the catalogue of scenarios, to copy and adapt."""
    from gameday.cli.workspace import init as workspace_init  # noqa: PLC0415

    raise typer.Exit(workspace_init.initialise(folder))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def serve(
    *,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT for /calendar.ics and /health, such as 127.0.0.1:8090.")
    ] = "",
) -> None:
    """Run scheduled drills until stopped. Stopping reverts the drills in progress."""
    from gameday.cli.daemon import serve as serving  # noqa: PLC0415

    raise typer.Exit(serving.main(listen=listen))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def worker(
    *,
    environment: Annotated[
        list[str] | None, typer.Option(help="An environment whose drills it runs; may be repeated.")
    ] = None,
    occurrence: Annotated[
        str, typer.Option(help="SCHEDULE@SECONDS: run this occurrence and exit.", hidden=True)
    ] = "",
) -> None:
    """Run the drills that `gameday serve` hands to this host, until stopped."""
    from gameday.cli.daemon import worker as working  # noqa: PLC0415

    raise typer.Exit(working.main(environment or [], occurrence=occurrence))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def calendar(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days to look ahead.")] = 30,
    ics: Annotated[bool, typer.Option("--ics", help="Print an iCalendar feed.")] = False,
    output_file: Annotated[Path | None, typer.Option("--output", help="Write the feed to a file.")] = None,
    url: Annotated[
        str,
        typer.Option(help="Print the subscription URL; give the daemon's address, http://HOST:8090."),
    ] = "",
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show scenarios and exact start times. Not for responders' eyes.")
    ] = False,
    json: Json = False,
) -> None:
    """Show upcoming drills and game days, also as an iCalendar feed. Participants see windows only."""
    from gameday.cli.schedule import calendar as showing  # noqa: PLC0415

    raise typer.Exit(showing.main(days=days, ics=ics, file=output_file, url=url, reveal=reveal, json=json))


@app.command(rich_help_panel=help_groups.GAME_DAYS)
def announce(
    channel: Annotated[str, typer.Argument(help="An integration of kind `apprise` in gameday.toml.")],
    text: Annotated[list[str], typer.Argument(help="The message.")],
) -> None:
    """Send a message to a channel."""
    from gameday.cli.shared import notify  # noqa: PLC0415

    raise typer.Exit(notify.main(channel, text))


@app.command(rich_help_panel=help_groups.WORKSPACE)
def doctor(json: Json = False) -> None:
    """Check this machine for what gameday needs, and explain how to get what is missing."""
    from gameday.cli.workspace import doctor as doctoring  # noqa: PLC0415

    raise typer.Exit(doctoring.main(json=json))


def _never() -> None:
    raise AssertionError("the fast path takes this command")


def command_line(word: str = "") -> typer.Typer:
    """Give the command line, with only what is needed where the first word names a command or a group.

    Typer reads the signature of every command that it knows, which takes longer than most commands.
    """
    line = copy.copy(app)
    line.registered_commands = [
        command
        for command in (*app.registered_commands, *_fast_path())
        if word in {"", _name(command)} or not _is_known(word)
    ]
    line.registered_groups = []
    for name, (module, heading, sentence) in help_groups.GROUPS.items():
        whole = word in {"", name}
        commands = import_module(module).app if whole else typer.Typer(help=sentence)
        line.add_typer(commands, name=name, help=sentence, rich_help_panel=heading)
    return line


def _fast_path() -> Iterator[CommandInfo]:
    """Give what `__main__` sends down the fast path before Typer is loaded: here for the help alone."""
    for heading, words in (
        (help_groups.TEAM, responder_commands.TEAM),
        (help_groups.FACILITATOR, responder_commands.FACILITATOR),
        (help_groups.STOP, responder_commands.STOP),
    ):
        for name, command in words.items():
            yield CommandInfo(
                name=name, callback=_never, help=command.help, add_help_option=False, rich_help_panel=heading
            )


def _is_known(word: str) -> bool:
    return word in help_groups.GROUPS or any(_name(command) == word for command in app.registered_commands)


def _name(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback else "")


def main() -> int:
    """Run the command line, explain what goes wrong, and give the exit code."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        return command_line(word)(standalone_mode=False) or 0
    except usage_errors.MISUSE as wrong:
        if asked := usage_errors.help_of(wrong):
            output.talk(*asked.split("\n"))
            return UsageError.exit_code
        return output.failed(usage_errors.explain(wrong), sys.argv)
    except GamedayError as error:
        return output.failed(error, sys.argv)
