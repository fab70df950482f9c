"""What Locust reads besides its command line, as parts that an approval covers: files of options.

`locust.conf` of the workspace and of this user's home count as they are; of a `pyproject.toml` only
`[tool.locust]`, so that other changes of a project need no new approval. What the options name may be files.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping

from gameday.core.plans.scenario import Load
from gameday.core.policy.texts import names
from gameday.formats.experiment import locust_options

OF_HOME = f"~/.{locust_options.CONF}"


def texts(read: Callable[[str], bytes], of_home: bytes) -> dict[str, bytes]:
    """Give what Locust takes options from, by a name for people; without what is not there.

    read: gives a workspace file's bytes; raises OSError, and ValueError for one outside.
    """
    found = {
        OF_HOME: of_home,
        locust_options.CONF: _content(read, locust_options.CONF),
        f"[tool.locust] of {locust_options.PROJECT}": _section(_content(read, locust_options.PROJECT)),
    }
    return {name: content for name, content in found.items() if content.strip()}


def _content(read: Callable[[str], bytes], file: str) -> bytes:
    try:
        return read(file)
    except (OSError, ValueError):  # Locust can't read it either
        return b""


def _section(project: bytes) -> bytes:
    """Give `[tool.locust]`, spelt one way; all of a file that can't be read."""
    try:
        section = tomllib.loads(project.decode()).get("tool", {}).get("locust", "")
    except (ValueError, AttributeError):
        return project
    return repr(section).encode() if section else b""


def hashes(found: Mapping[str, bytes]) -> dict[str, str]:
    """Give the hash of each part."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def names_files(load: Load, found: Mapping[str, bytes]) -> list[str]:
    """Give all that may be the name of a file: in these options, in the load's own, and in its variables."""
    written = [content.decode(errors="replace") for content in found.values()]
    written += [*load.args, *load.env.values()]
    return sorted({name for text in written for name in names.find(text)})
