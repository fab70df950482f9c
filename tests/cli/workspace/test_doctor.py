"""What `gameday doctor` says of a workspace's store; what it says of the machine differs by machine."""

import json

import pytest

from gameday.cli.workspace import doctor
from gameday.signals.inbox import hooks
from gameday.system.descent import cgroup
from tests import ports
from tests.settings import space


@pytest.fixture
def store(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def told(url):
        (tmp_path / "gameday.toml").write_text(f'[store]\nurl = "{url}"\n')
        code = doctor.main(json=True)
        (found,) = [one for one in json.loads(capsys.readouterr().out) if one["what"] == "store"]
        return code, found

    return told


def test_a_store_that_answers_is_well(store):
    code, found = store("sqlite:///.gameday/gameday.db")
    assert (code, found["well"], found["detail"]) == (0, True, "SQLite, drills: 0")


def test_where_no_workspace_is_none_is_made(store, tmp_path, capsys):
    assert doctor.main(json=True) == 0
    assert "no workspace here" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_away_is_missing_and_its_password_is_not_told(store):
    code, found = store("postgresql+psycopg://ada:s3cret@127.0.0.1:1/gameday")
    assert (code, found["well"]) == (5, False)
    assert "127.0.0.1" in found["detail"]
    assert "s3cret" not in found["detail"]


def test_it_tries_where_alerts_come_from_and_gives_the_url_to_send_to(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGER", "s3cret-t0ken")
    port = ports.free()
    (tmp_path / "gameday.toml").write_text(
        '[environments.staging]\nintegrations = ["pager", "am"]\n'
        f'[integrations.pager]\nkind = "alertmanager"\nlisten = "0.0.0.0:{port}"\nsecret = "env:PAGER"\n'
        f'[integrations.am]\nkind = "alertmanager"\npoll = "http://127.0.0.1:{ports.free()}"\n'
        '[environments.other]\nbase_url = "env:NOT_SET_ANYWHERE"\n'
    )
    assert doctor.main(json=True) == 0
    found = [one for one in json.loads(capsys.readouterr().out) if one["what"].startswith("alerts of")]
    assert [(one["what"], one["well"], one["needed"]) for one in found] == [
        ("alerts of staging", True, False),
        ("alerts of staging", False, False),
        ("alerts of other", False, False),
    ]
    assert f"send to http://{hooks.own_address()}:{port}/hooks/pager" in found[0]["detail"]
    assert "NOT_SET_ANYWHERE is not set" in found[2]["detail"]
    assert "s3cret" not in json.dumps(found)


@pytest.mark.parametrize("switch", ["", "off"])
def test_it_says_by_what_the_processes_of_a_method_are_known(monkeypatch, capsys, tmp_path, switch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cgroup.SWITCH, switch)
    assert doctor.main(json=True) == 0
    (row,) = [one for one in json.loads(capsys.readouterr().out) if one["what"] == "processes of a method"]
    why = cgroup.usable()
    assert (row["well"], row["needed"]) == (not why, False)
    assert row["detail"] == (f"followed by descent ({why})" if why else "held in a cgroup")


def test_a_proxy_that_experiments_would_go_through_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTP_PROXY", "http://ada:s3cret@proxy.example:3128")
    assert doctor.main(json=True) == 0
    (found,) = [one for one in json.loads(capsys.readouterr().out) if one["what"] == "no proxy"]
    assert (found["well"], found["needed"]) == (False, False)
    assert "@proxy.example:3128: experiments and load go through it" in found["detail"]
    assert "s3cret" not in found["detail"]


def test_it_names_what_experiments_and_locustfiles_need_and_this_machine_lacks(tmp_path, monkeypatch, capsys):
    provider = {"type": "python", "module": "chaosgcp.actions", "func": "f"}
    method = [{"type": "action", "name": "a", "provider": provider}]
    users = "import websocket_nowhere\nfrom locust import User\n"
    space.make(tmp_path, slow="", shop=users)
    (tmp_path / "experiments" / "slow.json").write_text(
        json.dumps({"title": "t", "description": "d", "method": method, "rollbacks": [{"ref": "a"}]})
    )
    monkeypatch.chdir(tmp_path)
    assert doctor.main(json=True) == 0
    found = [one for one in json.loads(capsys.readouterr().out) if one["what"] == "experiments' needs"]
    (only,) = [one for one in found if "chaosgcp" in one["detail"]]
    assert (only["well"], only["hint"]) == (False, "pip install chaostoolkit-google-cloud-platform")


def test_a_workspace_whose_experiments_find_all_that_they_name_is_well(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(space.make(tmp_path))
    assert doctor.main(json=True) == 0
    (only,) = [one for one in json.loads(capsys.readouterr().out) if one["what"] == "experiments' needs"]
    assert (only["well"], only["detail"]) == (True, "all that 2 files name is here")
