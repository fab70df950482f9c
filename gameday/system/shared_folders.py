"""Lets a group use what is made in its folder: the folder's mode decides, as in a shared Git repository.

A folder is a group's where its setgid bit is set and the group may enter it. What is made there gets the
rights that the folder gives to its group, and no others: the world gets none.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o700


def make(folder: Path) -> None:
    """Make a folder and what is missing above it: for its owner, and for the group of the folder above.

    Raises OSError.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make(folder.parent)
    with suppress(FileExistsError):  # another process was faster
        folder.mkdir(mode=PRIVATE)
        share(folder)


def share(file: Path, descriptor: int | None = None) -> None:
    """Give a file or folder of this user the rights that its folder gives to its group.

    descriptor: that of the file, where it is open. Without effect in a folder that is no group's, and on what
    belongs to somebody else, or where the file system refuses it.
    """
    with suppress(OSError):
        above, own = file.parent.stat(), file.lstat()
        given = above.st_mode & stat.S_IRWXG
        if not above.st_mode & stat.S_ISGID or not given or own.st_gid != above.st_gid:
            return
        # A link that somebody of the group laid there must not open this user's own files to them.
        if not _is_what_was_made(own, descriptor):
            return
        if stat.S_ISDIR(own.st_mode):
            given |= stat.S_ISGID
        else:
            given &= ~stat.S_IXGRP
        mode = stat.S_IMODE(own.st_mode) | given
        if mode != stat.S_IMODE(own.st_mode):
            os.chmod(file if descriptor is None else descriptor, mode)  # noqa: PTH101  # Path has no descriptors


def _is_what_was_made(own: os.stat_result, descriptor: int | None) -> bool:
    if own.st_uid != os.geteuid():
        return False
    if descriptor is not None and not os.path.samestat(own, os.fstat(descriptor)):
        return False
    return stat.S_ISDIR(own.st_mode) or (stat.S_ISREG(own.st_mode) and own.st_nlink == 1)
