"""`gameday plan show`: shows a plan, or the state of a game day, and the message-event list.

Responders see what is announced: the window, the roles, the channels. Facilitators and observers see the
agenda and every inject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday import ports, wiring
from gameday.cli.gamedays import find
from gameday.cli.shared import output, times
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.gamedays import host, visibility
from gameday.core.errors import ExitCode
from gameday.core.facts.gameday import GameDayPlanned
from gameday.core.facts.history import History
from gameday.core.gamedays import message_event_list
from gameday.core.gamedays import state as states
from gameday.core.gamedays.message_event_list import PlannedInject
from gameday.core.gamedays.state import GameDayState, Turn
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.values import DrillId, Instant, format_duration
from gameday.formats.calendar import recurrence
from gameday.formats.gamedays import reader as gameday_plan
from gameday.render.table import TextTable
from gameday.render.words import clock as time_of_day
from gameday.settings.gameday import GameDayFiles, game_day_files
from gameday.system import clock

HIDDEN = "hidden until it ends"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A game day as it is shown: a plan from its file, or one that was opened."""

    state: GameDayState
    histories: Mapping[str, History]
    opened: bool
    insider: bool
    conducted: bool = False
    next: Instant | None = None
    lasts: float = 0.0


def main(named: str, *, injects: bool, who: str, json: bool) -> int:
    """Show a plan or a game day."""
    shown = _plan(Path(named), who) if named.endswith(gameday_plan.ENDINGS) else _day(named, who)
    if injects:
        with option_names(who="--as NAME"):
            visibility.must_see_injects(insider=shown.insider)
    lines = message_event_list.build(shown.state, shown.histories) if injects else ()
    if json:
        output.data_json([_line(inject) for inject in lines] if injects else _json(shown))
    else:
        output.data(
            inject_table(lines).text(output.columns()) or "no scenario has an inject"
            if injects
            else _text(shown)
        )
        if not shown.insider:
            output.hint("this is what participants see; facilitators and observers: --as NAME")
    return ExitCode.PASSED


def _plan(path: Path, who: str) -> Shown:
    space = wiring.workspace(path)
    files = game_day_files(space, path)
    return Shown(
        state=_unopened(files),
        histories={},
        opened=False,
        insider=_sees(files.plan, who, attended=files.attended),
        next=recurrence.first(files.plan.when, Instant(clock.now() - files.lasts)),
        lasts=files.lasts,
    )


def _unopened(files: GameDayFiles) -> GameDayState:
    """Give the state that a plan has before anybody opens it."""
    opened = GameDayPlanned(plan=files.plan, scenarios=dict(files.scenarios), attended=files.attended)
    turns = tuple(
        Turn(item=number, attempt=1, on_agenda=item) for number, item in enumerate(files.plan.agenda)
    )
    return GameDayState(game_day="", planned=opened, stage=states.Stage.WAITING, turns=turns, turn=turns[0])


def _day(named: str, who: str) -> Shown:
    store = wiring.workspace_store(wiring.workspace())
    game_day = find.find(store, named)
    return load(store, game_day, who)


def load(store: ports.HistoryStore, game_day: DrillId, who: str) -> Shown:
    """Give a game day as somebody may see it."""
    state = states.fold(find.read_history(store, game_day))
    ended = state.stage is states.Stage.ENDED
    return Shown(
        state=state,
        histories=find.histories(store, state),
        opened=True,
        insider=ended or _sees(state.plan, who, attended=state.planned.attended),
        conducted=not ended and host.is_conducted(store, game_day, clock.SystemClock()),
    )


def _sees(plan: GameDayPlan, who: str, *, attended: bool) -> bool:
    return visibility.shows_agenda(plan, find.viewer(who), attended=attended)


# --- text ---


def _text(shown: Shown) -> str:
    plan, state = shown.state.plan, shown.state
    lines = [f"{plan.title} ({plan.gameday}), on {plan.environment}", *_when(shown)]
    if shown.opened:
        lines.append(f"{state.game_day}: {stage_words(state)}")
        if not shown.conducted and state.stage is not states.Stage.ENDED:
            lines.append(f"no terminal conducts it: gameday plan start {plan.path} resumes it")
    roles = Counter(role for person in plan.participants for role in person.roles)
    if roles:
        lines.append("roles: " + ", ".join(f"{role} ({count})" for role, count in roles.items()))
    for person in plan.absent:
        knows = f" ({person.knows})" if person.knows and shown.insider else ""
        lines.append(f"absent: {person.name}{knows}")
    lines += [
        f"channel: {place.channel}{f', {place.purpose}' if place.purpose else ''}" for place in plan.channels
    ]
    lines += ["", agenda(state, insider=shown.insider).text(output.columns())]
    return "\n".join(lines)


def _when(shown: Shown) -> list[str]:
    plan = shown.state.plan
    if shown.opened:
        return []
    if plan.announcement == "none" and not shown.insider:
        return ["when: not announced"]
    if shown.next is None:
        return [f"when: in the past ({times.local(recurrence.start_of(plan.when))})"]
    end = Instant(shown.next + shown.lasts)
    return [f"when: {times.local(shown.next)} to {times.local(end)} at the latest, {plan.when.zone}"]


