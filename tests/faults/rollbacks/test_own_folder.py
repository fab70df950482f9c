"""What rollbacks need of a folder that is gone is never looked for in another one."""

import json
from dataclasses import replace

import pytest

from gameday.faults.rollbacks import own_folder
from tests.faults.building import experiment, python, request

URL = "http://127.0.0.1:1"
GONE = "/no/such/workspace"


def of(module):
    off = python("off", "off")
    off["provider"]["module"] = module
    return off


def process(*words):
    provider = {"type": "process", "path": words[0], "arguments": list(words[1:])}
    return {"type": "action", "name": "off", "provider": provider}


HTTP = {"type": "action", "name": "off", "provider": {"type": "http", "url": f"{URL}/off"}}


@pytest.mark.parametrize(
    ("rollback", "named"),
    [
        (of("mine.faults"), "module mine.faults"),
        (of("subprocess"), "module subprocess"),
        (process("bin/fix.sh"), "what `bin/fix.sh` would run in it"),
        (process("rm", "-f", "broken"), "what `rm` would run in it"),
        (process("/bin/sh", "-c", "make down"), "what `/bin/sh` would run in it"),
    ],
)
def test_code_commands_and_files_of_the_folder_are_needed(rollback, named):
    made = experiment(URL, rollbacks=[rollback], extensions=[])
    (why,) = own_folder.rollbacks_need(request(made, cwd=GONE))
    assert why == f"its workspace folder {GONE} is gone, and with it {named}"


@pytest.mark.parametrize("rollback", [of("gameday.testing.truth"), HTTP])
def test_what_is_installed_and_what_is_sent_over_http_needs_no_folder(rollback):
    made = experiment(URL, rollbacks=[rollback], extensions=[])
    assert own_folder.rollbacks_need(request(made, cwd=GONE)) == ()


def test_a_module_on_the_callers_pythonpath_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    made = request(experiment(URL, rollbacks=[of("mine")], extensions=[]), cwd=GONE)
    assert own_folder.rollbacks_need(made) == ()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "module mine" in own_folder.rollbacks_need(made)[0]


def test_a_rollback_by_reference_a_probe_a_configuration_and_files_of_values_are_seen():
    method = [{**process("bin/break.sh"), "name": "first"}]
    by_name = experiment(URL, method=method, rollbacks=[{"ref": "first"}], extensions=[])
    probed = experiment(
        URL, rollbacks=[HTTP], extensions=[{"name": "gameday", "still-exposed": process("bin/ask")}]
    )
    configured = experiment(
        URL, rollbacks=[HTTP], extensions=[], configuration={"a": {**process("bin/a"), "type": "probe"}}
    )
    for made in (by_name, probed, configured):
        assert own_folder.rollbacks_need(request(made, cwd=GONE)) != ()
    plain = request(experiment(URL, rollbacks=[HTTP], extensions=[]), cwd=GONE)
    given = replace(plain, options=json.dumps({"var_files": ["vars.json"]}))
    assert "vars.json" in own_folder.rollbacks_need(given)[0]


def test_a_hypothesis_of_the_folder_is_not_judged_elsewhere():
    made = {"steady-state-hypothesis": {"title": "t", "probes": [process("bin/ok")]}, "rollbacks": [HTTP]}
    asked = request(made, cwd=GONE)
    assert own_folder.rollbacks_need(asked) == ()
    assert "bin/ok" in own_folder.hypothesis_needs(asked)[0]


@pytest.mark.parametrize("text", ["{", "- a\n"])
def test_what_cannot_be_read_is_left_to_the_try(text):
    assert own_folder.rollbacks_need(request(text, cwd=GONE)) == ()
    assert own_folder.hypothesis_needs(request(text, cwd=GONE)) == ()
