"""Whether the environment's policy allows a drill: gathers the facts that its rules need, or raises Refused.

`core.policy` judges. It is asked twice: by preflight before anything starts, even `up`; and by the keeper
just before the method, about exactly the experiment that it is to inject.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from gameday import ports
from gameday.conduct.drill import load_settings
from gameday.core import policy
from gameday.core.errors import InvalidFiles, Refused
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.plans.scenario import Scenario
from gameday.core.policy import (
    Calendar,
    Document,
    Facts,
    Policy,
    SeenAccount,
    SeenCluster,
    Users,
    Verdict,
    activities,
    arguments,
    providers,
)
from gameday.core.policy.texts import names
from gameday.core.values import Instant, Seconds
from gameday.formats.experiment import locustfile, requirements
from gameday.formats.settings import approvals
from gameday.formats.text import reader


class NoSources:
    """`ports.Identities` and `ports.Calendars` where there is no source."""

    async def kubernetes_context(self) -> SeenCluster:
        """Give an error."""
        return SeenCluster(error="there is no source for it")

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:  # noqa: ARG002  # the port's
        """Give an error."""
        return SeenAccount(error="there is no source for it")

    async def hold(self) -> Sequence[str]:
        """Give nothing: there is nothing to reach."""
        return ()

    async def read(self, path: str, start: Instant, end: Instant) -> Calendar:  # noqa: ARG002  # the port's
        """Give an error."""
        return Calendar(path=path, error="there is no source for it")


def _no_code(names: Sequence[str], locustfile: str, commands: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG001  # as `code`
    return {}


def _no_environment(name: str) -> Mapping[str, object]:  # noqa: ARG001  # as `environment`
    return {}


def _no_file(path: str) -> bytes:
    raise FileNotFoundError(path)


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicySources:
    """Where facts are gathered. What is left out knows nothing; rules refuse where they need to know.

    read            gives a workspace file's bytes; raises OSError, and ValueError for one outside
    real_path       gives the file that a command is, links resolved
    variables       the environment variables that experiments will see
    chaos_settings  Chaos Toolkit's own settings file, which may name controls
    locust_conf     the file of Locust's options in this user's home
    by              who starts the drill
    environment     gives an environment's settings, resolved, by its name
    code            gives the hashes of modules by their names, of what a locustfile imports, and of commands;
                    a fourth argument is a folder in which modules are looked for, too
    packages        resolves packages that are to be installed: versions and hashes; ended by its event;
                    raises NotReady
    """

    read: Callable[[str], bytes] = _no_file
    real_path: Callable[[str], str] = str
    variables: Mapping[str, str] = field(default_factory=dict)
    identities: ports.Identities = field(default_factory=NoSources)
    calendars: ports.Calendars = field(default_factory=NoSources)
    chaos_settings: bytes = b""
    locust_conf: bytes = b""
    by: str = ""
    environment: Callable[[str], Mapping[str, object]] = _no_environment
    code: Callable[..., Mapping[str, str]] = _no_code
    packages: Callable[[Sequence[str], threading.Event], Mapping[str, str]] = lambda _wanted, _unwanted: {}


async def judge(
    scenario: Scenario,
    rules: Policy,
    policy_sources: PolicySources,
    *,
    now: Instant,
    base_url: str = "",
    request: ev.FaultRequested | None = None,
    hashes: Mapping[str, str] | None = None,
) -> tuple[Verdict, ...]:
    """Give the verdicts on a drill. Arguments as for `facts`; raises Refused for what can't be read."""
    known = await facts(
        scenario, rules, policy_sources, now=now, base_url=base_url, request=request, hashes=hashes
    )
    return policy.check(rules, known)


def admit(verdicts: Sequence[Verdict]) -> str:
    """Give how many rules allow a drill, in words. Raises Refused with the first that does not."""
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    if not refused:
        return f"all {len(verdicts)} verdicts allow it"
    first, more = refused[0], len(refused) - 1
    also = f" (and {more} more)" if more else ""
    raise Refused(
        f"policy: {first.subject}: {first.why}{also}",
        hint="; ".join(filter(None, (first.hint, "`gameday policy check SCENARIO` explains each verdict"))),
    )


