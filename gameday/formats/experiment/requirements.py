"""The packages that an experiment names in its `runtime.python.dependencies`, and which of them are not here.

Source: chaostoolkit/runtime.py, 1.21; PEP 508.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import metadata
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from gameday.formats.text.plain_json import mapping


def declared(experiment: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give what the experiment names, as it is written."""
    block = mapping(mapping(experiment.get("runtime")).get("python"))
    named = block.get("dependencies")
    return tuple(named) if isinstance(named, list) else ()


def problem(text: Any) -> str:
    """Explain why a dependency is not met here; empty where it is."""
    try:
        requirement = Requirement(str(text))
    except InvalidRequirement:
        return f"'{text}' does not name a package"
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"the experiment needs {requirement}, which is not installed"
    if requirement.specifier.contains(installed, prereleases=True):
        return ""
    return f"the experiment needs {requirement}, and {installed} is installed"


def lacking(experiment: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the dependencies that are not met here, sorted."""
    return tuple(sorted({str(text).strip() for text in declared(experiment) if problem(text)}))


def package(text: str) -> str:
    """Give the name of the package that may be installed for a dependency; empty: none may.

    What is here in another version can't be installed next to it, and what a URL names is no release.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return ""
    try:
        metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return "" if requirement.url else canonicalize_name(requirement.name)
    return ""


def allowed(text: str, patterns: Sequence[str]) -> bool:
    """Check whether patterns allow that a dependency is installed."""
    name = package(text)
    return bool(name) and any(fnmatchcase(name, canonicalize_name(pattern)) for pattern in patterns)
