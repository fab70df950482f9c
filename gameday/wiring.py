"""The composition root: turns settings into ready objects. Nothing else builds adapters.

Each function imports what it builds, so that a command pays only for what it uses.
"""

from __future__ import annotations

import asyncio
import json
import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import gameday
from gameday import ports
from gameday.core import exposure
from gameday.core.errors import InvalidFiles, Mistake, NotReady
from gameday.core.facts import drill as ev
from gameday.core.plans.responder_script import ResponderScript
from gameday.core.plans.scenario import PLAIN_RUN, ChaosOptions, Scenario, ScorecardRules
from gameday.core.values import DrillId, FaultId
from gameday.storage import urls
from gameday.system.actor import current_actor

if TYPE_CHECKING:
    from gameday.conduct.drill.context import DrillContext
    from gameday.conduct.drill.fault_targets import FaultTargets
    from gameday.conduct.drill.options import DrillOptions
    from gameday.conduct.drill.policy_check import PolicySources
    from gameday.conduct.gamedays.context import GameDayContext
    from gameday.conduct.gamedays.readiness import Checker
    from gameday.conduct.scheduler.context import SchedulerContext
    from gameday.core.plans.gameday import GameDayPlan
    from gameday.core.policy import Policy
    from gameday.faults.clouds.clients import CloudClients
    from gameday.settings import Environment, Workspace
    from gameday.signals.inbox.hooks import Doors
    from gameday.signals.reachability import Reachability
    from gameday.system.scheduled.drill_processes import Launcher
    from gameday.system.signing_key import SigningKey

FAULT = FaultId("main")
"""The scenario's own experiment; those of its injects are numbered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A drill that has been read and checked, and has touched nothing.

    experiment  the experiment file's text, empty in a tabletop
    further     the texts of the injects' experiments, by the inject's index
    targets     what it will touch, in words, for people
    """

    planned: ev.DrillPlanned
    options: DrillOptions
    environment: Environment
    script: ResponderScript | None = None
    experiment: str = ""
    further: Mapping[int, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Mistake, ...] = ()

    @property
    def base_url(self) -> str:
        """Where users reach the target."""
        return self.environment.base_url


def workspace(start: Path | None = None) -> Workspace:
    """Open the workspace around a file or folder (the working folder, without one). Raises InvalidFiles."""
    from gameday.settings import load_workspace  # noqa: PLC0415  # each command imports what it needs, no more

    space = load_workspace(start or Path.cwd())
    _learn(space)
    return space


def _learn(space: Workspace) -> None:
    """Let this process know the secrets that gameday.toml names, and the passwords in its URLs."""
    from gameday.formats import redaction  # noqa: PLC0415
    from gameday.system import known_secrets  # noqa: PLC0415

    settings = space.settings
    places = settings.environments.values()
    urls = [settings.store_url, settings.server.url]
    urls += [url for place in places for url in (place.base_url, place.trail)]
    named_anywhere = (
        *settings.integrations.values(),
        *(each for place in places for each in (*place.integrations, *place.incidents)),
    )
    urls += [url for each in named_anywhere for url in (each.url, each.poll)]
    known_secrets.redactor().learn(redaction.in_urls(urls))
    named = (
        settings.store_key,
        settings.server.token,
        *(each.secret for each in settings.integrations.values()),
    )
    parts = [secret.reference.partition(":") for secret in named if secret is not None]
    known_secrets.learn_references(
        f"{kind}:{where if kind == 'env' else space.root / where}" for kind, _, where in parts
    )
    # What gameday.toml names is for gameday alone: Locust, Chaos Toolkit, responders and hooks don't get it.
    known_secrets.withhold(where for kind, _, where in parts if kind == "env")


def signing_key(space: Workspace) -> SigningKey:
    """Give the key that signs what a workspace's drills store."""
    from gameday.system.signing_key import SigningKey  # noqa: PLC0415

    return SigningKey(variable=space.settings.key_variable)


def _key_check(space: Workspace) -> Callable[[], str]:
    """Give what checks that faults can be signed, so that whoever reverts them trusts them."""

    def check() -> str:
        from gameday.system.signing_key import EXAMPLE, GENERATE  # noqa: PLC0415

        key = signing_key(space)
        if not key.variable and urls.shared_between_hosts(space.store_url):
            raise NotReady(
                "hosts share this store, and no key with which they sign faults: none could revert another's",
                hint=f"add {EXAMPLE} to gameday.toml, and give each host the same key; {GENERATE} makes one",
            )
        key.obtain()
        return f"signed by the key in {key.variable}" if key.variable else "signed by this user's own key"

    return check


