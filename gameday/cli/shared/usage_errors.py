"""Turns Typer's usage errors into our own, with a hint, and finds the help that it shows for a bare group."""

from __future__ import annotations

import re

import typer

from gameday.core.errors import UsageError

MISUSE: type[Exception] = typer.BadParameter.__mro__[1]
"""Typer's own usage error. Its module differs by version of Typer, so it is taken from a subclass."""
_PROPOSAL = re.compile(r"\. (.+)| \((Possible options: .+)\)", re.DOTALL)


def help_of(wrong: Exception) -> str:
    """Give the help that Typer shows for a group without a command; empty where it is another error."""
    text = str(wrong)
    return text if text.startswith("Usage:") else ""


def explain(wrong: Exception) -> UsageError:
    """Give the error in our form: what is wrong, and a hint what to do."""
    text = wrong.format_message().rstrip(".").replace("Value error, ", "")  # type: ignore[attr-defined]  # each of them has it
    proposal = _PROPOSAL.search(text)
    message = text[: proposal.start()] if proposal else text
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context else "gameday"
    hint = " ".join((proposal[1] or proposal[2]).split()) if proposal else f"{path} --help"
    return UsageError(re.sub(r"(^|: )([A-Z])", _lower, message), hint=re.sub(r"(^)([A-Z])", _lower, hint))


def _lower(match: re.Match[str]) -> str:
    return match[1] + match[2].lower()
