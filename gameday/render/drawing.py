"""The parts of the impact chart as SVG elements: strips, panels, curves, labels.

A frame gives the geometry; `render.chart` chooses what to show. Everything from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant, Phase, format_duration
from gameday.render import plotting, words
from gameday.render.plotting import Label, Plotted, Point

LANE, STRIP, TOP = 17.0, 18.0, 10.0
"""Heights of a lane of labels and of a strip; room above the first lane."""
CHARACTER = 6.1
"""Mean width of a character."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The geometry of the chart. Instants become x; times count from `zero`, which `since` names."""

    width: float
    left: float = 50.0
    right: float = 14.0
    start: Instant
    end: Instant
    zero: Instant
    since: str
    pattern: str

    @property
    def room(self) -> float:
        """Give the width of the panels."""
        return self.width - self.left - self.right

    @property
    def edge(self) -> float:
        """Give the x of the panels' right edge."""
        return self.width - self.right

    def x(self, at: float) -> float:
        """Find the x of an instant, kept within the panels."""
        share = (at - self.start) / max(self.end - self.start, 1e-6)
        return round(self.left + self.room * min(1.0, max(0.0, share)), 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One panel: a title, a top, a height, the value at its top, and how values are written."""

    title: str
    top: float
    height: float
    most: float
    scale: float = 1.0

    @property
    def bottom(self) -> float:
        """Give the y of its zero line."""
        return self.top + self.height

    def y(self, value: float) -> float:
        """Find the y of a value, kept within the panel."""
        return round(self.top + self.height * (1.0 - min(1.0, max(0.0, value / self.most))), 1)


def text(x: float, y: float, content: str, kind: str, anchor: str = "start") -> str:
    """Write a text element."""
    # Escaping is not enough: XML forbids most control characters, even as references.
    escaped = escape(words.legal(content))
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped}</text>'


def box(kind: str, low: float, high: float, top: float, height: float, *, more: str = "") -> str:
    """Draw a rectangle from x to x."""
    # Never nothing: what was shorter than a pixel happened, too.
    wide = max(0.5, high - low)
    return (
        f'<rect class="{kind}" x="{low:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{height:.1f}"{more}/>'
    )


def upright(kind: str, x: float, top: float, bottom: float) -> str:
    """Draw a vertical line."""
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def affected(result: Result, frame: Frame, panels: Sequence[Panel]) -> Iterator[str]:
    """Shade the bad stretches of the SLO that is shown."""
    # Of one SLO only: the panels show its curve, and others' stretches would not fit it.
    for slo in result.impact.slos:
        for stretch in slo.stretches if slo.slo == result.impact.worst_slo else ():
            low, high = frame.x(stretch.start.at), frame.x(stretch.end.at if stretch.end else frame.end)
            for panel in panels:
                yield box("affected", low, high, panel.top, panel.height)


def affected_label(result: Result, frame: Frame, panel: Panel) -> Iterator[str]:
    """Write at the onset for how long users were affected."""
    if result.impact.started is None:
        return
    label = f"users affected {format_duration(result.impact.seconds)}"
    x = frame.x(result.impact.started.at)
    # SVG doesn't wrap or clip: what has no room on the right is written from the edge leftwards.
    if x + len(label) * CHARACTER > frame.edge:
        yield text(frame.edge - 4, panel.top + 28, label, "at halo", "end")
    else:
        yield text(x + 6, panel.top + 16, label, "at halo")


def phases(history: History, frame: Frame, top: float) -> Iterator[str]:
    """Draw the strip of phases, each with its name where there is room."""
    entered = [p for p in history.each(ev.PhaseEntered) if p.fact.phase not in (Phase.PREFLIGHT, Phase.CLOSE)]
    ends = [*(p.at for p in entered[1:]), frame.end]
    for phase, end in zip(entered, ends, strict=False):
        low, high, name = frame.x(phase.at), frame.x(end), str(phase.fact.phase)
        yield box("strip", low, high, top, STRIP - 3)
        if high - low > len(name) * CHARACTER + 4:
            yield text((low + high) / 2, top + 11.5, name, "s", "middle")


def fault(history: History, frame: Frame, top: float) -> Iterator[str]:
    """Draw when the fault was in force, as far as the history can tell.

    What the response undid was in force at most up to its action; the probe that found it undone is the
    only certain bound.
    """
    injected = history.first(ev.FaultInjected)
    if injected is None:
        return
    reverted = tuple(history.each(ev.FaultReverted))
    end = max((revert.at for revert in reverted), default=None)
    most = "at most " if any(revert.fact.how == "already-undone" for revert in reverted) else ""
    lasted = "to the end" if end is None else most + format_duration(end - injected.at)
    low, high = frame.x(injected.at), frame.x(frame.end if end is None else end)
    label = f"fault in force {lasted}"
    yield box("fb", low, high, top, STRIP - 3, more=f' fill="url(#{frame.pattern})"')
    if high - low > len(label) * CHARACTER + 8:
        yield text((low + high) / 2, top + 11.5, label, "ft halo", "middle")
    elif high + len(label) * CHARACTER + 10 < frame.edge:
        yield text(high + 6, top + 11.5, label, "ft halo")
    elif low > len(label) * CHARACTER + 10:
        yield text(low - 6, top + 11.5, label, "ft halo", "end")
    else:
        yield text((low + high) / 2, top + 11.5, lasted, "ft halo", "middle")


def grid(panel: Panel, frame: Frame) -> Iterator[str]:
    """Draw a panel's lines and the figures at their left."""
    for share in (0.0, 0.5, 1.0):
        y = panel.y(panel.most * share)
        kind = "g" if share else "a"
        yield f'<line class="{kind}" x1="{frame.left:g}" x2="{frame.edge:g}" y1="{y}" y2="{y}"/>'
        yield text(frame.left - 6, y + 4, f"{panel.most * share * panel.scale:,.6g}", "s", "end")


def titles(panels: Sequence[Panel], frame: Frame) -> Iterator[str]:
    """Write the panels' titles."""
    for panel in panels:
        yield text(frame.left, panel.top - 9, panel.title, "h halo")


def curves(plotted: Plotted, panels: Sequence[Panel], frame: Frame) -> Iterator[str]:
    """Draw good fraction and response times as steps with gaps, and the rate as an area."""
    good, late, rate = panels
    for path in _paths(plotted.points, lambda p: p.good, good, frame):
        yield f'<path class="good" d="{path}"/>'
    for path in _paths(plotted.points, lambda p: p.p95, late, frame):
        yield f'<path class="late" d="{path}"/>'
    bars = "".join(
        f"M{frame.x(p.start)} {rate.bottom:g}V{rate.y(p.rate)}H{frame.x(p.end)}V{rate.bottom:g}Z"
        for p in plotted.points
        if p.rate
    )
    yield f'<path class="rate" d="{bars}"/>'


def thresholds(slo: Slo, panels: Sequence[Panel], frame: Frame) -> Iterator[str]:
    """Draw what was promised: the objective, and the response time."""
    good, late, _ = panels
    y = good.y(slo.objective)
    yield f'<path class="d" d="M{frame.left:g} {y}H{frame.edge:g}"/>'
    yield text(frame.edge - 4, y + 14, f"objective {slo.objective * 100:g} %", "s halo", "end")
    if slo.latency is not None:
        y = late.y(slo.latency * 1000)
        yield f'<path class="d" d="M{frame.left:g} {y}H{frame.edge:g}"/>'
        yield text(frame.edge - 4, y - 5, f"{slo.latency * 1000:g} ms", "s halo", "end")


def _paths(
    points: Sequence[Point], value: Callable[[Point], float | None], panel: Panel, frame: Frame
) -> Iterator[str]:
    path = ""
    for point in points:
        y = value(point)
        if y is not None:
            path += f"{'V' if path else f'M{frame.x(point.start)} '}{panel.y(y)}H{frame.x(point.end)}"
        elif path:
            yield path
            path = ""
    if path:
        yield path


def axis(frame: Frame, bottom: float) -> Iterator[str]:
    """Draw the axis of time since the fault."""
    low, high = frame.start - frame.zero, frame.end - frame.zero
    for seconds in plotting.ticks(low, high, max(3, int(frame.room // 75))):
        x = frame.x(frame.zero + seconds)
        anchor = "end" if x > frame.edge - 16 else "start" if x < frame.left + 16 else "middle"
        yield upright("a", x, bottom, bottom + 5)
        yield text(x, bottom + 18, plotting.tick_label(seconds), "s", anchor)
    yield text(frame.left, bottom + 35, f"since {frame.since} at {words.clock(frame.zero)} UTC", "s")


def lines(labels: Sequence[Label], bottom: float) -> Iterator[str]:
    """Draw the milestones' lines, below everything that is written."""
    for label in labels:
        yield upright("m", label.x, TOP + label.lane * LANE + 7, bottom)


def flags(labels: Sequence[Label]) -> Iterator[str]:
    """Write the milestones' labels."""
    for label in labels:
        y = TOP + label.lane * LANE + 11
        x, anchor = (label.x - 6, "end") if label.left else (label.x + 6, "start")
        yield f'<circle class="dot" cx="{label.x}" cy="{y - 4:g}" r="2.5"/>'
        yield text(x, y, label.text, "halo", anchor)