def store(url: str, artifacts: Path | None = None, key: SigningKey | None = None) -> ports.HistoryStore:
    """Open the store at a URL. Raises UsageError, StoreUnavailable."""
    from gameday import storage  # noqa: PLC0415

    return storage.open_store(url, artifacts, key)


def workspace_store(space: Workspace) -> ports.HistoryStore:
    """Open a workspace's store."""
    return store(space.store_url, space.artifacts, signing_key(space))


def prepare(
    space: Workspace,
    scenario: Path,
    options: DrillOptions,
) -> Prepared:
    """Read and check every file of a drill, and freeze them; run nothing. Raises UsageError, InvalidFiles."""
    from gameday.settings.drill import drill_files  # noqa: PLC0415

    mode, lengths = options.chosen_mode(), options.phase_lengths()
    files = drill_files(space, scenario, responder=options.responder, environment=options.environment)
    frozen = replace(
        files.scenario,
        environment=files.environment.name,
        phases=replace(files.scenario.phases, **lengths),
        real_incident=files.scenario.real_incident or files.environment.real_incident,
    )
    planned = ev.DrillPlanned(
        scenario=frozen,
        scorecard=files.scorecard,
        playbook=files.playbook,
        mode=mode,
        environment=files.environment.name,
        comparable=files.comparable,
        hashes=dict(files.hashes),
        responder=files.script.responder if files.script else "",
        responder_as=files.script.acts_as if files.script else None,
        host=_hostname(),
        versions=_versions(),
        rules=files.environment.rules,
        services=files.environment.services,
        people=tuple(space.settings.people),
    )
    return Prepared(
        planned=planned,
        options=options,
        environment=files.environment,
        script=files.script,
        experiment=files.texts.get(frozen.experiment, ""),
        further={
            index: files.texts[inject.experiment]
            for index, inject in enumerate(frozen.injects)
            if inject.experiment
        },
        targets=_targets(frozen, files.environment),
        warnings=(*space.settings.warnings, *files.warnings),
    )


def _hostname() -> str:
    from gameday.system import processes  # noqa: PLC0415

    return processes.hostname()


def _versions() -> dict[str, str]:
    """Give the versions of what plays a part in a drill."""
    named = ("chaostoolkit", "chaostoolkit-lib", "locust")
    return {"gameday": gameday.__version__, **{name: metadata.version(name) for name in named}}


def _targets(scenario: Scenario, place: Environment) -> dict[str, str]:
    """Describe what a drill touches."""
    targets = {"environment": place.name, "base_url": place.base_url, "experiment": scenario.experiment}
    if scenario.load is not None:
        targets["load"] = f"{scenario.load.users} users by {scenario.load.locustfile}"
    if place.rules is not None and place.rules.kubernetes is not None:
        cluster = place.rules.kubernetes
        targets["kubernetes"] = (
            f"context {cluster.context}, namespaces {', '.join(cluster.namespaces) or 'none'}"
        )
    if place.rules is not None and place.rules.aws is not None:
        targets["aws"] = f"account {place.rules.aws.account}, region {place.rules.aws.region}"
    return {name: text for name, text in targets.items() if text}


def scorecard(space: Workspace, path: Path) -> ScorecardRules:
    """Read a scorecard file. Raises InvalidFiles."""
    from gameday.settings.catalogue import Catalogue  # noqa: PLC0415

    catalogue = Catalogue(space)
    rules = catalogue.check(space.name(path), "scorecard").value
    if rules is None or any(not one.warning for one in catalogue.all_mistakes()):
        raise InvalidFiles(catalogue.all_mistakes())
    assert isinstance(rules, ScorecardRules)
    return rules


def write_reports(space: Workspace, history: ports.HistoryStore, drill: DrillId) -> Path:
    """Judge a stored drill and write all its files; give their folder.

    Secrets that undoing its faults needed are removed once no fault is in force.
    """
    from gameday.conduct.drill import report  # noqa: PLC0415
    from gameday.faults.rollbacks.revert_secrets import RevertSecrets  # noqa: PLC0415
    from gameday.storage import history_files  # noqa: PLC0415

    ends = history.ends(drill)  # before it is read: what is added meanwhile makes the files old
    judged = report.judge(history, drill)
    planned = judged.history.plan.playbook
    folder = report.write_reports(
        judged, space.artifacts / drill, ends, space.text_now(planned.path) if planned else None
    )
    history_files.write_history(history, drill, folder)
    if judged.history.last(ev.DrillClosed) is not None and not exposure.open_faults(judged.history):
        RevertSecrets(folder).remove()
        forget_clients(drill)
    return folder


