"""Lists the commands in `gameday --help` under headings, each with its whole first sentence.

A command's heading is in `rich_help_panel`, Typer's own word for it. The output is plain text like the rest
of the help: Rich's boxes are noise in a log.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

DRILLS = "Drills"
STOP = "Stop and revert"
TEAM = "During a drill: the team"
FACILITATOR = "During a drill: the facilitator"
AFTERWARDS = "After a drill"
GAME_DAYS = "Game days and schedules"
WORKSPACE = "Workspace and tools"
COMMANDS = "Commands"
"""The heading of commands that name none: those of `plan`, `schedule` and the other groups."""

GROUPS = {
    "shop": (
        "gameday.cli.workspace.shop",
        WORKSPACE,
        "Run the demo shop: a small real service to break, and its mitigations.",
    ),
    "policy": ("gameday.cli.workspace.policy", WORKSPACE, "Check what the policies allow, and why."),
    "schedule": (
        "gameday.cli.schedule.commands",
        GAME_DAYS,
        "Manage schedules: which scenario starts when.",
    ),
    "plan": (
        "gameday.cli.gamedays.commands",
        GAME_DAYS,
        "Check, show and conduct game days: plans of several scenarios.",
    ),
    "store": ("gameday.cli.workspace.store", WORKSPACE, "Migrate the store, or copy it to another database."),
}
"""The groups of commands: module, heading and sentence by name. `gameday --help` loads no such module."""

LONGEST_SENTENCE = 400
"""Characters that a first sentence may have. Click cuts it at 45 by default; here it wraps."""


class Commands(TyperGroup):
    """A group of commands whose help is in sections."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # Typer's classes have no public names
        """Write the sections that have a command, in the order of the headings above."""
        headings = (DRILLS, STOP, TEAM, FACILITATOR, AFTERWARDS, GAME_DAYS, WORKSPACE, COMMANDS)
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in headings}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                rows = sections[getattr(command, "rich_help_panel", None) or COMMANDS]
                rows.append((name, command.get_short_help_str(LONGEST_SENTENCE)))
        for heading in filter(sections.get, sections):
            with formatter.section(heading):
                formatter.write_dl(sections[heading])
