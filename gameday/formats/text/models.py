"""The base of every file format's models, and the mistakes of a file in plain words.

A document fills a pydantic model, or gives every mistake with its position, what was expected and the nearest
valid word. No type is converted, no unknown key is ignored. pydantic is imported in `formats` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from typing import Any, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Tag,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from gameday.core.errors import Mistake
from gameday.formats.text import document as text_document
from gameday.formats.text.document import Checked, Document, Path

M = TypeVar("M", bound="Strict")


class Strict(BaseModel):
    """A mapping with known keys: no other key, no converted type, no infinite number."""

    # Built at first use: most of the models are parts of another, and a command reads few kinds of files.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


class FromVariable(str):
    """The value of an environment variable; never shown, since it may hold a secret."""

    __slots__ = ()


def mistake(message: str, hint: str = "", *, at: str = "") -> PydanticCustomError:
    """Make the error that a validator raises. `at`: the key within the value that is wrong."""
    return PydanticCustomError("gameday", "{message}", {"message": message, "hint": hint, "at": at})


def check(model: type[M], document: Document, *, lenient: bool = False, foreign: bool = False) -> Checked[M]:
    """Fill a model from a document, and find every mistake.

    lenient: an unknown key that resembles no valid one is only a warning, and a key for the writer's own
    use (`x-…`) is fine. foreign: so is one that resembles a valid one, unless that is missing.
    """
    if document.data is None and document.mistakes:
        return Checked(document=document, value=None, mistakes=document.mistakes)
    value, mistakes = _filled(model, document, (), lenient=lenient, foreign=foreign)
    return Checked(document=document, value=value, mistakes=(*document.mistakes, *mistakes))


def check_part(
    model: type[M], document: Document, path: Path, *, lenient: bool = False
) -> tuple[Mistake, ...]:
    """Find every mistake of the part of a document at a path."""
    return _filled(model, document, path, lenient=lenient)[1]


def _filled(
    model: type[M], document: Document, path: Path, *, lenient: bool, foreign: bool = False
) -> tuple[M | None, tuple[Mistake, ...]]:
    try:
        return model.model_validate(document.get(path)), ()
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False)
    if lenient:
        errors = [error for error in errors if not (_is_unknown(error) and _is_own_key(error["loc"][-1]))]
    # A misspelt key gives two errors, unknown and missing: the second would only confuse.
    intended = {_misspelt(model, error) for error in errors if _is_unknown(error)}
    missing = {error["loc"] for error in errors if error["type"] == "missing"}
    errors = [error for error in errors if error["type"] != "missing" or error["loc"] not in intended]
    mistakes = [
        _mistake(
            model,
            document,
            path,
            error,
            lenient=lenient,
            foreign=foreign and not (_is_unknown(error) and _misspelt(model, error) in missing),
        )
        for error in errors
    ]
    # Several of pydantic's errors may come down to one mistake.
    return None, tuple(dict.fromkeys(mistakes))


def _misspelt(model: type[BaseModel], unknown: ErrorDetails) -> tuple[str | int, ...]:
    """Give the path of the key that an unknown one most likely stands for, which then is not missing."""
    *around, word = unknown["loc"]
    return (*around, text_document.nearest(str(word), _keys(model, tuple(around))))


def _is_own_key(key: str | int) -> bool:
    return str(key).startswith("x-")


def _is_unknown(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden"


def _mistake(
    model: type[BaseModel],
    document: Document,
    path: Path,
    error: ErrorDetails,
    *,
    lenient: bool,
    foreign: bool,
) -> Mistake:
    loc = (*path, *(part for part in error["loc"] if not _is_tag(part)))
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return _unknown(model, document, loc, error, lenient=lenient, foreign=foreign)
        case "missing":
            about = _about(model, error["loc"])
            return document.mistake(loc[:-1], f"the key '{loc[-1]}' is missing", hint=about)
        case "gameday":
            loc = (*loc, str(context["at"])) if context["at"] else loc
            at_key = loc[-1:] == (_KEY,)  # pydantic appends this where a mapping's key is wrong
            loc = loc[:-1] if at_key else loc
            return document.mistake(loc, str(context["message"]), hint=str(context["hint"]), at_key=at_key)
        case _:
            return document.mistake(loc, _plain_text(error), hint=_type_hint(error))


def _unknown(
    model: type[BaseModel],
    document: Document,
    loc: Path,
    error: ErrorDetails,
    *,
    lenient: bool,
    foreign: bool,
) -> Mistake:
    word, known = str(loc[-1]), _keys(model, error["loc"][:-1])
    mapping = document.get(loc[:-1])
    # A key that is there already is not what was meant.
    free = [key for key in known if key not in mapping]
    hint = text_document.suggest(word, free or known)
    if foreign or (lenient and not text_document.nearest(word, known)):
        return document.mistake(
            loc,
            f"Chaos Toolkit knows no key '{word}' here, and ignores it",
            hint=hint,
            at_key=True,
            warning=True,
        )
    return document.mistake(loc, f"unknown key '{word}'", hint=hint, at_key=True)


_KEY = "[key]"


def _is_tag(part: str | int) -> bool:
    return isinstance(part, str) and part.startswith("@")


def _plain_text(error: ErrorDetails) -> str:
    """Put what pydantic found into our own words."""
    value, context = error["input"], error.get("ctx", {})
    expected = _EXPECTED.get(error["type"])
    if context.get("expected") == "True":
        return f"expected true, not {kind(value)}"
    if error["type"] == "literal_error" and isinstance(value, str):
        return f"'{value}' is not one of the valid words"
    if expected:
        return f"expected {expected}, not {kind(value)}"
    for name, words in _BOUNDS.items():
        if error["type"] == name:
            return words.format(value=value, **context)
    return error["msg"][:1].lower() + error["msg"][1:]


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "literal_error": "a word",
}
_BOUNDS = {
    "greater_than": "{value} is too small; it must be more than {gt:.12g}",
    "greater_than_equal": "{value} is too small; it must be at least {ge:.12g}",
    "less_than_equal": "{value} is too large; it must be at most {le:.12g}",
    "string_too_short": "this text is empty",
    "too_short": "this list has too few items; it needs at least {min_length}",
    "too_long": "this list has too many items; it may have at most {max_length}",
    "finite_number": "{value} is not a finite number",
}


def _type_hint(error: ErrorDetails) -> str:
    value = error["input"]
    match error["type"]:
        case "string_type" if isinstance(value, bool | int | float):
            return "put it into quotes"
        case "bool_type":
            return _BOOLEANS.get(str(value).lower(), "")
        case "literal_error" if error.get("ctx", {}).get("expected") == "True":
            return "leave the key out, or write true"
        case "literal_error":
            words = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
            return text_document.suggest(str(value), words)
        case _:
            return ""


_BOOLEANS = {"yes": "write true", "on": "write true", "no": "write false", "off": "write false"}
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((list, tuple), "a list"),
    ((date, time), "a date or time"),
    ((dict,), "a mapping"),
)


def kind(value: Any) -> str:
    """Name a value as it is written in a file."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, FromVariable):
        return "the value of its environment variable"
    if isinstance(value, str):
        return f"the text '{value if len(value) <= 40 else value[:39] + '…'}'"
    return next((words for types, words in _KINDS if isinstance(value, types)), "something else")