async def admit_again(
    history: History, request: ev.FaultRequested, policy_sources: PolicySources, *, now: Instant
) -> None:
    """Check once more exactly what is to be injected, by the rules that were frozen with the drill.

    Raises Refused, also where no drill was planned.
    """
    planned = history.first(ev.DrillPlanned)
    if planned is None:
        raise Refused(
            "policy: no drill was planned in this store, so there are no rules for what may be injected"
        )
    # A drill from before rules were frozen gets those for loopback.
    rules = planned.fact.rules or policy.LOOPBACK
    plan = planned.fact
    admit(await judge(plan.scenario, rules, policy_sources, now=now, request=request, hashes=plan.hashes))


async def facts(
    scenario: Scenario,
    rules: Policy,
    policy_sources: PolicySources,
    *,
    now: Instant,
    base_url: str = "",
    request: ev.FaultRequested | None = None,
    hashes: Mapping[str, str] | None = None,
) -> Facts:
    """Gather what the policy must know of a drill. Raises Refused for files that can't be read.

    base_url  where load goes; empty: load isn't judged
    request   what is to be injected, byte for byte; None: the scenario's own file
    hashes    those of the drill's files, by path, as they were frozen
    """
    texts = dict(_experiments(scenario, policy_sources, request))
    documents = (
        *(
            document
            for name, text in texts.items()
            for document in _acted_on(scenario, policy_sources, _document(name, text))
        ),
        *_others(scenario, policy_sources),
    )
    wanted = policy.needs(rules, documents)
    hold = longest_hold(scenario)
    parts = _parts(scenario, rules, policy_sources, documents=documents, texts=texts, hashes=hashes or {})
    packages = tuple(_wanted(rules, documents))
    if rules.protected:
        parts |= await _resolved(packages, policy_sources)
    # To the end of the longest hold: a freeze that begins while the fault is in force counts, too.
    calendars = [policy_sources.calendars.read(path, now, Instant(now + hold)) for path in rules.freezes]
    variables = _variables(documents, policy_sources)
    denied = providers.denied_paths(rules.deny)
    # What arguments name is asked for denials alone, and takes time to find.
    named = providers.named(documents, variables) if providers.denies_commands(rules.deny) else ()
    commands = (*providers.paths(documents), *denied, *named)
    return Facts(
        now=now,
        documents=documents,
        variables=variables,
        real_paths={path: policy_sources.real_path(path) for path in commands},
        load=_load(scenario, policy_sources, base_url),
        hold=hold,
        calendars=tuple(await asyncio.gather(*calendars)),
        approvals=_approvals(rules, policy_sources),
        by=policy_sources.by,
        fingerprint=fingerprint(parts),
        packages=packages,
        parts=parts,
        # Asked only where a rule needs it: each is a request to another system.
        cluster=await policy_sources.identities.kubernetes_context() if wanted.cluster else None,
        account=await policy_sources.identities.aws_account(wanted.instances) if wanted.account else None,
    )


def longest_hold(scenario: Scenario) -> Seconds:
    """Give the longest that a scenario's fault would be held."""
    if not scenario.experiment or scenario.hold == "none":
        return 0.0
    if scenario.hold == "for" and scenario.hold_for is not None:
        return min(scenario.hold_for, scenario.phases.response)
    return scenario.phases.response


