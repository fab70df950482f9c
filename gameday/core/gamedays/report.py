"""The report of a game day: one over all its drills. A team and its systems are judged, never a person.

Every renderer draws it in full: objectives met and missed, findings, the improvement plan, the message-event
list, waivers, patches to playbooks. Nothing is judged anew: each drill was judged by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gameday.core import playbook, postmortem
from gameday.core.facts import gameday as gf
from gameday.core.facts.history import History, counted_instant
from gameday.core.gamedays import message_event_list
from gameday.core.gamedays import state as states
from gameday.core.gamedays.message_event_list import PlannedInject
from gameday.core.gamedays.state import GameDayState, Turn
from gameday.core.judging.result import Result
from gameday.core.plans.scenario import Playbook
from gameday.core.playbook.outline import Present
from gameday.core.postmortem import ActionItem, Postmortem, gameday_sentences
from gameday.core.values import Instant, Verdict

QUESTIONS = {
    "went-well": "What went well, and should stay as it is?",
    "surprised": "What surprised us?",
    "slowed-down": "What slowed us down: knowledge, access, tools, alerts?",
    "missing": "What was missing in the playbooks?",
    "next-time": "What should the next game day try?",
}
"""What is asked at every hot wash; a plan adds its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillResult:
    """A drill's history and its result."""

    history: History
    result: Result


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillLine:
    """One turn of the agenda. postmortem None: it never began, or was skipped; patch: of its playbook."""

    title: str
    drill: str
    how: str
    why: str
    exit_code: int | None
    postmortem: Postmortem | None = None
    patch: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Work, with where it comes from."""

    text: str
    owner: str
    due: str
    priority: str
    because: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A question of the hot wash with its answers, in people's own words."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A facilitator continued although the environment had not settled."""

    after: str
    step: str
    detail: str
    reason: str
    at: Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What facilitators changed about the game day: skipped, repeated, extended, paused. quote: why."""

    at: Instant
    text: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything that a game day reports to people, in reading order. scenarios: those on the agenda."""

    game_day: str
    title: str
    description: str
    environment: str
    began: Instant
    ended: Instant | None
    why: str
    announcement: str
    roles: tuple[str, ...]
    absent: tuple[str, ...]
    prerequisites: tuple[tuple[str, bool, str], ...]
    scenarios: int
    drills: tuple[DrillLine, ...]
    met: int
    missed: int
    unknown: int
    timetable: tuple[PlannedInject, ...]
    waivers: tuple[Waiver, ...]
    decisions: tuple[Decision, ...]
    hot_wash: tuple[Answer, ...]
    actions: tuple[Action, ...]


def build(
    history: History, drills: Mapping[str, DrillResult], present: Callable[[Playbook], Present] | None = None
) -> Report:
    """Draft the report of a game day. Raises LookupError where the history is not a game day's.

    present: gives a playbook as it is now, which patches are to change; None: there are no patches
    """
    state = states.fold(history)
    lines = tuple(_drills(state, drills, present))
    ended = history.first(gf.GameDayEnded)
    verdicts = Counter(
        chain.verdict
        for line in lines
        if line.postmortem
        for chain in line.postmortem.chains
        if chain.applies
    )
    plan = state.plan
    return Report(
        game_day=state.game_day,
        title=plan.title,
        description=plan.description,
        environment=plan.environment,
        began=min(planned.at for planned in history.each(gf.GameDayPlanned)),
        ended=ended.at if ended else None,
        why=state.why,
        announcement=plan.announcement,
        roles=_roles(state),
        absent=tuple(f"an expert{f' ({expert.knows})' if expert.knows else ''}" for expert in plan.absent),
        prerequisites=_prerequisites(history),
        scenarios=sum(not item.is_break for item in plan.agenda),
        drills=lines,
        met=verdicts[Verdict.MET],
        missed=verdicts[Verdict.MISSED] + verdicts[Verdict.PARTIAL],
        unknown=verdicts[Verdict.UNKNOWN],
        timetable=message_event_list.build(
            state, {drill: judged.history for drill, judged in drills.items()}
        ),
        waivers=tuple(_waivers(history, state)),
        decisions=tuple(_decisions(history)),
        hot_wash=tuple(_answers(history, state)),
        actions=(*_planned(history), *_from_drills(lines)),
    )


def questions(state: GameDayState) -> dict[str, str]:
    """Give the questions of a game day's hot wash by their names."""
    own = {f"question-{number}": text for number, text in enumerate(state.plan.questions, start=1)}
    return QUESTIONS | own