def stage_words(state: GameDayState, at: Instant | None = None) -> str:
    """Word what a game day does, or waits for, with the commands that fit (default: now)."""
    present = clock.now() if at is None else at
    left = "" if state.until is None else f", {format_duration(max(0.0, state.until - present))} left"
    return {
        "waiting": "waits for the go: gameday plan next (or skip)",
        "ready": "about to start",
        "drill": "a drill is in progress",
        "break": f"break{left} (gameday plan next ends it, extend makes it longer)",
        "settling": f"settling{left}",
        "unsettled": f'has not settled{_unsettled(state)}: gameday plan extend 5m, or next --waive "WHY"',
        "paused": "paused: gameday plan resume",
        "through": "the agenda is done: gameday plan end (or repeat)",
        "ended": f"ended ({state.why})",
    }[state.stage.value]


def _unsettled(state: GameDayState) -> str:
    """Name the step at which settling failed."""
    checks = state.settling.checks if state.settling else ()
    failed = [f"{step}: {detail}" for step, passed, detail in checks if not passed]
    return f" ({failed[-1]})" if failed else ""


def agenda(state: GameDayState, *, insider: bool) -> TextTable:
    """Give the agenda with the state of each item; responders see no scenario that has not ended."""
    return TextTable(
        head=("#", "Item", "State", "Drill"),
        rows=tuple(
            (
                str(turn.item + 1),
                state.title(turn)
                if insider or turn.on_agenda.is_break or turn.done
                else f"scenario ({HIDDEN})",
                turn_words(state, turn),
                turn.drill if insider or turn.done else "",
            )
            for turn in state.turns
        ),
        right=frozenset({0}),
    )


def turn_words(state: GameDayState, turn: Turn) -> str:
    """Word the state of a turn."""
    if turn.done:
        code = "" if turn.exit_code is None else f", exit {turn.exit_code}"
        rest = ", settled" if turn.settled else f", waived: {turn.waived}" if turn.waived else ""
        why = f": {turn.why}" if turn.why else ""
        return f"{turn.how}{code}{why}{rest}"
    if turn.begun is not None:
        return "in progress"
    if state.turn is not None and turn.key == state.turn.key:
        return "next" + (" (go given)" if turn.go and not turn.on_agenda.is_break else "")
    return format_duration(turn.on_agenda.lasts) if turn.on_agenda.is_break else ""


def inject_table(lines: Sequence[PlannedInject]) -> TextTable:
    """Give the message-event list."""
    return TextTable(
        head=("#", "Scenario", "Inject", "After", "To", "What", "Expected", "State", "Then"),
        rows=tuple(
            (
                str(inject.item + 1),
                inject.scenario,
                inject.id,
                format_duration(inject.after),
                inject.to,
                f"{inject.kind}: {inject.text}",
                inject.expected,
                _inject_state(inject),
                "; ".join(f"+{format_duration(action.after)} {action.text}" for action in inject.actual),
            )
            for inject in lines
        ),
        right=frozenset({0, 3}),
    )


def _inject_state(inject: PlannedInject) -> str:
    when = "" if inject.at is None else f" {time_of_day(inject.at)}"
    return f"{inject.state}{when}{f' ({inject.why})' if inject.why else ''}"


# --- JSON ---


def _json(shown: Shown) -> dict[str, object]:
    plan, state = shown.state.plan, shown.state
    hidden = plan.announcement == "none" and not shown.insider and not shown.opened
    return {
        "gameday": plan.gameday,
        "game_day": state.game_day or None,
        "title": plan.title,
        "environment": plan.environment,
        "stage": state.stage.value if shown.opened else None,
        "next": None if hidden or shown.next is None else times.utc(shown.next),
        "announcement": plan.announcement,
        "agenda": [_turn(state, turn, insider=shown.insider) for turn in state.turns],
    }


def _turn(state: GameDayState, turn: Turn, *, insider: bool) -> dict[str, object]:
    visible = insider or turn.done or turn.on_agenda.is_break
    return {
        "item": turn.item + 1,
        "attempt": turn.attempt,
        "title": state.title(turn) if visible else None,
        "scenario": (turn.on_agenda.scenario or None) if visible else None,
        "break": turn.on_agenda.lasts if turn.on_agenda.is_break else None,
        "drill": (turn.drill or None) if visible else None,
        "how": turn.how or None,
        "exit_code": turn.exit_code,
        "settled": turn.settled,
        "waived": turn.waived or None,
    }


def _line(inject: PlannedInject) -> dict[str, object]:
    return {
        "item": inject.item + 1,
        "attempt": inject.attempt,
        "scenario": inject.scenario,
        "inject": inject.id,
        "after": inject.after,
        "to": inject.to,
        "kind": inject.kind,
        "text": inject.text,
        "expected": inject.expected or None,
        "state": inject.state,
        "at": None if inject.at is None else times.utc(inject.at),
        "why": inject.why or None,
        "actual": [{"after": round(action.after, 3), "text": action.text} for action in inject.actual],
    }
