r"""Judges arguments that are one text, which chaoslib gives to a shell.

A text of plain words is judged as a command, by `process:` patterns. Any other needs a pattern of its own,
`shell:TEXT`, which must match the whole text as the shell gets it: the command's path as written, then the
arguments with `${…}` filled in. `*` stands for plain words alone, never for what means something to a shell;
`\*` is a star. Denied are also the commands that its words name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gameday.core.policy import activities
from gameday.core.policy.activities import Unknown
from gameday.core.policy.model import Document

PLAIN = r"[A-Za-z0-9 _./:=,@%+-]*"
"""What `*` stands for: nothing in it ends a command, begins another, expands or quotes."""
_PART = re.compile(r"\\\*|\*|[^*\\]+|\\")
_COMPUTED = ("json", "bytes")
"""Types of variables whose text in a command is not the text of the variable."""


def is_plain(text: str) -> bool:
    """Whether a shell reads a text as words and nothing else."""
    return bool(re.fullmatch(PLAIN, text))


def resolved(arguments: Any, document: Document, variables: Mapping[str, str]) -> Any:
    """Give a text argument as chaoslib fills it in. Raises Unknown for what is known only at run time.

    A name that nothing defines stays as it is written, for the shell. A variable alone may stand for a list.
    """
    if not isinstance(arguments, str) or not _is_filled_in(document):
        return arguments
    alone = activities.REFERENCE.fullmatch(arguments)
    if alone and not alone[1]:
        return _value(alone, document, variables)
    return activities.REFERENCE.sub(lambda found: _text(found, document, variables), arguments)


def filled(arguments: Any, document: Document, variables: Mapping[str, str], *, certain: bool) -> Any:
    """Give arguments as chaoslib fills them in, at any depth, keys too.

    certain: raise Unknown for what is known only at run time; else it stays as it is written.
    """
    if isinstance(arguments, Mapping):
        result = {
            key: filled(value, document, variables, certain=certain) for key, value in arguments.items()
        }
        return rekeyed(result, lambda key: filled(key, document, variables, certain=certain))
    if isinstance(arguments, list | tuple):
        return [filled(each, document, variables, certain=certain) for each in arguments]
    try:
        return resolved(arguments, document, variables)
    except Unknown:
        if certain:
            raise
        return arguments


def rekeyed(tree: Mapping[Any, Any], fill: Callable[[Any], Any]) -> dict[Any, Any]:
    """Give a mapping with its keys filled in, but where another key is that already: no value may be lost."""
    result = dict(tree)
    for key in tree:
        new = fill(key)
        new = new if isinstance(new, str | int | float) else str(new)
        if new not in result:
            result[new] = result.pop(key)
    return result


def _is_filled_in(document: Document) -> bool:
    return bool(document.body.get("configuration") or document.body.get("secrets"))


def _text(found: re.Match[str], document: Document, variables: Mapping[str, str]) -> str:
    if found[1]:
        return "$"
    value = _value(found, document, variables)
    if isinstance(value, str | int | float):
        return str(value)
    raise Unknown(f"{found[0]} can't be known before the experiment runs")


def _value(found: re.Match[str], document: Document, variables: Mapping[str, str]) -> Any:
    name = found[2] or found[3]
    configuration = document.body.get("configuration")
    entry = configuration.get(name) if isinstance(configuration, Mapping) else None
    if entry is None:
        if name in _secret_names(document.body.get("secrets")):
            raise Unknown(f"{found[0]} is a secret, which is not known before the experiment runs")
        return found[0]
    value = activities.configured(document, variables).get(name)
    if isinstance(entry, Mapping) and entry.get("env_var_type") in _COMPUTED:
        raise Unknown(f"{found[0]} can't be known before the experiment runs")
    if isinstance(value, str | int | float | list):
        return value
    raise Unknown(f"{found[0]} can't be known before the experiment runs")


def _secret_names(secrets: Any) -> set[str]:
    groups = (
        [group for group in secrets.values() if isinstance(group, Mapping)]
        if isinstance(secrets, Mapping)
        else []
    )
    return {str(name) for group in groups for name in group}


def match(patterns: tuple[str, ...], line: str, *, denying: bool = False) -> str:
    """Give the first `shell:` pattern that matches a whole command line; empty where none does."""
    for pattern in patterns:
        kind, _, rest = pattern.partition(":")
        if kind == "shell" and re.fullmatch(_expression(rest, denying=denying), line, re.DOTALL):
            return pattern
    return ""


def _expression(rest: str, *, denying: bool) -> str:
    star = ".*" if denying else PLAIN
    pieces = {"*": star, r"\*": re.escape("*")}
    return "".join(pieces.get(part, re.escape(part)) for part in _PART.findall(rest))
