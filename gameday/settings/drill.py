"""The files of one drill: read, checked against each other, frozen and hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gameday.core.errors import InvalidFiles, Mistake
from gameday.core.plans.responder_script import ResponderScript
from gameday.core.plans.scenario import Playbook, Scenario, ScorecardRules
from gameday.core.values import Party
from gameday.formats.experiment.reader import Experiment
from gameday.formats.scenario import fingerprint
from gameday.formats.scenario import rules as scenario_rules
from gameday.formats.settings.reader import Environment
from gameday.formats.text import document
from gameday.settings import static_look
from gameday.settings.catalogue import Catalogue
from gameday.settings.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillFiles:
    """The files of one drill, checked and frozen.

    experiments  the parsed experiments by workspace path; texts: their texts as they are on disk
    hashes       sha256 of each file by its workspace path
    comparable   the hash by which drills are compared
    """

    scenario: Scenario
    scorecard: ScorecardRules
    environment: Environment
    playbook: Playbook | None = None
    script: ResponderScript | None = None
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    comparable: str = ""
    warnings: tuple[Mistake, ...] = ()


def drill_files(
    space: Workspace,
    scenario: Path,
    *,
    responder: Path | None = None,
    environment: str = "",
) -> DrillFiles:
    """Read and check every file of one drill; run none of them. Raises InvalidFiles with all their mistakes.

    environment: replaces the scenario's.
    """
    catalogue = Catalogue(space)
    checked = catalogue.scenario(space.name(scenario), environment)
    script = catalogue.responder(space.name(responder), checked.value).value if responder else None
    value = checked.value
    if value is not None and script is not None and not checked.document.get(("scorecard",)):
        value = _judged_by(value, script, catalogue)
    catalogue.mistakes.extend(static_look.check(catalogue, judged=True))
    mistakes = catalogue.all_mistakes()
    if value is None or any(not mistake.warning for mistake in mistakes):
        raise InvalidFiles(mistakes)
    return replace(
        _frozen(catalogue, value),
        environment=space.settings.environment(environment or value.environment),
        script=script,
        warnings=mistakes,
    )


def _judged_by(scenario: Scenario, script: ResponderScript, catalogue: Catalogue) -> Scenario:
    """Judge a script that plays the automation by the automation's scorecard, if the scenario names none."""
    named = catalogue.space.default_scorecard(scenario.path, scenario_rules.AUTOMATION)
    if script.acts_as is not Party.AUTOMATION or scenario.scorecard == named:
        return scenario
    catalogue.check(named, "scorecard")
    return replace(scenario, scorecard=named)


def _frozen(catalogue: Catalogue, scenario: Scenario) -> DrillFiles:
    experiments = {path: catalogue.value(path, "experiment") for path in experiments_of(scenario)}
    locustfile = catalogue.contents[scenario.load.locustfile] if scenario.load else b""
    acted_on = {path: experiment.data for path, experiment in experiments.items()}
    return DrillFiles(
        scenario=scenario,
        scorecard=catalogue.value(scenario.scorecard, "scorecard"),
        environment=Environment(name=scenario.environment),
        playbook=catalogue.playbook_of(scenario),
        experiments=experiments,
        texts={path: document.decode(catalogue.contents[path], path) for path in experiments},
        hashes={path: fingerprint.sha256(content) for path, content in sorted(catalogue.contents.items())},
        comparable=fingerprint.comparable(scenario, acted_on, locustfile),
    )


def experiments_of(scenario: Scenario) -> tuple[str, ...]:
    """Name the experiments of a scenario: its own, and those of its injects."""
    named = (scenario.experiment, *(inject.experiment for inject in scenario.injects))
    return tuple(dict.fromkeys(path for path in named if path))
