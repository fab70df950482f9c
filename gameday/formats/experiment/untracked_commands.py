"""Commands that start something where no process of ours can follow: on a host or by a service elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_AWAY = r"ssh|slogin|mosh|rsh|systemd-run|nsenter|crontab|schtasks"
_INSIDE = r"docker|podman|nerdctl|crictl|kubectl|oc|lxc|machinectl"
_SPOKEN = r"at|batch"
"""Also words of a language: only where a command is expected."""
_WORDS = re.compile(
    rf"(?<![\w.-])(?:{_AWAY})(?![\w.-])"
    rf"|(?<![\w.-])(?:{_INSIDE})\s(?:[^;&|\n]*\s)?(?:exec|run|debug|shell)(?![\w.-])"
    rf"|(?:^|[;&|(`\n]|\b(?:sudo|exec|nohup|setsid|then|do|else)\s)\s*(?:\S*/)?(?:{_SPOKEN})(?=\s|$)"
)


def command(provider: Mapping[str, Any]) -> str:
    """Name the command of a process provider that can't be followed; empty where none is seen."""
    if provider.get("type") != "process":
        return ""
    found = _WORDS.search(_line(provider))
    if not found:
        return ""
    words = found.group().strip(" \t\n;&|(`").split()
    return f"{words[0]} {words[-1]}" if re.fullmatch(_INSIDE, words[0]) else words[-1].rpartition("/")[2]


def _line(provider: Mapping[str, Any]) -> str:
    arguments = provider.get("arguments") or ()
    if isinstance(arguments, Mapping):
        arguments = [word for pair in arguments.items() for word in pair]
    words = [arguments] if isinstance(arguments, str) else arguments
    path = str(provider.get("path", "")).rpartition("/")[2]
    return " ".join([path, *map(str, words if isinstance(words, list | tuple) else ())])
