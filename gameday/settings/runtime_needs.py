"""What an experiment wants of Python itself: its `runtime.python` block.

Chaos Toolkit 1.21 and later runs such an experiment by `uv run --with …`; older ones take no notice. gameday
installs nothing: what is not there is refused in words, with the command that installs it.

Source: chaostoolkit/runtime.py, 1.21.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from gameday.core.errors import Mistake
from gameday.formats.text.document import Document, Path

_BLOCK: Path = ("runtime", "python")


def check(document: Document) -> Iterator[Mistake]:
    """Find what the block names and this Python does not have."""
    block = document.get(_BLOCK)
    if not isinstance(block, dict):
        return
    wanted = block.get("dependencies")
    for index, text in enumerate(wanted if isinstance(wanted, list) else ()):
        why = _lacking(text)
        if why:
            hint = f"gameday installs nothing for an experiment: pip install {shlex.quote(str(text))}"
            yield document.mistake((*_BLOCK, "dependencies", index), why, hint=hint)
    version = block.get("version")
    if version is not None and not _is_ours(str(version)):
        yield document.mistake(
            (*_BLOCK, "version"),
            f"the experiment wants Python {version}, and gameday runs on {platform.python_version()}",
            hint="install gameday on that Python, or leave the version out",
        )
    if block.get("isolated"):
        yield document.mistake(
            (*_BLOCK, "isolated"),
            "gameday runs the experiment with its own installed modules, not isolated from them",
            at_key=True,
            warning=True,
        )


def _lacking(text: Any) -> str:
    """Explain why a dependency is not met; empty where it is."""
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


def _is_ours(version: str) -> bool:
    parts = version.strip().split(".")
    return all(part.isdigit() for part in parts) and platform.python_version_tuple()[: len(parts)] == tuple(
        parts
    )
