"""What no single key of a scenario shows: undefined names, probes, SLOs, guardrails on the fault itself.

It reads the document, however broken, so that these mistakes are reported together with those of the models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gameday.core.errors import Mistake
from gameday.core.plans import wildcards
from gameday.formats.experiment import locust_options, variables
from gameday.formats.experiment import reader as experiment
from gameday.formats.text import document as text_document
from gameday.formats.text import paths
from gameday.formats.text.document import Document, Path

TEAM, AUTOMATION = "team", "automation"
DEFAULT_SCORECARDS = {"team": TEAM, "automation": AUTOMATION, "none": AUTOMATION}
"""The names of the scorecards of scenarios that name none, by their responders."""


def check(document: Document) -> Iterator[Mistake]:
    """Find what is wrong between the keys of a scenario."""
    rules = (
        _paths,
        _slo_names,
        _slo_sources,
        _probes,
        _own_guardrail,
        _load_needed,
        _load_arguments,
        _load_variables,
        _alert_names,
        _pages,
        _inject_ids,
    )
    for rule in rules:
        yield from rule(document)


def references(document: Document) -> Iterator[tuple[Path, str, str]]:
    """Give the files that a scenario names: at which key, of which kind, and their workspace paths."""
    named: list[tuple[Path, str]] = [
        (("experiment",), "experiment"),
        (("experiment", "file"), "experiment"),
        (("load", "locustfile"), "locustfile"),
        (("playbook",), "playbook"),
        (("scorecard",), "scorecard"),
    ]
    injects = document.get(("injects",))
    count = len(injects) if isinstance(injects, list) else 0
    for key, kind in (("var_files", "file of values"), ("controls", "file of controls")):
        files = document.get(("experiment", key))
        named += [
            (("experiment", key, index), kind)
            for index in range(len(files) if isinstance(files, list) else 0)
        ]
    named += [(("injects", index, "experiment"), "experiment") for index in range(count)]
    for where, kind in named:
        path = document.get(where)
        if isinstance(path, str) and path and not paths.problem(path):
            yield where, kind, paths.resolve(document.file, path)


def default_scorecard(document: Document) -> str:
    """Give the name of the scorecard that counts for a scenario; empty where it names one itself."""
    if document.get(("scorecard",)):
        return ""
    return DEFAULT_SCORECARDS.get(str(document.get(("responders",), "team")), TEAM)


def _paths(document: Document) -> Iterator[Mistake]:
    for where in (("experiment",), ("load", "locustfile"), ("playbook",), ("scorecard",)):
        path = document.get(where)
        problem = paths.problem(path) if isinstance(path, str) else ""
        if problem:
            yield document.mistake(where, problem)


def _items(document: Document, *path: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    items = document.get(path)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*path, index), item


def _slos(document: Document) -> list[str]:
    return [item["slo"] for _, item in _items(document, "slos") if isinstance(item.get("slo"), str)]


def _conditions(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    for milestone in ("detected", "contained", "recovered"):
        for how in ("any", "all"):
            yield from _items(document, "milestones", milestone, how)


def _slo_names(document: Document) -> Iterator[Mistake]:
    """Find SLOs that are defined twice, and names of SLOs that are not defined."""
    slos = _slos(document)
    for path, item in _items(document, "slos"):
        if slos.count(item.get("slo", "")) > 1 and path[-1] != slos.index(item["slo"]):
            yield document.mistake(
                (*path, "slo"),
                f"there is already an SLO called '{item['slo']}'",
                hint="give each its own name",
            )
    for path, item in (*_items(document, "guardrails"), *_conditions(document)):
        name = item.get("slo")
        globs = path[0] == "milestones"
        if isinstance(name, str) and not any(_matches(name, slo, globs=globs) for slo in slos) and slos:
            hint = text_document.suggest(name, slos)
            yield document.mistake((*path, "slo"), f"no SLO of this scenario is called '{name}'", hint=hint)
        elif isinstance(name, str) and not slos:
            hint = "define it in slos"
            yield document.mistake((*path, "slo"), "this scenario defines no SLO", hint=hint)


def _matches(pattern: str, name: str, *, globs: bool) -> bool:
    return wildcards.matcher(pattern).fullmatch(name) is not None if globs else pattern == name


def _slo_sources(document: Document) -> Iterator[Mistake]:
    for path, item in _items(document, "slos"):
        queries = [key for key in ("good", "total") if item.get(key)]
        if item.get("source") == "prometheus" and len(queries) < 2:
            yield document.mistake(path, "an SLO from prometheus needs the queries good and total")
        elif item.get("source", "load") == "load" and queries:
            message = f"'{queries[0]}' is a query, but the source of this SLO is the load"
            yield document.mistake((*path, queries[0]), message, hint="add source: prometheus", at_key=True)


def _probes(document: Document) -> Iterator[Mistake]:
    for path, item in (*_items(document, "guardrails"), *_conditions(document)):
        probe = item.get("probe")
        if not isinstance(probe, dict):
            continue
        where = (*path, "probe")
        yield from experiment.check_probe(document, where)
        both = "tolerance" in item, "tolerance" in probe
        if not any(both):
            hint = "add tolerance: true, or the answer that you expect"
            yield document.mistake(where, "this probe has no tolerance", hint=hint, at_key=True)
        elif all(both):
            yield document.mistake(
                (*path, "tolerance"), "the probe already has a tolerance of its own", at_key=True
            )


def _own_guardrail(document: Document) -> Iterator[Mistake]:
    """Warn of a guardrail on what the fault is meant to affect.

    That is the only SLO, or one that milestones wait for.
    """
    slos = _slos(document)
    affected = [item.get("slo") for path, item in _conditions(document) if path[1] != "detected"]
    for path, item in _items(document, "guardrails"):
        slo = item.get("slo")
        if slo in slos and (len(set(slos)) == 1 or slo in affected):
            will = "will" if len(set(slos)) == 1 else "may"
            yield document.mistake(
                (*path, "slo"),
                f"the fault itself {will} trip this guardrail: it is meant to affect '{slo}'",
                hint="guard what the fault must not affect, with an SLO of its own",
                warning=True,
            )


def _load_needed(document: Document) -> Iterator[Mistake]:
    if document.get(("experiment",)) and document.get(("load",)) is None:
        if any(item.get("users") is not None for _, item in _items(document, "injects")):
            yield document.mistake(
                ("injects",),
                "an inject changes the number of users, but the scenario has no load",
                at_key=True,
            )
        if any(item.get("source", "load") == "load" for _, item in _items(document, "slos")):
            hint = "add load, or use an SLO with source: prometheus"
            yield document.mistake(("slos",), "SLOs need a load that counts requests", hint=hint, at_key=True)


def _load_arguments(document: Document) -> Iterator[Mistake]:
    """Find arguments of Locust that a drill decides by itself."""
    arguments = document.get(("load", "args"))
    for index, argument in enumerate(arguments if isinstance(arguments, list) else ()):
        option, instead = locust_options.named(argument) if isinstance(argument, str) else ("", "")
        if option:
            path: Path = ("load", "args", index)
            yield document.mistake(path, f"the load of a drill can't be given {option}", hint=instead)


def _load_variables(document: Document) -> Iterator[Mistake]:
    """Find variables that would decide which code Locust's process runs."""
    given = document.get(("load", "env"))
    for name in given if isinstance(given, dict) else ():
        why = variables.problem(str(name))
        if why:
            yield document.mistake(("load", "env", name), why, at_key=True)