def save_revert_secrets(space: Workspace, drill: DrillId, request: ev.FaultRequested) -> None:
    """Keep next to the history what reverting a fault needs and the history must not hold."""
    from gameday.faults.rollbacks.revert_secrets import RevertSecrets  # noqa: PLC0415

    RevertSecrets(space.artifacts / drill).save(request)


def rollback_player(
    space: Workspace,
    drill: DrillId,
    unverified: Mapping[str, str] | None = None,
    *,
    home: bool | None = None,
) -> ports.RollbackPlayer:
    """Give what plays a drill's rollbacks. unverified: from `clients_again`.

    home: this workspace stands for the one that requested them, where this host does not have that one. None:
    for a drill of this workspace alone.
    """
    from gameday.faults.rollbacks.player import ChildRollbackPlayer  # noqa: PLC0415

    folder = space.artifacts / drill
    return ChildRollbackPlayer(
        drill,
        folder,
        space.root if home else None,
        unverified or {},
        key=signing_key(space),
        stranded=None if home is None else folder / "stranded",
    )


def drill_context(
    space: Workspace,
    prepared: Prepared,
    history: ports.HistoryStore,
    *,
    named: DrillId | None = None,
) -> DrillContext:
    """Lay out everything that one drill works with. What is accepted, the user sees to.

    named: its id, where a game day has chosen one.
    """
    from gameday.conduct.drill.context import DrillContext  # noqa: PLC0415
    from gameday.conduct.drill.live_facts import LiveFacts  # noqa: PLC0415
    from gameday.conduct.drill.live_milestones import LiveMilestones  # noqa: PLC0415
    from gameday.conduct.recorder import Recorder  # noqa: PLC0415
    from gameday.core.policy import LOOPBACK  # noqa: PLC0415
    from gameday.faults import packages  # noqa: PLC0415
    from gameday.faults.keeper_client import KeeperClient  # noqa: PLC0415
    from gameday.faults.prober import ChildProber  # noqa: PLC0415
    from gameday.faults.rollbacks.revert_secrets import RevertSecrets  # noqa: PLC0415
    from gameday.load.driver import LocustDriver  # noqa: PLC0415
    from gameday.load.frozen import ReadOnce  # noqa: PLC0415
    from gameday.signals.trail import HttpTrail  # noqa: PLC0415
    from gameday.system import known_secrets, machine, processes, target  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415
    from gameday.system.ids import SystemIds  # noqa: PLC0415
    from gameday.system.waiting.wakeup import SignalWakeup  # noqa: PLC0415

    scenario, place = prepared.planned.scenario, prepared.environment
    clock, ids = SystemClock(), SystemIds()
    drill = named or ids.drill(scenario.scenario)
    folder = space.artifacts / drill
    live_facts = LiveFacts(history, drill)
    recorder = Recorder(store=history, clock=clock, ids=ids, drill=drill)
    request, further = _request(space, prepared), _further(space, prepared)
    for each in (request, *further.values()):
        if each is not None:
            RevertSecrets(folder, signing_key(space)).save(each)
    known_secrets.redactor().learn(_in_probes(scenario))
    clients = cloud_clients(prepared.environment.rules, drill)
    keeper = KeeperClient(
        store_url=space.store_url,
        key=signing_key(space).handed_over(),
        drill=drill,
        folder=folder,
        cwd=space.root,
        warm=request,
    )
    sources = policy_sources(space.root)
    # Source code is read once: what the policy judges is what Locust runs.
    read_once = ReadOnce(sources.read)
    load = LocustDriver(
        drill=drill,
        workspace=space.root,
        folder=folder,
        on_process=recorder.record,
        policy=prepared.planned.rules or LOOPBACK,
        read=read_once,
    )
    return DrillContext(
        drill=drill,
        planned=prepared.planned,
        script=prepared.script,
        experiment=scenario.experiment,
        fault_request=request,
        further=further,
        base_url=prepared.base_url,
        holder=f"{processes.hostname()}:{os.getpid()}",
        conductor=machine.started("conductor", processes.me()),
        store=history,
        clock=clock,
        recorder=recorder,
        live_facts=live_facts,
        live_milestones=LiveMilestones(
            scenario=known_secrets.redactor().value(scenario), live_facts=live_facts
        ),  # as the live facts will hold it
        keeper=keeper,
        rollback_player=rollback_player(space, drill),
        prober=ChildProber(drill, cwd=space.root, request=request),
        load=load if scenario.load is not None else None,
        signals=_receiver(space, place, drill),
        trail=HttpTrail(url=place.trail, clock=clock) if place.trail else None,
        target=target.CommandTarget(
            base_url=prepared.base_url,
            cwd=space.root,
            drill=drill,
            up_command=place.up,
            down_command=place.down,
        ),
        # Recorded, so that whoever cleans up after a crash ends a command that nobody waits for any more.
        runner=target.CommandRunner(
            cwd=space.root, on_start=lambda who: recorder.record(machine.started("responder", who))
        ),
        machine=machine.ThisMachine(cwd=space.root),
        wakeup=SignalWakeup(),
        policy_sources=policy_sources(space.root, clients),
        packages=packages.install_for,
        environment_changes=clients.changes,
        meters=open_meters(
            ports.MeterContext(drill=drill, workspace=space.root, prometheus=place.prometheus)
        ),
        fault_targets=_aims(space, request, drill),
        shared_store=urls.shared_between_hosts(space.store_url),
        signing=_key_check(space),
        target_lease=_target_lease(space, place, drill),
        announcer=announcer(space),
        audiences={name: space.settings.integrations[name].audiences for name in space.settings.channels},
        options=prepared.options,
    )


