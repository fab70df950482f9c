"""What a scorecard may name: measures with their kinds, objectives and default bands, and reasons for caps.

Plain tables, so that a scorecard can be checked without the judge. `core.judging.measures` has the function
that reads each measure from a drill, and `core.judging.score` the condition of each cap.

The stages are those of the incident-response guide: detection and triage, response and containment,
resolution and recovery, postmortem and improvement.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.plans.scenario import Criterion
from gameday.core.values import parse_duration

DETECTION = "detection and triage"
RESPONSE = "response and containment"
RECOVERY = "resolution and recovery"
IMPROVEMENT = "postmortem and improvement"
LIVE = (DETECTION, RESPONSE, RECOVERY)
"""The stages that need somebody while users are affected."""

TIME, MORE, LESS, SHARE, CHECK = "time", "more", "less", "share", "check"
"""Kinds: seconds, less is better; a count, more is better; a count, less is better; 0..1; 0 or 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One thing that a criterion can name as its `measure`.

    kind       time | more | less | share | check
    objective  which of the scenario's objectives `1x` multiplies; empty: only absolute targets
    target, limit  the defaults where the criterion gives none
    covered    the postmortem has a finding or a question of its own for it, so that a criterion missed
               needs no general one
    people     it measures what responders do
    instrument it measures alerts and users, whoever responds
    work       what to do about a criterion that was missed; empty: a general sentence
    """

    name: str
    kind: str
    stage: str
    objective: str = ""
    target: str = ""
    limit: str = ""
    covered: bool = False
    people: bool = False
    instrument: bool = False
    work: str = ""


_SEND_UPDATES = "Give the playbook step that updates stakeholders and customers an owner and a deadline"
_KEEP_NOTES = "Name a scribe, who keeps notes in the timeline: gameday note"
_HOLD_REVIEW = "Hold the review, and record its conclusions: gameday review"
_NAME_COMMANDER = "Make it part of declaring an incident to name an incident commander"

MEASURES = {
    measure.name: measure
    for measure in (
        Measure(name="detect", kind=TIME, stage=DETECTION, objective="detect", covered=True),
        Measure(name="alert_delivery", kind=TIME, stage=DETECTION, objective="detect"),
        Measure(name="acknowledge", kind=TIME, stage=DETECTION, objective="detect", people=True),
        Measure(name="declare", kind=TIME, stage=DETECTION, objective="detect", people=True),
        Measure(name="severity_matches", kind=CHECK, stage=DETECTION, covered=True, people=True),
        Measure(name="commander_assigned", kind=CHECK, stage=DETECTION, people=True, work=_NAME_COMMANDER),
        Measure(name="alerts_expected", kind=SHARE, stage=DETECTION, covered=True, instrument=True),
        Measure(
            name="alerts_noise",
            kind=LESS,
            stage=DETECTION,
            target="0",
            limit="3",
            covered=True,
            instrument=True,
        ),
        Measure(name="contain", kind=TIME, stage=RESPONSE, objective="contain", covered=True),
        Measure(name="first_action", kind=TIME, stage=RESPONSE, objective="contain", people=True),
        Measure(name="playbook_followed", kind=SHARE, stage=RESPONSE, covered=True, people=True),
        Measure(name="updates_sent", kind=MORE, stage=RESPONSE, target="1", people=True, work=_SEND_UPDATES),
        Measure(
            name="first_update",
            kind=TIME,
            stage=RESPONSE,
            objective="contain",
            people=True,
            work=_SEND_UPDATES,
        ),
        Measure(name="least_harm", kind=SHARE, stage=RESPONSE, instrument=True),
        Measure(name="recover", kind=TIME, stage=RECOVERY, objective="recover", covered=True),
        Measure(name="recovered_by_people", kind=CHECK, stage=RECOVERY, covered=True, people=True),
        Measure(name="recovered_by_automation", kind=CHECK, stage=RECOVERY, covered=True),
        Measure(name="recovered_before_rollback", kind=CHECK, stage=RECOVERY, covered=True),
        Measure(name="verified", kind=CHECK, stage=RECOVERY, instrument=True),
        Measure(name="fix_validated", kind=CHECK, stage=RECOVERY, covered=True, people=True),
        Measure(name="root_cause_recorded", kind=CHECK, stage=IMPROVEMENT, covered=True, people=True),
        Measure(name="fix_recorded", kind=CHECK, stage=IMPROVEMENT, people=True, work=_HOLD_REVIEW),
        Measure(
            name="actions_recorded", kind=MORE, stage=IMPROVEMENT, target="1", people=True, work=_HOLD_REVIEW
        ),
        Measure(name="notes_kept", kind=MORE, stage=IMPROVEMENT, target="3", people=True, work=_KEEP_NOTES),
    )
}
"""Every measure that a criterion may name, by its name."""

CAPS = {
    "undetected": "nobody detected it",
    "not-contained": "it was not contained",
    "not-recovered": "users were not healthy again",
    "rollback": "our own rollback ended the impact",
    "itself": "nobody acted, and the service recovered by itself",
}
"""Every `when` of a cap, and what it means."""


def complaint(criterion: Criterion) -> str:
    """Explain what is wrong with a criterion's measure, target or limit; empty: nothing."""
    measure = MEASURES.get(criterion.measure)
    if measure is None:
        return f"there is no measure '{criterion.measure}'"
    try:
        for band in bands(criterion, measure):
            if band.endswith("x") and not measure.objective:
                return f"'{band}': {measure.name} has no objective to multiply; write an absolute figure"
            figure(band, 1.0)
    except ValueError as error:
        return str(error)
    return ""


def bands(criterion: Criterion, measure: Measure) -> tuple[str, str]:
    """Give a criterion's target and limit as written, or the measure's defaults."""
    # One that is written replaces both defaults: a default limit could lie below the written target.
    if criterion.target or criterion.limit:
        return criterion.target or measure.target, criterion.limit
    if measure.kind == TIME:
        return "1x", "3x"
    return measure.target, measure.limit


def figure(word: str, objective: float) -> float:
    """Read `1x`, `60s`, `80%` or a number. Raises ValueError with an example for anything else."""
    text = word.strip()
    try:
        if text.endswith("x"):
            return float(text[:-1]) * objective
        if text.endswith("%"):
            return float(text[:-1]) / 100.0
        return float(text or 0.0)
    except ValueError:
        pass
    try:
        return parse_duration(text)
    except ValueError:
        raise ValueError(
            f"'{word}' is neither a multiple (1x), a time (60s), a share (80%) nor a number"
        ) from None