def _alert_names(document: Document) -> Iterator[Mistake]:
    """Warn of milestones that wait for an alert which the scenario does not expect: it may be misspelt."""
    expected = [item["alert"] for _, item in _items(document, "expect") if isinstance(item.get("alert"), str)]
    matched = any("match" in item for _, item in _items(document, "expect"))
    for path, item in _conditions(document):
        alert = item.get("alert")
        if isinstance(alert, str) and alert not in expected and not matched:
            yield document.mistake(
                (*path, "alert"),
                f"this scenario does not expect an alert '{alert}'",
                hint=text_document.suggest(alert, expected) or "add it to expect",
                warning=True,
            )


def _pages(document: Document) -> Iterator[Mistake]:
    """Warn of `page`: gameday does not learn whom an alert pages."""
    for path, item in _items(document, "expect"):
        if item.get("page") == "never":
            message = "gameday does not check 'page' yet: an alert that pages somebody is not noticed"
            yield document.mistake((*path, "page"), message, at_key=True, warning=True)


def _inject_ids(document: Document) -> Iterator[Mistake]:
    """Find injects whose id is another inject's id or number."""
    items = list(_items(document, "injects"))
    ids = [item.get("id") for _, item in items]
    for number, (path, item) in enumerate(items):
        name = item.get("id")
        if isinstance(name, str) and (ids.index(name) < number or (name.isdigit() and int(name) != number)):
            yield document.mistake(
                (*path, "id"), f"there is already an inject '{name}'", hint="give each its own name"
            )
