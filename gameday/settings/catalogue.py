"""The files of a workspace, each read and checked once, and compared with each other.

A catalogue gathers the mistakes of all files that were looked at. What experiments and locustfiles import is
checked by `settings.imports`, in other processes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from gameday.core.errors import Mistake
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.plans.responder_script import ResponderScript
from gameday.core.plans.scenario import (
    PLAIN_RUN,
    ChaosOptions,
    Load,
    Playbook,
    Scenario,
    ScorecardRules,
)
from gameday.core.values import Seconds
from gameday.formats.experiment import overrides
from gameday.formats.experiment import reader as experiments
from gameday.formats.gamedays import reader as gameday_plan
from gameday.formats.gamedays import rules as gameday_rules
from gameday.formats.scenario import crosscheck
from gameday.formats.scenario import playbook as playbooks
from gameday.formats.scenario import reader as scenarios
from gameday.formats.scenario import responder_script as responders
from gameday.formats.scenario import rules as scenario_rules
from gameday.formats.scenario import scorecard as scorecards
from gameday.formats.text import document as text_document
from gameday.formats.text import reader
from gameday.formats.text.document import Checked, Document
from gameday.settings.workspace import Unreadable, Workspace
from gameday.system import files

Reader = Callable[[bytes, str], Document]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of file: how its text is read, and how it is checked."""

    name: str
    read: Reader
    check: Callable[[Document], Checked[Any]]


def _text(content: bytes, file: str) -> Document:
    return Document(file=file, data=text_document.decode(content, file))


def _locustfile(document: Document) -> Checked[str]:
    return Checked(document=document, value=document.data, mistakes=document.mistakes)


KINDS = {
    kind.name: kind
    for kind in (
        Kind(name="scenario", read=reader.read, check=scenarios.check),
        Kind(name="gameday", read=reader.read, check=gameday_plan.check),
        Kind(name="experiment", read=experiments.read, check=experiments.check),
        # Two words, unlike a key: the kind of a file is found by its first key.
        Kind(name="file of values", read=overrides.read_values, check=overrides.check_values),
        Kind(name="file of controls", read=overrides.read_controls, check=overrides.check_controls),
        Kind(name="scorecard", read=reader.read, check=scorecards.check),
        Kind(name="responder", read=reader.read, check=responders.check),
        Kind(name="playbook", read=_text, check=playbooks.check),
        Kind(name="locustfile", read=_text, check=_locustfile),
    )
}


