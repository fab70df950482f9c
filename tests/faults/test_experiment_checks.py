"""Validating as `chaos validate` does."""

from pathlib import Path

from gameday.faults.experiment_checks import check
from tests.faults.building import experiment, problems


def test_good_experiments_have_no_problems_whatever_their_kind(tmp_path):
    good = experiment("http://127.0.0.1:1")
    assert problems(tmp_path, good, good) == []
    assert problems(tmp_path, good, suffix=".yaml") == []


def test_each_experiments_problems_are_its_own(tmp_path):
    good = experiment("http://127.0.0.1:1")
    untitled = {**good, "title": ""}
    (found,) = problems(tmp_path, good, untitled, good)
    assert found[0] == "x1.json"
    assert "requires a title" in found[1]


def test_nothing_to_check_starts_nothing():
    assert check([], cwd=Path("/no/such/folder")) == ()
