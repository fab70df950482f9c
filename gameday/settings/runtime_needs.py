"""What an experiment wants of Python itself: its `runtime.python` block.

Chaos Toolkit 1.21 and later runs such an experiment by `uv run --with …`; older ones take no notice. What is
not there is installed before a drill's baseline where the environment's policy allows it (`faults.packages`),
else refused in words, with the command that installs it.

Source: chaostoolkit/runtime.py, 1.21.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gameday.core.errors import Mistake
from gameday.formats.experiment import requirements
from gameday.formats.text.document import Document, Path

_BLOCK: Path = ("runtime", "python")


def check(document: Document, packages: Sequence[str] = ()) -> Iterator[Mistake]:
    """Find what the block names and this Python does not have. packages: those that a policy allows."""
    block = document.get(_BLOCK)
    if not isinstance(block, dict):
        return
    for index, text in enumerate(requirements.declared(document.data)):
        why = requirements.problem(text)
        if why:
            yield _lacking(document, index, str(text).strip(), why, packages)
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


def _lacking(document: Document, index: int, text: str, why: str, packages: Sequence[str]) -> Mistake:
    if requirements.allowed(text, packages):
        hint = "uv installs it before the baseline, where `packages` of the policy allows it"
        return document.mistake((*_BLOCK, "dependencies", index), why, hint=hint, warning=True)
    hint = f"pip install {shlex.quote(text)}, or let the environment's policy allow it: packages"
    return document.mistake((*_BLOCK, "dependencies", index), why, hint=hint)


def installs(experiment: Mapping[str, Any], packages: Sequence[str]) -> bool:
    """Whether any package is to be installed for an experiment: it may hold modules that are not here."""
    return any(requirements.allowed(text, packages) for text in requirements.lacking(experiment))


def installable(experiment: Mapping[str, Any], packages: Sequence[str]) -> tuple[str, ...]:
    """Give what is to be installed for an experiment; empty where nothing is, or not all of it may be."""
    wanted = requirements.lacking(experiment)
    return wanted if all(requirements.allowed(text, packages) for text in wanted) else ()


def _is_ours(version: str) -> bool:
    parts = version.strip().split(".")
    return all(part.isdigit() for part in parts) and platform.python_version_tuple()[: len(parts)] == tuple(
        parts
    )
