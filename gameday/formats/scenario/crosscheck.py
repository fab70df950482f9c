"""Compares the files of one drill; a mistake is reported in the file that a person would change."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.core.errors import Mistake
from gameday.core.plans.responder_script import ResponderScript
from gameday.core.plans.scenario import Criterion, Playbook, Scenario, ScorecardRules
from gameday.core.values import Party, Seconds, parse_duration
from gameday.formats.text import document as text_document
from gameday.formats.text.document import Document

_INTERVALS = ("detect", "contain", "recover")


def limits(document: Document, scenario: Scenario, rules: ScorecardRules) -> Iterator[Mistake]:
    """Warn of a response phase that ends before the scorecard's limits: its times would be cut off."""
    longest = max(
        ((_limit(criterion, scenario), criterion.criterion) for criterion in rules.criteria),
        default=(0.0, ""),
    )
    if scenario.responders is Party.NONE or scenario.phases.response >= longest[0]:
        return
    yield document.mistake(
        ("phases", "response"),
        f"the response ends after {_short(scenario.phases.response)}, before the limit of "
        f"{longest[1]} ({_short(longest[0])}): a late recovery would be cut off",
        hint=f"write response: {_short(longest[0])} or more",
        warning=True,
    )


def _limit(criterion: Criterion, scenario: Scenario) -> Seconds:
    """Give the limit of a criterion that measures one of the three intervals, else 0."""
    if criterion.measure not in _INTERVALS:
        return 0.0
    written = criterion.limit or criterion.target or "3x"
    objective: Seconds = getattr(scenario.objectives, criterion.measure)
    if written.endswith("x"):
        return objective * float(written.removesuffix("x"))
    return parse_duration(written)


def _short(seconds: Seconds) -> str:
    """Write a duration as it is written in files."""
    whole = round(seconds)
    if whole < 60 or whole % 60:
        return f"{seconds:g}s"
    return f"{whole // 60}m" if whole % 3600 else f"{whole // 3600}h"


def responder(
    document: Document, script: ResponderScript, scenario: Scenario, playbook: Playbook | None
) -> Iterator[Mistake]:
    """Compare a responder script with its scenario, and with the scenario's playbook."""
    yield from _steps(document, script, playbook)
    yield from _alerts(document, script, scenario)
    yield from _injects(document, script, scenario)


def _steps(document: Document, script: ResponderScript, playbook: Playbook | None) -> Iterator[Mistake]:
    known = [step.id for step in playbook.steps] if playbook else []
    for index, step in enumerate(script.steps):
        if step.do.step and step.do.step not in known:
            where = f"{playbook.path} has no step" if playbook else "the scenario has no playbook with a step"
            yield document.mistake(
                ("steps", index, "do", "step"),
                f"{where} '{step.do.step}'",
                hint=text_document.suggest(step.do.step, known),
            )


def _alerts(document: Document, script: ResponderScript, scenario: Scenario) -> Iterator[Mistake]:
    """Warn of alerts that the scenario does not expect: they may fire, or be misspelt."""
    known = [
        expected.alert or expected.name for expected in scenario.expect if expected.alert or expected.name
    ]
    for index, step in enumerate(script.steps):
        alert = step.when.alert if step.when else ""
        if alert and alert not in known:
            yield document.mistake(
                ("steps", index, "when", "alert"),
                f"the scenario {scenario.scenario} does not expect an alert '{alert}'",
                hint=text_document.suggest(alert, known) or "add it to the scenario's expect",
                warning=True,
            )


def _injects(document: Document, script: ResponderScript, scenario: Scenario) -> Iterator[Mistake]:
    count = len(scenario.injects)
    for index, step in enumerate(script.steps):
        waited, taken = (step.when.inject if step.when else None), step.do.hint
        for path, number in ((("when", "inject"), waited), (("do", "hint"), taken)):
            where = ("steps", index, *path)
            if number is not None and number >= count:
                hint = f"injects are numbered from 0; the scenario has {count}"
                yield document.mistake(where, f"the scenario has no inject {number}", hint=hint)
        if taken is not None and taken < count and not scenario.injects[taken].hint:
            yield document.mistake(("steps", index, "do", "hint"), f"inject {taken} is not a hint")
