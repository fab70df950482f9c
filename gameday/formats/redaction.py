"""Masks secrets in texts, facts and JSON values before anything leaves the process that knows them.

Masked are known values, however they are written (`encoded_secrets`); in URLs the part before the `@` and
parameters whose name is secret (`?api_key=…`, `#access_token=…`); what is a secret by its shape; and what
stands next to a name that is secret (`"password": "…"`, `--password=…`, `aws_secret_access_key = …`). Which
values are looked for is the rule of `secret_names`. A secret may be a number: it is looked for by its decimal
digits in texts, and by its value among the numbers of a JSON tree.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar, cast
from urllib.parse import unquote

from gameday.formats.encoded_secrets import Finder
from gameday.formats.secret_names import (
    SHORTEST,
    is_common,
    is_figure,
    is_measure,
    is_plain,
    is_secret,
    shapes,
)

__all__ = ["is_secret"]

MASK = "***"
EXCERPT = 2048
"""The most characters of an activity's output that are kept."""

_USERINFO = re.compile(r"(?<=\w://)[^\s/?#\"'<>\\]+(?=@)")
_PARAMETER = re.compile(r"([?&;#])([\w.-]+)=(?!\$\{)([^\s&;#\"'<>\\]+)")
_REFERENCE = re.compile(r"\$\{[^}]*\}|(env|file|vault):\S*")

_NAMED = re.compile(
    r"(?<![\w.$-])(?:(?P<option>--)|(?P<line>(?m:^)[ \t-]{0,80}))?(?P<name>[A-Za-z_][\w.-]{1,63})"
    r"(?:(?P<assigned>(?:\\{0,3}[\"'])?[ \t]{0,8}(?:=>?|:)[ \t]{0,8})|(?P<apart>[ \t]{1,8}))"
)
"""A name before what may be its value: `"name": `, `name = `, `--name `."""
_QUOTED_VALUE = re.compile(r"(?P<open>\\{0,3}[\"'])(?P<value>(?:(?!(?P=open))(?:\\[^\n]|[^\\\n])){6,4096})")
_BARE_VALUE = re.compile(r"(?P<value>(?:[^\s\"'<>\\,;&]|,(?=\S)){6,4096})")
_NUMBER_VALUE = re.compile(r"(?P<value>-?\d[\d.]{5,40})(?=\s*(?:[,}\]]|$))")
_DECIMAL = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_LAST_VALUE = re.compile(r"(?P<value>\S{6,4096})[ \t]*$", re.MULTILINE)

T = TypeVar("T")


def secret_named(values: Mapping[str, Any]) -> Iterator[str]:
    """Give the values of a mapping, such as the environment, whose names indicate a secret, as texts."""
    for name, value in values.items():
        for text in _texts(value) if is_secret(name) else ():
            if not _innocent(name, value, text):
                yield text


def _innocent(name: str, value: Any, text: str) -> bool:
    """Whether a value is no secret although its name says so: a common word, a limit, a time."""
    return is_common(text) or (not isinstance(value, str) and (is_measure(name) or is_figure(text)))


def _texts(value: Any) -> Iterator[str]:
    """Give a text, or a number as JSON and Python write it; nothing for any other value."""
    match value:
        case str():
            yield value
        case bool():
            return
        case int():
            yield str(abs(value))
            if abs(value) >= 10**16:
                with contextlib.suppress(OverflowError):
                    yield repr(float(abs(value)))  # whoever reads JSON by floats writes it so
        case float():
            written = repr(abs(value))
            yield written.removesuffix(".0")
            if "e" in written and value.is_integer():
                yield str(int(abs(value)))
        case _:
            return


