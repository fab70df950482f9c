"""What `chaos validate` refuses, and what it would pass over, are problems and never crashes."""

from tests.faults.building import experiment, problems


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
