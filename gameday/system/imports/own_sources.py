"""Lets a process import the workspace's modules from their sources alone, never from byte code.

A policy judges, and an approval covers, sources. Python prefers byte code: a file in `__pycache__` may claim
to belong to a source, by its time and size or by an unchecked hash, and hold anything. What is installed with
the interpreter is imported as ever: its version is what counts.
"""

from __future__ import annotations

import sysconfig
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

_SCHEMES = ("purelib", "platlib", "stdlib", "platstdlib")
INSTALLED = tuple(dict.fromkeys(Path(sysconfig.get_path(name)).resolve() for name in _SCHEMES))
"""Where the interpreter's own modules and the installed distributions are."""
_OURS = Path(__file__).resolve().parents[2]


def is_installed(file: Path) -> bool:
    """Whether a module's file, with links resolved, is the interpreter's or a distribution's."""
    return any(file.is_relative_to(place) for place in (*INSTALLED, _OURS))


def import_from_sources() -> None:
    """Compile every other module from its source; one of byte code alone raises ImportError."""
    with_byte_code, sourceless = SourceFileLoader.get_code, SourcelessFileLoader.get_code

    def compiled(loader: Any, name: str) -> CodeType | None:
        path = loader.get_filename(name)
        if is_installed(Path(path).resolve()):
            return with_byte_code(loader, name)
        return loader.source_to_code(loader.get_data(path), path)  # type: ignore[no-any-return]

    def only_installed(loader: Any, name: str) -> CodeType | None:
        path = Path(loader.get_filename(name)).resolve()
        if not is_installed(path):
            raise ImportError(f"{path.name} is byte code without its source, which no policy can judge")
        return sourceless(loader, name)

    SourceFileLoader.get_code = compiled  # type: ignore[method-assign, assignment]
    SourcelessFileLoader.get_code = only_installed  # type: ignore[method-assign, assignment]