def all_named(tree: Any) -> Iterator[str]:
    """Give the texts anywhere within a JSON value whose keys indicate a secret, except references."""
    if isinstance(tree, Mapping):
        for value in secret_named(tree):
            yield from () if _REFERENCE.fullmatch(value) else _credentials(value)
        for value in tree.values():
            yield from all_named(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from all_named(value)


def _credentials(value: str) -> Iterator[str]:
    """Give a value, and of an Authorization header (`Bearer VALUE`) also the value without its scheme."""
    yield value
    scheme, _, rest = value.partition(" ")
    if scheme.lower() in {"bearer", "basic", "token", "apikey"} and not _REFERENCE.fullmatch(rest):
        yield rest


def leaves(tree: Any) -> Iterator[str]:
    """Give every text and number within a JSON value, such as the resolved secrets of an experiment."""
    match tree:
        case Mapping():
            for value in tree.values():
                yield from leaves(value)
        case list() | tuple():
            for value in tree:
                yield from leaves(value)
        case _:
            yield from _texts(tree)


def in_urls(texts: Iterable[str]) -> Iterator[str]:
    """Give the secret parts of the URLs within texts, as they are written and decoded."""
    for text in texts:
        passwords = (match.group().partition(":")[2] for match in _USERINFO.finditer(text))
        parameters = (match[3] for match in _PARAMETER.finditer(text) if is_secret(match[2]))
        for secret in (*passwords, *parameters):
            # Decoded, too: a driver's error may show a password as it is typed, not as the URL holds it.
            yield from (secret, unquote(secret))


def in_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """Give the secrets of a process's environment: by name, and the passwords of its URLs."""
    yield from secret_named(environ)
    yield from in_urls(environ.values())


class Redactor:
    """Masks known secret values, and in URLs the user and parameters with secret names."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: frozenset[str] = frozenset()
        self._numbers: frozenset[float] = frozenset()
        self._finder = Finder(())
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        """Mask these values from now on, too; each line of a text with several lines."""
        lines = {line.strip() for value in values for line in (value, *value.splitlines())}
        # A number loses the zeros before it where somebody reads it as one.
        lines |= {line.lstrip("0") for line in lines if line.startswith("0") and line.isdecimal()}
        fresh = {line for line in lines if len(line) >= SHORTEST and line != MASK}
        # Nothing new: making the finder again costs more than this test.
        if fresh <= self._values:
            return
        self._values |= fresh
        self._numbers |= {number for line in fresh for number in _numbers(line)}
        self._finder = Finder(self._values)

    def text(self, text: str) -> str:
        """Mask a text. One that is JSON stays JSON."""
        masked = self._masked(text)
        return masked if masked == text or text.lstrip()[:1] not in {"{", "["} else self._json(text, masked)

    def _json(self, text: str, masked: str) -> str:
        """Give a masked text, or its JSON masked as a tree where a number's mask would be no JSON."""
        if _parsed(masked) is not None or (tree := _parsed(text)) is None:
            return masked
        return self._masked(json.dumps(self.tree(tree), ensure_ascii=False))

    def _masked(self, text: str) -> str:
        masked = self._without_known(text)
        masked = _USERINFO.sub(MASK, masked) if "@" in masked else masked
        masked = _PARAMETER.sub(_without_secret, masked) if "=" in masked else masked
        return masked if is_plain(masked) else _without_named(shapes().sub(_without_value, masked))

    def _without_known(self, text: str) -> str:
        data = text.encode(errors="surrogatepass")
        spans = self._finder.spans(data)
        if not spans:
            return text
        pieces: list[bytes] = []
        at = 0
        for begin, end in spans:
            pieces += (data[at:begin], MASK.encode())
            at = end
        return b"".join((*pieces, data[at:])).decode(errors="surrogatepass")

    def excerpt(self, value: Any) -> str:
        """Give any value as a masked text of at most EXCERPT characters; None is empty."""
        if value is None:
            return ""
        whole = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
        # Masked before it is cut: half of a secret would not be recognized.
        masked = self.text(whole)
        return masked if len(masked) <= EXCERPT else masked[: EXCERPT - 1] + "…"

    def tree(self, value: Any) -> Any:
        """Mask every text and secret number within a JSON value, keys included.

        What JSON can't hold becomes text.
        """
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self._member(str(key), each) for key, each in value.items()}
            case list() | tuple():
                return [self.tree(each) for each in value]
            case None | bool():
                return value
            case int() | float():
                return MASK if abs(value) in self._numbers else value
            case _:
                return self.text(str(value))

    def _member(self, name: str, value: Any) -> Any:
        masked = self.tree(value)
        if isinstance(masked, bool | None) or not isinstance(masked, str | int | float):
            return masked
        text = str(masked)
        # Its own test for numbers first: most of them are short, or have no secret's name.
        hidden = len(text) >= SHORTEST and is_secret(name) and _unknown(text)
        return MASK if hidden and not _innocent(name, masked, text) else masked

    def value(self, value: T) -> T:
        """Mask every text within a frozen value such as a fact. Without secrets it is unchanged."""
        return cast("T", self._value(value))

    def _value(self, value: Any) -> Any:
        match value:
            # Before str: our enums are texts, and would lose their type.
            case Enum():
                return value
            case str():
                return self.text(value)
            case tuple():
                return tuple(map(self._value, value))
            case Mapping():
                return {self._value(key): self._value(each) for key, each in value.items()}
            case _:
                return self._dataclass(value)

    def _dataclass(self, value: Any) -> Any:
        import dataclasses  # noqa: PLC0415  # it loads more than a responder's command may wait for

        if not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        old = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        new = {name: self._value(each) for name, each in old.items()}
        # Most facts hold no secret: the same object saves a copy.
        return value if new == old else dataclasses.replace(value, **new)


