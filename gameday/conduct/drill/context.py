"""Everything that one drill works with, in one frozen value: adapters from `wiring`, or fakes in tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gameday import ports
from gameday.conduct.drill.fault_targets import FaultTargets
from gameday.conduct.drill.live_facts import LiveFacts
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.conduct.drill.options import DrillOptions
from gameday.conduct.drill.policy_check import PolicySources
from gameday.conduct.recorder import Recorder
from gameday.conduct.revert.context import Machine
from gameday.core.facts import drill as ev
from gameday.core.plans.responder_script import ResponderScript
from gameday.core.plans.scenario import Scenario
from gameday.core.policy import LOOPBACK, Policy
from gameday.core.values import DrillId, Instant, Seconds
from gameday.ports import Lease
from gameday.system.child_environment import EnvironmentChanges


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillContext:
    """What one drill works with.

    experiment     path of the experiment file, empty in a tabletop
    fault_request  recorded before the fault is injected; None in a tabletop
    further        the same for the faults that injects add, by the index of the inject
    conductor      this process, by a name that no other process ever has
    machine        ends processes and runs commands
    load_env       environment variables for Locust
    meters         what reads guardrails outside the load, by the key of their kind
    packages      installs what experiments name; ended by its event; gives what, or raises NotReady
    policy_sources where the environment's policy finds its facts; left out, it knows nothing
    fault_targets  what the fault is aimed at; None in a tabletop
    signing        gives by which key faults are signed; raises NotReady where they can't be
    shared_store   drills of other hosts are in this store, too
    target_lease   the lease that the environment keeps itself, where it can
    wakeup         ends the conductor's waits early; without it they take their time
    environment_changes  of every process that the drill starts: the cluster and account that were verified
    announcer      sends messages to people in their channels; audiences: of each channel, by its name
    options        what the user chose for this drill
    signals        receives alerts, and registers their URL with the environment's monitor
    """

    drill: DrillId
    planned: ev.DrillPlanned
    script: ResponderScript | None
    experiment: str
    fault_request: ev.FaultRequested | None
    base_url: str
    holder: str
    conductor: ev.ProcessStarted
    store: ports.HistoryStore
    clock: ports.Clock
    recorder: Recorder
    live_facts: LiveFacts
    live_milestones: LiveMilestones
    keeper: ports.FaultKeeper
    rollback_player: ports.RollbackPlayer
    prober: ports.Prober
    load: ports.LoadDriver | None
    signals: ports.Signals
    trail: ports.Trail | None
    target: ports.Target
    runner: ports.Runner
    machine: Machine
    further: Mapping[int, ev.FaultRequested] = field(default_factory=dict)
    load_env: Mapping[str, str] = field(default_factory=dict)
    policy_sources: PolicySources = field(default_factory=PolicySources)
    meters: Mapping[str, ports.Meter] = field(default_factory=dict)
    packages: Callable[[Sequence[ev.FaultRequested], threading.Event], str] = lambda _faults, _unwanted: ""
    fault_targets: FaultTargets | None = None
    shared_store: bool = False
    signing: Callable[[], str] = lambda: "not checked"
    target_lease: ports.TargetLease | None = None
    wakeup: ports.Wakeup | None = None
    announcer: ports.Announcer | None = None
    audiences: Mapping[str, Collection[str]] = field(default_factory=dict)
    environment_changes: EnvironmentChanges = field(default_factory=EnvironmentChanges)
    options: DrillOptions = field(default_factory=DrillOptions)

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was frozen."""
        return self.planned.scenario

    @property
    def rules(self) -> Policy:
        """The environment's policy as it was frozen; loopback only where it has none."""
        return self.planned.rules or LOOPBACK

    def lease(self, now: Instant, seconds: Seconds) -> Lease:
        """Make this drill's lease of its environment, from `now` for `seconds`."""
        return Lease(
            environment=self.scenario.environment,
            drill=self.drill,
            holder=self.holder,
            since=now,
            until=Instant(now + seconds),
        )
