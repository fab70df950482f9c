"""What became of the playbook: steps done, slow, skipped or not ticked, and actions that it lacks.

Findings and amendments are drawn from it. A step is not called skipped because nobody ticked it; that is a
question for the review.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import acts
from gameday.core.judging.result import Result
from gameday.core.plans.scenario import Playbook, PlaybookStep
from gameday.core.values import EventId, Instant, MilestoneName, Seconds

LEAST_SLOW = 30.0
"""Seconds below which no step is called slow."""
SHORT = 60
"""Most characters by which a step is named."""
_NO = ("skipped", "no", "not done", "left out")
_YES = ("yes", "done", "true")


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowStep:
    """A step that took more than half of an objective. seconds: since the previous step or detection."""

    step: PlaybookStep
    seconds: Seconds
    objective: str
    allowed: Seconds
    evidence: EventId


@dataclass(frozen=True, kw_only=True, slots=True)
class Lacking:
    """An action on the target that no step describes.

    after, before  the ids of the playbook's steps that were done last before it and first after it, or ""
    """

    action: str
    at: Instant
    after: str
    before: str
    evidence: tuple[EventId, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """What became of each step of the playbook."""

    done: tuple[PlaybookStep, ...] = ()
    skipped: tuple[tuple[PlaybookStep, EventId, str], ...] = ()
    unticked: tuple[PlaybookStep, ...] = ()
    slow: tuple[SlowStep, ...] = ()
    lacking: tuple[Lacking, ...] = ()


def short(step: PlaybookStep) -> str:
    """Name a step by the beginning of its text, cut between words."""
    if len(step.text) <= SHORT:
        return step.text
    return step.text[:SHORT].rsplit(" ", 1)[0].rstrip(".,:;") + "…"


def review(history: History, result: Result, playbook: Playbook | None) -> Steps:
    """Compare what was done with what the playbook describes."""
    if playbook is None:
        return Steps()
    ticked = {d.fact.step for d in history.each(ev.StepDone)} | set(acts.stated_steps(history, playbook))
    answers = {d.fact.question.removeprefix("step:"): d for d in _answers(history)}
    skipped = {
        s.id for s in playbook.steps if s.id in answers and _says_no(answers[s.id]) and s.id not in ticked
    }
    return Steps(
        done=tuple(
            s for s in playbook.steps if s.id in ticked or (s.id in answers and _says_yes(answers[s.id]))
        ),
        skipped=tuple(
            (s, answers[s.id].event.id, answers[s.id].fact.answer) for s in playbook.steps if s.id in skipped
        ),
        unticked=tuple(s for s in playbook.steps if s.id not in ticked and s.id not in answers),
        slow=_slow(history, result, playbook),
        lacking=_lacking(history, playbook),
    )


def _answers(history: History) -> list[Dated[ev.ReviewAnswered]]:
    return [d for d in history.each(ev.ReviewAnswered) if d.fact.question.startswith("step:")]


def _says_no(answer: Dated[ev.ReviewAnswered]) -> bool:
    return answer.fact.answer.strip().lower().startswith(_NO)


def _says_yes(answer: Dated[ev.ReviewAnswered]) -> bool:
    return answer.fact.answer.strip().lower().startswith(_YES)


def _slow(history: History, result: Result, playbook: Playbook) -> tuple[SlowStep, ...]:
    known = {step.id: step for step in playbook.steps}
    before = _at(result, MilestoneName.DETECTED)
    contained = _at(result, MilestoneName.CONTAINED)
    objectives = history.plan.scenario.objectives
    slow = {}
    for done in history.each(ev.StepDone):
        late = contained is not None and done.at > contained
        objective, allowed = ("recover", objectives.recover) if late else ("contain", objectives.contain)
        seconds = done.at - before if before is not None else 0.0
        if done.fact.step in known and seconds >= LEAST_SLOW and seconds > allowed / 2:
            slow[done.fact.step] = SlowStep(
                step=known[done.fact.step],
                seconds=seconds,
                objective=objective,
                allowed=allowed,
                evidence=done.event.id,
            )
        # Ticks count at the instant that people give, so a later one may lie earlier.
        before = done.at if before is None else max(before, done.at)
    return tuple(slow.values())


def _at(result: Result, name: MilestoneName) -> Instant | None:
    milestone = result.milestones.by_name.get(name)
    return milestone.at if milestone else None


def _lacking(history: History, playbook: Playbook) -> tuple[Lacking, ...]:
    """Join what trail and script recorded of the same action; leave out what the playbook describes.

    A responder's command contains the trail's words for its effect at its end or in its middle, so the
    shorter text identifies both.
    """
    recorded: dict[str, list[Dated[ev.ActionTaken]]] = {}
    for action in _actions(history):
        words = _plain(action.fact.action)
        same = next((known for known in recorded if known in words or words in known), words)
        recorded.setdefault(same, []).append(action)
    lacking = [
        records
        for records in recorded.values()
        if not any(_describes(playbook, record.fact.action) for record in records)
    ]
    known = {step.id for step in playbook.steps}
    done = sorted((d for d in history.each(ev.StepDone) if d.fact.step in known), key=lambda d: d.at)
    found = (_as_lacking(records, done) for records in lacking)
    return tuple(sorted(found, key=lambda each: each.at))


def _as_lacking(records: list[Dated[ev.ActionTaken]], done: list[Dated[ev.StepDone]]) -> Lacking:
    first = min(records, key=lambda a: a.at)
    earlier = [d.fact.step for d in done if d.at <= first.at]
    later = [d.fact.step for d in done if d.at > first.at]
    return Lacking(
        action=max((a.fact.action for a in records), key=lambda text: (len(text), text)),
        at=first.at,
        after=earlier[-1] if earlier else "",
        before=later[0] if later else "",
        evidence=tuple(a.event.id for a in records),
    )


def _actions(history: History) -> list[Dated[ev.ActionTaken]]:
    """Give the responders' actions that took effect, from the injection of the fault to our revert."""
    injected = history.first(ev.FaultInjected)
    ends = [d.at for kind in (ev.RevertRequested, ev.RevertAttempted) for d in history.each(kind)]
    reverted = min(ends, default=None)
    return [
        a
        for a in history.each(ev.ActionTaken)
        if not a.fact.actor.startswith("fault")
        and not a.fact.exit_code
        and (injected is None or a.at >= injected.at)
        and (reverted is None or a.at <= reverted)
        and _plain(a.fact.action)
    ]


def _plain(text: str) -> str:
    words = (word.strip(".:-/") for word in re.findall(r"[\w.:/-]+", text.lower()))
    return " ".join(word for word in words if word)


def _describes(playbook: Playbook, action: str) -> bool:
    """Whether the playbook contains the action's words, together or all of them within one step."""
    words = _plain(action)
    if f" {words} " in f" {_plain(playbook.text)} ":
        return True
    wanted = set(words.split())
    return any(wanted <= set(_plain(step.text).split()) for step in playbook.steps)
