"""A drill without processes: every port of `conduct.drill.context` played by a fake, on a virtual clock.

Comes in: a scenario, and what goes wrong. Goes out: the history that the real conductor wrote.
Does not: start anything. The fakes share one small `World`: a service that is hurt while a fault is
in force and nobody has mended it.

    rehearsal = Rehearsal(scenario)
    rehearsal.at(12, lambda r: r.say(ev.IncidentAcknowledged()))
    history = rehearsal.play()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gameday import ports
from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.facts.load import BUCKETS_PER_CHUNK, CHUNK, Chunk, bin_of
from gameday.core.plans.scenario import Load
from gameday.core.values import DrillId, FaultId, Instant, Seconds

REQUEST = ("GET", "/")
PER_BUCKET = 5
"""Requests that the users make in 100 ms."""


@dataclass(slots=True)
class World:
    """The service under the drill."""

    fault: bool = False
    mended: bool = False
    harmless: bool = False
    reverts: int = 0

    @property
    def hurt(self) -> bool:
        """Tell whether users are hurt."""
        return self.fault and not self.mended and not self.harmless


@dataclass(kw_only=True, slots=True)
class Keeper:
    """`ports.FaultKeeper` on the world.

    stubborn  the rollbacks fail for good
    slow      seconds that rollbacks take which nobody hurries
    """

    world: World
    write: Callable[[ev.Fact], None]
    ready: bool = True
    living: bool = True
    stubborn: bool = False
    slow: Seconds = 0.0
    held: list[FaultId] = field(default_factory=list)

    async def start(self) -> None:
        """Be ready, or refuse."""
        if not self.ready:
            raise NotReady("the fault keeper did not start")

    async def inject(self, fault: FaultId) -> None:
        """Put the fault in force, and hold it."""
        self.world.fault = True
        self.held.append(fault)
        self.write(ev.FaultInjected(fault=fault, action="break it"))
        self.write(ev.FaultHeld(fault=fault))

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:  # noqa: ARG002  # the port's
        """Roll the fault back, or fail for good."""
        self.world.reverts += 1
        if fault not in self.held and self.living:
            self.write(ev.FaultReverted(fault=fault, how="never-injected", by="keeper"))
            return
        if self.stubborn:
            steps = ("mend it by hand",)
            self.write(ev.RevertFailed(fault=fault, attempt=1, error="refused", steps=steps, final=True))
            return
        if self.slow and not now:
            asyncio.get_running_loop().call_later(self.slow, self._roll_back, fault)
        else:
            self._roll_back(fault)

    def _roll_back(self, fault: FaultId) -> None:
        if self.living and self.world.fault and fault in self.held:
            self.held.remove(fault)
            self.world.fault = bool(self.held)
            self.write(ev.FaultReverted(fault=fault, how="rolled-back", by="keeper"))

    async def stop(self) -> bool:
        """End; tell whether it had to."""
        lived, self.living = self.living, False
        return lived

    def alive(self) -> bool:
        """Tell whether the keeper lives."""
        return self.living


@dataclass(kw_only=True, slots=True)
class Users:
    """`ports.LoadDriver`: a steady stream of requests, good or bad as the world is."""

    world: World
    clock: ports.Clock
    request: tuple[str, str] = REQUEST
    gone: str = ""
    users: int = 0
    _task: asyncio.Task[None] | None = None

    async def start(
        self,
        load: Load,
        *,
        base_url: str,  # noqa: ARG002  # the port's
        environment: Mapping[str, str],  # noqa: ARG002  # the port's
        on_chunks: Callable[[Sequence[Chunk], Instant], None],
    ) -> None:
        """Begin to send samples."""
        self.users = load.users
        self._task = asyncio.ensure_future(self._stream(on_chunks))

    async def _stream(self, on_chunks: Callable[[Sequence[Chunk], Instant], None]) -> None:
        while not self.gone:
            begin = self.clock.now()
            hurt = self.world.hurt
            await self.clock.sleep(0.1)
            on_chunks([self._chunk(begin, hurt=hurt)], self.clock.now())

    def _chunk(self, begin: Instant, *, hurt: bool) -> Chunk:
        start = int(begin // CHUNK * CHUNK)
        bucket = min(int((begin - start) / CHUNK * BUCKETS_PER_CHUNK), BUCKETS_PER_CHUNK - 1)
        kind, name = self.request
        if hurt:
            return Chunk(type=kind, name=name, start=start, bad_at=(bucket,), bad_count=(PER_BUCKET,))
        latency = (bin_of(50.0),)
        return Chunk(type=kind, name=name, start=start, at=(bucket,), bin=latency, count=(PER_BUCKET,))

    async def set_users(self, users: int) -> None:
        """Change the number of users."""
        self.users = users

    def lost(self) -> str:
        """Say why no more samples come."""
        return self.gone

    async def stop(self) -> None:
        """End the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


