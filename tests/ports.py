"""Ports for servers that can't choose one themselves."""

import itertools
import os
import random
import socket
from contextlib import suppress
from pathlib import Path

WORKERS = 16


def _own():
    """Give this worker's ports: below the range from which the kernel assigns ephemeral ports."""
    above = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = range(above // 2 + worker % WORKERS, above, WORKERS)
    return itertools.cycle(random.sample(own, len(own)))


_OWN = _own()


def free():
    """Give a port that no other process takes before the server has it."""
    for port in _OWN:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("a cycle has no end")
