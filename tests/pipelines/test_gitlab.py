"""The GitLab template, run as a runner runs it: each list of lines in a shell of its own."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from tests.pipelines.conftest import ROOT
from tests.render import junit_schema

pytestmark = pytest.mark.e2e
JOB = YAML(typ="safe").load(ROOT / "templates" / "drills.gitlab-ci.yml")[".gameday"]


def variables(checkout, **changed):
    told = {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": str(checkout.root),
        "GAMEDAY_INSTALL": "true",
    }
    return {**{name: str(value) for name, value in JOB["variables"].items()}, **told, **changed}


def lines(*sections):
    return "set -eo pipefail\n" + "\n".join(line for section in sections for line in JOB[section])


def test_the_job_leaves_the_artefacts_that_it_promises(checkout):
    own = variables(checkout, GAMEDAY_SCENARIOS="scenarios/short.yaml", GAMEDAY_OPTIONS="--fail-under 50")
    code, said = checkout.call("bash", "-c", lines("before_script", "script"), **own)
    assert code == 0, said
    promised = [*JOB["artifacts"]["paths"], *JOB["artifacts"]["reports"].values()]
    assert all((checkout.root / path).exists() for path in promised)
    assert junit_schema.complaints((checkout.root / "junit.xml").read_text()) == []
    assert JOB["artifacts"]["when"] == "always"
    assert checkout.call("bash", "-c", lines("after_script"), **own)[0] == 0


@pytest.mark.kill
def test_what_runs_after_the_job_reverts_what_it_left(checkout):
    own = variables(checkout, GAMEDAY_SCENARIOS="scenarios/held.yaml")
    checkout.start("bash", "-c", lines("before_script", "script"), **own)
    checkout.until(checkout.fault.exists)
    checkout.lose_power()
    assert checkout.fault.exists()
    code, said = checkout.call("bash", "-c", lines("after_script"), **own)
    assert (code, checkout.fault.exists()) == (0, False), said
