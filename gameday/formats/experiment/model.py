"""The keys of a Chaos Toolkit experiment.

`formats.experiment.reader` checks what the keys mean to each other.
Format: https://chaostoolkit.org/reference/api/experiment/
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from gameday.formats.experiment import json_paths
from gameday.formats.text import document, models
from gameday.formats.text.models import Strict
from gameday.formats.text.types import LONGEST, Text


def _number(value: Any) -> Any:
    if value is None:  # Chaos Toolkit takes it for a number that is left out
        return value
    variable = isinstance(value, str) and re.fullmatch(r"\$\{[^}]+\}", value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) > LONGEST:
            raise models.mistake(f"{value} is too long", f"write at most {LONGEST:.12g} seconds")
        return value
    if not variable:
        raise models.mistake(
            f"expected a number, not {models.kind(value)}", "a number of seconds, or a ${variable}"
        )
    return value


Number = Annotated[Any, BeforeValidator(_number)]
"""A number, or a variable that becomes one."""


def _given(value: Any) -> Any:
    if value is None:
        raise models.mistake("Chaos Toolkit refuses this key with nothing in it", "fill it, or leave it out")
    return value


_GIVEN = BeforeValidator(_given)


def _timeout(value: Any) -> Any:
    for number in value if isinstance(value, list) else [value]:
        _number(number)
    return value


def _label(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and value:
        return str(value)  # an unquoted 404 or 2026 of YAML
    return value


Label = Annotated[Text, BeforeValidator(_label)]
"""A title or name: text, or a number that Chaos Toolkit takes for one."""


class Pauses(Strict):
    """Seconds to wait."""

    before: Number = Field(default=None, description="seconds before the activity")
    after: Number = Field(default=None, description="seconds after it")


class _Provider(Strict):
    secrets: list[str] | None = Field(default=None, description="names of groups of secrets")


def _dotted(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", value):
        hint = "write package.module" if ":" not in value else "write the function under func"
        raise models.mistake(f"'{value}' is not the dotted name of a Python module", hint)
    return value


def _identifier(value: Any) -> Any:
    if isinstance(value, str) and not value.isidentifier():
        raise models.mistake(
            f"'{value}' is not the name of a Python function",
            "write only its name; the module goes under module",
        )
    return value


class PythonProvider(_Provider):
    """A Python function."""

    type: Literal["python"]
    module: Annotated[str, BeforeValidator(_dotted)] = Field(description="dotted name of a Python module")
    func: Annotated[str, BeforeValidator(_identifier)] = Field(description="a function in it")
    arguments: Annotated[dict[str, Any] | None, _GIVEN] = Field(
        default=None, description="its arguments by name"
    )
    timeout: Number = Field(default=None, description="ignored by Chaos Toolkit for Python")


class ProcessProvider(_Provider):
    """A command."""

    type: Literal["process"]
    path: Text = Field(description="the command")
    arguments: Any = Field(default=None, description="text, list or mapping")
    timeout: Number = Field(default=None, description="seconds")


class HttpProvider(_Provider):
    """An HTTP request."""

    type: Literal["http"]
    url: Text = Field(description="where it goes")
    method: str | None = Field(default=None, description="GET, POST, ...")
    headers: dict[str, Any] | None = Field(default=None, description="names and values")
    arguments: Any = Field(default=None, description="query of a GET, else the body")
    timeout: Annotated[Any, BeforeValidator(_timeout)] = Field(
        default=None, description="seconds, or [connect, read]"
    )
    verify_tls: bool | str | None = Field(default=None, description="check certificates")
    max_retries: int | None = Field(default=None, ge=0, description="on connection errors")


class _Kinds:
    """Chooses an alternative of a union by the text under `type`."""

    def __init__(self, what: str, *kinds: str, free: bool = False) -> None:
        self._what, self._kinds, self._free = what, kinds, free

    def tag(self, value: Any) -> str:
        kind = value.get("type") if isinstance(value, dict) else None
        if self._free and not isinstance(value, dict):
            return "@plain"
        return f"@{kind}" if kind in self._kinds else f"@{self._kinds[0]}"

    def check(self, value: Any) -> Any:
        if isinstance(value, dict) and value.get("type") not in self._kinds:
            names = ", ".join(self._kinds)
            if "type" not in value:
                raise models.mistake(f"{self._what} has no type", f"type is one of: {names}")
            kind = str(value["type"])
            message = f"'{kind}' is not a type of {self._what}"
            raise models.mistake(message, document.suggest(kind, self._kinds), at="type")
        return value


_PROVIDERS = _Kinds("a provider", "python", "process", "http")
Provider = Annotated[
    Annotated[PythonProvider, Tag("@python")]
    | Annotated[ProcessProvider, Tag("@process")]
    | Annotated[HttpProvider, Tag("@http")],
    Discriminator(_PROVIDERS.tag),
    BeforeValidator(_PROVIDERS.check),
]


class ControlProvider(_Provider):
    """The module of a control."""

    type: Literal["python"]
    module: Annotated[str, BeforeValidator(_dotted)] = Field(description="dotted name of a Python module")
    arguments: Any = None


class Control(Strict):
    """Code that is called around the experiment's parts."""

    name: Label = Field(description="its name")
    provider: ControlProvider = Field(description="its module")
    ref: Annotated[Text | None, _GIVEN] = Field(default=None, description="the name of another control")
    scope: Literal["before", "after"] | None = None
    automatic: bool | None = None


class Ref(Strict):
    """Another activity, by its name."""

    ref: Text = Field(description="the name of an activity of this experiment")


class Regex(Strict):
    """The answer, or a part of it, matches a pattern."""

    type: Literal["regex"]
    pattern: str = Field(description="a regular expression")
    target: str | None = None


