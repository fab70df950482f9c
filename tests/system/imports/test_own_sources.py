"""What is judged is what is imported: byte code is not run, with its source or without."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL = "from gameday.system.imports import own_sources; own_sources.import_from_sources(); "
MODES = [py_compile.PycInvalidationMode.UNCHECKED_HASH, py_compile.PycInvalidationMode.TIMESTAMP]


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A package of the workspace whose source says that it is a source."""
    file = tmp_path / "mine" / "faults.py"
    file.parent.mkdir()
    (tmp_path / "mine" / "__init__.py").touch()
    file.write_text("print('source')\n")
    return file


def other_code(module: Path, to: Path, mode: py_compile.PycInvalidationMode) -> None:
    """Write byte code of other code that claims to be the source's."""
    times = (1e9, 1e9)
    other = module.with_name("other.py")
    other.write_text("print('ANOTHE')\n")  # as long as the source
    os.utime(other, times)
    os.utime(module, times)
    py_compile.compile(str(other), str(to), invalidation_mode=mode)


def printed(module: Path, before: str) -> str:
    code = f"import sys; sys.path.append({str(module.parents[1])!r}); {before}import mine.faults"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_byte_code_that_claims_to_be_a_source_s_is_not_run(
    module: Path, mode: py_compile.PycInvalidationMode
):
    other_code(module, Path(importlib.util.cache_from_source(str(module))), mode)
    assert printed(module, "") == "ANOTHE\n"  # what Python does
    assert printed(module, INSTALL) == "source\n"


def test_byte_code_without_its_source_can_not_be_imported(module: Path):
    other_code(module, module.with_suffix(".pyc"), MODES[0])
    module.unlink()
    assert "ImportError: faults.pyc is byte code without its source" in printed(module, INSTALL)


def test_what_is_installed_is_imported_as_ever(module: Path):
    assert printed(module, f"{INSTALL}import chaoslib, requests, gameday.ports; ") == "source\n"
