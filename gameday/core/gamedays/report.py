"""The report of a game day: one over all its drills. A team and its systems are judged, never a person.

Comes in: the game day's history, and each drill's with its result. Goes out: a `Report`, which every
renderer draws in full: objectives met and missed, findings, the improvement plan, the message-event list,
waivers, patches to playbooks. Does not: draw, or judge anew: each drill was judged by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gameday.core import playbook, postmortem
from gameday.core.facts import gameday as gf
from gameday.core.facts.history import History, counted_instant
from gameday.core.gamedays import message_event_list
from gameday.core.gamedays import state as standings
from gameday.core.gamedays.message_event_list import PlannedInject
from gameday.core.gamedays.state import GameDayState, Turn
from gameday.core.judging.result import Result
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
    """One turn of the agenda. postmortem None: it never began, or was left out; patch: of its playbook."""

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
    """A facilitator went on although the environment had not settled."""

    behind: str
    step: str
    detail: str
    reason: str
    at: Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What facilitators changed about the day: left out, repeated, lengthened, paused. quote: why."""

    at: Instant
    text: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All that a game day tells people, in the order in which they read it. scenarios: on the agenda."""

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


def build(history: History, drills: Mapping[str, DrillResult]) -> Report:
    """Draft the report of a game day. Raises LookupError when the history is not one's."""
    now = standings.fold(history)
    lines = tuple(_drills(now, drills))
    ended = history.first(gf.GameDayEnded)
    verdicts = Counter(
        chain.verdict
        for line in lines
        if line.postmortem
        for chain in line.postmortem.chains
        if chain.applies
    )
    plan = now.plan
    return Report(
        game_day=now.game_day,
        title=plan.title,
        description=plan.description,
        environment=plan.environment,
        began=min(one.at for one in history.each(gf.GameDayPlanned)),
        ended=ended.at if ended else None,
        why=now.why,
        announcement=plan.announcement,
        roles=_roles(now),
        absent=tuple(f"an expert{f' ({one.knows})' if one.knows else ''}" for one in plan.absent),
        prerequisites=_prerequisites(history),
        scenarios=sum(not item.is_break for item in plan.agenda),
        drills=lines,
        met=verdicts[Verdict.MET],
        missed=verdicts[Verdict.MISSED] + verdicts[Verdict.PARTIAL],
        unknown=verdicts[Verdict.UNKNOWN],
        timetable=message_event_list.build(now, {drill: one.history for drill, one in drills.items()}),
        waivers=tuple(_waivers(history, now)),
        decisions=tuple(_decisions(history)),
        hot_wash=tuple(_answers(history, now)),
        actions=(*_planned(history), *_from_drills(lines)),
    )


def questions(standing: GameDayState) -> dict[str, str]:
    """Give the questions of a game day's hot wash by their names."""
    own = {f"question-{number}": text for number, text in enumerate(standing.plan.questions, start=1)}
    return QUESTIONS | own


def _told(now: GameDayState) -> Sequence[Turn]:
    """Give the scenarios of the agenda that were met or left out, in the order in which they were."""
    met = [one for one in now.turns if not one.on_agenda.is_break and (one.begun is not None or one.done)]
    return sorted(met, key=lambda one: (one.begun or one.ended or 0.0, one.key))


def _drills(now: GameDayState, drills: Mapping[str, DrillResult]) -> Iterator[DrillLine]:
    """Tell of each drill; its patch applies behind those of the drills before it on the same playbook."""
    amended: dict[tuple[str, str], str] = {}
    for turn in _told(now):
        judged = drills.get(turn.drill)
        yield DrillLine(
            title=now.title(turn),
            drill=turn.drill,
            how=turn.how or "not closed",
            why=turn.why,
            exit_code=turn.exit_code,
            postmortem=postmortem.draft(judged.history, judged.result) if judged else None,
            patch=_patch(judged, amended) if judged else "",
        )


def _patch(judged: DrillResult, amended: dict[tuple[str, str], str]) -> str:
    """Amend a playbook as the drills before left it. `amended`: by path and the text that was drilled."""
    planned = judged.history.plan.playbook
    if planned is None:
        return ""
    drilled = (planned.path, planned.text)
    before = amended.get(drilled, planned.text)
    amendments = playbook.propose(judged.history, judged.result, planned)
    amended[drilled] = playbook.apply(before, amendments)
    return playbook.patch(planned.path, before, amended[drilled])


def _roles(now: GameDayState) -> tuple[str, ...]:
    """Give the roles that were held and by how many: a report names nobody."""
    held = Counter(role for one in now.plan.participants for role in one.roles)
    return tuple(f"{role} ({count})" if count > 1 else role for role, count in held.items())


def _prerequisites(history: History) -> tuple[tuple[str, bool, str], ...]:
    """Give what was found of each prerequisite last."""
    found = {one.fact.name: one.fact for one in history.each(gf.PrerequisiteChecked)}
    return tuple((one.name, one.passed, one.detail) for one in found.values())


def _waivers(history: History, now: GameDayState) -> Iterator[Waiver]:
    named = {turn.key: turn for turn in now.turns}
    for one in history.each(gf.SettlingWaived):
        turn = named.get((one.fact.item, one.fact.attempt))
        failed = [check for check in (turn.checks if turn else ()) if not check[1]]
        step, _, detail = failed[-1] if failed else ("", None, "")
        title = now.title(turn) if turn else ""
        yield Waiver(behind=title, step=step, detail=detail, reason=one.fact.reason, at=one.at)


_DECISIONS = (gf.ItemSkipped, gf.RepeatAsked, gf.TimeExtended, gf.GameDayPaused, gf.GameDayResumed)


def _decisions(history: History) -> Iterator[Decision]:
    for event in history.events:
        if isinstance(event.fact, _DECISIONS):
            text, quote = gameday_sentences.sentence(event.fact), gameday_sentences.quote(event.fact)
            yield Decision(at=counted_instant(event), text=text, quote=quote)


def _answers(history: History, now: GameDayState) -> Iterator[Answer]:
    asked = questions(now)
    given: dict[str, list[str]] = {}
    for one in history.each(gf.HotWashAnswered):
        given.setdefault(one.fact.question, []).append(one.fact.answer)
    for name, answers in given.items():
        yield Answer(question=asked.get(name, name.replace("-", " ")), answers=tuple(answers))


def _planned(history: History) -> Iterator[Action]:
    for one in history.each(gf.ImprovementPlanned):
        fact = one.fact
        yield Action(
            text=fact.text,
            owner=fact.owner or "unassigned",
            due=fact.due,
            priority=fact.priority,
            because="taken on at the hot wash",
            source="hot wash",
        )


def _from_drills(lines: Sequence[DrillLine]) -> Iterator[Action]:
    """Give the work that follows from the drills, each once, with all drills that it follows from."""
    found: dict[str, tuple[ActionItem, list[str]]] = {}
    for line in lines:
        for action in line.postmortem.actions if line.postmortem else ():
            found.setdefault(action.text, (action, []))[1].append(line.title)
    for action, titles in found.values():
        yield Action(
            text=action.text,
            owner=action.owner,
            due=action.due,
            priority=action.priority,
            because=action.because,
            source="; ".join(dict.fromkeys(titles)),
        )
