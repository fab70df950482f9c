"""Keeps the key by which this installation signs what it stores (adr/0016).

It is the user's own, in the state folder outside every workspace, or a variable's value, which hosts that
share a store share. It never reaches a child process but our own.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gameday.core.errors import NotReady
from gameday.system import known_secrets
from gameday.system.state_folder import state_folder, state_folders

FILE_NAME = "signing-key"
SHORTEST = 32
"""Characters of a shared key. Its name is public, so nobody must be able to guess it."""
EXAMPLE = '[store] key = "env:GAMEDAY_STORE_KEY"'
GENERATE = "openssl rand -hex 32"


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """Where a process has its key from.

    variable  the one that holds it; empty: the user's own file
    given     the key itself, where another process of ours has handed it over
    """

    variable: str = ""
    given: str = ""

    def load(self) -> bytes | None:
        """Give the key; None where there is none that may be used, so that nothing counts as signed."""
        try:
            return self._value(create=False)
        except (NotReady, OSError):
            return None

    def obtain(self) -> bytes:
        """Give the key, and make the user's own at its first use. Raises NotReady."""
        try:
            return self._value(create=True)
        except OSError as error:
            raise NotReady(
                f"the key that signs histories can't be kept: {error}",
                hint="set XDG_STATE_HOME to a folder that may be written, or add " + EXAMPLE,
            ) from error

    def problem(self) -> str:
        """Give why this process has no key; empty where it has one, or will make it when it signs."""
        try:
            self._value(create=False)
        except FileNotFoundError:
            return ""
        except (NotReady, OSError) as error:
            return str(error)
        return ""

    def handed_over(self) -> str:
        """Give the key as text for another process of ours; empty where there is none."""
        with suppress(NotReady):
            return self.obtain().decode()
        return ""

    def _value(self, *, create: bool) -> bytes:
        if self.given:
            return self.given.encode()
        return _shared(self.variable) if self.variable else _own(create=create)


OWN = SigningKey()
"""The user's own."""


def _shared(variable: str) -> bytes:
    value = known_secrets.variable(variable)
    if value is None:
        raise NotReady(
            f"the variable {variable} is not set, and [store] key takes the key from it",
            hint=f"give every host that shares the store the same key; {GENERATE} makes one",
        )
    if len(value) < SHORTEST:
        raise NotReady(
            f"the key in {variable} is shorter than {SHORTEST} characters", hint=f"{GENERATE} makes one"
        )
    return value.encode()


def _own(*, create: bool) -> bytes:
    """Read the user's own key, or make it where there is none.

    Raises OSError, and NotReady for a file that others can use. A second key is never made while the first is
    there, whether its folder can still be written or not: what it has signed would count as a stranger's.
    """
    for folder in state_folders():
        with suppress(FileNotFoundError):
            return _read(folder / FILE_NAME)
    if not create:
        raise FileNotFoundError(FILE_NAME)
    file = state_folder() / FILE_NAME
    unfinished = file.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(32))
            opened.flush()
            os.fsync(descriptor)
        # A link, not a rename: of two processes that make it at once, the second must use the first one's.
        with suppress(FileExistsError):
            file.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
    return _read(file)


def _read(file: Path) -> bytes:
    # O_NONBLOCK: opening a named pipe would wait. O_NOFOLLOW: the key is a file of this folder, or refused.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(file, "is not an ordinary file")
        if status.st_uid != os.geteuid():
            raise _refused(file, "belongs to another user")
        if status.st_mode & 0o077:
            raise _refused(
                file, f"can be read or changed by others (mode {stat.S_IMODE(status.st_mode):04o})"
            )
        key = opened.read(4096).strip()
    if not re.fullmatch(rb"[0-9a-f]{64}", key):
        raise _refused(file, "does not hold a key")
    return key


def _refused(file: Path, why: str) -> NotReady:
    return NotReady(
        f"{file} {why}: somebody else may know the key that signs histories",
        hint=f"look who changed it, then remove it: rm {file}. A new one is made; what the old one signed "
        "counts as unsigned",
    )
