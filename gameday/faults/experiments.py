"""Read what gameday must know of a Chaos Toolkit experiment, without importing chaoslib (0.2 s).

That is: variables, secrets, modules, rollbacks, its `still-exposed` probe, and the steps to revert it by
hand. Validation is in `faults.child`, by chaoslib itself.

Format: https://chaostoolkit.org/reference/api/experiment/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Seconds
from gameday.formats import redaction
from gameday.formats.text.plain_json import mapping

Experiment = Mapping[str, Any]


def parse(text: str, path: str) -> Experiment:
    """Read an experiment's text as JSON or YAML, by the suffix of its path. Raises ValueError."""
    # By the suffix, as chaoslib's loader decides.
    if PurePosixPath(path).suffix in {".yaml", ".yml"}:
        from ruamel.yaml import YAML  # noqa: PLC0415  # most experiments are JSON
        from ruamel.yaml.error import YAMLError  # noqa: PLC0415

        try:
            experiment = YAML(typ="safe", pure=True).load(text)
        except YAMLError as wrong:
            raise ValueError(str(wrong)) from wrong
    else:
        experiment = json.loads(text)
    if not isinstance(experiment, dict):
        raise ValueError("an experiment is an object")  # noqa: TRY004  # every mistake of a file is a ValueError
    return experiment


def request(
    text: str, *, fault: FaultId, path: str, cwd: str, host: str = "", options: str = ""
) -> ev.FaultRequested:
    """Make the fact that is written ahead of an injection. Raises ValueError for an unreadable text."""
    experiment = parse(text, path)
    return ev.FaultRequested(
        fault=fault,
        experiment=text,
        path=path,
        cwd=cwd,
        variables=variables(experiment),
        secrets=secrets(experiment),
        host=host,
        options=options,
    )


def _activities(experiment: Experiment, section: str) -> tuple[Mapping[str, Any], ...]:
    declared = experiment.get(section)
    activities = declared if isinstance(declared, list | tuple) else ()
    return tuple(activity for activity in activities if isinstance(activity, Mapping))


def method(experiment: Experiment) -> tuple[Mapping[str, Any], ...]:
    """Give the activities of the method."""
    return _activities(experiment, "method")


def rollbacks(experiment: Experiment) -> tuple[Mapping[str, Any], ...]:
    """Give the declared rollbacks."""
    return _activities(experiment, "rollbacks")


def played(experiment: Experiment) -> tuple[Mapping[str, Any], ...]:
    """Give the rollbacks as they are played: one that only names another activity is that activity."""
    named = {activity.get("name"): activity for activity in activities(experiment)}
    return tuple(named.get(activity.get("ref"), activity) for activity in rollbacks(experiment))


def run_with(request: ev.FaultRequested) -> Mapping[str, Any]:
    """Give a request's `options`; empty where there are none, or they can't be read."""
    try:
        return mapping(json.loads(request.options or "{}"))
    except ValueError:
        return {}


def activities(experiment: Experiment) -> tuple[Mapping[str, Any], ...]:
    """Give the activities of hypothesis, method and rollbacks: those that a `ref` may name."""
    hypothesis = mapping(experiment.get("steady-state-hypothesis"))
    return (*_activities(hypothesis, "probes"), *method(experiment), *rollbacks(experiment))


def has_action(experiment: Experiment) -> bool:
    """Whether the method has an action, or names one; without any, its first activity is the fault."""
    by_name = {activity.get("name"): activity for activity in activities(experiment)}
    named = (by_name.get(activity.get("ref"), activity) for activity in method(experiment))
    return any(activity.get("type") == "action" for activity in named)


def pauses(experiment: Experiment) -> Seconds | None:
    """Sum up the pauses of all activities; None where a variable sets one."""
    declared = [mapping(activity.get("pauses")) for activity in activities(experiment)]
    seconds = [pause.get(when) or 0.0 for pause in declared for when in ("before", "after")]
    return sum(map(float, seconds)) if all(isinstance(each, int | float) for each in seconds) else None


def still_exposed(experiment: Experiment) -> Mapping[str, Any] | None:
    """Give the probe for whether the fault is in force, from the `gameday` extension, or None."""
    extensions = experiment.get("extensions")
    for extension in extensions if isinstance(extensions, list | tuple) else ():
        if isinstance(extension, Mapping) and extension.get("name") == "gameday":
            probe = extension.get("still-exposed")
            return probe if isinstance(probe, Mapping) else None
    return None


def leaves_running(experiment: Experiment) -> tuple[str, ...]:
    """Name the actions whose processes live on after the method, from the `gameday` extension."""
    for extension in experiment.get("extensions") or ():
        if isinstance(extension, Mapping) and extension.get("name") == "gameday":
            names = extension.get("leaves-running")
            return tuple(map(str, names)) if isinstance(names, list | tuple) else ()
    return ()


