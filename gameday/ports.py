"""The Protocols that `conduct` needs; adapters live beside it, fakes in `gameday.testing`.

Does not: import any adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.plans.scenario import Guardrail, Load
from gameday.core.values import DrillId, EventId, FaultId, Instant, Seconds

if TYPE_CHECKING:
    from gameday.core import policy
    from gameday.core.plans import schedule as schedules
    from gameday.core.plans.gameday import Item, Occasion


class Clock(Protocol):
    """Wall clock and waiting, so that tests can jump time."""

    def now(self) -> Instant:
        """Give the present instant."""
        ...

    async def sleep(self, seconds: Seconds) -> None:
        """Wait."""
        ...


class Ids(Protocol):
    """New identifiers."""

    def drill(self, scenario: str) -> DrillId:
        """Make a new drill id: readable, sortable by time, safe as a file name."""
        ...

    def event(self) -> EventId:
        """Make a new event id for a fact that has no natural one."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An event as the store holds it: its place in the drill's history, from 1, without gaps."""

    seq: int
    event: ev.Event


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillRow:
    """One line of the list of drills."""

    drill: DrillId
    scenario: str
    environment: str
    started: Instant
    closed: Instant | None
    how: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to break one environment, held by one drill."""

    environment: str
    drill: DrillId
    holder: str
    since: Instant
    until: Instant


class HistoryStore(Protocol):
    """The only way to write history. Every method may raise StoreUnavailable."""

    def append(self, *events: ev.Event) -> None:
        """Store events at the end of their drill's history, in one transaction, once per id."""
        ...

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give the events of a drill behind place `after`. Raises LookupError if there is no drill."""
        ...

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples; `until` is the instant up to which load was observed."""
        ...

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`; all of them without it.

        Chunks of one request name and time may come joined; they add up to what was stored.
        """
        ...

    def drills(self) -> Sequence[DrillRow]:
        """List the drills, newest first."""
        ...

    def live(self) -> Sequence[DrillRow]:
        """List the drills that are not closed, newest first; what was ended with a fault in force is not."""
        ...

    def game_days(self) -> Sequence[DrillRow]:
        """List the game days, newest first; the plan's id stands as their scenario."""
        ...

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check the hash chain; each string says what is wrong, with its place. Empty: sound."""
        ...

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Win the named right of a drill (such as a revert) unless another holder's has not expired."""
        ...

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; give the other holder's lease when it is taken."""
        ...

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        ...

    def stand_by(self, holder: str, host: str, *, until: Instant) -> None:
        """Say that a process of a host reverts what others leave, until an instant."""
        ...

    def standing_by(self) -> Sequence[str]:
        """Name the hosts on which somebody reverts what others leave."""
        ...

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Give a lease back; without effect when it is not held."""
        ...

    def degraded(self) -> str:
        """Say why events are kept beside the store instead of in it; empty while all is well."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class FaultKeeper(Protocol):
    """The process that holds the fault and reverts it when we die. Its facts reach us by the store."""

    async def start(self) -> None:
        """Start the keeper with its warm standby, and wait until both are ready. Raises NotReady."""
        ...

    async def inject(self, fault: FaultId) -> None:
        """Let the keeper inject the fault whose FaultRequested is stored."""
        ...

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:
        """Release the hold so that the rollbacks run; `now`: abort, fence and play the ledger."""
        ...

    async def stop(self) -> bool:
        """Let the keeper sweep, take down what the drill brought up, and end; tell whether it did."""
        ...

    def alive(self) -> bool:
        """Tell whether the keeper process lives and answered its last heartbeat in time."""
        ...


RecordFact = Callable[[ev.Fact, Instant], None]
"""Takes a fact as it happens, with its instant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackOutcome:
    """What one try to play a fault's rollbacks came to.

    how    rolled-back | already-undone | nothing-to-undo, when undone
    steps  what a person must do by hand if no try succeeds
    at     the instant at which the rollbacks were through
    """

    undone: bool
    how: str = ""
    error: str = ""
    steps: tuple[str, ...] = ()
    at: Instant | None = None


class RollbackPlayer(Protocol):
    """Plays the rollbacks that a FaultRequested carries."""

    async def play(
        self, request: ev.FaultRequested, attempt: int, by: str, tell: RecordFact, *, ask: bool
    ) -> RollbackOutcome:
        """Play all rollbacks once, within a deadline, telling each as it starts and ends; never raises.

        ask: what the still-exposed probe says is gone already need not be undone. Not to be asked where
        an action may still be on its way to the target.
        """
        ...

    def lacks(self, request: ev.FaultRequested) -> Sequence[str]:
        """Say what this process would need to play them and does not have: variables, modules, commands."""
        ...

    def steps(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """Tell a person, rollback by rollback, what to do by hand."""
        ...


class LoadDriver(Protocol):
    """Users on the target. Chunks go to the callback as they come."""

    async def start(
        self,
        load: Load,
        *,
        base_url: str,
        environment: Mapping[str, str],
        on_chunks: Callable[[Sequence[Chunk], Instant], None],
    ) -> None:
        """Start the users and return at the first sample. Raises NotReady with what to look at."""
        ...

    async def set_users(self, users: int) -> None:
        """Change the number of users at once."""
        ...

    def lost(self) -> str:
        """Say why no more samples can come; empty while the load is well."""
        ...

    async def stop(self) -> None:
        """End the users and wait for the last samples."""
        ...


class Signals(Protocol):
    """A receiver of alerts that runs during the drill."""

    async def start(self, receive: Callable[[Sequence[ev.Event]], None]) -> Mapping[str, str]:
        """Listen; give the URL to send to, by system."""
        ...

    @property
    def heartbeats(self) -> Mapping[str, Instant]:
        """Tell, by system that has one, when its heartbeat was last heard."""
        ...

    async def stop(self) -> None:
        """Stop listening."""
        ...


class Prober(Protocol):
    """Asks Chaos Toolkit probes, outside our process."""

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Ask one probe (JSON text with its tolerance) once."""
        ...

    async def steady(self, experiment: str) -> ev.SteadyStateChecked:
        """Judge the steady-state hypothesis of an experiment file; met when it has none."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a guardrail's source says now. breached None: it could not be evaluated; `detail` says why."""

    breached: bool | None
    detail: str = ""


class Meter(Protocol):
    """Reads what guardrails name outside the load: Prometheus queries, CloudWatch alarms."""

    async def read(self, guardrail: Guardrail) -> Reading:
        """Read one guardrail once, within a time limit; never raises."""
        ...

    async def close(self) -> None:
        """End what was started for reading."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionTarget:
    """What one action of an experiment is aimed at, as the target itself answered.

    what   the targets in words: "pods app=shop in namespace shop"
    seen   by target id, all that the action would change; None: it can't be counted
    tells  the action can't take effect without changing what is seen
    trap   why the action would do nothing although it succeeds; empty: no trap is known
    hint   what to do about it
    """

    action: str
    what: str
    seen: Mapping[str, str] | None = None
    tells: bool = False
    trap: str = ""
    hint: str = ""


class Targets(Protocol):
    """Resolves what an experiment's actions are aimed at, as their own libraries would."""

    async def resolve(self) -> Sequence[ActionTarget]:
        """Ask the target what each action matches now. Raises NotReady when it can't be asked."""
        ...

    async def close(self) -> None:
        """End what was started for asking."""
        ...


class TargetLease(Protocol):
    """The right to break an environment, held in the environment itself."""

    async def take(self, lease: Lease) -> Lease | None:
        """Take or renew the lease; give the other holder's when it is taken. Raises NotReady."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give the lease back; without effect when it is not held, or can't be."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandOutcome:
    """A command that ended. exit_code None: it was killed at its time limit."""

    exit_code: int | None
    output: str


class Target(Protocol):
    """The environment that a drill breaks."""

    async def reachable(self) -> str:
        """Say why the target can't be reached; empty when it can."""
        ...

    async def up(self) -> CommandOutcome | None:
        """Bring the target up by its own command; None when it has no such command."""
        ...

    def hooks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the commands (up, down); empty where there is none."""
        ...


class Runner(Protocol):
    """Runs a responder's commands, in the workspace, with our own commands first on PATH."""

    async def run(self, argv: Sequence[str], *, timeout: Seconds, actor: str) -> CommandOutcome:  # noqa: ASYNC109  # a process is killed, not cancelled
        """Run a command to its end. A command that can't be started ends with 127."""
        ...


class Trail(Protocol):
    """The environment's own record of what people and automations did to it."""

    def watch(self) -> AsyncIterator[tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]]:
        """Give actions as they are found, each with the trail's own instant where it has one."""
        ...


class Identities(Protocol):
    """Asks clusters and accounts who they are, as the experiments' own libraries would reach them."""

    async def kubernetes_context(self) -> policy.SeenCluster:
        """Give the context in use and the UID of kube-system; never raises."""
        ...

    async def aws_account(self, instances: Sequence[str]) -> policy.SeenAccount:
        """Give account and region in use, and the tags of EC2 instances; never raises."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleRow:
    """A schedule as the store holds it."""

    schedule: schedules.Schedule
    standing: schedules.SchedulePosition
    paused: bool = False


class Claim(StrEnum):
    """What became of an attempt to claim an occurrence."""

    WON = "won"
    TAKEN = "taken"
    BUSY = "busy"


class ScheduleStore(Protocol):
    """Schedules, and what became of their occurrences. Every method may raise StoreUnavailable."""

    def add(self, row: ScheduleRow) -> bool:
        """Keep a schedule; False: one of that id is there."""
        ...

    def row(self, schedule: schedules.ScheduleId) -> ScheduleRow:
        """Give a schedule. Raises LookupError."""
        ...

    def rows(self) -> Sequence[ScheduleRow]:
        """List the schedules by id."""
        ...

    def pause(self, schedule: schedules.ScheduleId, *, paused: bool) -> bool:
        """Pause or resume a schedule; False: there is none."""
        ...

    def remove(self, schedule: schedules.ScheduleId) -> bool:
        """Forget a schedule, not what became of its occurrences; False: there is none."""
        ...

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules to be looked at by `until`, the earliest first."""
        ...

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule has to be looked at."""
        ...

    def move(self, row: ScheduleRow, standing: schedules.SchedulePosition) -> bool:
        """Move a schedule on; once, for the row as it was read: False when another was quicker."""
        ...

    def claim(
        self, record: schedules.Record, row: ScheduleRow, standing: schedules.SchedulePosition
    ) -> Claim:
        """Claim an occurrence, once for ever, and move its schedule on, in one transaction.

        BUSY: another occurrence on this environment is claimed or started, even if its claim ran out: who
        finds that it did has to settle it first. Nothing is changed then.
        """
        ...

    def settle(
        self, records: Sequence[schedules.Record], row: ScheduleRow, standing: schedules.SchedulePosition
    ) -> int:
        """Record occurrences that were missed, each once, and move their schedule on, in one transaction.

        Gives how many were recorded; others had a record.
        """
        ...

    def change(self, old: schedules.Record, new: schedules.Record) -> bool:
        """Replace a record that is still as it was read (state, holder, until); False: it is not."""
        ...

    def record(self, schedule: schedules.ScheduleId, occurrence: Instant) -> schedules.Record | None:
        """Give what became of an occurrence."""
        ...

    def records(self, schedule: str = "", *, most: int = 1000) -> Sequence[schedules.Record]:
        """List what became of occurrences, of one schedule or all, the latest first."""
        ...

    def abandoned(self, now: Instant) -> Sequence[schedules.Record]:
        """List the records, claimed or started, whose claims ran out."""
        ...

    def approve(
        self, schedule: schedules.ScheduleId, occurrence: Instant, approval: schedules.Approval
    ) -> None:
        """Keep one person's yes; the first of a person counts."""
        ...

    def approvals(self, schedule: schedules.ScheduleId, occurrence: Instant) -> Sequence[schedules.Approval]:
        """List who approved an occurrence."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class GameDayDrills(Protocol):
    """Plays the drills of a game day, one at a time."""

    def name(self, item: Item) -> DrillId:
        """Make the id of a new drill, which tells nothing of what is in it."""
        ...

    async def play(self, item: Item, drill: DrillId, occasion: Occasion) -> int:
        """Conduct one drill to its end; give its exit code. Raises GamedayError when it can't start."""
        ...

    async def recover(self, drill: DrillId) -> int | None:
        """Revert and close what a conductor who died left; its exit code, or None: it never began."""
        ...

    def abort(self, reason: str) -> None:
        """Abort the drill that is on, if one is."""
        ...


class Incidents(Protocol):
    """The environment's alert source, asked for real incidents."""

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents that stand now. Raises NotReady when there is no answer."""
        ...


class Calendars(Protocol):
    """Freeze calendars, by workspace path or URL."""

    async def read(self, path: str, start: Instant, end: Instant) -> policy.Calendar:
        """Give the freezes that touch a period; a calendar that can't be had says why. Never raises."""
        ...


class StartedDrill(Protocol):
    """A drill that runs in a process of its own."""

    def ended(self) -> int | None:
        """Give its exit code; None while it runs."""
        ...

    def drill(self) -> str:
        """Give the drill's id, as far as it is known."""
        ...

    def stop(self) -> None:
        """Tell it to abort: to revert, and to end."""
        ...


class Starter(Protocol):
    """Starts drills."""

    def start(self, schedule: schedules.Schedule, record: schedules.Record) -> StartedDrill | None:
        """Start the drill of a claimed occurrence; it confirms the claim itself. Raises NotReady.

        None: it was handed to another host, once for all, and that host keeps the record from then on.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What participants are told beforehand: the window, never what happens in it.

    zone         the schedule's, in which they read the window; channels: integrations that tell them
    title, text  what a plan that announces itself in full says of itself
    """

    schedule: str
    environment: str
    start: Instant
    end: Instant
    zone: str = "UTC"
    participants: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    title: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a channel is told."""

    title: str
    text: str


class Announcer(Protocol):
    """Tells people in their channels: chats, mail, what a workspace has set up."""

    @property
    def channels(self) -> Collection[str]:
        """Name the channels that can be told."""
        ...

    def send(self, channel: str, message: Message) -> None:
        """Tell one channel, within seconds; blocks. Raises NotReady with why it could not be told."""
        ...


class Notices(Protocol):
    """Tells participants."""

    def tell(self, notice: Notice) -> None:
        """Tell them of a window. Never raises."""
        ...
