"""Finds the user's own state folder.

It is outside every workspace: a workspace may be deleted, or come from a stranger.

Source: XDG Base Directory Specification, XDG_STATE_HOME.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

PRIVATE = 0o700


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder, made for this user alone. Raises OSError when none can be made.

    Without a home (HOME unset and no passwd entry, as in many containers), or where it can't be written,
    a folder of this user's below the system's temporary one serves.
    """
    problem: OSError | None = None
    for folder in _candidates(environ):
        try:
            return _private(folder)
        except OSError as error:
            problem = problem or error
    raise problem or FileNotFoundError("no state folder")


def state_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """List the folders in which this user's files may be: the one that is written to, and those before it.

    A folder that can't be written any more is still read: what was kept there is not gone. None, where there
    is no folder at all.
    """
    found: list[Path] = []
    for folder in _candidates(environ):
        with contextlib.suppress(OSError):
            return [*found, _private(folder)]
        if _is_trusted(folder):
            found.append(folder)
    return found


def _is_trusted(folder: Path) -> bool:
    """Report whether nobody but this user can have put anything into a folder."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return own and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    # The specification has relative paths ignored.
    if Path(environ.get("XDG_STATE_HOME", "")).is_absolute():
        yield Path(environ["XDG_STATE_HOME"], "gameday")
    with contextlib.suppress(RuntimeError):  # there is no home
        yield Path.home() / ".local" / "state" / "gameday"
    yield Path(tempfile.gettempdir(), f"gameday-{os.getuid()}")


def _private(folder: Path) -> Path:
    """Make a folder for this user alone. Raises OSError where it is not, and can't be made so."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    # Not through a link: anybody can make a name in the temporary folder, and wait for what we write there.
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not this user's own folder")
    if stat.S_IMODE(status.st_mode) != PRIVATE:
        folder.chmod(PRIVATE)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} can't be written")
    return folder
