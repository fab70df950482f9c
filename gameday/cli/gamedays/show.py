"""`gameday plan show`: a plan, or where a game day stands, and the message-event list.

Comes in: a plan's file, or a game day's id. Goes out: text or JSON. Responders see what is announced: the
window, the roles, the channels; facilitators and observers see the agenda and every inject.
Does not: change anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday import ports, wiring
from gameday.cli.gamedays import find
from gameday.cli.shared import output, times
from gameday.conduct.gamedays import host
from gameday.core.errors import UsageError
from gameday.core.facts.gameday import GameDayPlanned
from gameday.core.facts.history import History
from gameday.core.gamedays import message_event_list
from gameday.core.gamedays import state as standings
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

HIDDEN = "hidden until it has ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A game day as it is shown: a plan from its file, or one that was opened."""

    standing: GameDayState
    histories: Mapping[str, History]
    opened: bool
    insider: bool
    conducted: bool = False
    next: Instant | None = None
    lasts: float = 0.0


def main(named: str, *, injects: bool, who: str, json: bool) -> int:
    """Show a plan or a game day."""
    shown = _plan(Path(named), who) if named.endswith(gameday_plan.ENDINGS) else _day(named, who)
    if injects and not shown.insider:
        raise UsageError("the injects are for facilitators and observers", hint="--as NAME says who you are")
    lines = message_event_list.build(shown.standing, shown.histories) if injects else ()
    if json:
        output.data_json([_line(one) for one in lines] if injects else _json(shown))
    else:
        output.data(inject_table(lines).text() or "no scenario has an inject" if injects else _text(shown))
        if not shown.insider:
            output.hint("this is what participants see; facilitators and observers: --as NAME")
    return 0


def _plan(path: Path, who: str) -> Shown:
    space = wiring.workspace(path)
    files = game_day_files(space, path)
    return Shown(
        standing=_unopened(files),
        histories={},
        opened=False,
        insider=_sees(files.plan, who, attended=files.attended),
        next=recurrence.first(files.plan.when, Instant(clock.now() - files.lasts)),
        lasts=files.lasts,
    )


def _unopened(files: GameDayFiles) -> GameDayState:
    """Give the standing of a plan that nobody has opened."""
    opened = GameDayPlanned(plan=files.plan, scenarios=dict(files.scenarios), attended=files.attended)
    turns = tuple(
        Turn(item=number, attempt=1, on_agenda=item) for number, item in enumerate(files.plan.agenda)
    )
    return GameDayState(
        game_day="", planned=opened, stage=standings.Stage.WAITING, turns=turns, turn=turns[0]
    )


def _day(named: str, who: str) -> Shown:
    store = wiring.workspace_store(wiring.workspace())
    game_day = find.find(store, named)
    return load(store, game_day, who)


def load(store: ports.HistoryStore, game_day: DrillId, who: str) -> Shown:
    """Give a game day as somebody may see it."""
    now = standings.fold(find.read_history(store, game_day))
    over = now.stage is standings.Stage.ENDED
    return Shown(
        standing=now,
        histories=find.histories(store, now),
        opened=True,
        insider=over or _sees(now.plan, who, attended=now.planned.attended),
        conducted=not over and host.is_conducted(store, game_day, clock.SystemClock()),
    )


def _sees(plan: GameDayPlan, who: str, *, attended: bool) -> bool:
    """Tell whether somebody may see the agenda: everybody where it is announced, or nobody responds."""
    return not attended or plan.announcement == "full" or find.viewer(who) in plan.insiders


# --- text ---


def _text(shown: Shown) -> str:
    plan, now = shown.standing.plan, shown.standing
    lines = [f"{plan.title} ({plan.gameday}), on {plan.environment}", *_when(shown)]
    if shown.opened:
        lines.append(f"{now.game_day}: {stage_words(now)}")
        if not shown.conducted and now.stage is not standings.Stage.ENDED:
            lines.append(f"no terminal conducts it: gameday plan start {plan.path} resumes it")
    held: dict[str, int] = {}
    for role in (role for one in plan.participants for role in one.roles):
        held[role] = held.get(role, 0) + 1
    if held:
        lines.append("roles: " + ", ".join(f"{role} ({count})" for role, count in held.items()))
    known = {one.name: f" ({one.knows})" if one.knows and shown.insider else "" for one in plan.absent}
    lines += [f"absent: {name}{knows}" for name, knows in known.items()]
    lines += [f"channel: {one.channel}{f', {one.purpose}' if one.purpose else ''}" for one in plan.channels]
    lines += ["", agenda(now, insider=shown.insider).text()]
    return "\n".join(lines)


def _when(shown: Shown) -> list[str]:
    plan = shown.standing.plan
    if shown.opened:
        return []
    if plan.announcement == "none" and not shown.insider:
        return ["when: not announced"]
    if shown.next is None:
        return [f"when: in the past ({times.local(recurrence.start_of(plan.when))})"]
    end = Instant(shown.next + shown.lasts)
    return [f"when: {times.local(shown.next)} to {times.local(end)} at the latest, {plan.when.zone}"]


