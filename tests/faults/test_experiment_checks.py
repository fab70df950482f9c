"""Validating as `chaos validate` does."""

import json
from pathlib import Path

from gameday.faults.experiment_checks import check
from tests.faults.building import HERE, experiment


def problems(tmp_path, *texts, suffix=".json"):
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"x{number}{suffix}")
        paths[-1].write_text(text if isinstance(text, str) else json.dumps(text))
    return [(Path(m.file).name, m.message) for m in check(paths, cwd=Path(HERE))]


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


def test_bad_json_is_one_message_and_no_traceback(tmp_path):
    ((_, message),) = problems(tmp_path, "{ not json")
    assert message.startswith("chaos validate refuses it")


def test_a_control_that_cannot_be_imported_is_a_problem(tmp_path):
    control = {"name": "guard", "provider": {"type": "python", "module": "no_such_module_here"}}
    found = problems(tmp_path, experiment("http://127.0.0.1:1", controls=[control]))
    assert any("no_such_module_here" in message for _, message in found)


def test_malformed_experiments_are_problems_and_not_crashes(tmp_path):
    for text in (
        "[]",
        '"text"',
        '{"title": "t", "description": "d", "method": 3}',
        '{"title": 1, "method": [1]}',
    ):
        assert len(problems(tmp_path, text)) >= 1, text


def test_nothing_to_check_starts_nothing():
    assert check([], cwd=Path("/no/such/folder")) == ()
