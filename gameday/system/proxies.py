"""Proxies that the environment names: what experiments and load request goes through them.

Chaos Toolkit's http provider and Locust obey them, as most HTTP clients do. A drill then measures the proxy,
too, and a proxy that answers for a target hides that it is gone. gameday's own requests go straight there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_NAMES = ("http_proxy", "https_proxy", "all_proxy")


def named(environ: Mapping[str, str] | None = None) -> str:
    """Name the proxies, without user names and passwords, and what they are not used for; empty: none."""
    given = os.environ if environ is None else environ
    # Small letters win where both are set, as for the clients.
    found = {name: given.get(name) or given.get(name.upper(), "") for name in (*_NAMES, "no_proxy")}
    proxies = [f"{name}={re.sub(r'[^/]*@', '…@', found[name])}" for name in _NAMES if found[name]]
    if not proxies:
        return ""
    return " ".join([*proxies, *([f"no_proxy={found['no_proxy']}"] if found["no_proxy"] else [])])