def fingerprint(parts: Mapping[str, str]) -> str:
    """Give the one hash over all parts that an approval covers."""
    return f"sha256:{hashlib.sha256(_canonical(parts)).hexdigest()}"


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _parts(
    scenario: Scenario,
    rules: Policy,
    policy_sources: PolicySources,
    *,
    documents: Sequence[Document],
    texts: Mapping[str, bytes],
    hashes: Mapping[str, str],
) -> dict[str, str]:
    """Give the hash of each part of what would run: what an approval covers."""
    environment = policy_sources.environment(scenario.environment)
    values: dict[str, object] = {
        "scenario": asdict(scenario),
        "policy": asdict(rules),
        f"environment {scenario.environment}": dict(environment),
        "Chaos Toolkit's settings.yaml": policy_sources.chaos_settings.hex(),
    }
    parts = {name: hashlib.sha256(_canonical(value)).hexdigest() for name, value in values.items()}
    locustfile = scenario.load.locustfile if scenario.load else ""
    contents = {**texts, locustfile: _locustfile(scenario, policy_sources)} if locustfile else texts
    parts |= {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    options = load_settings.texts(policy_sources.read, policy_sources.locust_conf) if scenario.load else {}
    parts |= load_settings.hashes(options)
    scripts = _scripts(scenario, contents, hashes)
    parts |= scripts
    if rules.protected:  # nothing else needs it, and the versions of distributions take time to find
        commands = _commands(documents, environment, _variables(documents, policy_sources))
        commands += _named_by(scripts, policy_sources)
        commands += load_settings.names_files(scenario.load, options) if scenario.load else []
        cwd = (scenario.options.cwd,) if scenario.options.cwd else ()
        parts |= policy_sources.code(_modules(documents), locustfile, commands, *cwd)
    return parts


async def _resolved(
    packages: Sequence[policy.WantedPackage], policy_sources: PolicySources
) -> Mapping[str, str]:
    """Give versions and hashes of what would be installed. Raises NotReady. Once cancelled, it ends uv."""
    wanted = [each.requirement for each in packages if each.allowed]
    if not wanted:
        return {}
    unwanted = threading.Event()
    try:
        return await asyncio.to_thread(policy_sources.packages, wanted, unwanted)
    finally:
        unwanted.set()


def _wanted(rules: Policy, documents: Sequence[Document]) -> Iterator[policy.WantedPackage]:
    """Give the packages that experiments name and that are not here."""
    texts = {text for document in documents for text in requirements.lacking(document.body)}
    for text in sorted(texts):
        yield policy.WantedPackage(requirement=text, allowed=requirements.allowed(text, rules.packages))


def _scripts(scenario: Scenario, contents: Mapping[str, bytes], hashes: Mapping[str, str]) -> dict[str, str]:
    """Give what else was frozen, the responder's script above all, but not what people only read."""
    others = {*contents, scenario.path, scenario.scorecard, scenario.playbook}
    return {path: digest for path, digest in hashes.items() if path not in others}


def _named_by(scripts: Mapping[str, str], policy_sources: PolicySources) -> list[str]:
    """Give what may name a file in scripts: a responder's commands run files of the workspace."""
    named: set[str] = set()
    for path in scripts:
        read = reader.attempt(reader.read, _must_read(path, policy_sources), path)
        named.update(name for _, text in arguments.texts(read.data) for name in names.find(text))
    return sorted(named)


def _modules(documents: Sequence[Document]) -> list[str]:
    used = [activity.provider for document in documents for activity in activities.find(document)]
    named = [provider.get("module") for provider in used if isinstance(provider, Mapping)]
    return sorted({name for name in named if isinstance(name, str)})


def _commands(
    documents: Sequence[Document], environment: Mapping[str, object], variables: Mapping[str, str]
) -> list[str]:
    """Give what may name a file that is run: by processes and by the environment's hooks."""
    used = tuple(documents)
    hooks = {name for _, text in arguments.texts(environment) for name in names.find(text)}
    return sorted({*providers.paths(used), *providers.named(used, variables), *hooks})


def _experiments(
    scenario: Scenario, policy_sources: PolicySources, request: ev.FaultRequested | None
) -> Iterator[tuple[str, bytes]]:
    """Give the text of the scenario's experiment and of those that its injects add, by path."""
    further = [inject.experiment for inject in scenario.injects if inject.experiment]
    main = request.path if request and request.path not in further else scenario.experiment
    for path in dict.fromkeys(path for path in (main, *further) if path):
        if request and path == request.path:
            # The bytes of the request, not the file: it may have been changed since.
            yield path, request.experiment.encode()
        else:
            yield path, _must_read(path, policy_sources)


def _must_read(path: str, policy_sources: PolicySources) -> bytes:
    try:
        return policy_sources.read(path)
    except (OSError, ValueError) as wrong:
        raise Refused(
            f"policy: {path} can't be read: {wrong}",
            hint="the policy refuses what it can't read; check the file's path and permissions",
        ) from wrong


def _document(name: str, text: bytes) -> Document:
    """Parse an experiment as chaoslib will. Raises Refused where two readers could differ."""
    from gameday.formats.experiment import reader as experiment  # noqa: PLC0415  # slow to import, and most commands import `conduct`

    try:
        read = experiment.read(text, name)
    except InvalidFiles as wrong:
        why = wrong.mistakes[0].message
        raise _unreadable(name, why, "gameday validate lists every mistake") from wrong
    mistakes = [str(mistake) for mistake in read.mistakes if not mistake.warning]
    # E.g. a key that is written twice: chaoslib could take the other value than the policy judged.
    if mistakes or not isinstance(read.data, Mapping):
        why = mistakes[0] if mistakes else "it is not an object"
        raise _unreadable(name, why, "gameday validate lists every mistake")
    return Document(name=name, body=read.data)


def _acted_on(scenario: Scenario, policy_sources: PolicySources, document: Document) -> Iterator[Document]:
    """Give an experiment with the values that its scenario gives it: those decide what is called."""
    options = scenario.options
    own = document.name == scenario.experiment and bool(options.vars or options.var_files)
    if not own or any(inject.experiment == document.name for inject in scenario.injects):
        yield document  # an inject runs it without them
    if not own:
        return
    from gameday.formats.experiment import overrides  # noqa: PLC0415  # as above

    files = []
    for path in options.var_files:
        read = reader.attempt(overrides.read_values, _must_read(path, policy_sources), path)
        values = overrides.check_values(read).value
        if values is None:
            raise _unreadable(path, "it holds no values", "gameday validate lists every mistake")
        files.append(values)
    merged = overrides.merged(files, json.loads(options.vars or "{}"))
    yield replace(document, body=overrides.applied(document.body, merged))


def _others(scenario: Scenario, policy_sources: PolicySources) -> Iterator[Document]:
    """Give what else names providers: the scenario's probes, and Chaos Toolkit's own settings."""
    rules = scenario.milestones
    conditions = (*rules.detected.conditions, *rules.contained.conditions, *rules.recovered.conditions)
    probes = [("milestone", condition.probe) for condition in conditions]
    probes += [("guardrail", guardrail.probe) for guardrail in scenario.guardrails]
    for part, text in probes:
        probe = _probe(text)
        if probe is not None:
            yield Document(name=f"{scenario.path or scenario.scenario} {part}", body=probe)
    for path in scenario.options.controls:
        controls = _document(path, _must_read(path, policy_sources)).body
        yield Document(name=path, body={"controls": list(controls.values())})
    if policy_sources.chaos_settings.strip():
        yield _document("settings.yaml", policy_sources.chaos_settings)


def _probe(text: str) -> Mapping[str, object] | None:
    """Read a probe; None for anything else, which can't be asked either."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, Mapping) else None


def _variables(documents: Sequence[Document], policy_sources: PolicySources) -> dict[str, str]:
    names = {name for document in documents for name in activities.names_variables(document)}
    names.add(arguments.SHOP_CONTROL)  # it leads the shop's faults where no argument does
    return {name: policy_sources.variables[name] for name in names if name in policy_sources.variables}


def _load(scenario: Scenario, policy_sources: PolicySources, base_url: str) -> Users | None:
    if scenario.load is None or not base_url:
        return None
    most = max(scenario.load.users, *(inject.users or 0 for inject in scenario.injects), 0)
    source = _locustfile(scenario, policy_sources).decode(errors="replace")
    return Users(users=most, base_url=base_url, urls=locustfile.urls(source))


def _locustfile(scenario: Scenario, policy_sources: PolicySources) -> bytes:
    """Read the locustfile; empty where it can't be read, because then Locust can't run it either."""
    try:
        return policy_sources.read(scenario.load.locustfile) if scenario.load else b""
    except (OSError, ValueError):
        return b""


def _approvals(rules: Policy, policy_sources: PolicySources) -> tuple[policy.Approval, ...]:
    if not rules.protected:
        return ()
    try:
        return approvals.parse(policy_sources.read(rules.approvals_file))
    # No file means no approvals; one that can't be read may hold anything.
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as wrong:
        raise _unreadable(rules.approvals_file, str(wrong), "docs/how-to/policy.md shows its form") from wrong


def _unreadable(name: str, why: str, hint: str) -> Refused:
    return Refused(f"policy: {name} can't be read: {why}", hint=hint)
