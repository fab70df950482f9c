"""How `gameday --help` lists its commands: under headings, each with its whole first sentence.

Comes in: Typer's commands, each with its heading in `rich_help_panel`, Typer's own word for it. Goes out:
plain text, as the rest of the help. Does not: draw Rich's boxes, which are noise in a log.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

DRILLS = "Drills"
STOP = "Stop and undo"
TEAM = "While a drill is on: the team"
FACILITATOR = "While a drill is on: the facilitator"
AFTERWARDS = "Afterwards"
GAME_DAYS = "Game days and schedules"
WORKSPACE = "The workspace and what is around it"
COMMANDS = "Commands"
"""What stands over commands without a heading: those of `plan`, `schedule` and the other groups."""

WHOLE = 400
"""Characters that a first sentence may have: it is wrapped, and cut nowhere."""


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
                rows.append((name, command.get_short_help_str(WHOLE)))
        for heading in filter(sections.get, sections):
            with formatter.section(heading):
                formatter.write_dl(sections[heading])
