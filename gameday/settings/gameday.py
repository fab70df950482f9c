"""The files of one game day: its plan and every scenario of its agenda, checked, frozen and hashed.

Another plan of the workspace at the same time is a mistake, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gameday.core.errors import InvalidFiles, Mistake
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Party, Seconds, format_instant
from gameday.formats.gamedays import reader as gameday_plan
from gameday.formats.scenario import fingerprint
from gameday.formats.text.document import Document
from gameday.settings.catalogue import Catalogue
from gameday.settings.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayFiles:
    """A plan with its scenarios by workspace path.

    lasts     how long people should keep free
    attended  people take part, so that nothing starts without a facilitator's go
    covers    what an approval covers: a hash over every file of the game day
    """

    plan: GameDayPlan
    scenarios: Mapping[str, Scenario]
    hashes: Mapping[str, str]
    lasts: Seconds
    attended: bool
    covers: str
    warnings: tuple[Mistake, ...] = ()


def game_day_files(space: Workspace, path: Path) -> GameDayFiles:
    """Read and check the files of a game day. Raises InvalidFiles with all their mistakes."""
    catalogue = Catalogue(space)
    checked = catalogue.game_day(space.name(path))
    plan = checked.value
    if plan is not None:
        catalogue.mistakes.extend(_overlaps(space, checked.document, plan, catalogue))
    mistakes = catalogue.all_mistakes()
    if plan is None or any(not mistake.warning for mistake in mistakes):
        raise InvalidFiles(mistakes)
    scenarios = _scenarios(catalogue)
    hashes = {name: fingerprint.sha256(content) for name, content in sorted(catalogue.contents.items())}
    together = "".join(f"{name}\0{hash_}\n" for name, hash_ in hashes.items())
    return GameDayFiles(
        plan=plan,
        scenarios=scenarios,
        hashes=hashes,
        lasts=gameday_plan.lasts(plan, scenarios),
        attended=_attended(plan, scenarios),
        covers=f"sha256:{hashlib.sha256(together.encode()).hexdigest()}",
        warnings=mistakes,
    )


def _scenarios(catalogue: Catalogue) -> dict[str, Scenario]:
    known = {path: checked.value for (path, kind), checked in catalogue.checked.items() if kind == "scenario"}
    return {path: value for path, value in known.items() if value is not None}


def _attended(plan: GameDayPlan, scenarios: Mapping[str, Scenario]) -> bool:
    """Check whether people take part: they are named, or a scenario needs a team that no script plays."""
    if plan.team or plan.facilitators:
        return True
    items = (item for item in plan.agenda if not item.is_break)
    return any(not item.responder and scenarios[item.scenario].responders is Party.TEAM for item in items)


def _overlaps(
    space: Workspace, document: Document, plan: GameDayPlan, catalogue: Catalogue
) -> Iterator[Mistake]:
    """Find other plans of the workspace on the same environment at the same time."""
    ours = gameday_plan.lasts(plan, _scenarios(catalogue))
    for name in space.find("scenarios", ".yaml", ".yml", ".json"):
        if not name.endswith(gameday_plan.ENDINGS) or name == plan.path:
            continue
        others = Catalogue(space)
        other = others.game_day(name).value
        if other is None or other.environment != plan.environment:
            continue
        at = gameday_plan.overlap(plan, ours, other, gameday_plan.lasts(other, _scenarios(others)))
        if at is not None:
            key = "date" if plan.once else "recurrence"
            message = f"on {format_instant(at)[:16]}Z {name} uses {plan.environment} at the same time"
            yield document.mistake((key,), message, hint="only one game day at a time can use an environment")
