"""A responder script: the steps that stand in for the team, or that are the automation."""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.values import Party, Seconds, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """What a step waits for; level-triggered. At most one of `alert`, `milestone`, `inject` is set.

    alert  the name of an alert that is firing, or has fired during the drill
    """

    alert: str = ""
    milestone: str = ""
    inject: int | None = None
    within: Seconds | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Do:
    """What a step does: exactly one is set."""

    ack: bool = False
    declare: Severity | None = None
    commander: str = ""
    step: str = ""
    command: tuple[str, ...] = ()
    mark: str = ""
    note: str = ""
    update: str = ""
    audience: str = ""
    end: bool = False
    hint: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponderStep:
    """Wait for `when`, then for `after` seconds, then do. `timeout`: seconds for a command."""

    when: When | None = None
    after: Seconds = 0.0
    do: Do
    timeout: Seconds = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponderScript:
    """A named responder and its steps, in order."""

    responder: str
    acts_as: Party
    steps: tuple[ResponderStep, ...]
