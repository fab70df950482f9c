"""The facilitator's screen: where the game day stands, and below it the drill that is on.

Comes in: a way to ask for both. Goes out: a live picture on a terminal; None where there is none, and
lines are written instead. Does not: show itself to responders: it runs in the facilitator's terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gameday.cli.drill import screen
from gameday.cli.gamedays import show
from gameday.core.gamedays.state import GameDayState
from gameday.render import live

Viewer = Callable[[], tuple[GameDayState | None, live.LiveView | None]]


def open_(viewer: Viewer) -> AbstractContextManager[object] | None:
    """Give the context in which the picture is shown; None without a terminal."""
    if not sys.stderr.isatty():
        return None
    return Live(
        console=Console(stderr=True),
        get_renderable=lambda: draw(*viewer()),
        refresh_per_second=screen.FRAMES,
        transient=True,
        redirect_stdout=False,
    )


def draw(standing: GameDayState | None, drill: live.LiveView | None) -> RenderableType:
    """Draw the day and its drill."""
    parts: list[RenderableType] = []
    if standing is not None:
        parts.append(_day(standing))
    if drill is not None:
        parts.append(screen.draw(drill))
    return Group(*parts) if parts else Text("preparing …")


def _day(standing: GameDayState) -> Panel:
    rows = show.agenda(standing, insider=True)
    grid = Table(box=None, show_header=True, header_style="bold", pad_edge=False)
    for head in rows.head:
        grid.add_column(head)
    for row in rows.rows:
        grid.add_row(*(Text(cell) for cell in row))
    now = Text(show.stage_words(standing), style="bold")
    title = Text(f"{standing.plan.title} · {standing.plan.environment}")
    return Panel(Group(now, grid), title=title, subtitle=Text(standing.game_day), title_align="left")
