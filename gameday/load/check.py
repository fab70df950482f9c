"""Check that locustfiles import, in one child process for all of them, since importing Locust takes a second.

`python -m gameday.load.check FILE...` imports them and prints their mistakes as JSON lines; `FILE` may be a
JSON list of the file and the arguments that Locust gets, which are then parsed as Locust would. Nothing is
requested from the target.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import io
import json
import os
import resource
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, TracebackType

from gameday.core.errors import Mistake
from gameday.core.plans.scenario import Load
from gameday.core.values import Seconds
from gameday.formats.experiment import extensions, locustfile
from gameday.load import locustfiles
from gameday.system import clock, processes
from gameday.system.imports import own_sources

TIME_LIMIT = 30.0
"""Seconds for all files together; a locustfile that hangs on import is a mistake, too."""
MEMORY_LIMIT = 4 * 2**30
"""Bytes of address space, which threads reserve generously: Locust itself takes about 1 GiB."""

SHAPE_LIMIT = 2.0
"""Seconds for asking a load shape; one that keeps a time of its own never ends within them."""
ARGUMENTS = "write what it needs as args or env under load: in the scenario"


class Check:
    """A check in progress: start it early, ask for its result late."""

    def __init__(
        self,
        files: Sequence[str],
        *,
        cwd: Path,
        loads: Mapping[str, Sequence[Load]] | None = None,
        lasting: Mapping[str, Seconds] | None = None,
    ) -> None:
        """Start it.

        loads: by file, the loads that it is played in; none: its arguments are not looked at. lasting: by
        file, for how long a drill may need the load.
        """
        self._files = tuple(files)
        self._child: processes.Child | None = None
        if files:
            # -P: a module of the working folder must not hide ours. `_imported` puts the folder on the path,
            # as Locust does.
            argv = [sys.executable, "-P", "-m", "gameday.load.check"]
            argv += [
                _request(file, load, (lasting or {}).get(file, 0.0))
                for file in files
                for load in (loads or {}).get(file) or (None,)
            ]
            self._child = processes.start(argv, cwd=cwd, stdout=processes.PIPE)

    def mistakes(self, within: float = TIME_LIMIT) -> tuple[Mistake, ...]:
        """Wait for the result; a file without one within `within` seconds has a mistake."""
        if self._child is None:
            return ()
        text = _read(self._child, within)
        rows = [json.loads(line) for line in text.splitlines()]
        answered = {row["file"] for row in rows}
        mistakes = [Mistake(**row["mistake"]) for row in rows if row["mistake"]]
        # Only the first one: it held up those after it.
        silent = next((file for file in self._files if file not in answered), None)
        if silent is not None:
            mistakes.append(
                Mistake(
                    file=silent,
                    message=f"the import did not end within {within:g} s, or ended the process",
                    hint="define users only; what takes time belongs in on_start",
                )
            )
        return tuple(sorted(mistakes))


def _request(file: str, load: Load | None, lasting: Seconds) -> str:
    """Write what is to be checked: a file, or with its arguments, its variables' names, and for how long."""
    if load is None:
        return file
    classes = [f"--exclude-tags={tag}" for tag in load.exclude_tags]
    return json.dumps([file, [*load.args, *classes, *load.user_classes], sorted(load.env), lasting])


def _read(child: processes.Child, within: float) -> str:
    """Read a child's output to its end, or up to its time limit."""
    with contextlib.suppress(TimeoutError):
        child.wait(within)  # without reading: the output is a few lines, less than a pipe holds
    child.kill()
    with child.stdout as output:
        return output.read().decode(errors="replace")


def usage_mistake(file: str, arguments: Sequence[str], variables: Sequence[str]) -> Mistake | None:
    """Parse arguments as Locust would, in this process, which has imported the locustfile; None: it can.

    variables: names of those that Locust gets besides; their values do not matter here.
    """
    parsing = sys.modules.get("locust.argument_parser")
    if parsing is None:
        return None  # it defines no users by Locust's own classes, and no arguments
    os.environ.update(dict.fromkeys(variables, "1"))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parsing.get_parser().parse_args([*arguments])
    except SystemExit:
        why = said.getvalue().strip().rpartition("error: ")[2].strip()
        if why:
            return Mistake(file=file, message=f"Locust refuses its arguments: {why}", hint=ARGUMENTS)
    except Exception as error:  # noqa: BLE001  # a locustfile's own listeners may raise anything
        return Mistake(file=file, message=f"Locust can't parse its arguments: {_text(error)}", hint=ARGUMENTS)
    finally:
        for name in variables:
            os.environ.pop(name, None)
    return None


def mistakes(files: Sequence[str], *, cwd: Path) -> tuple[Mistake, ...]:
    """Import locustfiles (paths from `cwd`) as Locust would, and give their mistakes."""
    return Check(files, cwd=cwd).mistakes()


def mistake_in(file: str) -> Mistake | None:
    """Import one locustfile in this process; None where it imports and has users."""
    return _examined(file)[1]


def _examined(file: str) -> tuple[ModuleType | None, Mistake | None]:
    """Import one locustfile; give it, or its mistake."""
    misnamed = locustfiles.misnamed(file)
    if misnamed is not None:
        return None, misnamed
    try:
        module = _imported(file)
    except SyntaxError as error:
        return None, Mistake(
            file=_own(error.filename, file),
            line=error.lineno or 1,
            column=error.offset or 1,
            message=f"{type(error).__name__}: {error.msg}",
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's file may raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        return None, Mistake(
            file=file,
            line=_line(error.__traceback__, file),
            message=_text(error),
            hint=extensions.hint(missing) if missing else "",
        )
    if not _has_users(module):
        return None, locustfiles.without_users(file)
    return module, None


