"""A page of the docs as somebody follows it: its files are written and its commands typed as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_FILE = re.compile(r"^(Add to )?`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```sh ([a-z0-9-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Page:
    """A page whose blocks of commands have names: "```sh NAME"; a file's block follows its path and a colon."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        self.blocks: dict[str, str] = dict(_BLOCK.findall(text))
        self._files = _FILE.findall(text)

    def commands(self, name: str) -> list[str]:
        """Give a block's commands, a line each."""
        return self.blocks[name].splitlines()

    def write_files(self, folder: Path) -> list[str]:
        """Write the page's files, or add to those that are there; give their paths."""
        for added, path, text in self._files:
            file = folder / path
            before = file.read_text(encoding="utf-8") + "\n" if added else ""
            file.write_text(before + text, encoding="utf-8")
        return [path for _, path, _ in self._files]


def environment(binaries: Path | None = None) -> dict[str, str]:
    """Give a person's environment, with a virtual environment's programs first: by default this one's."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GAMEDAY_", "MAKE", "MFLAGS"))
    }
    first = binaries or Path(sys.executable).parent
    return {**ours, "PATH": f"{first}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


def typed(text: str, folder: Path, env: dict[str, str], seconds: float = 60.0) -> str:
    """Run commands as a shell would, until one fails; give what they print. Raises AssertionError."""
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, f"{text}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def left_running(text: str, folder: Path, env: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Type commands in a terminal of their own, which stays open; `end` ends what it runs."""
    with output.open("wb") as file:
        return subprocess.Popen(
            ["bash", "-c", f"{text}\nwait"], cwd=folder, env=env, stdin=subprocess.DEVNULL,
            stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
