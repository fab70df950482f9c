"""Validate experiments as `chaos validate` does, many in one process.

chaoslib reports no lines, and only the first error; gameday's own strict reading comes before this.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from gameday.core.errors import Mistake
from gameday.core.values import Seconds
from gameday.faults import child_protocol
from gameday.faults.chaos_process import ChaosProcess
from gameday.formats.experiment import extensions

# For all files together: each may import an extension that takes 2 s.
LIMIT: Seconds = 120.0
MEMORY_LIMIT = 4 * 2**30
"""Bytes of address space for the process that imports; chaosk8s with its client takes about 1 GiB."""


def check(paths: Sequence[Path], *, cwd: Path, values: Sequence[str] = ()) -> tuple[Mistake, ...]:
    """Give every problem that Chaos Toolkit has with these experiments, missing modules included.

    values: files of values that they are run with, which may set variables.
    """
    return asyncio.run(_check(paths, cwd, values)) if paths else ()


async def _check(paths: Sequence[Path], cwd: Path, values: Sequence[str]) -> tuple[Mistake, ...]:
    process = await ChaosProcess.start("", cwd=str(cwd))
    try:
        named = [str(path) for path in paths]
        await process.send("check", paths=named, memory=MEMORY_LIMIT, values=[*values])
        while True:
            match await process.receive(LIMIT):
                case child_protocol.Note(word="answer", data=data):
                    problems = data["problems"].items()
                    return tuple(_mistake(path, text) for path, texts in problems for text in texts)
                case None | child_protocol.Note(word="crashed") as end:
                    why = end.text("error") if end else "its process died"
                    return tuple(
                        Mistake(file=str(path), message=f"chaos validate failed: {why}") for path in paths
                    )
                case _:
                    pass
    except TimeoutError:
        late = f"chaos validate did not end within {LIMIT:g} s"
        return tuple(Mistake(file=str(path), message=late) for path in paths)
    finally:
        await process.close()


def _mistake(path: str, text: str) -> Mistake:
    missing = re.match(r"module (\S+) can't be imported: ModuleNotFoundError", text)
    return Mistake(file=path, message=text, hint=extensions.hint(missing[1]) if missing else "")
