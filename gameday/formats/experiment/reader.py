"""A Chaos Toolkit experiment, read more strictly than `chaos validate` does, without chaoslib.

`chaos validate` reports only the first mistake, without a line, and accepts misspelt keys, variables that
nobody defines, and one name for two activities. What Chaos Toolkit runs nevertheless is only a warning: a key
that it does not know, which it ignores; a group of secrets that nobody defines, which is empty; a variable
that a control may set. Whether modules and commands exist is checked elsewhere, in `faults.child`.

Format: https://chaostoolkit.org/reference/api/experiment/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from gameday.core.errors import Mistake
from gameday.formats.experiment import model as experiment_model
from gameday.formats.experiment import sources, untracked_commands
from gameday.formats.text import document as text_document
from gameday.formats.text import models, reader
from gameday.formats.text import yaml as yaml_text
from gameday.formats.text.document import Checked, Document, Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """An experiment as chaoslib loads it."""

    path: str
    data: Mapping[str, Any]


def read(content: bytes, file: str) -> Document:
    """Read an experiment's text: JSON, or YAML 1.1 as chaoslib has it. Raises InvalidFiles."""
    if PurePosixPath(file).suffix in {".yaml", ".yml"}:
        return yaml_text.read(text_document.decode(content, file), file, legacy=True)
    return reader.read(content, file)


def check(document: Document, *, controlled: bool = False) -> Checked[Experiment]:
    """Find every mistake of an experiment. It has a value unless a mistake is more than a warning.

    controlled: it runs with controls that it does not declare, which may set its variables.
    """
    filled = models.check(experiment_model.ExperimentFile, document, lenient=True, foreign=True)
    mistakes = filled.mistakes
    if isinstance(document.data, dict):
        mistakes = (*mistakes, *_meaning(document, controlled=controlled))
    if any(not mistake.warning for mistake in mistakes):
        return Checked(document=document, value=None, mistakes=tuple(sorted(set(mistakes))))
    value = Experiment(path=document.file, data=document.data)
    return Checked(document=document, value=value, mistakes=tuple(sorted(set(mistakes))))


def check_probe(document: Document, path: Path) -> tuple[Mistake, ...]:
    """Find every mistake of a probe in another file, at a path."""
    return models.check_part(experiment_model.Probe, document, path, lenient=True)


# --- what the model can't see -----------------------------------------------------------------------


def _meaning(document: Document, *, controlled: bool) -> Iterator[Mistake]:
    yield from _names(document)
    yield from _variables(document, controlled=controlled or _has_controls(document))
    yield from _patterns(document)
    yield from _controls(document)
    yield from sources.check(document)
    yield from _secret_groups(document)
    yield from _extension(document)
    yield from _actions(document)
    yield from _unfollowed(document)
    yield from _rollbacks(document)
    yield from _late_rollbacks(document)
    yield from _dry(document)