def _receiver(space: Workspace, place: Environment, drill: DrillId) -> ports.Signals:
    """Give what receives the alerts of an environment, for a drill or a game day."""
    from gameday.settings import reveal  # noqa: PLC0415
    from gameday.signals.receiver import Receiver  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415

    return Receiver(
        drill=drill,
        clock=SystemClock(),
        integrations=place.integrations,
        reveal=partial(reveal, space=space),
        doors=_doors(),
    )


def source_states(space: Workspace, place: Environment) -> Iterator[Reachability]:
    """Try each way by which alerts, or a Prometheus's answers, come to an environment's drills."""
    from gameday.settings import reveal  # noqa: PLC0415
    from gameday.signals import reachability  # noqa: PLC0415

    named = dict.fromkeys((*place.integrations, *place.incidents))
    for each in named:
        yield from reachability.look(each, partial(reveal, space=space))


@cache
def _doors() -> Doors:
    """Give the fixed addresses of this process: a game day and its drills listen at the same ones."""
    from gameday.signals.inbox.hooks import Doors  # noqa: PLC0415

    return Doors()


def _incidents(space: Workspace, environments: Mapping[str, Environment]) -> ports.Incidents:
    """Give what asks the Alertmanagers of environments for real incidents."""
    from gameday.settings import reveal  # noqa: PLC0415
    from gameday.signals.incidents import AlertmanagerIncidents  # noqa: PLC0415

    polled = [each for place in environments.values() for each in place.incidents]
    return AlertmanagerIncidents(
        urls={name: [each.poll for each in place.incidents] for name, place in environments.items()},
        # Where it also sends, the secret is its own token.
        tokens={
            each.poll: partial(reveal, each.secret, space)
            for each in polled
            if each.secret is not None and each.listen is None
        },
    )


def open_meters(context: ports.MeterContext) -> dict[str, ports.Meter]:
    """Open what reads guardrails outside the load, by the key of their kind."""
    from gameday.formats.scenario.guardrails.table import KINDS  # noqa: PLC0415

    return {key: pkgutil.resolve_name(kind.meter).open(context) for key, kind in KINDS.items() if kind.meter}


def _aims(space: Workspace, request: ev.FaultRequested | None, drill: DrillId) -> FaultTargets | None:
    """Give what counts the targets of a fault."""
    from gameday.conduct.drill.fault_targets import FaultTargets  # noqa: PLC0415
    from gameday.faults.child_queries import ChildQueries  # noqa: PLC0415
    from gameday.faults.targets import ChildTargets  # noqa: PLC0415

    return (
        None if request is None else FaultTargets(ChildTargets(request, ChildQueries(drill, cwd=space.root)))
    )


