"""`gameday review`: records the answers that only people can give, after the drill.

They become ReviewAnswered facts and a new revision of the drill's files. What was judged at the close does
not change: both revisions remain.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.drill import visibility
from gameday.cli.shared import output
from gameday.conduct.drill import report
from gameday.conduct.recorder import Recorder
from gameday.core.errors import ExitCode, UsageError
from gameday.core.facts import drill as ev
from gameday.core.judging.answers import lacking
from gameday.core.postmortem import playbook_steps
from gameday.core.values import DrillId
from gameday.system import actor
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds

QUESTIONS = {
    "root-cause": "What was the root cause, in the team's words?",
    "fix": "What is the permanent fix?",
    "fix-validated": "How was the fix validated?",
    "communicated": "Who was informed that the incident is over, and how?",
    "went-well": "What went well?",
    "improve": "What should be better next time?",
}


def main(named: str, *, answers: Sequence[str], by: str, who: str = "") -> int:
    """Take answers, store them, and write the drill's files again."""
    space = wiring.workspace()
    store = revert.open_store(space)
    drill = visibility.find(store, named, who)
    judged = report.judge(store, drill)
    given = [_split(answer) for answer in answers] if answers else list(_ask(judged))
    if not given:
        output.talk("no answer given; nothing changed")
        return ExitCode.PASSED
    if answers:  # a terminal is warned at each question
        for question, text in given:
            _warn(question, text)
    _store(store, drill, given, by or actor.login())
    folder = wiring.write_reports(space, store, drill)
    revision = report.judge(store, drill).result.revision
    output.talk(f"answers recorded: {len(given)}; revision {revision} written to {folder}")
    return ExitCode.PASSED


def _split(answer: str) -> tuple[str, str]:
    question, separator, text = answer.partition("=")
    if not separator or not question.strip() or not text.strip():
        hint = f"write QUESTION=TEXT, with one of {', '.join(QUESTIONS)}, or step:ID"
        raise UsageError(f"'{answer}' is not an answer", hint=hint)
    return question.strip(), text.strip()


def _ask(judged: report.JudgedDrill) -> Iterator[tuple[str, str]]:
    """Ask each question on the terminal; an empty line skips it."""
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask on", hint='give the answers: --answer "root-cause=…"')
    for question, text in (QUESTIONS | _unproven_steps(judged)).items():
        answer = _answered(question, text)
        if answer:
            yield question, answer


def _answered(question: str, text: str) -> str:
    """Ask one question, and once more where its answer says nothing; what is then typed is kept as it is."""
    output.ask(text)
    answer = sys.stdin.readline().strip()
    if not answer or not _warn(question, answer):
        return answer
    output.ask(text)
    again = sys.stdin.readline().strip()
    if again:
        _warn(question, again)
    return again or answer


def _warn(question: str, answer: str) -> bool:
    """Warn at once of an answer that earns nothing."""
    why = lacking(question, answer)
    if why:
        output.warn(f"{question}: {why}")
    return bool(why)


def _unproven_steps(judged: report.JudgedDrill) -> dict[str, str]:
    """Ask about each step of the playbook that nothing proves: an unticked step may still have been done."""
    playbook = judged.history.plan.playbook
    if playbook is None:
        return {}
    reviewed = playbook_steps.review(judged.history, judged.result, playbook)
    return {f"step:{step.id}": f"Was this step done? “{step.text}” (yes, no)" for step in reviewed.unticked}


def _store(store: ports.HistoryStore, drill: DrillId, given: Sequence[tuple[str, str]], by: str) -> None:
    recorder = Recorder(store=store, clock=SystemClock(), ids=SystemIds(), drill=drill, source="cli", by=by)
    for question, answer in given:
        recorder.record(ev.ReviewAnswered(question=question, answer=answer))