@dataclass(kw_only=True, slots=True)
class Probes:
    """`ports.Prober` with answers of the test's own: None when a probe can't be evaluated."""

    steady_met: bool | None = True
    answers: dict[str, bool | None] = field(default_factory=dict)

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Answer a probe; true where the test says nothing."""
        return ev.ProbeJudged(probe=probe, ok=self.answers.get(probe, True))

    async def steady(self, experiment: str) -> ev.SteadyStateChecked:  # noqa: ARG002  # the port's
        """Judge the steady state."""
        return ev.SteadyStateChecked(stage="before", met=self.steady_met, detail="as the test says")


@dataclass(kw_only=True, slots=True)
class Receiver:
    """`ports.Signals`: passes on what the test sends."""

    receive: Callable[[Sequence[ev.Event]], None] | None = None
    heartbeats: dict[str, Instant] = field(default_factory=dict)

    async def start(self, receive: Callable[[Sequence[ev.Event]], None]) -> Mapping[str, str]:
        """Begin to listen."""
        self.receive = receive
        return {"test": "http://127.0.0.1/"}

    async def stop(self) -> None:
        """Stop listening."""
        self.receive = None


@dataclass(kw_only=True, slots=True)
class Place:
    """`ports.Target`: an environment that answers, or says why not until it was brought up."""

    why: str = ""
    up_command: tuple[str, ...] = ()
    up_works: bool = True

    async def reachable(self) -> str:
        """Say why the target can't be reached."""
        return self.why

    async def up(self) -> ports.CommandOutcome | None:
        """Bring it up, if it can be."""
        if not self.up_command:
            return None
        if self.up_works:
            self.why = ""
        return ports.CommandOutcome(exit_code=0 if self.up_works else 1, output="")

    def hooks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the commands (up, down)."""
        return self.up_command, ("down",) if self.up_command else ()


@dataclass(kw_only=True, slots=True)
class Hands:
    """`ports.Runner`: `mend` mends the world; every other command fails."""

    world: World
    ran: list[tuple[str, ...]] = field(default_factory=list)

    async def run(self, argv: Sequence[str], *, timeout: Seconds, actor: str) -> ports.CommandOutcome:  # noqa: ARG002, ASYNC109  # the port's
        """Run a command on the world."""
        self.ran.append(tuple(argv))
        if tuple(argv) == ("mend",):
            self.world.mended = True
            return ports.CommandOutcome(exit_code=0, output="")
        return ports.CommandOutcome(exit_code=1, output="no such command")


@dataclass(kw_only=True, slots=True)
class Footprints:
    """`ports.Trail`: readable, and then what the test puts down."""

    clock: ports.Clock
    actions: list[ev.ActionTaken] = field(default_factory=list)

    async def watch(self) -> AsyncIterator[tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]]:
        """Give the actions as they are put down."""
        yield None, ev.TrailWatched(readable=True)
        while True:
            while self.actions:
                yield self.clock.now(), self.actions.pop(0)
            await self.clock.sleep(0.5)


@dataclass(kw_only=True, slots=True)
class Pen:
    """Writes facts as people and monitors do: straight into the store."""

    store: ports.HistoryStore
    clock: ports.Clock
    ids: ports.Ids
    drill: DrillId
    source: str = "cli"

    def write(self, fact: ev.Fact) -> None:
        """Append a fact that occurs now."""
        now = self.clock.now()
        event = ev.Event(
            id=self.ids.event(),
            drill=self.drill,
            occurred_at=now,
            recorded_at=now,
            source=self.source,
            fact=fact,
        )
        self.store.append(event)


def told(store: ports.HistoryStore, drill: DrillId) -> history.History:
    """Read a drill's whole history, with its load."""
    return history.from_events((stored.event for stored in store.read(drill)), store.read_load(drill))
