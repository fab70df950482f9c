"""Only a folder of this user's installed packages comes on the path, and last."""

import json
import sys

import pytest

from gameday.system.imports import own_packages


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "gameday" / "packages" / "k" / "modules"
    folder.mkdir(parents=True)
    return folder


def added(command):
    before = list(sys.path)
    own_packages.use(command)
    assert sys.path[: len(before)] == before
    return sys.path[len(before) :]


def test_it_comes_last_and_once_for_a_request_or_its_options(installed):
    options = json.dumps({"packages": str(installed)})
    assert added({"do": "inject", "request": {"options": options}}) == [str(installed)]
    assert added({"do": "steady", "options": options}) == []


@pytest.mark.parametrize("options", ["", "{}", "no JSON", "[]", "7", '{"packages": ""}', '{"packages": 7}'])
def test_what_names_none_adds_none(installed, options):
    assert added({"request": {"options": options}}) == []
    assert added({"do": "up"}) == []


def test_no_other_folder_is_taken(installed, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    gone = installed.parent.parent / "gone" / "modules"
    link = installed.parent.parent / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    for folder in (tmp_path / "elsewhere", installed.parent, gone, link / "elsewhere"):
        assert added({"options": json.dumps({"packages": str(folder)})}) == []
