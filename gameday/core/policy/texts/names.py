"""What a text may name: every command or file that a program could take it, or a part of it, for.

Programs read names not only as whole words: `--exec=sh`, `-Ssh`, `core.pager=sh -c id` and `system("sh")`
name the same command as `sh` does. Too many names are found rather than too few: denials and approvals ask
for them, permissions never.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

LONGEST = 4096
"""Characters; no path is longer (PATH_MAX of Linux)."""
MOST = 20_000
"""Names in the arguments of one command; to resolve more would take seconds."""
_LONGEST_NAME = 255
_SEPARATORS = re.compile(r"""[\s"'`=,:;|&()<>{}\[\]$!?*#~^%\\]+""")

_QUOTES = re.compile(r"[\"'\\]|\$(?=['\"])")
"""What programs that read words as a shell does leave out: to `env -S`, `s''h` is `sh`."""


def find(text: str) -> Iterator[str]:
    """Give the whole text, its words and their parts, with and without quotes and glued options."""
    unquoted = _QUOTES.sub("", text)
    parts = (text, text.strip(), *text.split(), *_SEPARATORS.split(text))
    parts += (*unquoted.split(), *_SEPARATORS.split(unquoted)) if unquoted != text else ()
    for part in dict.fromkeys(parts):
        if part:
            yield from _of_part(part)
            yield from (piece for piece in part.split("@")[1:] if piece)


def _of_part(part: str) -> Iterator[str]:
    if len(part) <= LONGEST:
        yield part
        if part.startswith(("/", ".")):
            yield _plain(part)
    if part.startswith("-") and not part.startswith("--"):
        yield from _after_options(part)


def _plain(path: str) -> str:
    # Two slashes at the beginning stay two in normpath; Linux reads them as one.
    return re.sub("^/+", "/", posixpath.normpath(path))


def _after_options(part: str) -> Iterator[str]:
    """Give what may follow the letters of short options: for `-vSsh`, `vSsh`, `Ssh`, `sh` and `h`."""
    first = part.partition("/")[0]
    for start in range(max(1, len(first) - _LONGEST_NAME), len(first) + ("/" in part)):
        glued = part[start:]
        if len(glued) <= LONGEST:
            yield _plain(glued) if glued.startswith(("/", ".")) else glued
