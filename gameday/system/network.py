"""Where other hosts reach this machine."""

from __future__ import annotations

import socket

from gameday.system import processes

ELSEWHERE = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): nothing is sent to it."""


def own_address() -> str:
    """Give the address from which this machine would reach others; without a route, its host name."""
    try:
        # Connecting a datagram socket sends nothing: the kernel only chooses route and source address.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        return processes.hostname()
