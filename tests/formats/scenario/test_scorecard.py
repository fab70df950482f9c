import pytest

from gameday.core.plans.scenario import Cap, Criterion
from gameday.core.plans.scorecard import MEASURES
from gameday.formats.scenario import scorecard
from gameday.formats.text import reader
from tests.formats import mistakes
from tests.paths import ROOT

HEAD = "scorecard: team\nversion: 2\ncriteria:\n"
LINE = "- {criterion: c, phase: detect, weight: 15, measure: detect}\n"


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "scorecards/a.yaml", scorecard.check)


def test_a_scorecard_becomes_its_rules() -> None:
    text = (
        HEAD
        + LINE.replace("}", ", target: 60s, limit: 3x}")
        + "pass: 75\ncaps: [{when: undetected, at_most: 30}]"
    )
    rules = mistakes.require(scorecard.check(reader.read(text.encode(), "a.yaml")))
    assert rules.name == "team@2"
    assert rules.pass_mark == 75.0
    assert rules.criteria == (
        Criterion(criterion="c", phase="detect", weight=15, measure="detect", target="60s", limit="3x"),
    )
    assert rules.caps == (Cap(when="undetected", at_most=30),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            HEAD + LINE.replace("measure: detect", "measure: detct"),
            ["4:54 'detct' is not a measure | did you mean 'detect'?"],
        ),
        (
            HEAD + LINE + LINE,
            ["5:15 there is already a criterion called 'c' | give each its own name"],
        ),
        (HEAD + LINE.replace("15", "0"), ["4:41 0 is too small; it must be more than 0"]),
        (
            HEAD + LINE + "caps: [{when: undetectd, at_most: 300}]",
            [
                "5:15 'undetectd' is not a reason for a cap | did you mean 'undetected'?",
                "5:35 300 is too large; it must be at most 100",
            ],
        ),
        (HEAD.replace("2", "'2'") + LINE, ["2:10 expected a whole number, not the text '2'"]),
        (
            HEAD.replace("criteria:", "criteria: []"),
            ["3:11 this list has too few items; it needs at least 1"],
        ),
    ],
)
def test_a_mistake_is_reported_at_its_place_with_a_hint(text: str, expected: list[str]) -> None:
    assert lines_of(text) == expected


def test_a_band_that_the_measure_can_not_have_is_reported_at_the_band() -> None:
    (only,) = lines_of(HEAD + LINE.replace("measure: detect}", "measure: alerts_noise, target: 2x}"))
    assert only.startswith("4:76 '2x'")


def test_every_measure_is_valid_in_a_scorecard() -> None:
    lines = [
        f"- {{criterion: c{n}, phase: detect, weight: 1, measure: {name}}}" for n, name in enumerate(MEASURES)
    ]
    assert lines_of(HEAD + "\n".join(lines)) == []


def test_every_scorecard_of_the_catalogue_has_no_mistake_and_its_weights_make_a_hundred() -> None:
    files = sorted((ROOT / "scorecards").glob("*.yaml"))
    assert [file.stem for file in files] == ["automation", "team"]
    for file in files:
        rules = mistakes.require(scorecard.check(reader.read(file.read_bytes(), file.name)))
        assert sum(one.weight for one in rules.criteria) == 100
