"""The impact chart: one SVG of what users experienced, when the fault was in force, and the milestones.

The SVG stands alone or within a page, in light and dark, and reads without colour: panels, hatching, words.
Good and bad are decided by `core.judging.series`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History, counted_instant
from gameday.core.judging.milestones import Milestone
from gameday.core.judging.result import Result
from gameday.core.plans.scenario import Slo
from gameday.core.postmortem import narrative, sentences
from gameday.core.values import Instant, MilestoneName, Phase, format_duration
from gameday.render import drawing, plotting, words
from gameday.render.drawing import Frame, Panel
from gameday.render.plotting import Plotted

WIDE, NARROW = 960, 420
"""Widths of the two charts that a page holds, in its own pixels."""
_GAP = 34.0
_SAME = 1.5
"""Pixels within which milestones share a label."""
_ROOM = 8
"""Characters that the time after a milestone's name takes."""

_STYLE = """
.gdc{--ink:#1c2430;--soft:#5a6675;--faint:#c9d0d9;--grid:#e6eaef;--paper:#fff;--line:#0b6e8a;
--late:#6a3fb5;--rate:#8492a3;--affected:#b32d24;--affected-fill:#c2342a16;--fault:#a84c07;--strip:#f1f4f7;
font:12px/1.3 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
background:var(--paper)}
@media screen and (prefers-color-scheme:dark){.gdc{--ink:#e8ecf1;--soft:#a3aebb;--faint:#465160;
--grid:#28313d;--paper:#12171e;--line:#4cc3e0;--late:#b79aff;--rate:#7f8c9c;--affected:#ff8a7d;
--affected-fill:#ff8a7d1c;--fault:#f0a35e;--strip:#1b222c}}
.gdc text{fill:var(--ink)}.gdc .s{fill:var(--soft);font-size:11px}.gdc .h{font-weight:600}
.gdc .g{stroke:var(--grid)}.gdc .a{stroke:var(--faint)}
.gdc .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.gdc .d{stroke:var(--soft);stroke-dasharray:4 3;fill:none}
.gdc .good{stroke:var(--line);stroke-width:1.75;fill:none}
.gdc .late{stroke:var(--late);stroke-width:1.75;fill:none}.gdc .rate{fill:var(--rate);opacity:.45}
.gdc .affected{fill:var(--affected-fill)}.gdc .at{fill:var(--affected);font-weight:600}
.gdc .m{stroke:var(--ink);opacity:.42}.gdc .dot{fill:var(--ink)}
.gdc .strip{fill:var(--strip);stroke:var(--faint)}
.gdc .fb{stroke:var(--fault)}.gdc .ft{fill:var(--fault);font-weight:600;font-size:11px}
"""


def impact(history: History, result: Result, *, width: int = WIDE) -> str:
    """Draw the chart of the SLO that was affected most, as SVG text."""
    slo = _slo(history, result)
    frame = _frame(history, result, width)
    plotted = _within(plotting.points(slo, history.load, int(frame.room)), frame) if slo else Plotted()
    labels = plotting.place(_marks(result, frame), frame.edge + 4, drawing.CHARACTER)
    top = drawing.TOP + 6 + drawing.LANE * (max((label.lane for label in labels), default=-1) + 1)
    strips_end = top + 2 * drawing.STRIP
    panels = _panels(slo, plotted, strips_end + 30, narrow=width < WIDE) if slo else ()
    bottom = panels[-1].bottom if panels else strips_end + 20
    body = [
        *drawing.affected(result, frame, panels),
        *(line for panel in panels for line in drawing.grid(panel, frame)),
        *drawing.lines(labels, bottom),
        *drawing.phases(history, frame, top),
        *drawing.fault(history, frame, top + drawing.STRIP),
        *(_shown(slo, plotted, panels, frame, result) if slo and panels else _nothing(frame, bottom)),
        *drawing.axis(frame, bottom),
        *drawing.flags(labels),
    ]
    return _svg(body, width, bottom + 42, _words(history, result, slo, plotted), frame.pattern)


def _shown(slo: Slo, plotted: Plotted, panels: Sequence[Panel], frame: Frame, result: Result) -> list[str]:
    return [
        *drawing.curves(plotted, panels, frame),
        *drawing.thresholds(slo, panels, frame),
        *drawing.titles(panels, frame),
        *drawing.affected_label(result, frame, panels[0]),
    ]


def _nothing(frame: Frame, bottom: float) -> list[str]:
    middle = (frame.left + frame.edge) / 2
    return [drawing.text(middle, bottom - 4, "No load was observed.", "s", "middle")]


def _slo(history: History, result: Result) -> Slo | None:
    slos = [slo for slo in history.plan.scenario.slos if slo.source == "load"]
    return next((slo for slo in slos if slo.slo == result.impact.worst_slo), slos[0] if slos else None)


def _reached(result: Result) -> list[tuple[Milestone, Instant]]:
    milestones = (result.milestones.by_name.get(name) for name in MilestoneName)
    reached = [(each, each.at) for each in milestones if each is not None and each.at is not None]
    return sorted(reached, key=lambda pair: pair[1])