def short_shape(module: ModuleType, file: str, lasting: Seconds) -> Mistake | None:
    """Ask a locustfile's own load shape when it ends the load; None: not before, or it can't be known."""
    for value in vars(module).values():
        if _is_shape(value):
            end = _end_of(value, lasting)
            if end is not None:
                line = locustfile.line_of(Path(file).read_text(encoding="utf-8"), value.__name__)
                return locustfiles.short_shape(file, line, value.__name__, end, lasting)
    return None


def _is_shape(value: object) -> bool:
    if not inspect.isclass(value) or getattr(value, "abstract", False) or value.__module__ == "locust.shape":
        return False
    return any(
        (base.__module__, base.__name__) == ("locust.shape", "LoadTestShape") for base in value.__mro__
    )


def _end_of(shape_class: type, lasting: Seconds) -> Seconds | None:
    """Ask a shape second by second, as Locust does, but at once: its run time is ours."""
    passed = 0.0
    give_up = clock.monotonic() + SHAPE_LIMIT
    try:
        shape = shape_class()
        shape.get_run_time = lambda: passed
        while passed < lasting and clock.monotonic() < give_up:
            if shape.tick() is None:
                return passed
            passed += 1.0
    except (Exception, SystemExit):  # noqa: BLE001  # it needs a running Locust, or fails as it will there
        return None
    return None


def _imported(file: str) -> ModuleType:
    """Import a file as Locust does: its folder and the working folder first on the path."""
    path = Path(file).resolve(strict=True)
    # One that is called locust.py must not be Locust.
    name = "locustfile" if path.stem == "locust" else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    before, modules = list(sys.path), set(sys.modules)
    sys.path[:0] = [str(path.parent), str(Path.cwd())]
    module = importlib.util.module_from_spec(spec)
    # By its name among the modules, as Locust has it: dataclasses and type hints look there.
    hidden = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules.pop(name, None)
        if hidden is not None:
            sys.modules[name] = hidden
        # Locust imports one locustfile a process: the next must not find what this one put on the path.
        sys.path[:] = before
        _forget(set(sys.modules) - modules, Path.cwd(), path.parent)
    return module


def _forget(names: set[str], *folders: Path) -> None:
    """Forget the user's own modules, so that the next file imports its own of the same name."""
    installed = Path(sys.prefix)
    for name in names:
        file = Path(getattr(sys.modules[name], "__file__", None) or sys.prefix)
        theirs = any(file.is_relative_to(folder) for folder in folders)
        if theirs and not file.is_relative_to(installed):
            del sys.modules[name]


def _has_users(module: ModuleType) -> bool:
    """Check whether Locust would find users: a User class that is not abstract, or tests in pytest style."""
    return any(
        _is_user(value) or (inspect.isfunction(value) and name.startswith("test_"))
        for name, value in vars(module).items()
    )


def _is_user(value: object) -> bool:
    if not inspect.isclass(value) or getattr(value, "abstract", True):
        return False
    # By name: whoever imports this module must not import Locust, which patches the process.
    return any((base.__module__, base.__name__) == ("locust.user.users", "User") for base in value.__mro__)


def _own(named: str | None, file: str) -> str:
    """Give the file's name as given to us if an error names the same file."""
    if named and not (os.path.exists(named) and os.path.samefile(named, file)):  # noqa: PTH110, PTH121
        return named
    return file


def _line(trace: TracebackType | None, file: str) -> int:
    """Find the locustfile's own line in a trace; 1 when it has none."""
    path = str(Path(file).resolve())
    lines = [frame.lineno or 1 for frame in traceback.extract_tb(trace) if frame.filename == path]
    return lines[-1] if lines else 1


def _text(error: BaseException) -> str:
    first = str(error).strip().split("\n", 1)[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _listeners() -> list[object]:
    """Give the functions that add arguments to Locust's; empty where Locust is not imported."""
    locust = sys.modules.get("locust")
    return [] if locust is None else locust.events.init_command_line_parser._handlers  # noqa: SLF001  # no other way


def main() -> None:
    """Print one JSON line for each file of the command line, as soon as it is known."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    own_sources.import_from_sources()
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)  # what a locustfile prints must not mix with the answer
        # As under Locust, it is there before the user's folders are on the path: a folder or file called
        # locust there must not take its place.
        importlib.import_module("locust.main")
        for asked in sys.argv[1:]:
            file, *usage = json.loads(asked) if asked.startswith("[") else [asked]
            listeners = _listeners()
            before = len(listeners)
            module, mistake = _examined(file)
            if module is not None and usage:
                arguments, variables, lasting = usage
                mistake = usage_mistake(file, arguments, variables) or short_shape(
                    module, file, float(lasting)
                )
            del (listeners or _listeners())[before:]  # the next file's arguments are its own
            row = {
                "file": file,
                "mistake": mistake
                and {
                    "file": mistake.file,
                    "line": mistake.line,
                    "column": mistake.column,
                    "message": mistake.message,
                    "hint": mistake.hint,
                    "warning": mistake.warning,
                },
            }
            # Flushed line by line: the next file may hang, or end the process.
            print(json.dumps(row), file=output, flush=True)
    os._exit(0)  # no clean-up: a locustfile's threads and exit handlers may never end


if __name__ == "__main__":
    main()
