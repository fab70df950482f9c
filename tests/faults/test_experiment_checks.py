"""Validating as `chaos validate` does."""

import importlib.util
import json
import py_compile
from pathlib import Path

from gameday.faults.experiment_checks import check
from tests.faults.building import experiment, probe_on, problems, python


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


def test_a_missing_extension_is_one_problem_that_names_its_package(tmp_path):
    method = [
        {"type": "action", "name": "a", "provider": {"type": "python", "module": "chaosgcp.x", "func": "f"}}
    ]
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"title": "t", "description": "d", "method": method}), encoding="utf-8")
    (mistake,) = check([file], cwd=tmp_path)
    assert "module chaosgcp.x can't be imported" in mistake.message
    assert mistake.hint == "pip install chaostoolkit-google-cloud-platform"


def test_a_json_path_tolerance_needs_nothing_to_be_installed_besides(tmp_path):
    probe = probe_on("http://127.0.0.1:1")
    tolerance = {"type": "jsonpath", "path": "$.items[*].name", "count": 2}
    hypothesis = {"title": "s", "probes": [{**probe, "tolerance": tolerance}]}
    made = experiment("http://127.0.0.1:1", **{"steady-state-hypothesis": hypothesis})
    assert problems(tmp_path, made) == []


def test_an_experiment_is_utf_8_whatever_the_locale(tmp_path, monkeypatch):
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    made = {**experiment("http://127.0.0.1:1"), "title": "brich – ab"}
    assert problems(tmp_path, json.dumps(made, ensure_ascii=False)) == []
    made["method"] = [{**python("a", "boom"), "name": "ü", "pauses": {"before": "ß"}}]
    ((_, message),) = problems(tmp_path, json.dumps(made, ensure_ascii=False))
    assert "chaos validate refuses it" in message


def test_a_module_is_imported_from_its_source_and_not_from_byte_code_beside_it(tmp_path):
    source, other = tmp_path / "minefaults.py", tmp_path / "other.py"
    source.write_text("def act():\n    pass\n", encoding="utf-8")
    other.write_text("raise RuntimeError('another code')\n", encoding="utf-8")
    cached = importlib.util.cache_from_source(str(source))
    py_compile.compile(str(other), cached, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    provider = {"type": "python", "module": "minefaults", "func": "act"}
    method = [{"type": "action", "name": "a", "provider": provider}]
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"title": "t", "description": "d", "method": method}), encoding="utf-8")
    assert check([file], cwd=tmp_path) == ()
