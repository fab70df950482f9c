"""Probes asked in a process of their own."""

import asyncio
import json
from pathlib import Path

import pytest

from gameday.core import exposure
from gameday.faults.prober import ChildProber
from tests.faults.building import DRILL, HERE, experiment, probe_on, python


def asked(*probes, cwd=HERE):
    async def main():
        prober = ChildProber(DRILL, cwd=Path(cwd))
        try:
            return [
                await prober.ask(probe if isinstance(probe, str) else json.dumps(probe)) for probe in probes
            ]
        finally:
            await prober.close()

    return asyncio.run(main())


def steady(tmp_path, made, name="x.json"):
    async def main():
        prober = ChildProber(DRILL, cwd=tmp_path)
        try:
            return await prober.check_steady_state(name)
        finally:
            await prober.close()

    if made is not None:
        (tmp_path / name).write_text(json.dumps(made))
    return asyncio.run(main())


def http(url, tolerance):
    return {
        "type": "probe",
        "name": "answers",
        "tolerance": tolerance,
        "provider": {"type": "http", "url": url},
    }


def test_a_probe_within_its_tolerance_is_ok(target):
    judged = asked({**probe_on(target.url), "tolerance": False}, {**probe_on(target.url), "tolerance": True})
    assert [each.ok for each in judged] == [True, False]


def test_a_probe_without_tolerance_must_give_something_true(target):
    target.change("on")
    assert asked(probe_on(target.url))[0].ok is True


@pytest.mark.parametrize("probe", ["not json", "{}", json.dumps(python("boom", "boom", kind="probe"))])
def test_what_cannot_be_asked_is_neither_true_nor_false_and_the_next_one_is_asked(probe, target):
    first, second = asked(probe, http(target.url, 200))
    assert first.ok is None
    assert first.detail
    assert second.ok is True


def test_an_answer_beyond_its_tolerance_is_reported_with_it_and_without_headers(target):
    (judged,) = asked(http(target.url, 201))
    assert judged.detail.startswith("status 200: ")
    assert judged.detail.endswith(", tolerance 201")


def test_a_probe_that_hangs_is_unknown_after_its_timeout(target):
    hang = {**python("nap", "nap", kind="probe"), "timeout": 0.5, "tolerance": True}
    first, second = asked(hang, http(target.url, 200))
    assert (first.ok, first.detail) == (None, "no answer within 0.5 s")
    assert second.ok is True


def test_a_hypothesis_is_met_missed_or_absent(target, tmp_path):
    def hypothesis(tolerance):
        return {"steady-state-hypothesis": {"title": "h", "probes": [http(target.url, tolerance)]}}

    assert steady(tmp_path, experiment(target.url, **hypothesis(200))).met is True
    missed = steady(tmp_path, experiment(target.url, **hypothesis(201)))
    assert missed.met is False
    assert "answers gave" in missed.detail
    assert steady(tmp_path, experiment(target.url)).met is True


def test_a_hypothesis_that_cannot_be_judged_is_unknown(target, tmp_path):
    assert steady(tmp_path, None).met is None
    made = experiment(target.url, configuration={"url": {"type": "env", "key": "NO_SUCH_VARIABLE_HERE"}})
    judged = steady(tmp_path, made)
    assert judged.met is None
    assert "NO_SUCH_VARIABLE_HERE" in judged.detail


CONTROL = """
import pathlib
def note(word): pathlib.Path("trace").open("a").write(word + "\\n")
def configure_control(configuration=None, **_): note("configure"); configuration["found"] = "/tmp"
def before_hypothesis_control(context, **_): note("before hypothesis")
def before_activity_control(context, **_): note("before activity")
def after_activity_control(context, state, **_): note("after activity")
"""


def controlled(tmp_path, **arguments):
    (tmp_path / "the_control.py").write_text(CONTROL)
    control = {"name": "c", "provider": {"type": "python", "module": "the_control"}}
    probe = {
        "type": "probe",
        "name": "p",
        "tolerance": True,
        "provider": {"type": "python", "module": "os.path", "func": "exists", "arguments": arguments},
        "controls": [control],
    }
    hypothesis = {"title": "h", "probes": [probe], "controls": [control]}
    return {**experiment("http://127.0.0.1:1"), "controls": [control], "steady-state-hypothesis": hypothesis}


def test_no_control_is_called_by_what_has_not_configured_it(tmp_path):
    checked = steady(tmp_path, controlled(tmp_path, path="/tmp"))
    assert (checked.met, checked.detail) == (True, "1 of 1 probes within tolerance")
    assert not (tmp_path / "trace").exists()


def test_a_steady_state_that_only_the_controls_make_possible_is_left_to_the_experiment(tmp_path):
    checked = steady(tmp_path, controlled(tmp_path, path="${found}"))
    assert (checked.met, checked.detail) == (True, exposure.ONLY_WITHIN)
    assert not (tmp_path / "trace").exists()


def test_a_steady_state_that_was_met_without_the_controls_is_judged_without_them_to_the_end(tmp_path):
    (tmp_path / "there").touch()
    made = controlled(tmp_path, path=str(tmp_path / "there"))
    (tmp_path / "x.json").write_text(json.dumps(made))

    async def main():
        prober = ChildProber(DRILL, cwd=tmp_path)
        try:
            first = await prober.check_steady_state("x.json")
            (tmp_path / "there").unlink()
            return first.met, (await prober.check_steady_state("x.json")).met
        finally:
            await prober.close()

    assert asyncio.run(main()) == (True, False)