def _reported(state: GameDayState) -> Sequence[Turn]:
    """Give the scenarios of the agenda that began or were skipped, in the order in which they were."""
    scenarios = [turn for turn in state.turns if not turn.on_agenda.is_break]
    met = [turn for turn in scenarios if turn.begun is not None or turn.done]
    return sorted(met, key=lambda turn: (turn.begun or turn.ended or 0.0, turn.key))


def _drills(
    state: GameDayState,
    drills: Mapping[str, DrillResult],
    present: Callable[[Playbook], Present] | None,
) -> Iterator[DrillLine]:
    """Give a line for each drill; its patch applies after those of earlier drills on the same playbook."""
    amended: dict[str, Present] = {}
    for turn in _reported(state):
        judged = drills.get(turn.drill)
        yield DrillLine(
            title=state.title(turn),
            drill=turn.drill,
            how=turn.how or "not closed",
            why=turn.why,
            exit_code=turn.exit_code,
            postmortem=postmortem.draft(judged.history, judged.result) if judged else None,
            patch=_patch(judged, amended, present) if judged and present else "",
        )


def _patch(judged: DrillResult, amended: dict[str, Present], present: Callable[[Playbook], Present]) -> str:
    """Amend a playbook as it is now, and as the drills before left it. amended: by path."""
    planned = judged.history.plan.playbook
    if planned is None:
        return ""
    before = amended.get(planned.path) or present(planned)
    after = playbook.apply(before, playbook.propose(judged.history, judged.result, planned))
    amended[planned.path] = before.with_text(after)
    return playbook.patch(planned.path, before.text, after)


def _roles(state: GameDayState) -> tuple[str, ...]:
    """Give the roles that people held, and how many held each: a report names nobody."""
    held = Counter(role for person in state.plan.participants for role in person.roles)
    return tuple(f"{role} ({count})" if count > 1 else role for role, count in held.items())


def _prerequisites(history: History) -> tuple[tuple[str, bool, str], ...]:
    """Give the last check of each prerequisite."""
    checks = {check.fact.name: check.fact for check in history.each(gf.PrerequisiteChecked)}
    return tuple((check.name, check.passed, check.detail) for check in checks.values())


def _waivers(history: History, state: GameDayState) -> Iterator[Waiver]:
    turns = {turn.key: turn for turn in state.turns}
    for waived in history.each(gf.SettlingWaived):
        turn = turns.get((waived.fact.item, waived.fact.attempt))
        failed = [check for check in (turn.checks if turn else ()) if not check[1]]
        step, _, detail = failed[-1] if failed else ("", None, "")
        title = state.title(turn) if turn else ""
        yield Waiver(after=title, step=step, detail=detail, reason=waived.fact.reason, at=waived.at)


_DECISIONS = (gf.ItemSkipped, gf.RepeatAsked, gf.TimeExtended, gf.GameDayPaused, gf.GameDayResumed)


def _decisions(history: History) -> Iterator[Decision]:
    for event in history.events:
        if isinstance(event.fact, _DECISIONS):
            text, quote = gameday_sentences.sentence(event.fact), gameday_sentences.quote(event.fact)
            yield Decision(at=counted_instant(event), text=text, quote=quote)


def _answers(history: History, state: GameDayState) -> Iterator[Answer]:
    asked = questions(state)
    given: dict[str, list[str]] = {}
    for answered in history.each(gf.HotWashAnswered):
        given.setdefault(answered.fact.question, []).append(answered.fact.answer)
    for name, answers in given.items():
        yield Answer(question=asked.get(name, name.replace("-", " ")), answers=tuple(answers))


def _planned(history: History) -> Iterator[Action]:
    for planned in history.each(gf.ImprovementPlanned):
        fact = planned.fact
        yield Action(
            text=fact.text,
            owner=fact.owner or "unassigned",
            due=fact.due,
            priority=fact.priority,
            because="taken on at the hot wash",
            source="hot wash",
        )


def _from_drills(lines: Sequence[DrillLine]) -> Iterator[Action]:
    """Give the work that follows from the drills, each once, with all the drills that it follows from."""
    work: dict[str, tuple[ActionItem, list[str]]] = {}
    for line in lines:
        for action in line.postmortem.actions if line.postmortem else ():
            work.setdefault(action.text, (action, []))[1].append(line.title)
    for action, titles in work.values():
        yield Action(
            text=action.text,
            owner=action.owner,
            due=action.due,
            priority=action.priority,
            because=action.because,
            source="; ".join(dict.fromkeys(titles)),
        )
