"""`gameday plan`: game days, conducted and not fired.

Comes in: words. Goes out: what `cli.gamedays.check`, `show`, `start`, `control` and `hot_wash` make of
them. Does not: do anything itself, so that `gameday --help` imports none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gameday.cli.shared import help_groups
from gameday.cli.shared.options import Json, Yes, takes_drill_options
from gameday.conduct.drill.options import DrillOptions

app = typer.Typer(
    help="Game days: check, show and conduct a plan of several scenarios.",
    cls=help_groups.Commands,
    no_args_is_help=True,
)

As = Annotated[
    str, typer.Option("--as", help="Who you are, as the plan names you; else GAMEDAY_ACTOR or your login.")
]
Day = Annotated[str, typer.Option("--game-day", help="Its id; needed when several are open.")]
Why = Annotated[list[str] | None, typer.Argument(help="Why, for the record.")]
Plan = Annotated[Path, typer.Argument(help="The plan: scenarios/NAME.gameday.yaml.")]
Now = Annotated[bool, typer.Option("--now", help="Whatever date the plan says.")]


@app.command()
def check(plan: Plan, *, now: Now = False, as_: As = "", json: Json = False) -> None:
    """Check a plan: files, date, other plans and schedules, approvals, prerequisites. Opens nothing."""
    from gameday.cli.gamedays import check as gamedays_check  # noqa: PLC0415  # what a command needs is loaded when it runs

    raise typer.Exit(gamedays_check.main(plan, anytime=now, who=as_, json=json))


@app.command()
def show(
    plan: Annotated[
        str, typer.Argument(help="A plan's file, or a game day's id; else the one that is open, or the last.")
    ] = "",
    *,
    injects: Annotated[
        bool, typer.Option("--injects", help="The message-event list (facilitators and observers).")
    ] = False,
    as_: As = "",
    json: Json = False,
) -> None:
    """Show a plan, or where a game day stands: to responders only what is announced."""
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
    """Conduct a game day from this terminal, or take up the one whose terminal died."""
    from gameday.cli.gamedays import start as gamedays_start  # noqa: PLC0415

    options = gamedays_start.Options(
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
    waive: Annotated[str, typer.Option(help="Go on although it has not settled; why, for the record.")] = "",
    game_day: Day = "",
    as_: As = "",
) -> None:
    """Give the go: the next scenario starts, or the break ends."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.go(waive=waive, game_day=game_day, who=as_))


@app.command()
def skip(why: Why = None, *, game_day: Day = "", as_: As = "") -> None:
    """Leave out what would come next."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.skip(" ".join(why or ()), game_day=game_day, who=as_))


@app.command()
def repeat(
    item: Annotated[int, typer.Argument(help="The item's number; 0: the last scenario that ended.")] = 0,
    *,
    why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    game_day: Day = "",
    as_: As = "",
) -> None:
    """Put a scenario on the agenda once more; it comes next, at a go."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.repeat(item, why, game_day=game_day, who=as_))


@app.command()
def pause(why: Why = None, *, game_day: Day = "", as_: As = "") -> None:
    """Let nothing further begin; a drill that is on goes on."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.pause(" ".join(why or ()), game_day=game_day, who=as_))


@app.command()
def resume(*, game_day: Day = "", as_: As = "") -> None:
    """Go on after a pause."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.resume(game_day=game_day, who=as_))


@app.command()
def extend(
    duration: Annotated[str, typer.Argument(help="How much longer: 10m.")],
    *,
    game_day: Day = "",
    as_: As = "",
) -> None:
    """Lengthen what is on: the break, the response of the drill, the time to settle."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.extend(duration, game_day=game_day, who=as_))


@app.command()
def end(*, game_day: Day = "", as_: As = "") -> None:
    """End the game day. A drill that is on ends its response, is reverted and judged."""
    from gameday.cli.gamedays import control  # noqa: PLC0415

    raise typer.Exit(control.end(game_day=game_day, who=as_))


@app.command(name="hot-wash")
def hot_wash(
    game_day: Annotated[str, typer.Argument(help="Its id; else the last.")] = "",
    *,
    answer: Annotated[list[str] | None, typer.Option(help="QUESTION=TEXT; without any, asks each.")] = None,
    action: Annotated[
        list[str] | None, typer.Option(help="Work that is taken on: TEXT[;OWNER[;DUE]].")
    ] = None,
    by: Annotated[str, typer.Option(help="Who writes it down.")] = "",
) -> None:
    """Answer the hot wash's questions, each if you like, and take on work. Writes the report anew."""
    from gameday.cli.gamedays import hot_wash as gamedays_hot_wash  # noqa: PLC0415

    raise typer.Exit(gamedays_hot_wash.main(game_day, answers=answer or [], actions=action or [], by=by))


@app.command()
def report(
    game_day: Annotated[str, typer.Argument(help="Its id; else the last.")] = "",
    *,
    html: Annotated[bool, typer.Option("--html", help="Print the page instead of Markdown.")] = False,
) -> None:
    """Write a game day's report again, over all its drills, and print it."""
    from gameday.cli.gamedays import hot_wash as gamedays_hot_wash  # noqa: PLC0415

    raise typer.Exit(gamedays_hot_wash.report(game_day, html=html))
