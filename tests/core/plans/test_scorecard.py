import subprocess
import sys

import pytest

from gameday.core.plans import scorecard
from gameday.core.plans.scenario import Criterion


def criterion(measure: str, target: str = "", limit: str = "") -> Criterion:
    return Criterion(criterion="c", phase="x", weight=1.0, measure=measure, target=target, limit=limit)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (criterion("speed"), "there is no measure 'speed'"),
        (criterion("detect", "soon"), "'soon' is neither"),
        (criterion("detect", "1x", "later"), "'later' is neither"),
        (criterion("notes_kept", "2x"), "'2x': notes_kept has no objective to multiply"),
    ],
)
def test_a_criterion_that_cannot_be_judged_is_complained_of(wrong: Criterion, said: str) -> None:
    assert scorecard.complaint(wrong).startswith(said)


@pytest.mark.parametrize("name", sorted(scorecard.MEASURES))
def test_each_measure_is_right_with_its_own_bands(name: str) -> None:
    assert not scorecard.complaint(criterion(name))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (criterion("detect"), ("1x", "3x")),
        (criterion("alerts_noise"), ("0", "3")),
        (criterion("alerts_noise", "1"), ("1", "")),
        (criterion("alerts_noise", limit="9"), ("0", "9")),
    ],
)
def test_a_band_that_is_written_replaces_both_defaults(given: Criterion, expected: tuple[str, str]) -> None:
    assert scorecard.bands(given, scorecard.MEASURES[given.measure]) == expected


@pytest.mark.parametrize(
    ("word", "expected"), [("2x", 20.0), ("60s", 60.0), ("80%", 0.8), ("3", 3.0), ("", 0.0)]
)
def test_a_band_is_a_multiple_a_time_a_share_or_a_number(word: str, expected: float) -> None:
    assert scorecard.figure(word, 10.0) == expected


def test_files_are_checked_without_the_judge() -> None:
    look = "import sys, gameday.cli.workspace.validate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert not {"numpy", "gameday.core.judging", "gameday.core.facts"} & loaded
