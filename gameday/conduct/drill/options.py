"""How one drill is to run, as requested: one value, from whatever interface takes it to the conductor.

A new option is a field here, its place in `cli.shared.flags`, and its use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from gameday.core.errors import UsageError
from gameday.core.values import Mode, Seconds, parse_duration


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillOptions:
    """What the user may choose for one drill.

    environment          another environment than the scenario's; empty: the scenario's own
    responder            a script that plays the team or its automation
    mode                 evaluate | train
    phases               other lengths than the scenario's, as typed: `baseline=10s`
    accept_no_lease      the user makes sure that no other host starts a drill there
    accept_local_keeper  a fault may be held although only this host could revert it
    """

    environment: str = ""
    responder: Path | None = None
    mode: str = Mode.EVALUATE.value
    phases: Sequence[str] = ()
    accept_no_lease: bool = False
    accept_local_keeper: bool = False

    def chosen_mode(self) -> Mode:
        """Read the mode. Raises UsageError."""
        if self.mode not in set(Mode):
            raise UsageError(f"'{self.mode}' is not a mode", hint="evaluate or train")
        return Mode(self.mode)

    def phase_lengths(self) -> Mapping[str, Seconds]:
        """Give seconds by phase. Raises UsageError for an unknown phase or an invalid length."""
        return dict(map(_phase_length, self.phases))


def _phase_length(text: str) -> tuple[str, Seconds]:
    from gameday.core.plans.scenario import Phases  # noqa: PLC0415  # every help page imports this module

    phases = [field.name for field in fields(Phases)]
    name, _, length = text.partition("=")
    if name not in phases:
        raise UsageError(
            f"--phase: '{name}' is not a phase", hint=f"{', '.join(phases)}: --phase baseline=10s"
        )
    try:
        seconds = parse_duration(length)
    except ValueError as wrong:
        raise UsageError(f"--phase {name}: {wrong}") from wrong
    if not seconds:
        raise UsageError(f"--phase {name}: the length must be more than 0")
    return name, seconds