def _activities(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give every activity that can be named, with its path."""
    for top in (("steady-state-hypothesis", "probes"), ("method",), ("rollbacks",)):
        activities = document.get(top)
        for index, activity in enumerate(activities if isinstance(activities, list) else ()):
            if isinstance(activity, dict):
                yield (*top, index), activity


def _names(document: Document) -> Iterator[Mistake]:
    """Find references to undefined activities, and one name for two activities.

    Chaos Toolkit finds an activity by its name in the hypothesis and in the method, not in the rollbacks.
    """
    first: dict[str, tuple[Path, dict[str, Any]]] = {}
    twice: dict[str, Path] = {}
    for path, activity in _activities(document):
        name = activity.get("name")
        # Two that are equal do no harm: whichever a reference finds, it is the same.
        if isinstance(name, str) and first.setdefault(name, (path, activity))[1] != activity:
            twice[name] = path
    referable = [name for name, (path, _) in first.items() if path[0] != "rollbacks"]
    for path, activity in _activities(document):
        ref = activity.get("ref")
        if isinstance(ref, str) and ref not in referable:
            hint = text_document.suggest(ref, referable)
            yield document.mistake((*path, "ref"), f"no activity is called '{ref}'", hint=hint)
        elif isinstance(ref, str) and ref in twice:
            yield document.mistake(
                (*path, "ref"),
                f"two activities are called '{ref}'",
                hint="give each its own name",
                warning=True,
            )
    for name, path in twice.items():
        line = document.spot((*first[name][0], "name")).line
        message = f"another activity, on line {line}, is called '{name}', too"
        yield document.mistake((*path, "name"), message, hint="give each its own name", warning=True)


_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[^}]*)\})")


def _variables(document: Document, *, controlled: bool) -> Iterator[Mistake]:
    """Find `${variables}` that neither configuration nor secrets define; a control may set them."""
    known = set(_mapping(document.get(("configuration",))))
    for group in _mapping(document.get(("secrets",))).values():
        known |= set(_mapping(group))
    nobody = "nothing but a control" if controlled else "nothing"
    tops = ("steady-state-hypothesis", "method", "rollbacks", "controls", "extensions")
    for top in tops:
        for path, text in _texts(document.get((top,)), (top,)):
            for variable in _VARIABLE.finditer(text):
                name = variable["name"]
                if name is not None and name not in known and not _shown_only(path):
                    hint = text_document.suggest(name, known) or "define it in configuration or secrets"
                    warning = controlled or _is_shell(document, path)
                    yield document.mistake(
                        path, f"{nobody} defines the variable '{name}'", hint=hint, warning=warning
                    )


def _has_controls(document: Document) -> bool:
    """Check whether an experiment declares controls, which may change its configuration."""
    holders = [document.data, _mapping(document.get(("steady-state-hypothesis",)))]
    holders += [activity for _, activity in _activities(document)]
    return any(holder.get("controls") for holder in holders)


def _controls(document: Document) -> Iterator[Mistake]:
    """Find controls that refer to one that is not there."""
    hypothesis = ("steady-state-hypothesis",)
    places: list[Path] = [(), *([hypothesis] if document.get(hypothesis) else [])]
    places += [path for path, _ in _activities(document)]
    declared = [
        ((*place, "controls", index), control)
        for place in places
        for index, control in enumerate(_list(_mapping(document.get(place)).get("controls")))
        if isinstance(control, dict)
    ]
    names = [str(control["name"]) for _, control in declared if "ref" not in control and "name" in control]
    for path, control in declared:
        ref = control.get("ref")
        if isinstance(ref, str) and ref not in names:
            hint = text_document.suggest(ref, names)
            yield document.mistake((*path, "ref"), f"no control is called '{ref}'", hint=hint)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _shown_only(path: Path) -> bool:
    return path[-1] in ("name", "title", "description")


def _is_shell(document: Document, path: Path) -> bool:
    """Check whether a text is a process's command line, where a shell may know the variable."""
    return path[-1] == "arguments" and document.get((*path[:-1], "type")) == "process"


def _texts(tree: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _texts(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _texts(value, (*path, index))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _patterns(document: Document) -> Iterator[Mistake]:
    """Find tolerances with an invalid regular expression."""
    for path, activity in _activities(document):
        tolerance = _mapping(activity.get("tolerance"))
        pattern = tolerance.get("pattern")
        if tolerance.get("type") == "regex" and isinstance(pattern, str):
            try:
                re.compile(pattern)
            except re.error as error:
                where = (*path, "tolerance", "pattern")
                yield document.mistake(where, f"this is not a regular expression: {error}")


def _secret_groups(document: Document) -> Iterator[Mistake]:
    groups = _mapping(document.get(("secrets",)))
    for path, activity in _activities(document):
        provider = _mapping(activity.get("provider"))
        for where, named in (((*path, "provider"), provider), (path, activity)):
            wanted = named.get("secrets")
            for index, group in enumerate(wanted if isinstance(wanted, list) else ()):
                if isinstance(group, str) and group not in groups:
                    hint = text_document.suggest(group, groups) or "define it in secrets"
                    yield document.mistake(
                        (*where, "secrets", index),
                        f"there is no group of secrets called '{group}': Chaos Toolkit takes it as empty",
                        hint=hint,
                        warning=True,
                    )


def _extension(document: Document) -> Iterator[Mistake]:
    """Check our own extension, and that every extension has a name."""
    extensions = document.get(("extensions",))
    for index, extension in enumerate(extensions if isinstance(extensions, list) else ()):
        path: Path = ("extensions", index)
        name = extension.get("name") if isinstance(extension, dict) else None
        if not isinstance(name, str) or not name.strip():
            yield document.mistake(path, "an extension has no name")
        elif name == "gameday":
            yield from models.check_part(experiment_model.Extension, document, path, lenient=True)
            yield from _leaves_running(document, (*path, "leaves-running"))


def _leaves_running(document: Document, path: Path) -> Iterator[Mistake]:
    """Find names in `leaves-running` that no action of the method has."""
    actions = [
        activity.get("name") or activity.get("ref")
        for where, activity in _activities(document)
        if where[0] == "method" and activity.get("type", "action") == "action"
    ]
    names = document.get(path)
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if isinstance(name, str) and name not in actions:
            hint = text_document.suggest(name, map(str, actions))
            yield document.mistake((*path, index), f"no action of the method is called '{name}'", hint=hint)


def _actions(document: Document) -> Iterator[Mistake]:
    """Warn of a method without an action: Chaos Toolkit runs it, and something else marks the fault."""
    method = document.get(("method",))
    if not isinstance(method, list):
        return
    by_name = {str(activity.get("name")): activity for _, activity in _activities(document)}
    items = [item for item in method if isinstance(item, dict)]
    named = [by_name.get(str(item["ref"]), item) if "ref" in item else item for item in items]
    if any(activity.get("type") == "action" for activity in named):
        return
    fault = "takes the first probe as the fault" if named else "takes the start of the hold as the fault"
    yield document.mistake(
        ("method",),
        f"no action in the method: gameday {fault}",
        hint="make an action of the activity that breaks something",
        at_key=True,
        warning=True,
    )


def _unfollowed(document: Document) -> Iterator[Mistake]:
    """Warn of an action that starts something where none of our processes can follow it."""
    for path, activity in _activities(document):
        name = untracked_commands.command(_mapping(activity.get("provider"))) if path[0] == "method" else ""
        if name:
            yield document.mistake(
                (*path, "provider"),
                f"what this starts by '{name}' can't be followed: it is not ended before the rollbacks",
                hint="have a rollback end it, and wait until it is gone",
                warning=True,
            )


def _rollbacks(document: Document) -> Iterator[Mistake]:
    method = document.get(("method",))
    activities = [item for item in method if isinstance(item, dict)] if isinstance(method, list) else []
    if any(activity.get("type") == "action" for activity in activities) and not document.get(("rollbacks",)):
        yield document.mistake(
            ("method",),
            "this method has actions, but no rollback undoes them",
            hint="add rollbacks, so that the fault can be reverted",
            at_key=True,
            warning=True,
        )


def _late_rollbacks(document: Document) -> Iterator[Mistake]:
    """Warn of pauses in the rollbacks, for which a fault stays in force when it is to end at once."""
    found = [(path, activity) for path, activity in _activities(document) if path[0] == "rollbacks"]
    for path, activity in found:
        pauses = _mapping(activity.get("pauses"))
        for when in ("before", "after") if path != found[-1][0] else ("before",):
            seconds = pauses.get(when)
            if isinstance(seconds, int | float) and seconds > _QUICK:
                yield document.mistake(
                    (*path, "pauses", when),
                    f"this rollback pauses for {seconds:g} s: the fault stays in force for that long, "
                    "also after an abort",
                    hint="wait in the method, or have the rollback undo first and then wait",
                    warning=True,
                )


_QUICK = 5
"""Seconds within which a fault is to be undone."""


def _dry(document: Document) -> Iterator[Mistake]:
    """Warn of `dry`: in a file it keeps no action from running."""
    paths: list[Path] = [("dry",)] if "dry" in document.data else []
    paths += [(*path, "dry") for path, activity in _activities(document) if "dry" in activity]
    for path in paths:
        yield document.mistake(
            path,
            "'dry' in a file has no effect: Chaos Toolkit runs the actions all the same",
            hint="remove it; use gameday run --dry-run to start nothing",
            at_key=True,
            warning=True,
        )
