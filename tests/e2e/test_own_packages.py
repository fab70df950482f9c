"""An experiment's own packages in a real drill: installed where the policy allows it, and kept for rollbacks."""

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.test_lost_stores import killed_in_mid_drill
from tests.e2e.truth_space import SETTINGS, TruthSpace, activity, experiment, finish
from tests.faults import wheels

pytestmark = pytest.mark.e2e

SOURCE = "from gameday.testing.truth import exposed, order\n"
ALLOWED = SETTINGS.replace('"python:canaries.*"', '"python:chaos_tiny.*"')


@pytest.fixture
def server():
    with TruthServer() as made:
        yield made


def own(url):
    def switch(name, kind):
        return activity("action", name, "order", module="chaos_tiny", url=url, kind=kind)

    return experiment(
        url,
        runtime={"python": {"dependencies": ["chaos-tiny"]}},
        method=[switch("turn it on", "errors")],
        rollbacks=[switch("turn it off", "off")],
    )


def test_a_package_that_the_policy_allows_serves_method_and_rollbacks_also_after_a_crash(server, tmp_path):
    wheels.build(tmp_path / "wheels", source=SOURCE)
    space = TruthSpace(tmp_path / "space", wheels.settings(tmp_path))
    settings = f'{ALLOWED}packages = ["chaos-*"]\n'
    space.lay_out(server.url, settings=settings, made=own(server.url))
    for words in (["validate"], ["policy", "check", "scenarios/quick.yaml"]):
        ended = finish(space.start(*words))
        assert ended.returncode == 0, ended.stderr
    assert not list((tmp_path / "state").rglob("chaos_tiny.py"))
    killed_in_mid_drill(space, server, settings=settings, made=own(server.url))
    assert list((tmp_path / "state").rglob("chaos_tiny.py"))
    reverted = finish(space.start("revert", "last"))
    assert reverted.returncode == 0, reverted.stderr
    assert server.flips[-1].fault != "errors"


def test_a_package_that_the_policy_does_not_allow_is_refused_in_words(server, tmp_path):
    space = TruthSpace(tmp_path / "space", wheels.settings(tmp_path))
    space.lay_out(server.url, settings=ALLOWED, made=own(server.url))
    run = finish(space.run())
    checked = finish(space.start("policy", "check", "scenarios/quick.yaml"))
    assert (run.returncode, checked.returncode) == (5, 5)
    for shown in (run.stderr, checked.stdout):
        assert "installing chaos-tiny" in shown
        assert "no entry of `packages` allows it" in shown
    validated = finish(space.start("validate"))
    assert validated.returncode == 2
    assert "the experiment needs chaos-tiny, which is not installed" in validated.stdout + validated.stderr
    assert server.flips == []
