"""`gameday plan`: the commands for game days.

Each command imports the module that does the work when it runs, so that `gameday --help` imports none of
them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gameday.cli.shared import help_groups
from gameday.cli.shared.flags import Json, Yes, takes_drill_options

if TYPE_CHECKING:
    from gameday.conduct.drill.options import DrillOptions

app = typer.Typer(cls=help_groups.Commands, no_args_is_help=True)

As = Annotated[
    str,
    typer.Option("--by", "--as", help="Your name in the plan. (default: GAMEDAY_ACTOR, else your login)"),
]
Day = Annotated[
    str, typer.Option("--game-day", help="The game day's id; needed when several are in progress.")
]
Why = Annotated[list[str] | None, typer.Argument(help="The reason, for the record.")]
Plan = Annotated[Path, typer.Argument(help="The plan, such as scenarios/NAME.gameday.yaml.")]
Now = Annotated[bool, typer.Option("--now", help="Ignore the date in the plan.")]


@app.command()
def check(plan: Plan, *, now: Now = False, as_: As = "", json: Json = False) -> None:
    """Check a plan: files, date, conflicts, approvals, prerequisites. Starts nothing."""
    from gameday.cli.gamedays import check as gamedays_check  # noqa: PLC0415  # what a command needs is loaded when it runs

    raise typer.Exit(gamedays_check.main(plan, anytime=now, who=as_, json=json))


@app.command()
def show(
    plan: Annotated[
        str,
        typer.Argument(
            help="A plan's file, or a game day's id. (default: the one in progress, else the last)"
        ),
    ] = "",
    *,
    injects: Annotated[
        bool, typer.Option("--injects", help="Show the message-event list (facilitators and observers only).")
    ] = False,
    as_: As = "",
    json: Json = False,
) -> None:
    """Show a plan, or the state of a game day. Responders see only what is announced."""
    from gameday.cli.gamedays import show as gamedays_show  # noqa: PLC0415

    raise typer.Exit(gamedays_show.main(plan, injects=injects, who=as_, json=json))


@app.command()
@takes_drill_options
def start(
    plan: Plan,
    *,
    now: Now = False,
    as_: As = "",
    yes: Yes = False,
    json: Json = False,
    drill: DrillOptions,
) -> None:
    """Conduct a game day from this terminal, or resume one whose terminal died."""
    from gameday.cli.gamedays import start as gamedays_start  # noqa: PLC0415

    options = gamedays_start.StartOptions(
        plan=plan,
        anytime=now,
        who=as_,
        yes=yes,
        json=json,
        drill=drill,
    )
    raise typer.Exit(gamedays_start.main(options))


@app.command(name="next")
def next_(
    *,
    waive: Annotated[
        str,
        typer.Option(help="Continue although the environment has not settled; the reason, for the record."),
    ] = "",
    game_day: Day = "",
    as_: As = "",
) -> None:
    """Give the go: the next scenario starts, or the break ends."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.go(waive=waive, game_day=game_day, who=as_))


@app.command()
def skip(why: Why = None, *, game_day: Day = "", as_: As = "") -> None:
    """Skip the next item."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.skip(" ".join(why or ()), game_day=game_day, who=as_))


@app.command()
def repeat(
    item: Annotated[int, typer.Argument(help="The item's number; 0 for the last scenario that ended.")] = 0,
    *,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    game_day: Day = "",
    as_: As = "",
) -> None:
    """Put a scenario on the agenda again. It comes next, at the facilitator's go."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.repeat(item, why, game_day=game_day, who=as_))


@app.command()
def pause(why: Why = None, *, game_day: Day = "", as_: As = "") -> None:
    """Pause the game day: nothing new starts; a drill in progress continues."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.pause(" ".join(why or ()), game_day=game_day, who=as_))


@app.command()
def resume(*, game_day: Day = "", as_: As = "") -> None:
    """Resume the game day after a pause."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.resume(game_day=game_day, who=as_))


@app.command()
def extend(
    duration: Annotated[str, typer.Argument(help="How much longer, such as 10m.")],
    *,
    game_day: Day = "",
    as_: As = "",
) -> None:
    """Extend what is in progress: the break, the response, or the time to settle."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.extend(duration, game_day=game_day, who=as_))


@app.command()
def end(*, game_day: Day = "", as_: As = "") -> None:
    """End the game day. A drill in progress ends its response, is reverted and judged."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.end(game_day=game_day, who=as_))


@app.command(name="hot-wash")
def hot_wash(
    game_day: Annotated[str, typer.Argument(help="The game day's id. (default: the last)")] = "",
    *,
    answer: Annotated[
        list[str] | None,
        typer.Option(help="QUESTION=TEXT; may be repeated. (default: each question is asked)"),
    ] = None,
    action: Annotated[
        list[str] | None, typer.Option(help="An action item: TEXT[;OWNER[;DUE]]; may be repeated.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", "--as", help="Who records it. (default: GAMEDAY_ACTOR, else your login)")
    ] = "",
) -> None:
    """Answer the hot wash questions, and add action items. Updates the report."""
    from gameday.cli.gamedays import hot_wash as gamedays_hot_wash  # noqa: PLC0415

    raise typer.Exit(gamedays_hot_wash.main(game_day, answers=answer or [], actions=action or [], by=by))


@app.command()
def report(
    game_day: Annotated[str, typer.Argument(help="The game day's id. (default: the last)")] = "",
    *,
    html: Annotated[bool, typer.Option("--html", help="Print HTML instead of Markdown.")] = False,
) -> None:
    """Write a game day's report again, over all its drills, and print it."""
    from gameday.cli.gamedays import hot_wash as gamedays_hot_wash  # noqa: PLC0415

    raise typer.Exit(gamedays_hot_wash.report(game_day, html=html))
