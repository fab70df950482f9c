"""Paths in files: relative to the file that names them, reported as seen from the workspace.

Workspace paths have forward slashes, such as `experiments/slow-query.json`. `settings.workspace` looks at
the disk, and finds links that lead out of the workspace.
"""

from __future__ import annotations

import posixpath


def problem(named: str) -> str:
    """Explain why a text is not a valid path; empty if it is valid."""
    if "\0" in named or "\n" in named:
        return "a path is one line of text"
    return "folders are separated by /, not by \\" if "\\" in named else ""


def resolve(file: str, named: str) -> str:
    """Give the workspace path of what a file names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), named))


def leaves(path: str) -> bool:
    """Report whether a workspace path leads out of the workspace."""
    return path.startswith(("/", "../")) or path == ".."
