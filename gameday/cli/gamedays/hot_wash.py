"""Records the hot wash, and writes one report over all drills of a game day.

Answers and action items become facts in the game day's history. The report and the playbooks' patches go into
a folder of their own: the drills' postmortems do not change.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from gameday import ports, wiring
from gameday.cli.gamedays import find
from gameday.cli.shared import output
from gameday.conduct.recorder import Recorder
from gameday.core.errors import ExitCode, UsageError
from gameday.core.facts.gameday import HotWashAnswered, ImprovementPlanned
from gameday.core.gamedays import report as reports
from gameday.core.gamedays import state as states
from gameday.core.gamedays.report import Report
from gameday.core.gamedays.state import GameDayState, Stage
from gameday.core.plans.scenario import Playbook
from gameday.core.playbook.outline import Present
from gameday.core.values import DrillId
from gameday.settings import Workspace
from gameday.system.clock import SystemClock
from gameday.system.files import write_whole
from gameday.system.ids import SystemIds


def main(name: str, *, answers: Sequence[str], actions: Sequence[str], by: str) -> int:
    """Take answers and work, and write the report anew."""
    space = wiring.workspace()
    store = wiring.workspace_store(space)
    game_day = find.find(store, name)
    state = states.fold(find.read_history(store, game_day))
    if state.stage is not Stage.ENDED:
        raise UsageError(f"{game_day} has not ended", hint="gameday plan end ends it")
    facts: list[HotWashAnswered | ImprovementPlanned] = [_answer(answer, state) for answer in answers]
    facts += [_action(action) for action in actions]
    if not facts:
        if not sys.stdin.isatty():
            raise UsageError("no terminal to ask on", hint='--answer "went-well=…" --action "TEXT;OWNER"')
        facts = list(_ask(state))
    _keep(store, game_day, facts, by)
    _write(space, store, game_day)
    return ExitCode.PASSED


def close(space: Workspace, store: ports.HistoryStore, game_day: DrillId, *, by: str) -> None:
    """Hold the hot wash in the facilitator's terminal, where there is one, and write the report."""
    state = states.fold(find.read_history(store, game_day))
    if sys.stdin.isatty() and state.planned.attended and state.drills:
        _keep(store, game_day, list(_ask(state)), by)
    else:
        output.hint("gameday plan hot-wash asks what the game day has shown")
    _write(space, store, game_day)


def report(name: str, *, html: bool) -> int:
    """Write a game day's report again, and print it."""
    space = wiring.workspace()
    store = wiring.workspace_store(space)
    folder = _write(space, store, find.find(store, name))
    output.data((folder / ("report.html" if html else "report.md")).read_text(encoding="utf-8"))
    return ExitCode.PASSED


# --- answers ---


def _answer(text: str, state: GameDayState) -> HotWashAnswered:
    question, separator, answer = text.partition("=")
    if not separator or not question.strip() or not answer.strip():
        hint = f"QUESTION=TEXT, with one of {', '.join(reports.questions(state))}, or a name of your own"
        raise UsageError(f"'{text}' is not an answer", hint=hint)
    asked = {words: name for name, words in reports.questions(state).items()}
    named = asked.get(question.strip(), question.strip())  # a question in full is that question
    return HotWashAnswered(question=named, answer=answer.strip())


def _action(text: str) -> ImprovementPlanned:
    """Read `TEXT`, `TEXT;OWNER` or `TEXT;OWNER;DUE`. Raises UsageError."""
    what, owner, due = (*(part.strip() for part in text.split(";", 2)), "", "")[:3]
    if not what:
        raise UsageError(f"'{text}' is not an action item", hint="TEXT;OWNER;2026-12-24")
    if due and not _is_date(due):
        raise UsageError(f"'{due}' is not a date", hint="write 2026-12-24")
    return ImprovementPlanned(text=what, owner=owner, due=due)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _ask(state: GameDayState) -> Iterator[HotWashAnswered | ImprovementPlanned]:
    """Ask each question on the terminal, then for work; an empty line skips one."""
    output.talk("Hot wash: an empty line skips a question. Teams and systems are judged, never persons.")
    for question, text in reports.questions(state).items():
        answer = _typed(text)
        if answer:
            yield HotWashAnswered(question=question, answer=answer)
    while line := _typed("Action item: TEXT;OWNER;DUE (an empty line ends)"):
        try:
            yield _action(line)
        except UsageError as error:
            output.problem(error)


def _typed(text: str) -> str:
    output.ask(text)
    return sys.stdin.readline().strip()


def _keep(
    store: ports.HistoryStore,
    game_day: DrillId,
    facts: Sequence[HotWashAnswered | ImprovementPlanned],
    by: str,
) -> None:
    name = find.viewer(by)
    recorder = Recorder(
        store=store, clock=SystemClock(), ids=SystemIds(), drill=game_day, source="cli", by=name
    )
    for fact in facts:
        recorder.record(fact)
    if facts:
        output.talk(f"recorded: {len(facts)}")


# --- the report ---


def draft(space: Workspace, store: ports.HistoryStore, game_day: DrillId) -> Report:
    """Draft a game day's report from its history and its drills'; patches change the playbooks of today."""
    from gameday.formats.scenario import playbook as markdown  # noqa: PLC0415  # a parser that others don't need

    def present(planned: Playbook) -> Present:
        now = space.text_now(planned.path)
        return markdown.present(planned.text if now is None else now)

    history = find.read_history(store, game_day)
    return reports.build(history, find.judged(store, states.fold(history)), present)


def _write(space: Workspace, store: ports.HistoryStore, game_day: DrillId) -> Path:
    from gameday.render import gameday_report as rendering  # noqa: PLC0415  # drawing is loaded when there is something to draw

    drafted = draft(space, store, game_day)
    folder = space.artifacts.parent / "gamedays" / game_day
    texts = {"report.md": rendering.markdown(drafted), "report.html": rendering.html(drafted)}
    for line in drafted.drills:
        if line.patch:
            texts[f"{line.drill}.patch"] = line.patch
    for name, text in texts.items():
        write_whole(folder / name, text)
    output.talk(f"report: {folder / 'report.html'}")
    return folder
