"""scenario.yaml -> `core.plans.scenario.Scenario`, with every mistake of the file.

The scenario's paths are as seen from the workspace. The files that it names are not opened here;
`formats.scenario.crosscheck` compares them. Where it names no scorecard, the workspace finds one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from gameday.core.plans import scenario as core
from gameday.core.values import Party
from gameday.formats.scenario import rules as scenario_rules
from gameday.formats.scenario.guardrails.probe import probe_text
from gameday.formats.scenario.guardrails.table import KINDS
from gameday.formats.scenario.model import (
    AlertCondition,
    AllOf,
    AnyOf,
    ContinuousHypothesis,
    ExpectedAlert,
    ExpectedMatch,
    ExperimentInject,
    ExperimentRun,
    HintInject,
    LoadModel,
    MessageInject,
    Milestones,
    ProbeCondition,
    ScenarioFile,
    SloCondition,
    UsersInject,
)
from gameday.formats.text import models, paths
from gameday.formats.text.document import Checked, Document
from gameday.formats.text.models import Strict


def check(document: Document) -> Checked[core.Scenario]:
    """Find every mistake of a scenario, and warn of what would make it a poor drill."""
    filled = models.check(ScenarioFile, document)
    mistakes = tuple(sorted({*filled.mistakes, *scenario_rules.check(document)}))
    value = None
    if filled.value is not None and all(mistake.warning for mistake in mistakes):
        value = _scenario(filled.value, document.file)
    return Checked(document=document, value=value, mistakes=mistakes)


def _scenario(file: ScenarioFile, path: str) -> core.Scenario:
    def located(named: str) -> str:
        return paths.resolve(path, named) if named else ""

    party = Party(file.responders)
    severity = file.severity if isinstance(file.severity, list) else [file.severity]
    return core.Scenario(
        scenario=file.scenario,
        title=file.title,
        environment=file.environment,
        path=path,
        description=file.description,
        severity=tuple(severity),
        responders=party,
        experiment=located(_file(file.experiment)),
        options=_options(file.experiment, located),
        hold=file.hold if isinstance(file.hold, str) else "for",
        hold_for=file.hold if isinstance(file.hold, float) else None,
        load=_load(file.load, path),
        slos=tuple(core.Slo(**slo.model_dump()) for slo in file.slos),
        expect=tuple(_expectation(expected) for expected in file.expect),
        milestones=_milestones(file.milestones),
        objectives=core.Objectives(**file.objectives.model_dump()),
        phases=core.Phases(**file.phases.model_dump()),
        guardrails=tuple(_guardrail(guardrail) for guardrail in file.guardrails),
        injects=tuple(_inject(inject, path) for inject in file.injects),
        playbook=located(file.playbook),
        real_incident=file.real_incident.severity if file.real_incident else None,
        scorecard=located(file.scorecard),
    )


def _file(experiment: str | ExperimentRun) -> str:
    return experiment if isinstance(experiment, str) else experiment.file


def _options(experiment: str | ExperimentRun, located: Callable[[str], str]) -> core.ChaosOptions:
    if isinstance(experiment, str):
        return core.PLAIN_RUN
    given = experiment.hypothesis
    how = given if isinstance(given, ContinuousHypothesis) else ContinuousHypothesis(strategy=given)
    return core.ChaosOptions(
        vars=json.dumps(experiment.vars, sort_keys=True) if experiment.vars else "",
        var_files=tuple(map(located, experiment.var_files)),
        controls=tuple(map(located, experiment.controls)),
        hypothesis=how.strategy or "",
        frequency=how.frequency,
        fail_fast=how.fail_fast,
        cwd=located(experiment.cwd),
    )


def _load(load: LoadModel | None, path: str) -> core.Load | None:
    if load is None:
        return None
    given = load.model_dump()
    given |= {name: tuple(each) for name, each in given.items() if isinstance(each, list)}
    return core.Load(**given | {"locustfile": paths.resolve(path, load.locustfile)})


def _expectation(expected: ExpectedAlert | ExpectedMatch) -> core.Expectation:
    if isinstance(expected, ExpectedAlert):
        return core.Expectation(alert=expected.alert, within=expected.within, page=expected.page or "")
    return core.Expectation(**expected.match.model_dump(), within=expected.within, page=expected.page or "")


def _milestones(given: Milestones) -> core.MilestoneRules:
    rules = {
        name: _rule(rule) for name in Milestones.model_fields if (rule := getattr(given, name)) is not None
    }
    return replace(core.MilestoneRules(), **rules)


def _rule(rule: AnyOf | AllOf) -> core.Rule:
    conditions = rule.all if isinstance(rule, AllOf) else rule.any
    return core.Rule(
        all=isinstance(rule, AllOf), conditions=tuple(_condition(condition) for condition in conditions)
    )


def _condition(condition: str | SloCondition | ProbeCondition | AlertCondition) -> core.Condition:
    match condition:
        case str():
            return core.Condition(sign=condition)
        case SloCondition():
            return core.Condition(slo=condition.slo, at_least=condition.at_least, lasting=condition.lasting)
        case ProbeCondition():
            return core.Condition(
                probe=probe_text(condition.probe, condition.tolerance), every=condition.every
            )
        case AlertCondition():
            return core.Condition(alert=condition.alert, state=condition.state)
        case _:
            assert_never(condition)


def _guardrail(guardrail: Strict) -> core.Guardrail:
    kind = next(kind for kind in KINDS.values() if isinstance(guardrail, kind.model))
    return kind.store(guardrail)


def _inject(inject: MessageInject | HintInject | UsersInject | ExperimentInject, path: str) -> core.Inject:
    given = inject.model_dump()
    given |= {"unless": inject.unless or "", "id": inject.id or ""}
    if isinstance(inject, ExperimentInject):
        given["experiment"] = paths.resolve(path, inject.experiment)
    return core.Inject(**given)