def _within(plotted: Plotted, frame: Frame) -> Plotted:
    return replace(plotted, points=tuple(p for p in plotted.points if frame.start <= p.start < frame.end))


def _frame(history: History, result: Result, width: int) -> Frame:
    """Span from the first load or phase to the drill's close, or to the last sample while it is open."""
    known = [at for _, at in _reached(result)]
    known += [p.at for p in history.each(ev.PhaseEntered) if p.fact.phase is not Phase.PREFLIGHT]
    known += [started.at for started in history.each(ev.LoadStarted)]
    start = min(known, default=counted_instant(history.events[0]))
    closed = history.first(ev.DrillClosed)
    end = max((*known, closed.at if closed else Instant(history.load.until), start + 1.0))
    return Frame(
        width=width,
        start=start,
        end=Instant(end),
        zero=_zero(result, start),
        since="the fault" if _injected(result) is not None else "the start",
        # With the width: a page holds two charts, and ids must be unique in it.
        pattern=f"gdc-hatch-{width}",
    )


def _injected(result: Result) -> Instant | None:
    injected = result.milestones.by_name.get(MilestoneName.FAULT_INJECTED)
    return injected.at if injected else None


def _zero(result: Result, start: Instant) -> Instant:
    injected = _injected(result)
    return start if injected is None else injected


def _panels(slo: Slo, plotted: Plotted, top: float, *, narrow: bool) -> tuple[Panel, ...]:
    if not plotted.points:
        return ()
    slowest = max((p.p95 for p in plotted.points if p.p95 is not None), default=0.0)
    limit = (slo.latency or 0.0) * 1000
    busiest = max(p.rate for p in plotted.points)
    good = Panel(title=_good_title(slo, narrow=narrow), top=top, height=110, most=1.0, scale=100.0)
    late = Panel(
        title="95th percentile, ms" if narrow else "95th percentile of response times, ms",
        top=good.bottom + _GAP,
        height=100,
        most=plotting.ceiling(max(slowest, limit) * 1.04),
    )
    rate_top = late.bottom + _GAP
    return good, late, Panel(title="Requests/s", top=rate_top, height=44, most=plotting.ceiling(busiest))


def _good_title(slo: Slo, *, narrow: bool) -> str:
    request = "" if slo.request == "*" else f" of {slo.request}"
    promise = f" within {slo.latency * 1000:g} ms" if slo.latency is not None else " without failure"
    return f"Good requests, %{request}" + ("" if narrow else promise)


def _marks(result: Result, frame: Frame) -> list[tuple[float, str]]:
    """Join milestones that fall on one pixel into one label, unless it would fit on neither side."""
    marks: list[tuple[float, list[str], float]] = []
    longest = (frame.edge - frame.left) / 2 / drawing.CHARACTER - _ROOM
    for milestone, at in _reached(result):
        x, name = frame.x(at), sentences.milestone(milestone.name)
        together = len(", ".join([*marks[-1][1], name])) if marks else 0
        if marks and x - marks[-1][0] <= _SAME and together <= longest:
            marks[-1][1].append(name)
        else:
            marks.append((x, [name], at - frame.zero))
    return [(x, f"{', '.join(names).capitalize()}{_after(after)}") for x, names, after in marks]


def _after(seconds: float) -> str:
    return f" {words.offset(seconds)}" if seconds else ""


def _words(history: History, result: Result, slo: Slo | None, plotted: Plotted) -> tuple[str, str]:
    """Give title and description for those who can't see the chart."""
    title = f"Impact on users in the drill of {history.plan.scenario.title}"
    if slo is None or not plotted.points:
        return title, "No load was observed."
    text = [f"Over time: good requests in percent, response times and requests per second of {slo.slo}."]
    if result.impact.started:
        worst, lasted = words.share(result.impact.worst_good), format_duration(result.impact.seconds)
        text.append(f"Users were affected for {lasted}; at worst {worst} of the requests were good.")
    else:
        text.append(narrative.impact_summary(result.impact))
    zero = _zero(result, Instant(0.0))
    text.extend(
        f"{sentences.milestone(milestone.name).capitalize()} {words.offset(at - zero)}."
        for milestone, at in _reached(result)
        if zero
    )
    return title, " ".join(text)


def _svg(body: Sequence[str], width: int, height: float, texts: tuple[str, str], pattern: str) -> str:
    title, description = (escape(words.legal(text)) for text in texts)
    name = f"gdc-{width}"
    hatch = '<line class="fb" x1="0" x2="0" y1="0" y2="6" stroke-width="2" opacity=".5"/>'
    tile = 'width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"'
    size = f'viewBox="0 0 {width} {height:g}" width="100%"'
    label = f'role="img" aria-labelledby="{name}-t {name}-d"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="gdc" {size} {label}>',
            f'<title id="{name}-t">{title}</title>',
            f'<desc id="{name}-d">{description}</desc>',
            f"<style>{_STYLE}</style>",
            f'<defs><pattern id="{pattern}" {tile}>{hatch}</pattern></defs>',
            *body,
            "</svg>\n",
        )
    )