def _target_lease(space: Workspace, place: Environment, drill: DrillId) -> ports.TargetLease | None:
    """Give the lease that an environment can keep itself: in the first namespace that it names plainly."""
    from gameday.faults.child_queries import ChildQueries  # noqa: PLC0415
    from gameday.faults.cluster_lease import ClusterLease  # noqa: PLC0415

    cluster = place.rules.kubernetes if place.rules is not None else None
    plain = [name for name in (cluster.namespaces if cluster else ()) if "*" not in name]
    return ClusterLease(plain[0], ChildQueries(drill, cwd=space.root)) if plain else None


def _in_probes(scenario: Scenario) -> Iterator[str]:
    """Give the secrets that are written into a scenario's own probes."""
    from gameday.formats import redaction  # noqa: PLC0415

    rules = scenario.milestones
    conditions = [c for r in (rules.detected, rules.contained, rules.recovered) for c in r.conditions]
    texts = [condition.probe for condition in conditions]
    for guardrail in scenario.guardrails:
        texts += [guardrail.probe, guardrail.metered.settings if guardrail.metered else ""]
    for text in texts:
        yield from redaction.all_named(json.loads(text or "null"))


def cloud_clients(rules: Policy | None, drill: DrillId, *, remade: bool = False) -> CloudClients:
    """Give what the processes of a drill, or of a game day, reach under a policy: nothing, until verified.

    remade: for a process that takes over from the drill's first one.
    """
    from gameday.core.policy import LOOPBACK  # noqa: PLC0415
    from gameday.faults.clouds.clients import CloudClients, folder_of  # noqa: PLC0415

    clients = CloudClients(folder_of(drill), rules or LOOPBACK, remade)
    clients.withhold()
    return clients


@contextmanager
def verified_clients(clients: CloudClients) -> Iterator[Mapping[str, str]]:
    """Verify cluster and account, and let the processes that are started in this block reach these alone.

    Gives why one is not used, by kind: `kubernetes`, `aws`.
    """
    from gameday.faults.identities import ChildIdentities  # noqa: PLC0415
    from gameday.system import child_environment  # noqa: PLC0415

    unverified = asyncio.run(ChildIdentities(clients=clients).verify()) if clients.used else {}
    with child_environment.applied(clients.changes):
        yield unverified


def forget_clients(drill: DrillId) -> None:
    """Remove the settings by which the processes of a drill, or of a game day, reached a cluster."""
    from gameday.faults.clouds import clients  # noqa: PLC0415

    clients.remove(drill)


@contextmanager
def clients_again(history: ports.HistoryStore, drill: DrillId) -> Iterator[Mapping[str, str]]:
    """Let the processes of this block reach what a drill's own processes did, verified again."""
    from gameday.conduct import store_reads  # noqa: PLC0415

    past = store_reads.read(history, drill)
    planned = past.first(ev.DrillPlanned)
    at_work = exposure.open_faults(past) or past.first(ev.EnvironmentBroughtUp)
    rules = planned.fact.rules if planned and at_work else None
    with verified_clients(cloud_clients(rules, drill, remade=True)) as unverified:
        yield unverified


def policy_sources(root: Path, clients: CloudClients | None = None) -> PolicySources:
    """Give the ground of the policy's facts: the workspace around a folder, this machine, its clouds.

    clients: what the drill's processes are to reach, once it is verified.
    """
    from gameday.conduct.drill.policy_check import PolicySources  # noqa: PLC0415
    from gameday.faults import packages  # noqa: PLC0415
    from gameday.faults.identities import ChildIdentities  # noqa: PLC0415
    from gameday.settings import code_parts, open_workspace  # noqa: PLC0415
    from gameday.signals.calendars import FreezeCalendars  # noqa: PLC0415
    from gameday.system import files  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415

    space, _ = open_workspace(root)
    _learn(space)

    def read(path: str) -> bytes:
        if not (space.root / path).exists():
            raise FileNotFoundError(f"there is no file {path}")
        return space.read(path)

    def environment(name: str) -> dict[str, object]:
        settings = asdict(space.settings.environment(name)) if name in space.settings.environments else {}
        return {key: value for key, value in settings.items() if key != "rules"}  # the policy is its own part

    return PolicySources(
        read=read,
        real_path=files.real_command,
        variables=os.environ,
        identities=ChildIdentities(clients=clients),
        calendars=FreezeCalendars(read, SystemClock()),
        chaos_settings=files.chaos_settings(),
        locust_conf=files.locust_conf(),
        packages=packages.resolved,
        by=current_actor(os.environ),
        environment=environment,
        code=partial(code_parts.parts, space.root),
    )


