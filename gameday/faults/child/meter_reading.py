"""Read a guardrail's source through a library that is slow to import or may hang.

The command names the function, `module:function`, so that a new meter changes nothing here.
"""

from __future__ import annotations

import pkgutil

from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, Loaded
from gameday.ports import Reading


def read(connection: ChildConnection, command: Json) -> None:
    """Call the function by the command's other values, and answer with its reading."""
    arguments = {key: value for key, value in command.items() if key not in {"do", "function"}}
    try:
        reading: Reading = pkgutil.resolve_name(command["function"])(**arguments)
    except Exception as error:  # noqa: BLE001  # client libraries raise classes that they make at run time
        detail = Loaded({}).redactor().excerpt(f"{type(error).__name__}: {error}")
        reading = Reading(breached=None, detail=detail)
    connection.send("answer", breached=reading.breached, detail=reading.detail)
