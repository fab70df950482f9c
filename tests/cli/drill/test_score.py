"""A stored drill that is scored again."""

import json

import pytest

from gameday.cli.drill import score
from gameday.testing.histories import DRILL

OTHER = """\
scorecard: {name}
version: {version}
pass: 1
criteria:
  - {{criterion: time-to-detect, phase: detect, weight: 1, measure: detect, target: 1x, limit: 3x}}
"""


@pytest.mark.parametrize(
    ("name", "version", "altered"), [("team", 1, True), ("team", 2, False), ("own", 1, False)]
)
def test_other_contents_under_the_same_name_and_version_are_reported(root, capsys, name, version, altered):
    file = root / "scorecards" / "mine.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(OTHER.format(name=name, version=version), encoding="utf-8")
    assert score.main(DRILL, scorecard=file, json=True) == 0
    shown = capsys.readouterr()
    scored = json.loads(shown.out)["score"]
    assert (scored["scorecard"], scored["altered"]) == (f"{name}@{version}", altered)
    assert ("is not the team@1 that the drill was judged by" in shown.err) is altered


def test_the_drills_own_scorecard_is_not_reported(root, capsys):
    assert score.main(DRILL, scorecard=None, json=True) == 0
    shown = capsys.readouterr()
    assert (json.loads(shown.out)["score"]["altered"], shown.err) == (False, "")
