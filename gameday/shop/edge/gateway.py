"""Run Envoy: start it, change it while it serves, scrape its metrics.

Each change is in force when its method returns. What Envoy's configuration says is in `envoy_config`, as
data.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from typing import Any

from gameday.core.errors import NotReady
from gameday.shop import client, dependent_process
from gameday.shop.edge import envoy_config
from gameday.shop.monitoring import metrics
from gameday.shop.settings import Settings
from gameday.shop.state_folder import Ports, StateFolder
from gameday.system import clock, processes

IN_FORCE_TIMEOUT = 5.0
_STATS = "/stats/prometheus?filter=%5Ehttp%5C.edge%5C.downstream_rq_(.xx%7Ctime%7Ctotal)"


class Gateway:
    """The edge proxy of one shop."""

    def __init__(self, folder: StateFolder, ports: Ports) -> None:
        self._folder = folder
        self._ports = ports
        self._admin = f"http://127.0.0.1:{ports.admin}"
        self._version = 0
        self._child: processes.Child | None = None

    async def start(self, settings: Settings) -> None:
        """Start Envoy without replicas and wait until it answers. Raises NotReady."""
        folder = self._folder.edge
        # Routes and endpoints, too: the files that Envoy watches must exist when it starts.
        envoy_config.write(folder, "bootstrap", envoy_config.bootstrap(folder, self._ports))
        envoy_config.write(folder, "routes", envoy_config.routes(settings, 0))
        envoy_config.write(folder, "endpoints", envoy_config.endpoints([], 0))
        argv = [str(envoy_config.envoy()), "-c", str(folder / "bootstrap.json"), "-l", "warning"]
        # Hot restart shares memory by a number, in which two shops on one machine would meet.
        argv += ["--concurrency", "1", "--disable-hot-restart", "--drain-time-s", "1"]
        self._child = dependent_process.start(argv, log=self._folder.logs / "edge.out")
        await self._until("start", self._ready)

    @property
    def alive(self) -> bool:
        """Whether Envoy runs."""
        return self._child is not None and self._child.poll() is None

    async def stop(self) -> None:
        """End Envoy."""
        if self._child is not None:
            self._child.send(signal.SIGTERM)
            await asyncio.to_thread(self._child.kill)

    async def send_users_to(self, replicas: Sequence[int]) -> None:
        """Balance users over these ports from now on."""
        self._version += 1
        envoy_config.write(self._folder.edge, "endpoints", envoy_config.endpoints(replicas, self._version))
        wanted = set(replicas)
        await self._until("take the replicas", lambda: self._hosts() == wanted)

    async def route(self, settings: Settings) -> None:
        """Put rate limit and blocked addresses into force."""
        self._version += 1
        envoy_config.write(self._folder.edge, "routes", envoy_config.routes(settings, self._version))
        version = str(self._version)
        await self._until("take the routes", lambda: self._routes_version() == version)

    async def fault(self, settings: Settings) -> None:
        """Put delays and aborts into force."""
        # Nothing to wait for: the runtime holds from the next request on.
        url = f"{self._admin}/runtime_modify?{envoy_config.runtime(settings.edge)}"
        await asyncio.to_thread(client.exchange, "POST", url)

    def scrape(self) -> metrics.Samples:
        """Read the edge's counters and latency histogram."""
        return metrics.parse(self._get(_STATS).decode())

    def _get(self, path: str) -> bytes:
        return client.exchange("GET", self._admin + path, timeout=2.0)[1]

    def _ready(self) -> bool:
        return self._get("/ready").strip() == b"LIVE"

    def _hosts(self) -> set[int]:
        clusters: list[dict[str, Any]] = json.loads(self._get("/clusters?format=json"))["cluster_statuses"]
        hosts = [host for each in clusters if each["name"] == "api" for host in each.get("host_statuses", [])]
        return {host["address"]["socket_address"]["port_value"] for host in hosts}

    def _routes_version(self) -> str:
        dump: dict[str, Any] = json.loads(self._get("/config_dump?resource=dynamic_route_configs"))
        configs = dump.get("configs", [])
        return str(configs[0].get("version_info", "")) if configs else ""

    async def _until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until a change is in force: Envoy takes new files at its own pace and confirms nothing."""
        deadline = clock.monotonic() + IN_FORCE_TIMEOUT
        while self.alive and clock.monotonic() < deadline:
            try:
                if await asyncio.to_thread(holds):
                    return
            except (NotReady, ValueError, KeyError):  # no answer yet, or an incomplete one
                pass
            await asyncio.sleep(0.01)
        raise NotReady(f"the edge did not {what}", hint=f"see {self._folder.logs / 'edge.out'}")
