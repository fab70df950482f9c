"""The files of Locust's options: which of them an approval covers, and which files they name."""

from __future__ import annotations

import pytest

from gameday.conduct.drill import load_settings
from gameday.core.plans.scenario import Load
from tests.conduct.drill.test_policy_check import policy_sources


def found(of_home=b"", **files):
    return load_settings.texts(policy_sources(**files).read, of_home)


def test_options_are_found_where_locust_reads_them():
    project = b"[tool.locust]\nusers = 3\n"
    assert set(found(b"tags = a\n", locust_conf=b"loglevel = DEBUG\n", pyproject_toml=project)) == {
        "~/.locust.conf",
        "locust.conf",
        "[tool.locust] of pyproject.toml",
    }
    assert found() == {}


def test_of_a_project_only_locust_s_section_counts():
    sections = [b"[tool.ruff]\nline-length = %d\n" % length for length in (80, 110)]
    options = b"[tool.locust]\ntags = ['a']\n"
    assert found(pyproject_toml=sections[0]) == {}
    assert found(pyproject_toml=sections[0] + options) == found(pyproject_toml=options + sections[1])
    assert found(pyproject_toml=options) != found(pyproject_toml=options.replace(b"a", b"b"))


@pytest.mark.parametrize("project", [b"tool = 3\n[", b"\xff", b"tool = 3\n"])
def test_a_project_that_can_not_be_read_counts_as_a_whole(project):
    assert list(found(pyproject_toml=project).values()) == [project]


def test_files_are_named_by_options_arguments_and_variables():
    load = Load(locustfile="l.py", args=("--data=users.csv",), env={"ROWS": "rows/a.json"})
    named = load_settings.names_files(load, found(locust_conf=b"html = x\nhosts-file = hosts.txt\n"))
    assert {"users.csv", "rows/a.json", "hosts.txt"} <= set(named)
