"""The shop as a whole: edge, replicas, database, settings and monitor, and what can be changed.

It lives in the control server's process, which owns all others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from gameday.core.errors import NotReady
from gameday.core.values import format_instant
from gameday.shop import client, settings, state_folder
from gameday.shop.edge.gateway import Gateway
from gameday.shop.journal import Journal
from gameday.shop.monitoring import metrics, rules
from gameday.shop.monitoring.monitor import Monitor, Scrape
from gameday.shop.monitoring.receivers import Receivers
from gameday.shop.releases import RELEASES
from gameday.shop.replicas import database
from gameday.shop.replicas.fleet import Fleet, Replica
from gameday.shop.settings import Settings
from gameday.shop.state_folder import Ports, Record, StateFolder
from gameday.shop.trail import Trail

WATCH_INTERVAL = 0.5


class Shop:
    """One shop. Methods that change it return whether anything changed."""

    def __init__(self, folder: StateFolder, ports: Ports, wanted: Settings) -> None:
        self.folder = folder
        self.settings = self._initial = wanted
        self.trail = Trail(folder.trail)
        self.journal = Journal(folder.logs / "control.jsonl", process="control")
        self.gateway = Gateway(folder, ports)
        self.fleet = Fleet(folder, self.gateway.send_users_to)
        self.receivers = Receivers(self.journal)
        self.monitor = Monitor(
            scrape=self._scrape,
            own_rules=rules.read(),
            receivers=self.receivers,
            journal=self.journal,
            url=f"http://127.0.0.1:{ports.control}",
        )
        # Deploying, restarting and scaling replace processes by name, and must not overlap.
        self._replacing = asyncio.Lock()
        self._known_dead: set[int] = set()

    async def start(self) -> None:
        """Bring everything up: data, edge and replicas."""
        # In this order: replicas read the settings file, and the fleet points a running edge at them.
        self._save(self.settings)
        await asyncio.to_thread(database.build, self.folder.database)
        await self.gateway.start(self.settings)
        await self.fleet.scale(self.settings.replicas, self.settings.release.name)
        self.journal.write("started", replicas=self.settings.replicas)

    async def stop(self) -> None:
        """End everything."""
        await asyncio.gather(self.fleet.stop(), self.gateway.stop())

    async def watch(self) -> None:
        """Log replicas that die, and restart them only where the settings say so."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            dead = [replica for replica in self.fleet.all() if not replica.alive]
            for replica in dead:
                # By pid: a replica that was restarted under the same name and died again is reported again.
                if replica.child.pid not in self._known_dead:
                    self._known_dead.add(replica.child.pid)
                    self.journal.write("replica-died", replica=replica.name, code=replica.child.poll())
            if dead and self.settings.restart_crashed:
                await self.restart_dead()

    # Changes, by mitigations and faults.

    def _save(self, new: Settings) -> bool:
        """Put settings into force: the replicas read the file before their next request."""
        changed = new != self.settings
        self.settings = new
        state_folder.replace(self.folder.settings, settings.encode(new))
        return changed

    async def set(self, new: Settings) -> bool:
        """Put settings into force, at the edge too."""
        old = self.settings
        changed = self._save(new)
        # Only what changed: new routes are waited for until Envoy has taken them.
        if (old.rate_limit, old.blocked) != (new.rate_limit, new.blocked):
            await self.gateway.route(new)
        if old.edge != new.edge:
            await self.gateway.fault(new)
        return changed

    async def deploy(self, change: Callable[[Settings], Settings]) -> bool:
        """Replace all replicas by another release, without losing a request."""
        async with self._replacing:
            before = self.settings
            release = change(before).release
            for index in release.drops:
                await asyncio.to_thread(database.drop_index, self.folder.database, index)
            names = [replica.name for replica in self.fleet.all()]
            # The change is applied again at the switch: people may set flags while the new replicas start.
            await self.fleet.replace(names, release.name, lambda: self._switch(change))
            return self.settings != before

    def _switch(self, change: Callable[[Settings], Settings]) -> None:
        self._save(change(self.settings))

    async def restart(self, name: str | None) -> bool:
        """Replace one replica, or all."""
        names = [replica.name for replica in self.fleet.all()]
        if name is not None and name not in names:
            raise ValueError(f"there is no replica '{name}'; choose from: {', '.join(names)}")
        async with self._replacing:
            await self.fleet.replace(names if name is None else [name], self.settings.release.name)
        return True

    async def restart_dead(self) -> bool:
        """Start the replicas that died."""
        async with self._replacing:
            dead = [replica.name for replica in self.fleet.all() if not replica.alive]
            if dead:
                await self.fleet.replace(dead, self.settings.release.name)
            return bool(dead)

    async def scale(self, count: int) -> bool:
        """Change the number of replicas."""
        async with self._replacing:
            wanted = settings.with_replicas(self.settings, count)
            changed = self._save(wanted)
            await self.fleet.scale(count, wanted.release.name)
            return changed

    def kill(self, name: str | None) -> bool:
        """Kill a replica, by name or the last one that lives."""
        alive = [replica.name for replica in self.fleet.all() if replica.alive]
        if not alive or name not in {None, *alive}:
            raise ValueError(f"there is no living replica '{name}'; choose from: {', '.join(alive)}")
        self.fleet.kill(name or alive[-1])
        return True

    async def add_index(self, name: str) -> bool:
        """Create an index."""
        had = name in database.INDEXES and database.has_index(self.folder.database, name)
        await asyncio.to_thread(database.add_index, self.folder.database, name)
        return not had

    async def reset(self) -> bool:
        """Go back to how the shop came up, but for what people have bought."""
        for name in database.INDEXES:
            await asyncio.to_thread(database.drop_index, self.folder.database, name)
        # The release not yet: replicas run the code that they were started with, so it takes a deployment.
        await self.set(replace(self._initial, deployed=self.settings.deployed))
        await self.deploy(lambda now: replace(now, deployed=self._initial.deployed))
        await self.scale(self._initial.replicas)
        return True

    # What is visible from outside.

    def indexes(self) -> dict[str, bool]:
        """Check which indexes exist."""
        return {name: database.has_index(self.folder.database, name) for name in database.INDEXES}

    def status(self, record: Record) -> dict[str, Any]:
        """Give everything that people ask for first."""
        now = self.settings
        return {
            "base_url": record.base_url,
            "control": record.control_url,
            "trail": f"{record.control_url}/trail",
            "admin": record.admin_url,
            "home": str(self.folder.folder),
            "pid": record.pid,
            "healthy": self.gateway.alive and self.fleet.up() >= now.replicas,
            "release": now.release.name,
            "releases": list(RELEASES),
            "flags": now.flags,
            "indexes": self.indexes(),
            "breakers": {name: "open" if name in now.breakers else "closed" for name in settings.BREAKERS},
            "rate_limit": now.rate_limit,
            "blocked": list(now.blocked),
            "revoked_keys": list(now.revoked),
            "replicas": [_replica(replica) for replica in self.fleet.all()],
            "replicas_wanted": now.replicas,
            "restart_crashed": now.restart_crashed,
            "payments_seconds": now.payments,
            "edge_faults": {route: asdict(fault) for route, fault in now.edge.items()},
            "alerts": [alert["labels"]["alertname"] for alert in self.monitor.firing()],
            "receivers": self.receivers.urls(),
        }

    def heartbeat(self) -> dict[str, Any]:
        """Give the time of the last evaluation, so that a monitor that stopped can be noticed."""
        at = self.monitor.evaluated
        return {"evaluated_at": None if at is None else format_instant(at), "every_seconds": 1.0}

    async def _scrape(self) -> Scrape:
        alive = [replica for replica in self.fleet.all() if replica.alive]
        # All at once, each in a thread: a target that hangs must not make the others' samples late.
        parts = await asyncio.gather(
            asyncio.to_thread(_scrape_or_nothing, self.gateway.scrape),
            *(asyncio.to_thread(_scrape_or_nothing, partial(_scrape_replica, replica)) for replica in alive),
        )
        samples: metrics.Samples = {}
        for part in parts:
            samples |= part
        # Up is what answers, not what merely runs.
        up = sum(bool(part) for part in parts[1:])
        return Scrape(samples=samples | self._own_samples(up), wanted=self.settings.replicas, up=up)

    def _own_samples(self, up: int) -> metrics.Samples:
        return {
            ("shop_replicas_up", ()): float(up),
            ("shop_replicas_wanted", ()): float(self.settings.replicas),
            ("shop_release_info", (("release", self.settings.release.name),)): 1.0,
        }


def _replica(replica: Replica) -> dict[str, Any]:
    return {
        "name": replica.name,
        "up": replica.alive,
        "pid": replica.child.pid,
        "port": replica.port,
        "release": replica.release,
    }


def _scrape_or_nothing(scrape: Callable[[], metrics.Samples]) -> metrics.Samples:
    """Scrape; a target that does not answer in time, or not with metrics, has no samples."""
    try:
        return scrape()
    except (NotReady, ValueError):  # the monitor must go on: these are the moments that its rules are for
        return {}


def _scrape_replica(replica: Replica) -> metrics.Samples:
    url = f"http://127.0.0.1:{replica.port}/metrics"
    # Less than the second between two evaluations.
    text = client.exchange("GET", url, timeout=0.9)[1].decode()
    return metrics.parse(text, replica=replica.name, port=str(replica.port))
