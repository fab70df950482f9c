"""Judges AWS: the account that answers, regions in arguments and ARNs, tags of what is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.core.policy import activities, patterns, providers
from gameday.core.policy.activities import Activity, Unknown
from gameday.core.policy.model import Account, Document, Facts, Policy, Verdict

_ELSEWHERE = ("aws_profile_name", "aws_assume_role_arn", "aws_endpoint", "aws_host")
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_REGIONS = ("region", "aws_region", "regions", "vpc_region")
_ZONES = ("az", "azs", "availability_zone", "availability_zones")
_READY_MADE = (
    "chaosaws.fis.actions.start_stress_pod_delete_scenario",
    "chaosaws.fis.actions.start_availability_zone_power_interruption_scenario",
)
"""They set no stop condition, and the second creates IAM roles: only their full names allow them."""
_BY_FILTERS = ("chaosaws.ec2.actions.",)
_BY_TAGS = ("chaosaws.asg.actions.", "chaosaws.fis.actions.stop_experiments_by_tags")


def account(wanted: Account, facts: Facts) -> Verdict:
    """Judge whether the account and region that answered are the environment's."""
    answer, why = facts.account, ""
    if answer is None or answer.error:
        why = f"AWS could not be asked: {answer.error if answer else 'it was not'}"
    elif not wanted.account or answer.account != wanted.account:
        why = f"the credentials belong to account {answer.account}, not {wanted.account or 'any that is set'}"
    elif not wanted.region or answer.region != wanted.region:
        why = f"the region is {answer.region or 'not set'}, not {wanted.region or 'any that is set'}"
    subject = f"account {wanted.account} in {wanted.region}"
    hint = "set AWS_PROFILE and AWS_REGION for this environment" if why else ""
    return Verdict(rule="aws", allowed=not why, subject=subject, why=why or "STS confirms it", hint=hint)


def activity(policy: Policy, facts: Facts, document: Document, judged: Activity) -> Verdict:
    """Judge one activity of chaostoolkit-aws."""
    name = providers.function(judged.provider)
    try:
        why = _refusal(policy, facts, document, judged, name)
    except Unknown as unknown:
        why = str(unknown)
    hint = "give account, region and targets literally, as the environment's `aws` has them" if why else ""
    return Verdict(
        rule="aws",
        allowed=not why,
        subject=f"{judged.where}: {name}",
        why=why or "it stays within",
        hint=hint,
    )


def _refusal(policy: Policy, facts: Facts, document: Document, judged: Activity, name: str) -> str:
    if policy.aws is None:
        return "the environment names no AWS account"
    if name in _READY_MADE and not patterns.exactly(policy.providers, name):
        return (
            "FIS's ready-made scenarios set no stop condition; only a pattern with its full name allows one"
        )
    arguments = activities.resolve(judged.provider.get("arguments") or {}, document, facts.variables)
    return (
        _elsewhere(policy.aws, facts, document)
        or _beyond(policy.aws, arguments)
        or _untagged(policy.aws, facts, name, arguments)
    )


def _elsewhere(account: Account, facts: Facts, document: Document) -> str:
    """Explain how a document chooses another account or region; empty where it does not."""
    configuration = activities.configured(document, facts.variables)
    chosen = [key for key in _ELSEWHERE if key in configuration]
    pairs = list(_pairs(document.body.get("secrets")))
    # What a vault holds can't be known before the drill.
    if ("type", "vault") in pairs:
        return "secrets from a vault may choose another account"
    secrets = [key for key, _ in pairs if key in _KEYS]
    if chosen or secrets:
        return f"it chooses an account by {(*chosen, *secrets)[0]}"
    region = configuration.get("aws_region", account.region)
    return "" if region == account.region else f"its configuration chooses region {region}"


def _pairs(tree: Any) -> Iterator[tuple[str, Any]]:
    """Give every key with its value, at any depth."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _pairs(value)


def _texts(value: Any) -> list[str]:
    """Flatten a text or a list of texts."""
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _beyond(account: Account, arguments: Any) -> str:
    """Explain which region or account outside ours the arguments name; empty where none."""
    for key, value in _pairs(arguments):
        for text in _texts(value):
            if key in _REGIONS and text != account.region:
                return f"argument {key} names region {text}"
            if key in _ZONES and not text.startswith(account.region):
                return f"argument {key} names zone {text}"
    for text in _texts(arguments):
        if text.startswith("arn:") and not _ours(account, text):
            return f"{text} is not in our account and region"
    return ""


def _ours(account: Account, arn: str) -> bool:
    """Whether an ARN is ours; some services leave region or account out of it."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[3] in {"", account.region} and parts[4] in {"", account.account}


def _untagged(account: Account, facts: Facts, name: str, arguments: Any) -> str:
    """Explain which target lacks the tags, or can't be known to have them; empty where all have them."""
    if not account.tags or ".actions." not in name:
        return ""
    named = instances(arguments)
    if named:
        known = facts.account.tags if facts.account else {}
        untagged = [name for name in named if not account.tags.items() <= known.get(name, {}).items()]
        return f"instance {untagged[0]} does not have the tags" if untagged else ""
    given = arguments if isinstance(arguments, Mapping) else {}
    selected: dict[str, str] = {}
    if name.startswith(_BY_FILTERS):
        selected = _filtered(given.get("filters"))
    elif name.startswith(_BY_TAGS) and not given.get("asg_names"):
        tags = _tagged(given.get("tags"))
        selected = tags if len(tags) == 1 else {}  # chaosaws takes groups that carry any of several tags
    return "" if account.tags.items() <= selected.items() else "nothing shows that its targets have the tags"


def instances(arguments: Any) -> tuple[str, ...]:
    """List the EC2 instances that arguments name by id."""
    return tuple(
        text
        for key, value in _pairs(arguments)
        if key in {"instance_id", "instance_ids", "InstanceIds"}
        for text in _texts(value)
    )


def _filtered(filters: Any) -> dict[str, str]:
    """Give the tags that every instance selected by EC2 filters has."""
    entries = [each for each in filters if isinstance(each, Mapping)] if isinstance(filters, list) else []
    return {
        str(each.get("Name"))[4:]: _texts(each.get("Values"))[0]
        for each in entries
        if str(each.get("Name")).startswith("tag:") and len(_texts(each.get("Values"))) == 1
    }


def _tagged(tags: Any) -> dict[str, str]:
    """Read tags in any of the forms that chaosaws accepts: `k=v,k=v`, a mapping, a list of Key and Value."""
    if isinstance(tags, str):
        return dict(pair.split("=", 1) for pair in tags.split(",") if "=" in pair)
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    entries = [each for each in tags if isinstance(each, Mapping)] if isinstance(tags, list) else []
    return {str(each.get("Key")): str(each.get("Value")) for each in entries}
