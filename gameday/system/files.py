"""Reads files of a workspace without being led out of it, and writes files whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gameday.core.errors import StoreUnavailable
from gameday.system import regular_files

LARGEST = 1 << 20
"""Bytes of a file that is read whole."""


def read_within(folder: Path, path: str, *, largest: int = LARGEST) -> bytes:
    """Read a file of a folder. Raises OSError, and ValueError for one outside of it or too large.

    Links are resolved before the path is judged, so that none leads out.
    """
    root = folder.resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root):
        raise ValueError(f"{path} leads out of the workspace")
    with file.open("rb") as opened:
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"{path} is larger than {largest} bytes")
    return content


def write_whole(file: Path, text: str) -> Path:
    """Write a file whole or not at all, and give it. Raises StoreUnavailable where the disk takes nothing."""
    # A rename within a folder is atomic: a reader sees the old file or the new one, never half of it.
    unfinished = file.with_name(f".{file.name}.part")
    try:
        regular_files.make_folder(file.parent)
        unfinished.write_text(text, encoding="utf-8", newline="")
        regular_files.share(unfinished)
        return unfinished.replace(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnavailable(f"{file} can't be written: {reason}", hint="check the disk: df -h") from error


def real_command(path: str) -> str:
    """Give the file that a command starts, with links resolved; as written when it is not found."""
    command = shutil.which(path)
    return os.path.realpath(command) if command else path


def chaos_settings() -> bytes:
    """Read Chaos Toolkit's own settings of this user; empty where there are none. Raises OSError."""
    return _of_home(".chaostoolkit", "settings.yaml")


def locust_conf() -> bytes:
    """Read the options of Locust in this user's home; empty where there are none. Raises OSError."""
    return _of_home(".locust.conf")


def _of_home(*path: str) -> bytes:
    try:
        return Path.home().joinpath(*path).read_bytes()
    except (FileNotFoundError, RuntimeError):  # RuntimeError: no HOME, and no passwd entry for this uid
        return b""
