"""What an experiment is run with, written down for its process."""

import json
from pathlib import Path

from gameday.core.plans.scenario import PLAIN_RUN, ChaosOptions
from gameday.faults import run_options


def test_nothing_is_written_for_a_plain_run():
    assert run_options.text(PLAIN_RUN, Path("/space"), {"v.yaml": "1"}) == ""


def test_paths_are_as_seen_from_the_working_folder_with_the_hashes_of_what_was_checked():
    options = ChaosOptions(var_files=("v.yaml",), controls=("sub/c.yaml",), cwd="sub", vars='{"n": 1}')
    written = json.loads(run_options.text(options, Path("/space"), {"v.yaml": "1", "sub/c.yaml": "2"}))
    assert written["var_files"] == ["../v.yaml"]
    assert written["controls"] == ["c.yaml"]
    assert written["hashes"] == {"../v.yaml": "1", "c.yaml": "2"}
    assert written["vars"] == '{"n": 1}'


def test_the_folder_of_installed_packages_is_named_with_and_without_other_options():
    assert json.loads(run_options.text(PLAIN_RUN, Path("/space"), {}, "/p")) == {"packages": "/p"}
    written = json.loads(run_options.text(ChaosOptions(vars="{}"), Path("/space"), {}, "/p"))
    assert (written["packages"], written["vars"]) == ("/p", "{}")