@dataclass(slots=True)
class Catalogue:
    """Reads and checks files by their workspace paths, each once, and gathers their mistakes."""

    space: Workspace
    mistakes: list[Mistake] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    checked: dict[tuple[str, str], Checked[Any]] = field(default_factory=dict)
    played_on: dict[str, set[str]] = field(default_factory=dict)
    """By scenario, the environments that it was checked for."""

    def check(self, path: str, kind: str) -> Checked[Any]:
        """Check a file. If it can't be read, that is a mistake at its beginning."""
        try:
            return self._read_once(path, kind)
        except ValueError as error:
            missing = Mistake(file=path, message=str(error), hint=_hint(error))
            self.mistakes.append(missing)
            return Checked(document=Document(file=path, data=None), value=None, mistakes=(missing,))

    def _read_once(self, path: str, kind: str, *, controlled: bool = False) -> Checked[Any]:
        if (path, kind) not in self.checked:
            content = self.space.read(path)
            self.contents[path] = content
            self.kinds[path] = kind
            how = KINDS[kind]
            document = reader.attempt(how.read, content, path)
            checked = self._experiment(document, controlled) if kind == "experiment" else how.check(document)
            self.mistakes.extend(checked.mistakes)
            self.checked[path, kind] = checked
        return self.checked[path, kind]

    def _experiment(self, document: Document, controlled: bool) -> Checked[experiments.Experiment]:
        checked = experiments.check(document, controlled=controlled)
        if checked.value is None and b"controls" in _chaos_settings():
            return experiments.check(document, controlled=True)
        return checked

    def scenario(self, path: str, environment: str = "") -> Checked[Scenario]:
        """Check a scenario with every file that it names, and its environment (or another one)."""
        checked: Checked[Scenario] = self.check(path, "scenario")
        document = checked.document
        values: dict[str, Any] = {}
        controlled = bool(document.get(("experiment", "controls"))) if document.data is not None else False
        named_files = scenario_rules.references(document) if document.data is not None else ()
        for where, kind, named in named_files:
            try:
                values.setdefault(kind, self._read_once(named, kind, controlled=controlled).value)
            except ValueError as error:
                self.mistakes.append(document.mistake(where, str(error), hint=_hint(error)))
        checked = self._judged(path, checked, values)
        self._environment(document, environment)
        self.played_on.setdefault(path, set()).add(environment or str(document.get(("environment",))))
        rules = values.get("scorecard")
        if checked.value is not None and isinstance(rules, ScorecardRules):
            self.mistakes.extend(crosscheck.limits(document, checked.value, rules))
        return checked

    def _judged(self, path: str, checked: Checked[Scenario], values: dict[str, Any]) -> Checked[Scenario]:
        """Give a scenario that names no scorecard the one that counts for it."""
        name = scenario_rules.default_scorecard(checked.document)
        if checked.value is None or not name:
            return checked
        scorecard = self.space.default_scorecard(path, name)
        values["scorecard"] = self.check(scorecard, "scorecard").value
        checked = replace(checked, value=replace(checked.value, scorecard=scorecard))
        self.checked[path, "scenario"] = checked
        return checked

    def _environment(self, document: Document, other: str) -> None:
        name = other or document.get(("environment",))
        if isinstance(name, str) and name and not self.space.may_have(name):
            message, hint = self.space.settings.no_environment(name)
            where = () if other else ("environment",)
            self.mistakes.append(document.mistake(where, message, hint=hint))

    def responder(self, path: str, scenario: Scenario | None) -> Checked[ResponderScript]:
        """Check a responder script, and compare it with the scenario that it plays in."""
        checked: Checked[ResponderScript] = self.check(path, "responder")
        if checked.value is not None and scenario is not None:
            playbook = self.playbook_of(scenario)
            self.mistakes.extend(crosscheck.responder(checked.document, checked.value, scenario, playbook))
        return checked

    def game_day(self, path: str) -> Checked[GameDayPlan]:
        """Check a game-day plan with every scenario and script of its agenda, on its environment."""
        checked: Checked[GameDayPlan] = self.check(path, "gameday")
        document = checked.document
        self._environment(document, "")
        name = document.get(("environment",))
        environment = name if name in self.space.settings.environments else ""
        scenario: Scenario | None = None
        for where, kind, named in gameday_rules.references(document):
            try:
                self._read_once(named, kind)
            except ValueError as error:
                self.mistakes.append(document.mistake(where, str(error), hint=_hint(error)))
                scenario = None
                continue
            if kind == "scenario":
                scenario = self.scenario(named, environment).value
            else:
                self.responder(named, scenario)
        if checked.value is not None:
            settings = self.space.settings
            people, channels = tuple(settings.people), settings.channels
            self.mistakes.extend(gameday_plan.unknown_people(document, checked.value, people))
            self.mistakes.extend(gameday_plan.misspelt_channels(document, checked.value, channels))
        return checked

    def overlaps(self) -> None:
        """Compare the plans that were checked: two on one environment at the same time are a mistake."""
        named = sorted(path for path, kind in self.checked if kind == "gameday")
        plans = [
            (plan_file, plan_file.value)
            for path in named
            if (plan_file := self.checked[path, "gameday"]).value
        ]
        scenarios = {
            path: checked.value for (path, kind), checked in self.checked.items() if kind == "scenario"
        }
        read = {path: value for path, value in scenarios.items() if value is not None}
        self.mistakes.extend(
            gameday_plan.overlaps(
                [(checked.document, plan, gameday_plan.lasts(plan, read)) for checked, plan in plans]
            )
        )

    def loads(self) -> dict[str, list[Load]]:
        """Give the loads of the scenarios that were checked, by their locustfiles."""
        found: dict[str, list[Load]] = {}
        for (_, kind), checked in self.checked.items():
            load = checked.value.load if kind == "scenario" and checked.value is not None else None
            if load is not None and load not in found.setdefault(load.locustfile, []):
                found[load.locustfile].append(load)
        return found

    def packages(self, experiment: str) -> tuple[str, ...]:
        """Give the packages that may be installed for an experiment wherever scenarios play it."""
        environments = {
            environment
            for (path, kind), checked in self.checked.items()
            if kind == "scenario" and checked.value is not None
            if experiment in (checked.value.experiment, *(each.experiment for each in checked.value.injects))
            for environment in self.played_on.get(path, ())
        }
        known = [self.space.settings.environments.get(name) for name in sorted(environments)]
        allowed = [each.rules.packages if each and each.rules else () for each in known]
        return tuple(name for name in allowed[0] if all(name in each for each in allowed)) if allowed else ()

    def lasting(self) -> dict[str, Seconds]:
        """Give the longest that a drill of the checked scenarios may take, by their locustfiles."""
        found: dict[str, Seconds] = {}
        for (_, kind), checked in self.checked.items():
            if kind == "scenario" and checked.value is not None and checked.value.load is not None:
                file = checked.value.load.locustfile
                found[file] = max(needs_load_for(checked.value), found.get(file, 0.0))
        return found

    def options(self, experiment: str) -> tuple[ChaosOptions, ...]:
        """Give what the scenarios that were checked run an experiment with; where none names it, nothing."""
        scenarios = [checked.value for (_, kind), checked in self.checked.items() if kind == "scenario"]
        found = [each.options for each in scenarios if each is not None and each.experiment == experiment]
        return tuple(dict.fromkeys(found)) or (PLAIN_RUN,)

    def playbook_of(self, scenario: Scenario) -> Playbook | None:
        """Give a scenario's playbook, if it could be read."""
        known = self.checked.get((scenario.playbook, "playbook"))
        return known.value if known else None

    def value(self, path: str, kind: str) -> Any:
        """Give the value of a file that was checked, or None if it was not, or has mistakes."""
        checked = self.checked.get((path, kind))
        return checked.value if checked else None

    def all_mistakes(self) -> tuple[Mistake, ...]:
        """Give all mistakes so far, in order, each once."""
        return tuple(sorted(set(self.mistakes)))


