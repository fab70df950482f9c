"""Values and controls that an experiment is run with, read as they were checked."""

import hashlib
import json
import os

import pytest

from gameday.faults.child import run_options


def test_values_of_files_and_by_name_come_as_chaos_toolkit_puts_them_together(tmp_path, monkeypatch):
    monkeypatch.setenv("RUN_OPTION", "old")
    (tmp_path / "v.json").write_text('{"configuration": {"n": 1, "m": 2}, "secrets": {"g": {"k": "s"}}}')
    (tmp_path / "v.env").write_text("RUN_OPTION=new\n")
    files = [str(tmp_path / name) for name in ("v.json", "v.env")]
    options = run_options.parse(json.dumps({"vars": '{"n": 3}', "var_files": files}))
    assert options.values() == ({"n": 3, "m": 2}, {"g": {"k": "s"}})
    assert os.environ["RUN_OPTION"] == "new"


def test_a_file_that_has_changed_since_it_was_checked_is_refused(tmp_path):
    file = tmp_path / "v.json"
    file.write_text('{"secrets": {}}')
    hashes = {str(file): hashlib.sha256(file.read_bytes()).hexdigest()}
    options = run_options.parse(json.dumps({"var_files": [str(file)], "hashes": hashes}))
    options.values()
    file.write_text('{"configuration": {}}')
    with pytest.raises(ValueError, match="has changed since it was checked"):
        options.values()


def test_no_options_are_those_of_a_plain_run():
    options = run_options.parse("")
    assert options.values() == ({}, {})
    assert options.schedule().continuous_hypothesis_frequency == 1.0
