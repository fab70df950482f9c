"""One short sentence for each fact of a game day, for the facilitator's screen and the report.

A sentence names no person; people's own words come separately (`quote`). It knows no other facts, so items of
the agenda are called by their numbers.
"""

from __future__ import annotations

from typing import assert_never

from gameday.core.facts import gameday as gf
from gameday.core.values import format_duration


def sentence(fact: gf.GameDayFact) -> str:  # noqa: C901, PLR0911, PLR0912  # a table: one arm for each fact
    """Describe in one sentence what happened; empty where only machines need it."""
    match fact:
        case gf.GameDayPlanned(plan=plan):
            return f"Game day {plan.gameday} opened on {plan.environment}."
        case gf.PrerequisiteChecked(name=name, passed=passed, detail=detail):
            return f"Prerequisite {'holds' if passed else 'does not hold'}: {name}{_tail(detail)}"
        case gf.GoGiven(item=item):
            return f"Go for item {item + 1}."
        case gf.ItemBegun(item=item, attempt=attempt, drill=drill):
            again = f", attempt {attempt}" if attempt > 1 else ""
            return f"Item {item + 1} began{again}{f': drill {drill}' if drill else ''}."
        case gf.ItemEnded(item=item, how=how, why=why):
            return f"Item {item + 1} ended ({how}){_tail(why)}"
        case gf.ItemSkipped(item=item, attempt=attempt):
            again = f", attempt {attempt}," if attempt > 1 else ""
            return f"Item {item + 1}{again} was skipped."
        case gf.RepeatAsked(item=item):
            return f"Item {item + 1} will be repeated."
        case gf.GameDayPaused():
            return "Paused: nothing further begins."
        case gf.GameDayResumed():
            return "Resumed."
        case gf.TimeExtended(seconds=seconds, what=what):
            return f"{what.capitalize()} extended by {format_duration(seconds)}."
        case gf.SettlingChecked(step=step, passed=passed, detail=detail):
            verdict = {True: "settled", False: "not settled", None: "unknown"}[passed]
            return f"Settling, {step}: {verdict}{_tail(detail)}"
        case gf.Settled(item=item):
            return f"The environment has settled after item {item + 1}."
        case gf.SettlingFailed(step=step, detail=detail):
            return f"The environment has not settled ({step}){_tail(detail)}"
        case gf.SettlingWaived():
            return "A facilitator continued although the environment had not settled."
        case gf.GameDayEnded(why=why):
            return f"The game day ended ({why})."
        case gf.HotWashAnswered(question=question):
            return f"Hot wash: {question}."
        case gf.ImprovementPlanned():
            return "Improvement planned."
        case _:
            assert_never(fact)


def quote(fact: gf.GameDayFact) -> str:
    """Give people's own words in a fact, verbatim; empty if it has none."""
    match fact:
        case gf.ItemSkipped(why=why) | gf.RepeatAsked(why=why) | gf.GameDayPaused(why=why):
            return why
        case gf.SettlingWaived(reason=reason):
            return reason
        case gf.HotWashAnswered(answer=answer):
            return answer
        case gf.ImprovementPlanned(text=text):
            return text
        case _:
            return ""


def _tail(detail: str) -> str:
    return f": {detail}" if detail else "."