def _request(space: Workspace, prepared: Prepared) -> ev.FaultRequested | None:
    """Write down what is to be injected; None in a tabletop."""
    if not prepared.experiment:
        return None
    scenario = prepared.planned.scenario
    text = prepared.experiment
    return _ahead(space, prepared, FAULT, scenario.experiment, text, options=scenario.options)


def _further(space: Workspace, prepared: Prepared) -> dict[int, ev.FaultRequested]:
    """Write down what the injects of a further experiment are to inject."""
    injects = prepared.planned.scenario.injects
    return {
        index: _ahead(space, prepared, FaultId(f"inject-{index}"), injects[index].experiment, text)
        for index, text in prepared.further.items()
    }


def _ahead(
    space: Workspace,
    prepared: Prepared,
    fault: FaultId,
    path: str,
    text: str,
    *,
    options: ChaosOptions = PLAIN_RUN,
) -> ev.FaultRequested:
    """Write a fault down with all that undoing it needs.

    What is on this machine only this machine can undo.
    """
    from gameday.conduct.drill import target_lease  # noqa: PLC0415
    from gameday.core.policy import LOOPBACK  # noqa: PLC0415
    from gameday.faults import experiments, run_options  # noqa: PLC0415
    from gameday.system import processes  # noqa: PLC0415

    out = target_lease.reaches_beyond_this_machine(prepared.environment.rules or LOOPBACK, prepared.base_url)
    return experiments.request(
        text,
        fault=fault,
        path=path,
        cwd=str(space.root / options.cwd),
        host="" if out else processes.hostname(),
        options=run_options.text(
            options, space.root, prepared.planned.hashes, _packages(prepared, text, path)
        ),
    )


def known_packages(wanted: Sequence[str], _unwanted: object = None) -> Mapping[str, str]:
    """Give what packages were resolved to, if they were, without asking an index."""
    from gameday.faults import packages  # noqa: PLC0415

    return packages.known(wanted)


def _packages(prepared: Prepared, text: str, path: str) -> str:
    """Give the folder of the packages that are to be installed for an experiment; empty: there are none."""
    from gameday.core.policy import LOOPBACK  # noqa: PLC0415
    from gameday.faults import experiments, packages  # noqa: PLC0415
    from gameday.settings import runtime_needs  # noqa: PLC0415

    rules = prepared.environment.rules or LOOPBACK
    wanted = runtime_needs.installable(experiments.parse(text, path), rules.packages)
    return str(packages.folder_for(wanted)) if wanted else ""


def schedules(url: str) -> ports.ScheduleStore:
    """Open the schedules of the store at a URL. Raises UsageError, StoreUnavailable."""
    from gameday import storage  # noqa: PLC0415

    return storage.open_schedules(url)


def scheduler_context(
    space: Workspace,
    history: ports.HistoryStore,
    launcher: Launcher,
    *,
    notices: ports.Notices,
    say: Callable[[str], None],
) -> SchedulerContext:
    """Give one daemon what it works with. Raises UsageError for a worker without a store that hosts share."""
    return _scheduler_context(space, history, notices=notices, say=say, starter=_executors(space, launcher))


def handoff_context(
    space: Workspace, history: ports.HistoryStore, launcher: Launcher, *, say: Callable[[str], None]
) -> SchedulerContext:
    """Give a host that drills are handed to what it works with: whatever is handed starts here."""
    return _scheduler_context(space, history, notices=None, say=say, starter=_here(space, launcher))


def _here(space: Workspace, launcher: Launcher) -> ports.Starter:
    from gameday.system.scheduled.drill_processes import ChildStarter  # noqa: PLC0415

    folder = space.artifacts.parent / "scheduled"
    starter = ChildStarter(launcher, store_url=space.store_url, root=space.root, folder=folder)
    starter.make_ready()
    return starter


