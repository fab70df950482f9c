"""Makes an experiment's own packages importable: those that `faults.packages` has installed."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from gameday.system.state_folder import state_folders


def use(command: Mapping[str, object]) -> None:
    """Let this process find the packages that a command's request names, after everything else.

    A folder that is not among this user's installed packages is left out, whatever a request names.
    """
    request = command.get("request")
    options = (request if isinstance(request, Mapping) else command).get("options")
    folder = _folder(str(options)) if options else None
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()


def _folder(options: str) -> Path | None:
    try:
        named = json.loads(options).get("packages")
    except (ValueError, AttributeError):
        return None
    folder = Path(str(named)).resolve()
    ours = {(each / "packages").resolve() for each in state_folders()}
    return folder if named and folder.parent.parent in ours and folder.is_dir() else None
