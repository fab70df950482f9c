"""What Typer says of words that it can't read, in gameday's voice.

Comes in: its exception. Goes out: a UsageError, or the help that was asked for by saying nothing.
Does not: know a command.
"""

from __future__ import annotations

import re

import typer

from gameday.core.errors import UsageError

MISUSE: type[Exception] = typer.BadParameter.__mro__[1]
"""Typer's own usage error. Which module it stands in differs by version; what is made of it does not."""
_PROPOSAL = re.compile(r"\. (.+)| \((Possible options: .+)\)", re.DOTALL)


def help_of(wrong: Exception) -> str:
    """Give the help that Typer shows where a group of commands is named without one; empty: it is no such."""
    said = str(wrong)
    return said if said.startswith("Usage:") else ""


def explain(wrong: Exception) -> UsageError:
    """Say it as gameday does: what is wrong, and beneath what to do."""
    said = wrong.format_message().rstrip(".").replace("Value error, ", "")  # type: ignore[attr-defined]  # each of them has it
    proposal = _PROPOSAL.search(said)
    message = said[: proposal.start()] if proposal else said
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context else "gameday"
    hint = " ".join((proposal[1] or proposal[2]).split()) if proposal else f"{path} --help"
    return UsageError(re.sub(r"(^|: )([A-Z])", _lower, message), hint=re.sub(r"(^)([A-Z])", _lower, hint))


def _lower(found: re.Match[str]) -> str:
    return found[1] + found[2].lower()