def quoted(value: str) -> str:
    """Quote a text for a message; the value of an environment variable is never shown."""
    return kind(value) if isinstance(value, FromVariable) else f"'{value}'"


def _models(annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """Give the models within a field's type, each with its tag in a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "", annotation
        return
    tags = [str(item.tag) for item in getattr(annotation, "__metadata__", ()) if isinstance(item, Tag)]
    for inner in get_args(annotation):
        for tag, model in _models(inner):
            yield tags[0] if tags else tag, model


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Follow the path of an error through the models to the one that it is in."""
    inside: dict[str, type[BaseModel]] = {"": model}
    free = False  # the next part is a key that the writer chose
    for part in loc:
        if isinstance(part, int) or free:
            free = False
        elif part in inside:
            inside = {"": inside[part]}
        elif "" in inside and (field := _field(inside[""], part)) is not None:
            inside = dict(_models(field.annotation))
            free = get_origin(field.annotation) is dict
    return inside.get("")


def _field(model: type[BaseModel], key: str) -> Any:
    named = {field.alias or name: field for name, field in model.model_fields.items()}
    return named.get(key)


def _keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """List the keys that are valid at a path."""
    inner = _model_at(model, loc)
    return [] if inner is None else [field.alias or name for name, field in inner.model_fields.items()]


def _about(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    """Describe a field by its own description."""
    inner = _model_at(model, loc[:-1])
    field = None if inner is None else _field(inner, str(loc[-1]))
    description = "" if field is None else (field.description or "")
    return f"{loc[-1]}: {description}" if description else ""
