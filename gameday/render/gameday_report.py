"""The report of a game day, in Markdown and as one HTML file that opens offline.

An equal report gives the same bytes. Words from outside never act as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from jinja2 import Template

from gameday.core.gamedays.message_event_list import PlannedInject
from gameday.core.gamedays.report import Action, DrillLine, Report
from gameday.core.postmortem import Chain
from gameday.render import pages, words
from gameday.render.markdown import document, escape, table


def markdown(report: Report) -> str:
    """Write the whole report."""
    sections = {
        "objectives": _objectives(report),
        "findings": _findings(report),
        "plan": _plan(report.actions),
        "wash": _hot_wash(report),
        "msel": _timetable(report.timetable),
        "record": _record(report),
        "patches": _patches(report.drills),
    }
    return document(_head(report), words.GAME_DAY_SECTIONS, sections)


def html(report: Report) -> str:
    """Write the page."""
    return _template().render(report=report)


@cache
def _template() -> Template:
    return pages.template("gameday.html", score=score, state=state, verdict=verdict)


def score(line: DrillLine) -> str:
    """Write a drill's points."""
    if line.postmortem is None or line.postmortem.score.points is None:
        return words.NONE
    card = line.postmortem.score
    return f"{words.points(card.points)} of {card.of:g}"


def verdict(chain: Chain) -> str:
    """Write one objective's verdict with its figures."""
    if not chain.applies:
        return words.taken(chain)
    return f"{words.verdict(chain)}: {words.taken(chain)} of {words.duration(chain.objective)}"


def state(line: PlannedInject) -> str:
    """Write what became of an inject."""
    when = f" {words.clock(line.at)}" if line.at is not None else ""
    return f"{line.state}{when}{f' ({line.why})' if line.why else ''}"


def _head(report: Report) -> Iterator[str]:
    yield f"# Game day: {escape(report.title)}"
    yield ""
    if report.description:
        yield escape(report.description)
        yield ""
    lasted = words.NONE if report.ended is None else words.duration(report.ended - report.began)
    rows = [
        ("Game day", f"{escape(report.game_day)} on {escape(report.environment)}"),
        ("When", f"{words.minute(report.began)}, for {lasted}"),
        ("Ended", escape(report.why) or "still open"),
        ("Roles", escape(", ".join(report.roles)) or "no people"),
        ("Stayed away", escape("; ".join(report.absent))),
        ("Announced", report.announcement),
        ("Objectives", f"{report.met} met, {report.missed} missed, {report.unknown} unknown"),
    ]
    yield from table(("", ""), rows)
    yield ""
    yield "All times are UTC. Teams and systems are judged here, never people."


def _objectives(report: Report) -> Iterator[str]:
    if not report.drills:
        yield "No scenario was drilled."
        return
    rows = []
    for line in report.drills:
        pm = line.postmortem
        chains = {chain.name: verdict(chain) for chain in pm.chains} if pm else {}
        outcome = words.outcome(pm) if pm else line.how
        rows.append(
            (
                escape(line.title),
                f"{escape(outcome)}{f', by {pm.recovered_by}' if pm else ''}",
                *(chains.get(name, "") for name in words.TIMES),
                score(line),
                escape(f"{line.drill} ({line.how}){f': {line.why}' if line.why else ''}"),
            )
        )
    yield from table(("Scenario", "Outcome", "Detect", "Contain", "Recover", "Score", "Drill"), rows)


def _findings(report: Report) -> Iterator[str]:
    for line in report.drills:
        yield f"### {escape(line.title)}"
        yield ""
        if line.postmortem is None:
            yield f"Not drilled ({escape(line.how)}{f': {escape(line.why)}' if line.why else ''})."
            yield ""
            continue
        for title, findings in (("Went well", line.postmortem.well), ("To improve", line.postmortem.improve)):
            for finding in findings:
                yield f"- {title}: **{escape(finding.title)}.** {escape(finding.detail)}"
        yield ""


def _plan(actions: Iterable[Action]) -> Iterator[str]:
    rows = [
        (escape(a.text), escape(a.owner), a.due, a.priority, escape(a.because), escape(a.source))
        for a in actions
    ]
    if not rows:
        yield "No work was taken on."
        return
    yield from table(("Action", "Owner", "Due", "Priority", "Because", "From"), rows)


def _hot_wash(report: Report) -> Iterator[str]:
    if not report.hot_wash:
        yield "Nothing was answered: `gameday plan hot-wash` asks."
    for answered in report.hot_wash:
        yield f"**{escape(answered.question)}**"
        yield ""
        yield from (f"- “{escape(answer)}”" for answer in answered.answers)
        yield ""


def _timetable(lines: Iterable[PlannedInject]) -> Iterator[str]:
    rows = [
        (
            escape(line.scenario),
            escape(line.id),
            words.duration(line.after),
            escape(line.to),
            escape(f"{line.kind}: {line.text}"),
            escape(line.expected),
            escape(state(line)),
            escape("; ".join(f"+{words.duration(done.after)} {done.text}" for done in line.actual)),
        )
        for line in lines
    ]
    if not rows:
        yield "No scenario had an inject."
        return
    head = ("Scenario", "Inject", "After the fault", "To", "What", "Expected", "State", "What was done then")
    yield from table(head, rows)


def _record(report: Report) -> Iterator[str]:
    for name, passed, detail in report.prerequisites:
        mark = "held" if passed else "did not hold"
        yield f"- Prerequisite {mark}: {escape(name)}{f' ({escape(detail)})' if detail else ''}"
    for waiver in report.waivers:
        why = f"{waiver.step}: {waiver.detail}" if waiver.step else "settling"
        yield (
            f"- {words.clock(waiver.at)}: continued after {escape(waiver.after)} although it had not settled "
            f"({escape(why)}): “{escape(waiver.reason)}”"
        )
    for change in report.decisions:
        why = f" “{escape(change.quote)}”" if change.quote else ""
        yield f"- {words.clock(change.at)}: {escape(change.text)}{why}"
    if not report.waivers:
        yield "- Nothing was waived."


def _patches(drills: Iterable[DrillLine]) -> Iterator[str]:
    any_patch = False
    for line in drills:
        if not line.patch:
            continue
        any_patch = True
        yield f"### {escape(line.title)}"
        yield ""
        yield from (f"    {text}" for text in line.patch.splitlines())
        yield ""
    if not any_patch:
        yield "None."
