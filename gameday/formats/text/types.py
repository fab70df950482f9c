"""The types of values in files: durations, shares, severities, ids, URLs, words, alternatives.

They are types for fields of `models.Strict`; each has its mistakes and its part of the JSON Schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from gameday.core.values import Seconds, Severity, TooLong, parse_duration
from gameday.formats.text import document, models

LONGEST: Seconds = 365 * 86400.0
"""The longest duration in a file: times are added to dates, and a drill lasts hours."""
MOST_USERS = 100_000
MOST = 1_000_000
"""The greatest rate, weight or count in a file: what is far above is a slip, and no sum or store holds it."""


def seconds(value: Any) -> Any:
    """Read a duration as seconds. Raises the mistake for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise models.mistake(f"expected a duration, not {models.kind(value)}", _DURATIONS)
    if not isinstance(value, str):
        raise models.mistake(
            f"{value} has no unit; expected a duration", f"write {value}s, {value}ms or {value}m"
        )
    try:
        duration = parse_duration(value)
    except TooLong:
        duration = float("inf")
    except ValueError:
        raise models.mistake(f"'{value}' is not a duration", _duration_hint(value)) from None
    if duration > LONGEST:
        raise models.mistake(f"'{value}' is too long", f"write at most {LONGEST / 86400:g}d")
    return duration


def _duration_hint(text: str) -> str:
    sixty = re.fullmatch(r"(\d+):(\d\d)", text)
    if sixty:
        return f"write {sixty[1]}m{sixty[2]}s" if sixty[2] != "00" else f"write {sixty[1]}m"
    words = re.fullmatch(r"(\d+(?:\.\d+)?) *([a-zA-Z]+)", text)
    unit = words and _UNIT_WORDS.get(words[2].lower()[:3])
    return f"write {words[1]}{unit}" if words and unit else _DURATIONS


_DURATIONS = "write 500ms, 30s, 5m or 1h30m"
_UNIT_WORDS = {
    word: unit
    for unit, words in {
        "ms": ("ms", "mil"),
        "s": ("s", "sec"),
        "m": ("m", "min"),
        "h": ("h", "hr", "hrs", "hou"),
        "d": ("d", "day"),
    }.items()
    for word in words
}

VARIABLE = {"type": "string", "pattern": "^env:", "examples": ["env:NAME"]}
DURATION = {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$", "examples": ["30s", "1h30m"]}
Duration = Annotated[Seconds, BeforeValidator(seconds), WithJsonSchema(DURATION)]
"""A time span as text: `500ms`, `30s`, `5m`, `1h30m`."""


def _lasting(value: Any) -> Any:
    duration = seconds(value)
    if isinstance(duration, float) and duration <= 0:
        raise models.mistake(f"'{value}' is not longer than 0", "write a duration such as 30s")
    return duration


LongerThanZero = Annotated[Seconds, BeforeValidator(_lasting), WithJsonSchema(DURATION)]
"""A duration that is more than 0."""


def _fraction(value: Any) -> Any:
    if isinstance(value, str):
        percent = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value)
        if not percent:
            raise models.mistake(f"'{value}' is not a share", "write 99% or 0.99")
        if float(percent[1]) > 100:
            raise models.mistake(f"{value} is more than 100%", "write a share from 0% to 100%")
        return round(float(percent[1]) / 100, 9)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise models.mistake(f"expected a share, not {models.kind(value)}", "write 99% or 0.99")
    if not 0 <= value <= 1:
        hint = f"write {value:g}% or {value / 100:g}" if 1 < value <= 100 else "write 99% or 0.99"
        raise models.mistake(f"{value} is not a share between 0 and 1", hint)
    return float(value)