def _parsed(text: str) -> Any:
    """Give what a text is as JSON; None for any other."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _numbers(text: str) -> Iterator[float]:
    """Give the number that a secret is, if it is one, as JSON readers may have it."""
    if _DECIMAL.fullmatch(text):
        if text.lstrip("+-").isdecimal():
            yield abs(int(text))
        yield abs(float(text))


def _without_secret(parameter: re.Match[str]) -> str:
    before, name, _ = parameter.groups()
    return f"{before}{name}={MASK}" if is_secret(name) else parameter.group()


def _without_named(text: str) -> str:
    """Mask what stands next to a name that says so, as in JSON, settings, assignments and options."""
    pieces: list[str] = []
    at = 0
    for found in _NAMED.finditer(text):
        if found.start() < at or not is_secret(found["name"]):
            continue
        value = _value_of(found, text)
        if value is None or not _unknown(value["value"]):
            continue
        if value.re is _NUMBER_VALUE and (is_measure(found["name"]) or is_figure(value["value"])):
            continue
        pieces += (text[at : value.start("value")], MASK)
        at = value.end("value")
    return "".join((*pieces, text[at:]))


def _value_of(found: re.Match[str], text: str) -> re.Match[str] | None:
    assigned, end = found["assigned"], found.end()
    if not assigned and not found["option"]:
        return None
    if quoted := _QUOTED_VALUE.match(text, end):
        return quoted
    if assigned and assigned[0] in "\\\"'" and ":" in assigned and (number := _NUMBER_VALUE.match(text, end)):
        return number  # after a name in quotes and a colon: JSON
    if assigned and "=" not in assigned:
        # After a colon stands any sentence: only a line of its own is a setting.
        return _LAST_VALUE.match(text, end) if found["line"] is not None else None
    return None if text.startswith("-", end) and not assigned else _BARE_VALUE.match(text, end)


def _unknown(value: str) -> bool:
    """Whether the value of a secret name is to be masked: not a reference, nor masked, nor a common word."""
    return not (MASK in value or _REFERENCE.match(value) or is_common(value))


def _without_value(found: re.Match[str]) -> str:
    kept = next((part for part in found.groupdict().values() if part is not None), "")
    return f"{kept}{MASK}"