def stage_words(now: GameDayState, at: Instant | None = None) -> str:
    """Say what a game day does, or waits for, with what can be typed."""
    present = clock.now() if at is None else at
    left = "" if now.until is None else f", {format_duration(max(0.0, now.until - present))} left"
    return {
        "waiting": "waits for the go: gameday plan next (or skip)",
        "ready": "about to start",
        "drill": "a drill is on",
        "break": f"break{left} (gameday plan next ends it, extend lengthens it)",
        "settling": f"settling{left}",
        "unsettled": f'has not settled{_unsettled(now)}: gameday plan extend 5m, or next --waive "WHY"',
        "paused": "paused: gameday plan resume",
        "through": "the agenda is through: gameday plan end (or repeat)",
        "ended": f"ended ({now.why})",
    }[now.stage.value]


def _unsettled(now: GameDayState) -> str:
    """Say which step of settling keeps the day."""
    checks = now.settling.checks if now.settling else ()
    failed = [f"{step}: {detail}" for step, passed, detail in checks if not passed]
    return f" ({failed[-1]})" if failed else ""


def agenda(now: GameDayState, *, insider: bool) -> TextTable:
    """Give the agenda with what became of each item; responders see no scenario that is not over."""
    return TextTable(
        head=("#", "Item", "State", "Drill"),
        rows=tuple(
            (
                str(turn.item + 1),
                now.title(turn)
                if insider or turn.on_agenda.is_break or turn.done
                else f"scenario ({HIDDEN})",
                state(now, turn),
                turn.drill if insider or turn.done else "",
            )
            for turn in now.turns
        ),
        right=frozenset({0}),
    )


def state(now: GameDayState, turn: Turn) -> str:
    """Say what became of a turn."""
    if turn.done:
        code = "" if turn.exit_code is None else f", exit {turn.exit_code}"
        rest = ", settled" if turn.settled else f", waived: {turn.waived}" if turn.waived else ""
        why = f": {turn.why}" if turn.why else ""
        return f"{turn.how}{code}{why}{rest}"
    if turn.begun is not None:
        return "on"
    if now.turn is not None and turn.key == now.turn.key:
        return "next" + (" (go given)" if turn.go and not turn.on_agenda.is_break else "")
    return format_duration(turn.on_agenda.lasts) if turn.on_agenda.is_break else ""


def inject_table(lines: Sequence[PlannedInject]) -> TextTable:
    """Give the message-event list."""
    return TextTable(
        head=("#", "Scenario", "Inject", "After", "To", "What", "Expected", "State", "Then"),
        rows=tuple(
            (
                str(one.item + 1),
                one.scenario,
                one.id,
                format_duration(one.after),
                one.to,
                f"{one.kind}: {one.text}",
                one.expected,
                _became(one),
                "; ".join(f"+{format_duration(done.after)} {done.text}" for done in one.actual),
            )
            for one in lines
        ),
        right=frozenset({0, 3}),
    )


def _became(one: PlannedInject) -> str:
    when = "" if one.at is None else f" {time_of_day(one.at)}"
    return f"{one.state}{when}{f' ({one.why})' if one.why else ''}"


# --- JSON ---


def _json(shown: Shown) -> dict[str, object]:
    plan, now = shown.standing.plan, shown.standing
    hidden = plan.announcement == "none" and not shown.insider and not shown.opened
    return {
        "gameday": plan.gameday,
        "game_day": now.game_day or None,
        "title": plan.title,
        "environment": plan.environment,
        "stage": now.stage.value if shown.opened else None,
        "next": None if hidden or shown.next is None else times.utc(shown.next),
        "announcement": plan.announcement,
        "agenda": [_turn(now, turn, insider=shown.insider) for turn in now.turns],
    }


def _turn(now: GameDayState, turn: Turn, *, insider: bool) -> dict[str, object]:
    told = insider or turn.done or turn.on_agenda.is_break
    return {
        "item": turn.item + 1,
        "attempt": turn.attempt,
        "title": now.title(turn) if told else None,
        "scenario": (turn.on_agenda.scenario or None) if told else None,
        "break": turn.on_agenda.lasts if turn.on_agenda.is_break else None,
        "drill": (turn.drill or None) if told else None,
        "how": turn.how or None,
        "exit_code": turn.exit_code,
        "settled": turn.settled,
        "waived": turn.waived or None,
    }


def _line(one: PlannedInject) -> dict[str, object]:
    return {
        "item": one.item + 1,
        "attempt": one.attempt,
        "scenario": one.scenario,
        "inject": one.id,
        "after": one.after,
        "to": one.to,
        "kind": one.kind,
        "text": one.text,
        "expected": one.expected or None,
        "state": one.state,
        "at": None if one.at is None else times.utc(one.at),
        "why": one.why or None,
        "actual": [{"after": round(done.after, 3), "text": done.text} for done in one.actual],
    }
