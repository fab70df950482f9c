"""Which of Locust's options a drill decides by itself, wherever else they are written.

Locust reads options from its command line, from `LOCUST_…` variables, and from `locust.conf` and
`pyproject.toml` in its working folder. In a drill the scenario decides how long the load lasts, how many
users there are and in how many processes, and there is no web page: such an option has no effect, whoever
wrote it. All others count.

Source: locust/argument_parser.py, 2.47.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from gameday.core.errors import Mistake
from gameday.formats.text import reader
from gameday.formats.text.document import Document

_PHASES = "the scenario's phases decide how long it lasts"
_USERS = "write users and spawn_rate under load: in the scenario"
_PROCESSES = "write workers under load: in the scenario"
_PAGE = "a drill has no web page of Locust's"
_FILE = "write locustfile under load: in the scenario"
_LOG = "Locust's output is locust.log of the drill"

DECIDED: Mapping[str, str] = {
    "autoquit": _PAGE,
    "autostart": _PAGE,
    "class-picker": _PAGE,
    "expect-workers": _PROCESSES,
    "expect-workers-max-wait": _PROCESSES,
    "headful": _PAGE,
    "headless": "a drill always runs without",
    "host": "the environment's base_url is the host",
    "list": "the load would end at once",
    "locustfile": _FILE,
    "logfile": _LOG,
    "master": _PROCESSES,
    "master-bind-host": _PROCESSES,
    "master-bind-port": _PROCESSES,
    "master-host": _PROCESSES,
    "master-port": _PROCESSES,
    "processes": _PROCESSES,
    "run-time": _PHASES,
    "show-task-ratio": "the load would end at once",
    "show-task-ratio-json": "the load would end at once",
    "skip-log-setup": _LOG,
    "spawn-rate": _USERS,
    "tls-cert": _PAGE,
    "tls-key": _PAGE,
    "users": _USERS,
    "web-base-path": _PAGE,
    "web-host": _PAGE,
    "web-login": _PAGE,
    "web-port": _PAGE,
    "worker": _PROCESSES,
}
"""By the name of an option, what decides in its place."""
_SHORT = {
    "f": "locustfile",
    "H": "host",
    "u": "users",
    "r": "spawn-rate",
    "t": "run-time",
    "l": "list",
    "P": "web-port",
}
_ARGUMENTS = {
    **DECIDED,
    "config": "what it holds is not checked; write args under load: in the scenario",
    "help": "the load would end at once",
    "version": "the load would end at once",
}
_SHORT_ARGUMENTS = _SHORT | {"h": "help", "V": "version"}
_VARIABLES = {
    "LOCUST_MODE_MASTER": "master",
    "LOCUST_MODE_WORKER": "worker",
    "LOCUST_MASTER_NODE_HOST": "master-host",
    "LOCUST_MASTER_NODE_PORT": "master-port",
    "LOCUST_USERCLASS_PICKER": "class-picker",
} | {f"LOCUST_{name.upper().replace('-', '_')}": name for name in DECIDED if not name.startswith("master")}

CONF, PROJECT = "locust.conf", "pyproject.toml"
"""The files of its working folder that Locust reads."""
_LINE = re.compile(r"\s*-{0,2}(?P<key>[A-Za-z][\w-]*)\s*(?:[=:\s]|$)")


def named(argument: str) -> tuple[str, str]:
    """Give the option that an argument names where a drill decides it, and what decides; else empty texts."""
    name = argument.partition("=")[0]
    if name.startswith("--"):
        option = name[2:]
    elif re.match(r"-[A-Za-z]", argument):  # a short one may have its value in the same word: -t5s
        option = _SHORT_ARGUMENTS.get(argument[1], "")
    else:
        option = ""
    return (f"--{option}", _ARGUMENTS[option]) if option in _ARGUMENTS else ("", "")


def in_file(file: str, content: bytes) -> Iterator[Mistake]:
    """Warn of what has no effect in a file that Locust reads."""
    if file.endswith(".toml"):
        yield from _in_project(reader.attempt(reader.read, content, file))
        return
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        found = None if line.lstrip().startswith(("#", ";", "[")) else _LINE.match(line)
        key = _key(found["key"]) if found else ""
        if key in DECIDED:
            yield _mistake(file, number, f"'{key}'", key)


def _in_project(document: Document) -> Iterator[Mistake]:
    section = document.get(("tool", "locust"))
    for name in section if isinstance(section, dict) else ():
        if _key(name) in DECIDED:
            yield _mistake(
                document.file, document.spot(("tool", "locust", name)).line, f"'{name}'", _key(name)
            )


def _key(name: str) -> str:
    return _SHORT.get(name, name.replace("_", "-"))


def in_variables(file: str, variables: Iterable[str]) -> Iterator[Mistake]:
    """Warn of what has no effect among the names of variables, for the file whose load gets them."""
    for name in sorted(set(variables) & set(_VARIABLES)):
        yield _mistake(file, 1, f"the variable {name}", _VARIABLES[name])


def _mistake(file: str, line: int, what: str, key: str) -> Mistake:
    message = f"{what} has no effect on the load of a drill"
    return Mistake(file=file, line=line, message=message, hint=DECIDED[key], warning=True)
