"""The forms in which servers may read a URL's path: an attacker may spell one path in many ways.

Clients and servers decode and clean a path differently: `/%61dmin`, `//admin`, `/admin;x=1` and `/ADMIN` may
all reach `/admin`. A denial holds where any form matches, a permission only where all do.
"""

from __future__ import annotations

import re
import unicodedata

DEEPEST = 8
"""How often a text may be percent-encoded: each time takes a look at all of it."""
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
_PARAMETERS = re.compile(r";[^/]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check(path: str) -> None:
    """Raise ValueError for a path that servers read so differently that it can't be judged."""
    for form in forms(path):
        if _CONTROL.search(form):
            raise ValueError("its path hides control characters")
        if any(segment.strip() in {".", ".."} for segment in form.split("/")):
            raise ValueError("its path has dot segments")


def forms(path: str) -> tuple[str, ...]:
    """Give a path as written, decoded as often as it can be, and cleaned as servers do.

    Raises ValueError where it does not decode to UTF-8, or is encoded too often.
    """
    stages = [path]
    # Twice encoded: a proxy decodes once, the server behind it again.
    while (decoded := _decoded(stages[-1])) != stages[-1]:
        if len(stages) > DEEPEST:
            raise ValueError(f"its path is encoded more than {DEEPEST} times")
        stages.append(decoded)
    slashed = stages[-1].replace("\\", "/")
    plain = _PARAMETERS.sub("", slashed)
    return tuple(dict.fromkeys((*stages, slashed, plain, re.sub("/+", "/", plain))))


def loose_forms(path: str) -> tuple[str, ...]:
    """Give further forms, for denials: without case, compatibility letters, last dots, blanks and slashes."""
    folded = [unicodedata.normalize("NFKC", form).casefold() for form in forms(path)]
    slashed = [re.sub("/+", "/", form.replace("\\", "/")) for form in folded]
    trimmed = ["/".join(segment.rstrip(". ") for segment in form.split("/")) for form in slashed]
    bare = [form.rstrip("/") or "/" for form in (*folded, *slashed, *trimmed)]
    return tuple(dict.fromkeys((*forms(path), *folded, *slashed, *trimmed, *bare)))


def _decoded(text: str) -> str:
    encoded = text.encode()
    decoded = _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), encoded)
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        raise ValueError("its path does not decode to UTF-8") from None
