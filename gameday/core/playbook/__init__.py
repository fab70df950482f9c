"""What a drill teaches a playbook: `propose` gives amendments, `apply` puts them into its text.

Each amendment comes with its reason and evidence; `patch` writes the change as a diff. No file is changed and
nothing is decided here: people review the patch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gameday.core import visible
from gameday.core.plans.scenario import Playbook, PlaybookStep
from gameday.core.playbook import splice
from gameday.core.playbook.outline import Present
from gameday.core.playbook.splice import Anchor, Edit, InSection, InsertAfter, SetFront
from gameday.core.values import EventId, format_duration

if TYPE_CHECKING:  # who only reads playbooks loads no judge
    from gameday.core.facts.history import History
    from gameday.core.judging.milestones import Interval
    from gameday.core.judging.result import Result
    from gameday.core.postmortem.playbook_steps import Lacking, Steps

_LONGEST_SLUG = 60
_ITEM = re.compile(r"([ \t]*(?:>[ \t]*)*)([-*+]|(\d+)([.)]))([ \t]+)(\[[ xX]\][ \t]+)?")
_RECORD = (
    "| Date | Drill | Outcome | Points | Detect | Contain | Recover | Steps ticked | |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)
_TARGETS = ("| Time | Objective | Last drill | |", "| --- | --- | --- | --- |")


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """One proposed change. kind: record | skipped | slow | lacking | observability | targets.

    why  its reason, with figures; evidence: the events that prove it
    """

    kind: str
    title: str
    why: str
    edits: tuple[Edit, ...]
    evidence: tuple[EventId, ...] = ()


def slug(text: str) -> str:
    """Make an id of some words: lower case, ASCII letters and digits joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = "-".join(re.findall(r"[a-z0-9]+", plain.lower()))
    if len(joined) > _LONGEST_SLUG:
        joined = joined[:_LONGEST_SLUG].rsplit("-", 1)[0]
    return joined or "step"


def propose(history: History, result: Result, playbook: Playbook) -> tuple[Amendment, ...]:
    """Propose what this drill teaches the playbook, the record of the drill first.

    A step that nobody ticked is not called skipped: the review asks about it.
    A drill that did not begin teaches nothing.
    """
    if history.refused:
        return ()
    from gameday.core.postmortem import playbook_steps  # noqa: PLC0415  # who only reads playbooks loads no judge

    steps = playbook_steps.review(history, result, playbook)
    day = _day(history)
    return (
        _record(history, result, playbook, steps),
        *_skipped(steps, playbook, day),
        *_slow(steps, playbook, day),
        *_lacking(steps, playbook, day),
        *_observability(history, result, day),
        *_targets(result, day),
    )


def apply(present: Present, amendments: Iterable[Amendment]) -> str:
    """Give a text with the amendments; every other line stays byte for byte."""
    edits = [edit for amendment in amendments for edit in amendment.edits]
    return splice.edited(present.text, edits, present.parse(present.text))


def patch(path: str, old: str, new: str) -> str:
    """Write the change as a unified diff for `git apply` and `patch -p1`; empty where nothing changes."""
    return splice.patch(path, old, new)


def code(text: str) -> str:
    """Quote words from outside as Markdown code, on one line, so that they can't act as Markdown."""
    flat = visible.line(text).replace("<!--", "<! --").replace("|", "¦") or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    room = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{room}{flat}{room}{fence}"


def _day(history: History) -> str:
    from gameday.core.facts.history import counted_instant  # noqa: PLC0415

    began = counted_instant(history.events[0])
    return datetime.fromtimestamp(began, UTC).date().isoformat()


def _mark(*words: str) -> str:
    return f"<!-- gameday: {' '.join(words)} -->"


def _record(history: History, result: Result, playbook: Playbook, steps: Steps) -> Amendment:
    day, mark = _day(history), _mark("drill", slug(result.drill))
    score = result.score
    points = f"{score.points:.1f} of {score.of:g}" if score.points is not None else "–"
    times = {interval.name: _figure(interval) for interval in result.milestones.intervals}
    cells = (
        day,
        code(result.drill),
        str(result.attribution.outcome),
        points,
        *(times.get(name, "–") for name in ("detect", "contain", "recover")),
        f"{len(steps.done)} of {len(playbook.steps)}",
        mark,
    )
    return Amendment(
        kind="record",
        title="Record of the drill",
        why=f"Drilled on {day} in {history.plan.environment}: {result.attribution.outcome}.",
        edits=(
            SetFront(key="last_drilled", value=day),
            InSection(mark=mark, line=f"| {' | '.join(cells)} |", section="Drills", head=_RECORD),
        ),
    )


def _figure(interval: Interval) -> str:
    if interval.seconds is not None:
        return format_duration(interval.seconds)
    return f"≥ {format_duration(interval.at_least)}" if interval.at_least is not None else "–"


def _skipped(steps: Steps, playbook: Playbook, day: str) -> Iterator[Amendment]:
    for step, evidence, answer in steps.skipped:
        note = f"Skipped in the drill of {day} ({code(answer)}): is it still needed?"
        yield Amendment(
            kind="skipped",
            title=f"Step {step.id} was skipped",
            why=f"Answer at the review: {answer}",
            edits=(_note(playbook, step, "skipped", note),),
            evidence=(evidence,),
        )


