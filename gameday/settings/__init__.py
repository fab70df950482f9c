"""The workspace: its settings and files, read once and frozen. `wiring` builds adapters from them."""

from __future__ import annotations

from gameday.formats.settings.reader import Environment, Integration, Person, Secret, Server, Settings
from gameday.settings.workspace import Workspace, load_workspace, open_workspace, reveal, root_of

__all__ = [
    "Environment",
    "Integration",
    "Person",
    "Secret",
    "Server",
    "Settings",
    "Workspace",
    "load_workspace",
    "open_workspace",
    "reveal",
    "root_of",
]
