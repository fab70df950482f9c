"""Paths in files: relative to the file that names them, told as seen from the workspace.

Comes in: texts. Goes out: workspace paths with forward slashes, such as `experiments/slow-query.json`.
Does not: look at a disk; `settings.workspace` does, and finds links that lead out.
"""

from __future__ import annotations

import posixpath


def complaint(named: str) -> str:
    """Say why a text can't be a path here; empty: it can."""
    if "\0" in named or "\n" in named:
        return "a path is one line of text"
    return "folders are parted by /, not by \\" if "\\" in named else ""


def resolve(file: str, named: str) -> str:
    """Give the workspace path of what a file names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), named))


def leaves(path: str) -> bool:
    """Tell whether a workspace path leads out of the workspace."""
    return path.startswith(("/", "../")) or path == ".."