def _slow(steps: Steps, playbook: Playbook, day: str) -> Iterator[Amendment]:
    for slow in steps.slow:
        took, allowed = format_duration(slow.seconds), format_duration(slow.allowed)
        note = f"Took {took} in the drill of {day}: write down the exact command or query."
        yield Amendment(
            kind="slow",
            title=f"Step {slow.step.id} was slow",
            why=f"It took {took} of the {allowed} in which to {slow.objective}.",
            edits=(_note(playbook, slow.step, "slow", note),),
            evidence=(slow.evidence,),
        )


def _note(playbook: Playbook, step: PlaybookStep, kind: str, note: str) -> InsertAfter:
    """Put a note after a step's text, indented so that it stays within the item."""
    lines = splice.split(playbook.text)
    mark = _mark(kind, step.id)
    last = step.text_end or step.line
    item = _ITEM.match(splice.bare(lines[step.line - 1]))
    indent = item.group(1) + " " * (len(item.group(2)) + len(item.group(5))) if item else "   "
    anchor = Anchor(line=last, words=splice.bare(lines[last - 1]))
    return InsertAfter(mark=mark, line=f"{indent}*{note}* {mark}", anchor=anchor)


def _lacking(steps: Steps, playbook: Playbook, day: str) -> Iterator[Amendment]:
    taken = {step.id for step in playbook.steps}
    for action in steps.lacking:
        name, number = slug(action.action), 1
        # An id names one step: marks and answers at the review refer to it.
        while name in taken:
            number += 1
            name = f"{slug(action.action)}-{number}"
        taken.add(name)
        yield Amendment(
            kind="lacking",
            title=f"Add the step {name}",
            why=f"“{action.action}” was done in the drill, and no step describes it.",
            edits=(_new_step(action, name, playbook, day),),
            evidence=action.evidence,
        )


def _new_step(action: Lacking, name: str, playbook: Playbook, day: str) -> Edit:
    """Put a step next to those that were done before and after it, else after the last one."""
    mark = f"<!-- step: {name} -->"
    text = f"Run {code(action.action)}, as in the drill of {day} {mark}"
    step, before = _neighbour(action, playbook)
    if step is None:
        return InSection(mark=mark, line=f"1. {text}", section="Steps")
    lines = splice.split(playbook.text)
    place = step.line if before else step.end or step.line
    return InsertAfter(
        mark=mark,
        line=_marker(splice.bare(lines[step.line - 1]), 0 if before else 1) + text,
        anchor=Anchor(line=place, words=splice.bare(lines[place - 1])),
        replace=False,  # people may have reworded it since
        before=before,
    )


def _neighbour(action: Lacking, playbook: Playbook) -> tuple[PlaybookStep | None, bool]:
    """Give the step next to which a missing one belongs, and whether before it."""
    by_id = {step.id: step for step in playbook.steps}
    earlier, later = by_id.get(action.after), by_id.get(action.before)
    if earlier and later and earlier.line < later.line <= (earlier.end or earlier.line):
        return later, True  # a step within the earlier one
    if earlier:
        return earlier, False
    if later:
        return later, True
    return max(playbook.steps, key=lambda step: step.line, default=None), False


def _marker(line: str, further: int) -> str:
    """Give the marker of an item like one, its number so much further."""
    item = _ITEM.match(line)
    if item is None:
        return "1. "
    indent, marker, number, sign, space, task = item.groups()
    return (
        f"{indent}{int(number) + further}{sign}{space}"
        if number
        else f"{indent}{marker}{space}{(task and '[ ] ') or ''}"
    )


def _observability(history: History, result: Result, day: str) -> Iterator[Amendment]:
    from gameday.core.postmortem import coverage  # noqa: PLC0415

    for line in coverage.expected_alerts(history, result, {}):
        if line.state != "missing":
            continue
        within = f" within {format_duration(line.within)}" if line.within is not None else ""
        mark = _mark("alert", slug(line.alert))
        text = f"The alert {code(line.alert)} did not fire{within} in the drill of {day}: add or fix it."
        yield Amendment(
            kind="observability",
            title=f"The alert {line.alert} never fired",
            why=f"It was expected{within}.",
            edits=(InSection(mark=mark, line=f"- {text} {mark}", section="Observability"),),
        )


def _targets(result: Result, day: str) -> Iterator[Amendment]:
    known = [i for i in result.milestones.intervals if i.seconds is not None or i.at_least is not None]
    if not known:
        return
    edits = []
    for interval in known:
        mark = _mark("target", interval.name)
        last = f"{_figure(interval)} ({interval.verdict}, {day})"
        row = f"| {interval.name} | {format_duration(interval.objective)} | {last} | {mark} |"
        edits.append(InSection(mark=mark, line=row, section="Time targets", head=_TARGETS))
    yield Amendment(
        kind="targets",
        title="Time targets, with what the drill measured",
        why="Responders should know the times to beat, and how they compare.",
        edits=tuple(edits),
    )