def _executors(space: Workspace, launcher: Launcher) -> ports.Starter:
    """Give what starts or hands on the drills of each environment."""
    from gameday.system.scheduled.drill_processes import Executors  # noqa: PLC0415

    starters: dict[str, ports.Starter] = {}
    for name, place in space.settings.environments.items():
        if place.executor == "worker":
            starters[name] = _queue(space, name)
        elif place.executor == "kubernetes" and place.job is not None:
            from gameday.system.scheduled.kubernetes_jobs import JobStarter  # noqa: PLC0415

            _must_be_shared(space, name)
            starters[name] = JobStarter(settings=place.job)
    return Executors(default=_here(space, launcher), by_environment=starters)


def _queue(space: Workspace, environment: str) -> ports.Starter:
    _must_be_shared(space, environment)
    from gameday.storage.queue import Queue  # noqa: PLC0415

    return Queue(space.store_url)


def _must_be_shared(space: Workspace, environment: str) -> None:
    urls.must_be_shared(
        space.store_url, f"drills on {environment} run on other hosts, and the store is this host's own"
    )


def _scheduler_context(
    space: Workspace,
    history: ports.HistoryStore,
    *,
    notices: ports.Notices | None,
    say: Callable[[str], None],
    starter: ports.Starter,
) -> SchedulerContext:
    from gameday.conduct.scheduler.context import EnvironmentTimes, NoNotices, SchedulerContext  # noqa: PLC0415
    from gameday.system import ids, processes  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415

    environments = space.settings.environments
    rules = {name: place.rules for name, place in environments.items() if place.rules}
    places = {name: EnvironmentTimes(hours=each.hours, freezes=each.freezes) for name, each in rules.items()}
    return SchedulerContext(
        clock=SystemClock(),
        schedules=schedules(space.store_url),
        history=history,
        starter=starter,
        incidents=_incidents(space, environments),
        calendars=calendars(space),
        notices=notices or NoNotices(),
        holder=f"{processes.hostname()}:{os.getpid()}:{ids.new_event_id()[:8]}",
        times_of=lambda name: places.get(name, EnvironmentTimes()),
        report=say,
    )


def calendars(space: Workspace) -> ports.Calendars:
    """Give what reads the freeze calendars of a workspace."""
    from gameday.signals.calendars import FreezeCalendars  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415

    return FreezeCalendars(space.read, SystemClock())


def game_day_context(
    space: Workspace,
    plan: GameDayPlan,
    game_day: DrillId,
    history: ports.HistoryStore,
    drills: ports.GameDayDrills,
) -> GameDayContext:
    """Lay out everything that the conductor of a game day works with."""
    from gameday.conduct.gamedays.context import GameDayContext  # noqa: PLC0415
    from gameday.conduct.recorder import Recorder  # noqa: PLC0415
    from gameday.faults.prober import ChildProber  # noqa: PLC0415
    from gameday.system import processes, target  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415
    from gameday.system.ids import SystemIds  # noqa: PLC0415

    place, clock = space.settings.environment(plan.environment), SystemClock()
    asked = _incidents(space, {place.name: place}) if place.incidents else None
    return GameDayContext(
        game_day=game_day,
        holder=f"{processes.hostname()}:{os.getpid()}",
        store=history,
        clock=clock,
        recorder=Recorder(store=history, clock=clock, ids=SystemIds(), drill=game_day, source="host"),
        drills=drills,
        signals=_receiver(space, place, game_day),
        incidents=asked,
        prober=ChildProber(game_day, cwd=space.root),
        runner=target.CommandRunner(cwd=space.root),
        reset=place.reset,
    )


def announcer(space: Workspace) -> ports.Announcer:
    """Give what notifies people: the integrations of the kind `apprise`, by name."""
    from gameday.announce.channels import Channels  # noqa: PLC0415
    from gameday.settings import reveal  # noqa: PLC0415

    channels = {
        name: each.secret
        for name, each in space.settings.integrations.items()
        if each.kind == "apprise" and each.secret is not None
    }
    return Channels({name: partial(reveal, secret, space) for name, secret in channels.items()})


def checker(space: Workspace) -> Checker:
    """Give what checks the prerequisites of a game day. What a command brings up is to stay."""
    from gameday.conduct.gamedays.readiness import Checker  # noqa: PLC0415
    from gameday.faults.prober import ChildProber  # noqa: PLC0415
    from gameday.system import target  # noqa: PLC0415

    nobody = DrillId("")
    return Checker(
        runner=target.CommandRunner(cwd=space.root),
        prober=ChildProber(nobody, cwd=space.root),
        fetch=target.status,
    )
