"""The workspace: its settings, its files, and what a drill needs of them, read once and frozen.

Comes in: a folder, environment variables. Goes out: `Workspace`, `Settings`, `DrillFiles`.
Does not: start anything, or build an adapter; `wiring` does.
"""

from __future__ import annotations

from gameday.formats.settings.reader import Environment, Integration, Person, Secret, Server, Settings
from gameday.settings.catalogue import Catalogue
from gameday.settings.drill import DrillFiles, drill_files
from gameday.settings.workspace import Workspace, load_workspace, open_workspace, reveal, root_of

__all__ = [
    "Catalogue",
    "DrillFiles",
    "Environment",
    "Integration",
    "Person",
    "Secret",
    "Server",
    "Settings",
    "Workspace",
    "drill_files",
    "load_workspace",
    "open_workspace",
    "reveal",
    "root_of",
]