def needs_load_for(scenario: Scenario) -> Seconds:
    """Give for how long a drill may need its load."""
    return scenario.phases.baseline + scenario.phases.response + scenario.phases.verify


def _chaos_settings() -> bytes:
    """Read Chaos Toolkit's own settings of this user; empty where they can't be read."""
    try:
        return files.chaos_settings()
    except OSError:
        return b""


def _hint(error: ValueError) -> str:
    return error.hint if isinstance(error, Unreadable) else ""


def kind_of(path: str, content: bytes) -> str:
    """Find the kind of a file by its ending, its first key or its folder; empty if it is unknown."""
    location = PurePosixPath(path)
    if path.endswith(gameday_plan.ENDINGS):
        return "gameday"
    if location.suffix in _ENDINGS:
        return _ENDINGS[location.suffix]
    if location.suffix not in {".json", ".yaml", ".yml"}:
        return ""
    keys = _TOP_KEY.findall(content[:4096].decode("utf-8", errors="replace"))
    if keys and keys[0] in KINDS:
        return str(keys[0])
    folders = [_FOLDERS[part] for part in reversed(location.parts[:-1]) if part in _FOLDERS]
    return next(iter(folders), "experiment")


_TOP_KEY = re.compile(r"""^["']?([a-z-]+)["']?\s*:""", re.MULTILINE)
_ENDINGS = {".md": "playbook", ".py": "locustfile"}
_FOLDERS = {
    "responders": "responder",
    "scenarios": "scenario",
    "scorecards": "scorecard",
    "experiments": "experiment",
}


def plays_in(path: str, scenario_paths: Iterable[str]) -> str:
    """Give the scenario that a responder script is named after, such as `replica-crash-team.yaml`."""
    stem = PurePosixPath(path).stem
    named = {PurePosixPath(scenario).stem: scenario for scenario in scenario_paths}
    fitting = [name for name in named if stem == name or stem.startswith((f"{name}-", f"{name}."))]
    return named[max(fitting, key=len)] if fitting else ""
