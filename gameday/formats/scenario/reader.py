"""scenario.yaml -> `core.plans.scenario.Scenario`, with every mistake of the file.

Comes in: a document. Goes out: the scenario, its paths as seen from the workspace, its mistakes and warnings.
Does not: open the files that a scenario names; `formats.scenario.crosscheck` compares them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, assert_never

from gameday.core.plans import scenario as core
from gameday.core.values import Party
from gameday.formats.scenario import rules as scenario_rules
from gameday.formats.scenario.model import (
    AlertCondition,
    AllOf,
    AnyOf,
    CloudWatchGuardrail,
    ExpectedAlert,
    ExpectedMatch,
    ExperimentInject,
    HintInject,
    Load,
    MessageInject,
    Milestones,
    ProbeCondition,
    ProbeGuardrail,
    PrometheusGuardrail,
    ScenarioFile,
    SloCondition,
    SloGuardrail,
    UsersInject,
)
from gameday.formats.text import models, paths
from gameday.formats.text.document import Checked, Document


def check(document: Document) -> Checked[core.Scenario]:
    """Tell every mistake of a scenario file, and what would make a poor drill of it."""
    found = models.check(ScenarioFile, document)
    mistakes = tuple(sorted({*found.mistakes, *scenario_rules.check(document)}))
    value = None
    if found.value is not None and all(one.warning for one in mistakes):
        value = _scenario(found.value, document.file)
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
        experiment=located(file.experiment),
        hold=file.hold if isinstance(file.hold, str) else "for",
        hold_for=file.hold if isinstance(file.hold, float) else None,
        load=_load(file.load, path),
        slos=tuple(core.Slo(**slo.model_dump()) for slo in file.slos),
        expect=tuple(_expectation(one) for one in file.expect),
        milestones=_milestones(file.milestones),
        objectives=core.Objectives(**file.objectives.model_dump()),
        phases=core.Phases(**file.phases.model_dump()),
        guardrails=tuple(_guardrail(one) for one in file.guardrails),
        injects=tuple(_inject(one, path) for one in file.injects),
        playbook=located(file.playbook),
        real_incident=file.real_incident.severity if file.real_incident else None,
        scorecard=located(file.scorecard or scenario_rules.DEFAULT_SCORECARDS[file.responders]),
    )


def _load(load: Load | None, path: str) -> core.Load | None:
    if load is None:
        return None
    return replace(core.Load(**load.model_dump()), locustfile=paths.resolve(path, load.locustfile))


def _expectation(one: ExpectedAlert | ExpectedMatch) -> core.Expectation:
    if isinstance(one, ExpectedAlert):
        return core.Expectation(alert=one.alert, within=one.within, page=one.page or "")
    return core.Expectation(**one.match.model_dump(), within=one.within, page=one.page or "")


def _milestones(given: Milestones) -> core.MilestoneRules:
    rules = {
        name: _rule(rule) for name in Milestones.model_fields if (rule := getattr(given, name)) is not None
    }
    return replace(core.MilestoneRules(), **rules)


def _rule(rule: AnyOf | AllOf) -> core.Rule:
    conditions = rule.all if isinstance(rule, AllOf) else rule.any
    return core.Rule(all=isinstance(rule, AllOf), conditions=tuple(_condition(one) for one in conditions))


def _condition(one: str | SloCondition | ProbeCondition | AlertCondition) -> core.Condition:
    match one:
        case str():
            return core.Condition(sign=one)
        case SloCondition():
            return core.Condition(slo=one.slo, at_least=one.at_least, lasting=one.lasting)
        case ProbeCondition():
            return core.Condition(probe=_probe(one.probe, one.tolerance), every=one.every)
        case AlertCondition():
            return core.Condition(alert=one.alert, state=one.state)
        case _:
            assert_never(one)


def _guardrail(
    one: SloGuardrail | ProbeGuardrail | PrometheusGuardrail | CloudWatchGuardrail,
) -> core.Guardrail:
    match one:
        case SloGuardrail():
            return core.Guardrail(slo=one.slo, below=one.below, lasting=one.lasting)
        case ProbeGuardrail():
            return core.Guardrail(probe=_probe(one.probe, one.tolerance), every=one.every)
        case PrometheusGuardrail(prometheus=asked):
            query = core.Query(query=asked.query, url=asked.url, above=asked.above, below=asked.below)
            return core.Guardrail(prometheus=query, lasting=asked.lasting, every=asked.every)
        case CloudWatchGuardrail(cloudwatch=asked):
            return core.Guardrail(alarm=asked.alarm, every=asked.every)
        case _:
            assert_never(one)


def _probe(probe: dict[str, Any], tolerance: Any) -> str:
    """Write a probe as JSON text with its tolerance in it."""
    return json.dumps(probe if tolerance is None else {**probe, "tolerance": tolerance}, ensure_ascii=False)


def _inject(one: MessageInject | HintInject | UsersInject | ExperimentInject, path: str) -> core.Inject:
    given = one.model_dump()
    given |= {"unless": one.unless or "", "id": one.id or ""}
    if isinstance(one, ExperimentInject):
        given["experiment"] = paths.resolve(path, one.experiment)
    return core.Inject(**given)
