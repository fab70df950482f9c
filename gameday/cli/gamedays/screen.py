"""The facilitator's screen: the state of the game day, and below it the drill in progress.

It runs in the facilitator's terminal, so it shows what responders must not see. Without a terminal, whoever
conducts the game day writes lines instead.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gameday.cli.drill import screen
from gameday.cli.gamedays import show
from gameday.cli.shared import output
from gameday.core.gamedays.state import GameDayState
from gameday.render import live

Viewer = Callable[[], tuple[GameDayState | None, live.LiveView | None]]


def open_(viewer: Viewer) -> AbstractContextManager[object] | None:
    """Give the context in which the screen is shown; None without a terminal."""
    if not output.drawable():
        return None
    return Live(
        console=Console(stderr=True),
        get_renderable=lambda: draw(*viewer()),
        refresh_per_second=screen.FRAMES,
        transient=True,
        redirect_stdout=False,
    )


def draw(state: GameDayState | None, drill: live.LiveView | None) -> RenderableType:
    """Draw the game day and its drill."""
    parts: list[RenderableType] = []
    if state is not None:
        parts.append(_game_day(state))
    if drill is not None:
        parts.append(screen.draw(drill))
    return Group(*parts) if parts else Text("preparing …")


def _game_day(state: GameDayState) -> Panel:
    rows = show.agenda(state, insider=True)
    grid = Table(box=None, show_header=True, header_style="bold", pad_edge=False)
    for head in rows.head:
        grid.add_column(head)
    for row in rows.rows:
        grid.add_row(*(screen.text(cell) for cell in row))
    stage = screen.text(show.stage_words(state), style="bold")
    title = screen.text(f"{state.plan.title} · {state.plan.environment}")
    return Panel(Group(stage, grid), title=title, subtitle=Text(state.game_day), title_align="left")
