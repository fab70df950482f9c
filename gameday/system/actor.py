"""Finds who acts: the name that a fact, a schedule or an approval is signed with."""

from __future__ import annotations

import os
from collections.abc import Mapping


def current_actor(environ: Mapping[str, str]) -> str:
    """Name who acts: GAMEDAY_ACTOR where it is set, else the login."""
    return environ.get("GAMEDAY_ACTOR") or login()


def login() -> str:
    """Name the user of this process; "uid-N" where the machine has no name for it."""
    import getpass  # noqa: PLC0415  # it loads more than a responder's command may wait for

    # Containers often run under a uid without a passwd entry: 3.13 raises OSError, older ones KeyError.
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