def variables(experiment: Experiment) -> tuple[str, ...]:
    """Name the environment variables that the configuration reads."""
    settings = mapping(experiment.get("configuration")).values()
    return tuple(
        str(each["key"]) for each in settings if isinstance(each, Mapping) and each.get("type") == "env"
    )


def secrets(experiment: Experiment) -> tuple[str, ...]:
    """Refer to the secrets without their values: `env:NAME`, `vault:PATH`, `inline:GROUP.KEY`."""
    return tuple(_secrets(mapping(experiment.get("secrets")), ""))


def _secrets(tree: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in tree.items():
        if not isinstance(value, Mapping):
            yield f"inline:{prefix}{name}"
        elif value.get("type") in {"env", "vault"}:
            yield f"{value['type']}:{value.get('path') or value.get('key')}"
        else:
            yield from _secrets(value, f"{prefix}{name}.")


def secret_values(experiment: Experiment, environ: Mapping[str, str]) -> Iterator[str]:
    """Give the secret values that can be known without a vault: in the text, or in variables that it reads.

    Everything under `secrets` is secret; all else by its name.
    """
    yield from _secret_values(experiment.get("secrets"), environ)
    configuration = experiment.get("configuration")
    if isinstance(configuration, Mapping):
        named = {name: each for name, each in configuration.items() if redaction.is_secret(str(name))}
        yield from _secret_values(named, environ)
    yield from redaction.all_named({key: each for key, each in experiment.items() if key != "secrets"})
    yield from redaction.in_urls(redaction.leaves(experiment))


def _secret_values(found: Any, environ: Mapping[str, str]) -> Iterator[str]:
    """Resolve an entry; values from vaults and probes are known only to the process that asks them."""
    match found:
        case {"type": "env"}:
            values = (environ.get(str(found.get("key"))), found.get("default"))
            yield from (str(value) for value in values if value)
        case {"type": "vault" | "probe" | "action"}:
            return
        case Mapping():
            for each in found.values():
                yield from _secret_values(each, environ)
        case _:
            yield from redaction.leaves(found)


def modules(experiment: Experiment) -> tuple[str, ...]:
    """Name the Python modules of all activities, controls and dynamic configuration, once each."""
    return tuple(dict.fromkeys(_modules(experiment)))


def _modules(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        provider = tree.get("provider")
        if isinstance(provider, Mapping) and provider.get("type") == "python" and provider.get("module"):
            yield str(provider["module"])
        for value in tree.values():
            yield from _modules(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _modules(value)


def steps(experiment: Experiment) -> tuple[str, ...]:
    """Describe for a person, rollback by rollback, what to do by hand."""
    instructions = tuple(
        f"{activity.get('name', 'rollback')}: {_by_hand(activity)}" for activity in rollbacks(experiment)
    )
    return instructions or ("the experiment declares no rollback: undo its method by hand",)


def runs(experiment: Experiment) -> tuple[str, ...]:
    """List all that playing the rollbacks would run: activities with arguments, modules imported."""
    hypothesis = mapping(experiment.get("steady-state-hypothesis"))
    asked = [probe for probe in (still_exposed(experiment),) if probe is not None]
    lines = [
        f"{what}: {activity.get('name', 'unnamed')}: {_by_hand(activity)}"
        for what, group in (
            ("rollback", played(experiment)),
            ("still-exposed probe", asked),
            ("probe of the steady state", _activities(hypothesis, "probes")),
        )
        for activity in group
    ]
    further = ("configuration", "secrets", "controls")
    tolerances = [{"tolerance": activity.get("tolerance")} for activity in activities(experiment)]
    everything = [{name: experiment.get(name) for name in further}, *tolerances]
    everything += [{"controls": activity.get("controls")} for activity in activities(experiment)]
    imported = (f"import {module}" for part in everything for module in modules(part))
    return (*lines, *dict.fromkeys(imported)) or ("nothing: the experiment declares no rollback",)


def _by_hand(activity: Mapping[str, Any]) -> str:
    provider = mapping(activity.get("provider"))
    arguments = provider.get("arguments") or {}
    match provider.get("type"):
        case "process":
            return f"run `{provider.get('path')} {_command_line(arguments)}`"
        case "http":
            body = f" with {json.dumps(arguments, default=str)}" if arguments else ""
            return f"send {provider.get('method', 'GET')} {provider.get('url')}{body}"
        case "python":
            listed = ", ".join(f"{key}={value!r}" for key, value in mapping(arguments).items())
            return f"call {provider.get('module')}.{provider.get('func')}({listed})"
        case _:
            return f"do what {activity.get('ref') or 'it'} describes"


def _command_line(arguments: Any) -> str:
    if isinstance(arguments, Mapping):
        return " ".join(f"{key} {value}".strip() for key, value in arguments.items())
    return " ".join(map(str, arguments)) if isinstance(arguments, list) else str(arguments)
