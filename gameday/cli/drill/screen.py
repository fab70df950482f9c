"""Shows a drill in progress on stderr: a live screen on a terminal, plain lines elsewhere.

What is shown is worked out by `render.live`, which `gameday status` uses too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gameday.cli.shared import output
from gameday.core.facts import drill as ev
from gameday.core.values import Instant, format_duration
from gameday.render import live, table

FRAMES = 4
"""Redraws per second."""

_STYLES = {
    "good": "green",
    "bad": "bold red",
    "unknown": "dim",
    "firing": "bold red",
    "acknowledged": "yellow",
    "resolved": "green",
    "running": "bold",
    "over": "bold red",
    "stopped": "green",
    "unreached": "dim",
    "waiting": "dim",
}


class Screen:
    """Follows one drill. `viewer` gives the current view once the drill is planned, else None."""

    def __init__(self, viewer: Callable[[], live.LiveView | None], began: Instant) -> None:
        self._viewer = viewer
        self._began = began
        self._console = Console(stderr=True)
        self._live = output.drawable()

    def open(self) -> AbstractContextManager[object]:
        """Give the context in which the live screen is shown; it shows nothing without a terminal."""
        if not self._live:
            return nullcontext()
        return Live(
            console=self._console,
            get_renderable=self._draw,
            refresh_per_second=FRAMES,
            transient=True,
            redirect_stdout=False,
        )

    def show_events(self, events: Sequence[ev.Event]) -> None:
        """Print a line for each new fact that people care about; the live screen has its own."""
        if self._live:
            return
        for event in events:
            sentence = live.sentence(event)
            if sentence:
                output.talk(f"{format_duration(event.recorded_at - self._began):>12}  {sentence}")

    def _draw(self) -> RenderableType:
        view = self._viewer()
        return Text("preparing …") if view is None else draw(view)


def text(words: str, style: str = "") -> Text:
    """Make a text of words from outside, on one line and with nothing hidden in it."""
    return Text(table.clean(words), style=style)


def draw(view: live.LiveView) -> RenderableType:
    """Draw a live view for a terminal."""
    if not view.clocks:
        return _draw_outside(view)
    phase = view.phase.value if view.phase else "–"
    head = Text.assemble(
        (phase.upper(), "bold reverse"),
        f"  {format_duration(view.in_phase)}{_of(view.planned)}, {format_duration(view.elapsed)} in total",
        f"   fault {view.fault}",
    )
    who = f" · responder: {view.responder} (script)" if view.responder else ""
    parts: list[RenderableType] = [
        head,
        Columns([_clocks(view), _levels(view), _alerts(view)], padding=(0, 4)),
    ]
    if view.question is not None:
        parts.append(text(f"{view.question.text} {view.question.answers}", style="bold red"))
    if view.next:
        parts.append(text(view.next, style="italic"))
    parts.append(_latest(view))
    title = f"{view.title} · {view.environment}{who}"
    return Panel(Group(*parts), title=text(title), subtitle=text(view.drill), title_align="left")


def _of(planned: float | None) -> str:
    return "" if planned is None else f" of {format_duration(planned)}"


def _draw_outside(view: live.LiveView) -> RenderableType:
    """Draw what responders see of a drill in a game day."""
    parts: list[RenderableType] = [text(view.fault, style="dim"), _alerts(view), _latest(view)]
    title = f"{view.title} · {view.environment}"
    return Panel(Group(*parts), title=text(title), subtitle=text(view.drill), title_align="left")


def _grid(head: str, rows: Sequence[tuple[str, str, str]]) -> Table:
    grid = Table(
        title=head,
        title_justify="left",
        title_style="bold",
        box=None,
        show_header=False,
        min_width=len(head),  # else the title of an empty grid wraps
    )
    grid.add_column()
    grid.add_column()
    for name, state, figure in rows or [("–", "unknown", "")]:
        grid.add_row(text(name), text(figure, style=_STYLES.get(state, "")))
    return grid


def _clocks(view: live.LiveView) -> Table:
    rows = [(clock.name, clock.state, _clock(clock)) for clock in view.clocks]
    return _grid(f"Clocks, from {view.since}", rows)


def _clock(clock: live.Clock) -> str:
    state = "not reached" if clock.state == "unreached" else clock.state
    return clock.text if clock.state == "waiting" else f"{clock.text} ({state})"


def _levels(view: live.LiveView) -> Table:
    head = "Users are affected now" if view.affected else "Users"
    return _grid(head, [(level.slo, level.state, level.text) for level in view.levels])


def _alerts(view: live.LiveView) -> Table:
    rows = [(a.alert, a.state, f"{a.state} {format_duration(a.since)}") for a in view.alerts]
    tripped = [(g.guardrail, "bad" if g.tripped else "good", g.tripped or "holds") for g in view.guardrails]
    return _grid("Alerts and guardrails", rows + tripped)


def _latest(view: live.LiveView) -> Table:
    grid = Table(title="Latest", title_justify="left", title_style="bold", box=None, show_header=False)
    for _ in range(3):
        grid.add_column()
    for line in view.latest:
        grid.add_row(text(line.clock, style="dim"), text(line.offset), text(line.text))
    return grid


def show(views: Sequence[live.LiveView]) -> None:
    """Print views once, on stdout, for `gameday status`."""
    console = Console()  # 80 columns wide where it is piped; longer lines wrap
    for view in views:
        console.print(draw(view))
