"""Refuses, in Locust's own process, hosts and programs that the policy does not allow, before a byte leaves.

An audit hook (PEP 578) sees every name that is looked up and every address that any client connects or sends
to: requests, urllib3, httpx, aiohttp, gevent's and plain sockets. It can't be removed, and holds in forked
processes. It is no sandbox: libraries that open sockets in C (gRPC, pycurl, ctypes) are not seen.

An address is allowed by itself, or because an allowed name has just been resolved to it. Programs can't be
watched from here, so only those may be started that the policy's `providers` allow as `process:`; `programs`
sees to what raises no event.
"""

from __future__ import annotations

import _socket
import errno
import os
import shutil
import socket
import sys
from collections.abc import Callable
from typing import Any

from gameday.core.policy import addresses, patterns
from gameday.load import programs
from gameday.load.limits import LoadLimits

_LOCAL = (socket.AF_UNIX, socket.AF_NETLINK)


class HostRefused(ConnectionRefusedError):
    """A host that the policy's `hosts` do not allow; an OSError, as clients expect of a refusal."""


class NetworkGuard:
    """Decides about names, addresses and programs. connected: called for each connection that is allowed."""

    def __init__(self, limits: LoadLimits, connected: Callable[[], None]) -> None:
        self._limits = limits
        self._connected = connected
        self._resolved: set[str] = set()
        self._allowed: set[str] = set()  # judging a host takes 30 µs, and load opens many connections to one
        self._checks: dict[str, Callable[..., None]] = {
            "socket.connect": self._connect,
            "socket.sendto": self._send,
            "socket.sendmsg": self._send,
            "socket.getaddrinfo": self._look_up,
            "socket.gethostbyname": self._look_up,
            "socket.gethostbyaddr": self._look_up,
            "socket.__new__": self._create,
            "subprocess.Popen": self._start,
            "os.exec": self._start,
            "os.posix_spawn": self._start,
            "os.spawn": lambda _mode, path, *_rest: self._start(path),
            "os.system": lambda command: self._start("/bin/sh", command),
            "cpython.PyInterpreterState_New": _refuse_interpreter,
        }

    def install(self) -> None:
        """Guard this process, and what it forks, from now on."""
        _socket.getaddrinfo = self._recording(_socket.getaddrinfo)
        for name in ("gethostbyname", "gethostbyname_ex"):
            recording = self._recording(getattr(_socket, name))
            setattr(_socket, name, recording)
            # It was imported by value, where getaddrinfo is called through its module.
            setattr(socket, name, recording)
        checks = self._checks

        # Called for every audited event of the process: one look-up, and nothing else for most.
        def hook(event: str, args: tuple[Any, ...]) -> None:
            check = checks.get(event)
            if check is not None:
                check(*args)

        sys.addaudithook(hook)
        programs.watch(self._start)
        if not self._limits.processes:
            try:
                programs.forbid()
            except OSError as error:
                sys.stderr.write(f"gameday: programs that are started from C are not seen: {error}\n")

    def _recording(self, look_up: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a look-up of names: the addresses of an allowed name are allowed."""

        def recording(host: Any, *args: Any, **keywords: Any) -> Any:
            answer = look_up(host, *args, **keywords)
            if self._by_name(_text(host)):
                self._resolved.update(_addresses(answer))
            return answer

        return recording

    def check_host(self, host: Any) -> None:
        """Raise HostRefused for a host, by name or address, that is not allowed."""
        name = _text(host)
        if not name or name in self._allowed:
            return
        if self._allows(name):
            self._allowed.add(name)
            return
        raise HostRefused(errno.ECONNREFUSED, f"gameday: the policy's hosts don't allow load on {name}")

    def _allows(self, host: str) -> bool:
        try:
            name = addresses.canonical(host)
        except ValueError:
            return False
        return name in self._resolved or any(
            addresses.host_matches(pattern, name) for pattern in self._limits.hosts
        )

    def _by_name(self, host: str) -> bool:
        """Whether a name is allowed other than as loopback: `localhost` must not lead elsewhere."""
        try:
            name = addresses.canonical(host)
        except ValueError:
            return False
        others = (pattern for pattern in self._limits.hosts if pattern.lower() != "loopback")
        return any(addresses.host_matches(pattern, name) for pattern in others)

    def _look_up(self, host: Any, *_rest: Any) -> None:
        if host:  # without one, an address to listen on is asked for
            self.check_host(host)

    def _connect(self, sock: Any, address: Any) -> None:
        self._check_address(sock, address)
        if sock.family not in _LOCAL:
            self._connected()

    def _send(self, sock: Any, address: Any = None) -> None:
        if address is not None:  # else it was connected, which was checked
            self._check_address(sock, address)

    def _check_address(self, sock: Any, address: Any) -> None:
        if sock.family in _LOCAL:
            return
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            raise HostRefused(errno.ECONNREFUSED, f"gameday: load may not use sockets of {sock.family!r}")
        self.check_host(address[0])

    def _create(self, _sock: Any, family: int, kind: int, _protocol: int) -> None:
        # Raw sockets send to addresses that nobody can see from here.
        if family == socket.AF_PACKET or (kind == socket.SOCK_RAW and family != socket.AF_NETLINK):
            raise PermissionError(errno.EPERM, "gameday: load may not open raw sockets")

    def _start(self, program: Any, *_rest: Any) -> None:
        name = _text(program)
        path = shutil.which(name) or name
        limits = self._limits
        candidates = tuple(dict.fromkeys((name, path, os.path.realpath(path))))
        if patterns.process(limits.processes, *candidates) and not patterns.process(
            limits.denied, *candidates, denying=True
        ):
            return
        raise PermissionError(
            errno.EPERM,
            f"gameday: a locustfile may start only programs that the policy allows: process:{path}",
        )


def _refuse_interpreter(*_rest: Any) -> None:
    """Refuse a second interpreter in this process: no hook of this one holds there."""
    raise PermissionError(errno.EPERM, "gameday: load may not make interpreters of its own")


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | os.PathLike) else str(value or "")


def _addresses(answer: Any) -> set[str]:
    """Give the addresses in the answer of any of the look-ups."""
    if isinstance(answer, str):
        return {answer}
    if isinstance(answer, tuple):
        return set(answer[2])
    return {addresses.canonical(sockaddr[0]) for *_, sockaddr in answer if "%" not in str(sockaddr[0])}
