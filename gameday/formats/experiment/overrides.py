"""What `chaos run` is given besides an experiment, as it reads it: values, and files of values and controls.

A file of values is JSON or YAML with `configuration` and `secrets`, whose entries replace those of the
experiment; any other file sets environment variables, one `NAME=value` a line.

Source: chaoslib.merge_vars, chaoslib.control.load_global_controls, chaoslib-lib 1.44.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from gameday.core.errors import Mistake
from gameday.formats.experiment import reader as experiments
from gameday.formats.experiment import variables
from gameday.formats.text import document as text_document
from gameday.formats.text.document import Checked, Document

_STRUCTURED = {".json", ".yaml", ".yml"}


@dataclass(slots=True)
class Values:
    """The values of files, the later over the earlier."""

    configuration: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


def read_values(content: bytes, file: str) -> Document:
    """Read a file of values. Raises InvalidFiles."""
    if PurePosixPath(file).suffix in _STRUCTURED:
        return experiments.read(content, file)
    lines = text_document.decode(content, file).splitlines()
    pairs = [
        line.strip().split("=", 1) for line in lines if line.strip() and not line.strip().startswith("#")
    ]
    return Document(file=file, data={"environment": pairs})


def check_values(document: Document) -> Checked[Values]:
    """Find what is wrong with a file of values."""
    return _checked(document, tuple(_wrong_values(document)), _values)


def _checked(document: Document, mistakes: tuple[Mistake, ...], make: Any) -> Checked[Any]:
    found = tuple(sorted({*document.mistakes, *mistakes}))
    wrong = document.data is None or any(not mistake.warning for mistake in found)
    return Checked(document=document, value=None if wrong else make(document.data), mistakes=found)


def _wrong_values(document: Document) -> Iterator[Mistake]:
    if document.data is None:
        return
    if not isinstance(document.data, dict):
        yield document.mistake((), "a file of values is a mapping with configuration and secrets")
        return
    if _is_structured(document) and not document.data:
        yield document.mistake(
            (), "this file holds no values", hint="Chaos Toolkit would take it for a .env file"
        )
    for part in ("configuration", "secrets"):
        if not isinstance(document.data.get(part, {}), dict):
            yield document.mistake((part,), "expected a mapping of keys to values")
    for pair in document.data.get("environment", ()) if not _is_structured(document) else ():
        why = variables.problem(pair[0]) if len(pair) == 2 else f"'{pair[0]}' is not NAME=value"
        if why:
            yield document.mistake((), why)


def _is_structured(document: Document) -> bool:
    return PurePosixPath(document.file).suffix in _STRUCTURED


def _values(data: Mapping[str, Any]) -> Values:
    pairs = data.get("environment", ())
    return Values(
        configuration=dict(data.get("configuration") or {}),
        secrets=dict(data.get("secrets") or {}),
        environment={pair[0]: pair[1] for pair in pairs} if isinstance(pairs, list) else {},
    )


def read_controls(content: bytes, file: str) -> Document:
    """Read a file of controls. Raises InvalidFiles."""
    return experiments.read(content, file)


def check_controls(document: Document) -> Checked[Mapping[str, Any]]:
    """Find what is wrong with a file of controls: a mapping of names to controls."""
    mistakes = [] if document.data is None else list(_wrong_controls(document))
    return _checked(document, tuple(mistakes), dict)


def _wrong_controls(document: Document) -> Iterator[Mistake]:
    if PurePosixPath(document.file).suffix not in _STRUCTURED:
        yield document.mistake((), "a file of controls is .json, .yaml or .yml")
    elif not isinstance(document.data, dict):
        yield document.mistake((), "a file of controls is a mapping of names to controls")
    else:
        for name, control in document.data.items():
            provider = control.get("provider") if isinstance(control, dict) else None
            if not isinstance(provider, dict) or not isinstance(provider.get("module"), str):
                yield document.mistake((name,), "a control has a provider with a Python module")


def merged(files: Sequence[Values], given: Mapping[str, Any]) -> Values:
    """Put the values of files together, and those that are given by name over them."""
    whole = Values()
    for values in files:
        whole.configuration |= values.configuration
        whole.secrets |= values.secrets
        whole.environment |= values.environment
    whole.configuration |= given
    return whole


def applied(experiment: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Give the experiment that Chaos Toolkit would act on with these values: only declared entries change."""
    configuration, secrets = experiment.get("configuration"), experiment.get("secrets")
    made = dict(experiment)
    if isinstance(configuration, Mapping):
        replaced = {key: values.configuration.get(key, value) for key, value in configuration.items()}
        made["configuration"] = _from(values.environment, replaced)
    if isinstance(secrets, Mapping):
        made["secrets"] = _from(values.environment, _secrets(secrets, values.secrets))
    return made


def _secrets(tree: Mapping[str, Any], given: Any) -> dict[str, Any]:
    named = given if isinstance(given, Mapping) else {}
    return {
        key: value if not isinstance(value, Mapping) or named.get(key) is None else named[key]
        for key, value in tree.items()
    }


def _from(environment: Mapping[str, str], tree: Any) -> Any:
    """Replace references to variables that a file sets by their values."""
    if not isinstance(tree, Mapping):
        return tree
    if tree.get("type") == "env" and str(tree.get("key")) in environment:
        return environment[str(tree["key"])]
    return {key: _from(environment, value) for key, value in tree.items()}
