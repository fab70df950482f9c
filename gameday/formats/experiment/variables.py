"""Environment variables that a file may not set for a process of a drill.

They decide which code such a process runs, where it finds it, or whom it reaches, past what was checked.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DECIDING = re.compile(
    r"PATH|HOME|SHELL|BASH_ENV|ENV|IFS|LD_\w*|DYLD_\w*|PYTHON\w*|GCONV_PATH|GAMEDAY_\w*"
    r"|(HTTP|HTTPS|ALL|FTP|WS|WSS|NO)_PROXY|KUBECONFIG|KUBERNETES_\w*|AWS_\w*|CHAOSTOOLKIT_\w*|UV_\w*|PYTEST_\w*",
    re.IGNORECASE,
)


def problem(name: str) -> str:
    """Explain why a variable may not be set; empty where it may."""
    if not _NAME.fullmatch(name):
        return f"'{name}' is not the name of a variable"
    if _DECIDING.fullmatch(name):
        return f"{name} can't be set here: it decides what the process runs or whom it reaches"
    return ""