def _json_path(value: str) -> str:
    problem = json_paths.problem(value)
    if problem:
        raise models.mistake(
            f"this is not a JSON path: {problem}",
            'a path begins with $; a key such as a-b is written $["a-b"]; a filter compares by a single =',
        )
    return value


class Jsonpath(Strict):
    """The answer holds something at a path."""

    type: Literal["jsonpath"]
    path: Annotated[Text, AfterValidator(_json_path)] = Field(description="a JSON path")
    expect: Any = None
    target: str | None = None
    count: int | str | None = None


class Range(Strict):
    """The answer lies between two numbers."""

    type: Literal["range"]
    range: list[float] = Field(min_length=2, max_length=2, description="[least, most]")
    target: str | None = None


class ToleranceProbe(Strict):
    """A probe that gets the answer as `value`."""

    type: Literal["probe"]
    name: Label = Field(description="its name")
    provider: Provider = Field(description="what is called")
    background: Annotated[bool | None, _GIVEN] = None


def _plain_tolerance(value: Any) -> Any:
    if value is None or isinstance(value, float):
        raise models.mistake(
            f"{'nothing' if value is None else value} can't be a tolerance",
            "true, a whole number, a text, a list, or {type: range, range: [0, 0.5]}",
        )
    return value


_TOLERANCES = _Kinds("a tolerance", "range", "regex", "jsonpath", "probe", free=True)
Tolerance = Annotated[
    Annotated[Range, Tag("@range")]
    | Annotated[Regex, Tag("@regex")]
    | Annotated[Jsonpath, Tag("@jsonpath")]
    | Annotated[ToleranceProbe, Tag("@probe")]
    | Annotated[Annotated[Any, BeforeValidator(_plain_tolerance)], Tag("@plain")],
    Discriminator(_TOLERANCES.tag),
    BeforeValidator(_TOLERANCES.check),
]


class _Activity(Strict):
    name: Label = Field(description="its name")
    provider: Provider = Field(description="what is called")
    background: Annotated[bool | None, _GIVEN] = Field(
        default=None, description="go on without waiting for it"
    )
    pauses: Pauses | None = Field(default=None, description="seconds before and after")
    controls: Annotated[list[Control] | None, _GIVEN] = None
    secrets: list[str] | None = None
    configuration: Any = None
    timeout: float | None = Field(default=None, description="seconds")
    dry: Any = None


class Action(_Activity):
    """Something that changes the system."""

    type: Literal["action"]


class Probe(_Activity):
    """Something that asks the system."""

    type: Literal["probe"]
    tolerance: Tolerance | None = Field(default=None, description="the expected answer")


class HypothesisProbe(_Activity):
    """A probe that checks whether the system is healthy."""

    type: Literal["probe"]
    tolerance: Tolerance = Field(description="the expected answer")


class HypothesisRef(Ref):
    """Another activity, by its name, with what the hypothesis expects of it."""

    tolerance: Tolerance = Field(description="the expected answer: that of the named activity does not count")


def _refers(value: Any) -> bool:
    return isinstance(value, dict) and value.get("ref") is not None


class _Activities(_Kinds):
    def tag(self, value: Any) -> str:
        return "@ref" if _refers(value) else super().tag(value)

    def check(self, value: Any) -> Any:
        return value if _refers(value) else super().check(value)


_ACTIVITIES = _Activities("an activity", "action", "probe")
Activity = Annotated[
    Annotated[Action, Tag("@action")] | Annotated[Probe, Tag("@probe")] | Annotated[Ref, Tag("@ref")],
    Discriminator(_ACTIVITIES.tag),
    BeforeValidator(_ACTIVITIES.check),
]
_HYPOTHESIS = _Activities("a probe of the hypothesis", "probe")
InHypothesis = Annotated[
    Annotated[HypothesisProbe, Tag("@probe")] | Annotated[HypothesisRef, Tag("@ref")],
    Discriminator(_HYPOTHESIS.tag),
    BeforeValidator(_HYPOTHESIS.check),
]


class Hypothesis(Strict):
    """What is true of a healthy system."""

    title: Label = Field(description="the hypothesis in words")
    probes: list[InHypothesis] | None = Field(default=None, description="the probes that check it")
    controls: Annotated[list[Control] | None, _GIVEN] = None


class Extension(Strict):
    """What another tool keeps in an experiment; the name of ours is `gameday`."""

    name: Text = Field(description="the tool that it belongs to")
    still_exposed: Annotated[Probe | None, Field(alias="still-exposed")] = None
    leaves_running: Annotated[list[Text] | None, Field(alias="leaves-running")] = None


class ExperimentFile(Strict):
    """A Chaos Toolkit experiment."""

    title: Label = Field(description="what it is to show, in one line")
    description: Label = Field(description="why")
    version: Any = None
    tags: list[Text] | None = Field(default=None, description="words to find it by")
    configuration: Annotated[dict[str, Any] | None, _GIVEN] = Field(
        default=None, description="values for ${variables}"
    )
    secrets: Annotated[dict[str, Any] | None, _GIVEN] = Field(default=None, description="groups of secrets")
    hypothesis: Annotated[Hypothesis | None, _GIVEN] = Field(
        default=None, alias="steady-state-hypothesis", description="what is true of a healthy system"
    )
    method: list[Activity] = Field(description="the actions and probes, in order; may be empty")
    rollbacks: Annotated[list[Activity] | None, _GIVEN] = Field(
        default=None, description="the actions that undo the method"
    )
    controls: Annotated[list[Control] | None, _GIVEN] = None
    extensions: list[Any] | None = None
    contributions: dict[str, Any] | None = None
    runtime: dict[str, Any] | None = None
    dry: Any = None
