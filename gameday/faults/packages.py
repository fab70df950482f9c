"""An experiment's own packages: resolved and installed by uv, into a folder of their own.

The folder is this user's, named by a hash of what is wanted and of this Python. It comes last on the path of
the processes that run the experiment, so that what gameday itself runs on stays as it is. Only wheels are
taken, each by its hash: nothing of a package runs before the experiment does. The folder is not in a cache
that a system may empty: rollbacks after a crash need it. `system.imports.own_packages` puts it on the path.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.faults import experiments, run_options
from gameday.formats.experiment import requirements
from gameday.system import child_environment, commands, known_secrets
from gameday.system.state_folder import state_folder

LIMIT: Seconds = 300.0
"""Seconds for resolving, and again for installing; then uv is ended with all that it has started."""
_LOCK, _RECORD = "lock.txt", "record.json"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)")
_PASSED = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TMPDIR|XDG_\w+_(HOME|DIRS)|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy|UV_CONFIG_FILE"
    r"|UV_((EXTRA_|DEFAULT_)?INDEX(_URL)?|INDEX_STRATEGY|FIND_LINKS|NO_INDEX|OFFLINE|CACHE_DIR|NATIVE_TLS)",
    re.IGNORECASE,
)
"""Variables that uv gets: where it finds packages. Keys and tokens of anything else are not its business."""
_HASH = re.compile(r"--hash=(?P<hash>\w+:[0-9a-f]+)")


def folder_for(wanted: Sequence[str]) -> Path:
    """Give the folder of what is wanted, whether it is there or not. Raises OSError without a home for it."""
    key = json.dumps([sorted(wanted), sys.version, sys.platform, _installed()])
    return state_folder() / "packages" / hashlib.sha256(key.encode()).hexdigest()[:24] / "modules"


def known(wanted: Sequence[str]) -> dict[str, str]:
    """Give version and hashes of each package by a name for people, as far as they were resolved before."""
    lock = folder_for(wanted).parent / _LOCK
    return _parts(lock.read_text(encoding="utf-8")) if lock.is_file() else {"packages": "not resolved yet"}


def resolved(wanted: Sequence[str], unwanted: threading.Event | None = None) -> dict[str, str]:
    """Give version and hashes of each package: resolved once, and the same from then on. Raises NotReady.

    unwanted: ends uv once it is set.
    """
    with _alone(folder_for(wanted).parent) as home:
        return _resolved(home, wanted, unwanted)


def _resolved(home: Path, wanted: Sequence[str], unwanted: threading.Event | None) -> dict[str, str]:
    lock = home / _LOCK
    if not lock.is_file():
        with tempfile.TemporaryDirectory(dir=home) as work:
            (Path(work) / "wanted.txt").write_text("\n".join(wanted), encoding="utf-8")
            (Path(work) / "ours.txt").write_text("\n".join(_installed()), encoding="utf-8")
            _uv(
                work,
                "compile",
                *("wanted.txt", "--constraint", "ours.txt", "--generate-hashes", "--only-binary", ":all:"),
                *("--no-header", "--no-annotate", "--output-file", "found.txt"),
                unwanted=unwanted,
            )
            (Path(work) / "found.txt").replace(lock)
    return _parts(lock.read_text(encoding="utf-8"))


def install_for(requests: Sequence[ev.FaultRequested], unwanted: threading.Event) -> str:
    """Install what requests name, each into the folder that it names; describe it. Raises NotReady."""
    described = []
    for request in requests:
        parsed = (
            experiments.parse(request.experiment, request.path) if run_options.packages_of(request) else {}
        )
        wanted = requirements.lacking(parsed)
        if wanted:
            described.append(install(wanted, unwanted))
    return "; ".join(dict.fromkeys(described))


def install(wanted: Sequence[str], unwanted: threading.Event | None = None) -> str:
    """Install what is wanted, unless it is there as it was; describe it. Raises NotReady."""
    folder = folder_for(wanted)
    with _alone(folder.parent) as home:
        parts = _resolved(home, wanted, unwanted)
        record = home / _RECORD
        if not (folder.is_dir() and record.is_file() and record.read_text() == _digest(folder)):
            shutil.rmtree(folder, ignore_errors=True)
            record.write_text(_installed_into(folder, unwanted))
    listed = (
        f"{name.removeprefix('package ')} {version.partition(',')[0]}" for name, version in parts.items()
    )
    return f"{', '.join(listed)}, in {folder}"


def _installed_into(folder: Path, unwanted: threading.Event | None) -> str:
    """Install what the lock pins, as a whole or not at all; give the digest of it. Raises NotReady."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        lock = (folder.parent / _LOCK).read_text(encoding="utf-8")
        (Path(work) / "lock.txt").write_text(_without_ours(lock), encoding="utf-8")
        _uv(
            work,
            "install",
            *("--requirements", "lock.txt", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            # Copies: by a link, whoever writes to one of the files changes uv's cache, too.
            *("--target", "modules", "--link-mode", "copy"),
            unwanted=unwanted,
        )
        made = Path(work) / "modules"
        made.mkdir(exist_ok=True)  # all of it is here already
        digest = _digest(made)
        made.rename(folder)
    return digest


@contextmanager
def _alone(home: Path) -> Iterator[Path]:
    """Make a folder, and keep other processes of this user out of it: two drills may want the same."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "in-use").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield home


def _uv(cwd: str, word: str, *arguments: str, unwanted: threading.Event | None = None) -> None:
    """Run uv in a folder, with this user's settings for it. Raises NotReady with what it reports."""
    argv = [_binary(), "pip", word, "--quiet", "--no-progress", "--python", sys.executable, *arguments]
    withheld = {name: None for name in os.environ if not _PASSED.fullmatch(name)}
    with child_environment.applied(child_environment.EnvironmentChanges(variables={**withheld})):
        ended = commands.call(argv, timeout=LIMIT, cwd=cwd, unwanted=unwanted)
    if ended.exit_code != 0:
        raise NotReady(
            f"uv can't {'resolve' if word == 'compile' else 'install'} the experiment's packages: "
            f"{known_secrets.redactor().text(' '.join(ended.output.split()))[-500:] or 'without output'}",
            hint="install them yourself, or give uv an index with their wheels (UV_INDEX_URL, UV_FIND_LINKS)",
        )


def _binary() -> str:
    # The package `uv` puts its binary next to Python's other commands, which need not be on the path.
    folders = (os.environ.get("PATH", os.defpath), sysconfig.get_path("scripts"))
    found = shutil.which("uv", path=os.pathsep.join(folders))
    if found is None:
        raise NotReady(
            "uv is not installed, and the experiment's packages are not, either", hint="pip install uv"
        )
    return found


def _installed() -> list[str]:
    """Name what is here with its versions: what is installed besides must go with it."""
    found = {canonicalize_name(each.name): each.version for each in metadata.distributions() if each.name}
    return sorted(f"{name}=={version}" for name, version in found.items())


def _blocks(lock: str) -> list[str]:
    """Give the lines of each package of a lock as one text."""
    return [block for block in re.split(r"\n(?=\S)", lock.strip()) if block]


def _parts(lock: str) -> dict[str, str]:
    ours = {line.partition("==")[0] for line in _installed()}
    parts = {}
    for block in _blocks(lock):
        pinned = _PINNED.match(block)
        if pinned and canonicalize_name(pinned["name"]) not in ours:
            hashes = sorted(found["hash"] for found in _HASH.finditer(block))
            parts[f"package {canonicalize_name(pinned['name'])}"] = ",".join([pinned["version"], *hashes])
    return parts


def _without_ours(lock: str) -> str:
    ours = {line.partition("==")[0] for line in _installed()}
    kept = [
        block
        for block in _blocks(lock)
        if (pinned := _PINNED.match(block)) and canonicalize_name(pinned["name"]) not in ours
    ]
    return "\n".join(kept) + "\n"


def _digest(folder: Path) -> str:
    """Hash all that was installed, so that a later change is seen."""
    whole = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if "__pycache__" not in file.parts:
            whole.update(f"{file.relative_to(folder)}\0".encode())
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