FRACTION = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d+(\.\d+)? ?%$"},
        {"type": "number", "minimum": 0, "maximum": 1},
    ],
    "examples": ["99%", 0.99],
}
Fraction = Annotated[float, BeforeValidator(_fraction), WithJsonSchema(FRACTION)]
"""A share as `99%` or 0.99."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Restricts a text to some words, as metadata of its type. `what`: what such a word is, for messages."""

    what: str
    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Refuse other words, before the type is checked."""
        return core_schema.no_info_before_validator_function(self._check, handler(kind))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """List the words."""
        return {"type": "string", "enum": list(self.words)}

    def _check(self, value: Any) -> Any:
        if isinstance(value, str) and value not in self.words:
            raise models.mistake(
                f"{models.quoted(value)} is not {self.what}", document.suggest(value, self.words)
            )
        return value


_TITLES = {level.word.lower(): level for level in Severity} | {f"sev{n}": f"P{n}" for n in range(1, 5)}


_SEVERITIES = "one of: P1, P2, P3, P4"


def _severity(value: Any) -> Any:
    if not isinstance(value, str):
        raise models.mistake(f"expected a severity, not {models.kind(value)}", _SEVERITIES)
    if value in set(Severity):
        return Severity(value)
    near = _TITLES.get(value.lower()) or value.upper()
    hint = f"did you mean '{near}'?" if near in set(Severity) else _SEVERITIES
    raise models.mistake(f"'{value}' is not a severity", hint)


SEVERITY = {"type": "string", "enum": [level.value for level in Severity]}
OneSeverity = Annotated[Severity, BeforeValidator(_severity), WithJsonSchema(SEVERITY)]


def _kebab(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        plain = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
        raise models.mistake(
            f"'{value}' is not an id in kebab-case", f"write {plain}" if plain else "such as slow-query"
        )
    return value


KEBAB = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
Kebab = Annotated[str, BeforeValidator(_kebab), WithJsonSchema(KEBAB)]
"""An id: lower-case words with hyphens between them."""

Text = Annotated[str, Field(min_length=1)]


def without_password(url: str) -> str:
    """Mask the user and password of a URL."""
    return re.sub(r"//[^/@]*@", "//***@", url)


def _is_http_url(text: str) -> bool:
    if not re.match(r"https?://[^/\s]", text) or re.search(r"[\s\\]", text.partition("?")[0]):
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0  # reading a port that is not a number raises, too
    except ValueError:
        return False


def _url(value: Any) -> Any:
    if isinstance(value, str) and not _is_http_url(value):
        shown = value if isinstance(value, models.FromVariable) else without_password(value)
        raise models.mistake(f"{models.quoted(shown)} is not a URL", "write http://HOST:PORT")
    return value


Url = Annotated[
    str,
    BeforeValidator(_url),
    WithJsonSchema({"type": "string", "examples": ["http://127.0.0.1:8080"]}),
]
"""An http or https URL."""


def _optional_url(value: Any) -> Any:
    return value if value == "" else _url(value)


OptionalUrl = Annotated[
    str,
    BeforeValidator(_optional_url),
    WithJsonSchema({"type": "string", "examples": ["http://127.0.0.1:8080"]}),
]
"""A URL, or an empty text for none."""

Positive = Annotated[float, Field(gt=0, le=MOST)]


@dataclass(frozen=True, slots=True)
class ByKey:
    """Chooses the alternative of a union by the one key that its mapping has.

    what   what the value is, for messages
    keys   the keys that decide, one for each alternative
    text   plain text is an alternative, too; its tag is `@text`
    """

    what: str
    keys: tuple[str, ...]
    text: bool = False

    @property
    def discriminator(self) -> Discriminator:
        """Give what pydantic chooses by: the tag of an alternative is `@` and its key."""
        return Discriminator(self._tag)

    @property
    def check(self) -> BeforeValidator:
        """Give what refuses a value that fits no alternative, or more than one."""
        return BeforeValidator(self._checked)

    def _present(self, value: Any) -> list[str]:
        return [key for key in self.keys if key in value] if isinstance(value, dict) else []

    def _tag(self, value: Any) -> str:
        if isinstance(value, str) and self.text:
            return "@text"
        return f"@{(*self._present(value), *self.keys)[0]}"

    def _checked(self, value: Any) -> Any:
        if not isinstance(value, dict) or len(self._present(value)) == 1:
            return value
        names = ", ".join(self.keys)
        if self._present(value):
            both = " and ".join(f"'{key}'" for key in self._present(value))
            raise models.mistake(f"{self.what} has {both}", f"write exactly one of: {names}")
        near = (document.nearest(str(key), self.keys) for key in value)
        hint = next((f"did you mean '{key}'?" for key in near if key), "")
        raise models.mistake(f"{self.what} needs exactly one of the keys {names}", hint)
