"""What the history cannot answer, to be asked at the review. The questions name nobody.

They are asked because a step that left no trace may have been done all the same.
"""

from __future__ import annotations

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import answers, conditions
from gameday.core.postmortem.playbook_steps import Steps, short
from gameday.core.values import Severity

_ASKED_SINGLY = 3
"""Up to this many unticked steps are asked for one by one."""


def open_questions(history: History, steps: Steps) -> tuple[str, ...]:
    """Give what the history cannot answer, to be asked at the review."""
    if history.refused or conditions.nobody_responds(history):
        return ()
    given = (answer.fact for answer in history.each(ev.ReviewAnswered))
    answered = {each.question for each in given if not answers.lacking(each.question, each.answer)}
    asked = _unticked(steps)
    if "root-cause" not in answered and history.first(ev.FaultInjected):
        asked.append("What did the team consider the root cause, and what showed it?")
    if "fix-validated" not in answered and history.first(ev.FaultInjected):
        asked.append("Was the fix validated by something other than the alert resolving?")
    severe = {Severity.P1, Severity.P2} & set(history.plan.scenario.severity)
    if severe and not history.first(ev.UpdateSent):
        asked.append("Were customers and stakeholders informed? No update is on record.")
    return tuple(asked)


def _unticked(steps: Steps) -> list[str]:
    if len(steps.unticked) <= _ASKED_SINGLY:
        return [f"Was the step “{short(step)}” done? Nobody ticked it." for step in steps.unticked]
    names = ", ".join(step.id for step in steps.unticked)
    return [f"Which of these steps were done? Nobody ticked them: {names}."]
