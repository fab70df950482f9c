"""`gameday ci`, with a stand-in for the drills: what it plays, what it refuses, what it leaves."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gameday.cli.ci import command as ci
from gameday.cli.ci.cases import CiOptions
from gameday.conduct.drill.options import DrillOptions
from gameday.formats.stored import result as result_json
from tests.render import a_drill, junit_schema
from tests.settings import space

COMMAND = (sys.executable, str(Path(__file__).parent / "fake_gameday.py"))
TABLETOP = """scenario: {name}
title: t
environment: {environment}
objectives: {{detect: 2m, contain: 10m, recover: 20m}}
injects: [{{after: 1s, to: responders, message: "Support: it hangs."}}]
"""
RESPONDER = "responder: bot\nas: automation\nsteps:\n- {do: {ack: true}}\n"


def result(name, **changes):
    """Give a passed drill's result.json, changed."""
    document = result_json.encode(a_drill.of(), a_drill.result())
    for interval in document["intervals"].values():
        interval |= {"verdict": "met", "seconds": 10.0, "at_least": None, "censored": False}
    return {**document, "drill": f"drill-{name}", "scenario": name, **changes}


class Place:
    """A workspace of tabletops, and what their drills will do."""

    def __init__(self, root):
        self.root = space.make(root)
        self.entries = {}
        (root / "gameday.toml").write_text("[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n")

    def scenario(self, name="one", environment="shop", **entry):
        """Add a scenario whose drill does what `entry` says; by default it passes."""
        file = self.root / "scenarios" / f"{name}.yaml"
        file.write_text(TABLETOP.format(name=name, environment=environment))
        (self.root / "scenarios" / "responders" / f"{name}.yaml").write_text(RESPONDER)
        self.entries[name] = {"result": result(name), **entry}
        (self.root / "script.json").write_text(json.dumps(self.entries))
        return file

    def settings(self, text):
        (self.root / "gameday.toml").write_text(text)

    def ci(self, *scenarios, environ=None, grace=5.0, **options):
        chosen = CiOptions(scenarios=scenarios or (self.root / "scenarios" / "one.yaml",), **options)
        return ci.main(chosen, environ or {}, command=COMMAND, grace=grace)

    @property
    def folder(self):
        return self.root / ".gameday" / "ci"

    def report(self):
        return json.loads((self.folder / "ci.json").read_text())

    def calls(self):
        file = self.root / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


# --- what it leaves ---


def test_a_passed_drill_leaves_all_artefacts_in_one_folder(place, tmp_path, capfd):
    place.scenario()
    assert place.ci(junit=tmp_path / "deep" / "junit.xml") == 0
    assert {path.name for path in place.folder.iterdir()} == {
        "ci.json",
        "junit.xml",
        "summary.md",
        "code-quality.json",
        "drill-one",
    }
    assert {path.name for path in (place.folder / "drill-one").iterdir()} == {"result.json", "talk.txt"}
    asked = (tmp_path / "deep" / "junit.xml").read_text()
    assert asked == (place.folder / "junit.xml").read_text()
    assert junit_schema.complaints(asked) == []
    assert capfd.readouterr().out == (place.folder / "summary.md").read_text()


def test_the_drill_s_own_files_are_among_the_artefacts(place):
    place.scenario()
    made = place.root / ".gameday" / "drills" / "drill-one"
    made.mkdir(parents=True)
    (made / "postmortem.html").write_text("<p>")
    assert place.ci() == 0
    assert (place.folder / "drill-one" / "postmortem.html").read_text() == "<p>"


def test_artefacts_may_go_where_drills_leave_theirs(place):
    place.scenario()
    made = place.root / ".gameday" / "drills" / "drill-one"
    made.mkdir(parents=True)
    (made / "history.jsonl").write_text("{}")
    assert place.ci(artifacts=place.root / ".gameday" / "drills") == 0
    assert {path.name for path in made.iterdir()} == {"history.jsonl", "result.json", "talk.txt"}


def test_the_summary_is_added_to_the_step_s(place, tmp_path):
    place.scenario()
    summary = tmp_path / "step.md"
    summary.write_text("before\n")
    place.ci(environ={"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text().startswith("before\n# Drills: passed\n")


def test_json_on_stdout_is_the_report(place, capfd):
    place.scenario()
    place.ci(json=True)
    assert json.loads(capfd.readouterr().out) == place.report()


def test_a_file_that_can_not_be_written_makes_a_pass_an_error_and_hides_nothing(place, tmp_path, capfd):
    place.scenario()
    assert place.ci(environ={"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "step.md")}) == 70
    assert "step.md cannot be written: No such file" in capfd.readouterr().err
    place.scenario(exit=4, result=None)
    assert place.ci(environ={"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "step.md")}) == 4


def test_a_failure_is_annotated_at_its_line_from_the_checkout_s_root(place, tmp_path, capfd):
    missed = result("one")
    missed["intervals"]["contain"] |= {"seconds": 700.0, "verdict": "missed"}
    place.scenario(exit=0, result=missed)
    assert place.ci(environ={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path.parent)}) == 1
    expected = (
        f"::error file={tmp_path.name}/scenarios/one.yaml,line=4,col=1,title=one%3A objective contain::"
    )
    assert expected in capfd.readouterr().err


def test_a_runner_takes_nothing_that_a_drill_says_for_a_command(place, capfd):
    place.scenario(exit=1, say="::add-mask::x")
    place.ci(environ={"GITHUB_ACTIONS": "true"})
    lines = capfd.readouterr().err.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines.index("  ::add-mask::x") < lines.index(f"::{token}::")


# --- verdicts ---


@pytest.mark.parametrize("code", [1, 3, 4, 5, 70])
def test_the_exit_code_is_that_of_the_drill(place, code):
    place.scenario(exit=code, result=None)
    assert place.ci() == (70 if code == 1 else code)


@pytest.mark.parametrize(("bar", "code"), [(84.0, 1), (83.0, 0), (None, 0)])
def test_the_bar_on_points(place, bar, code):
    scored = result("one")
    scored["score"] |= {"points": 83.5, "pass": True}
    place.scenario(result=scored)
    assert place.ci(fail_under=bar) == code


def test_a_drill_that_says_that_it_passed_and_left_no_result_did_not_pass(place):
    place.scenario(exit=0, result=None)
    assert place.ci() == 70


def test_a_drill_that_was_killed_is_no_pass(place, capfd):
    place.scenario(die=signal.SIGKILL)
    assert place.ci() == 70


def test_several_scenarios_give_the_worst_and_each_its_own(place):
    good, bad = place.scenario("good"), place.scenario("bad", exit=3, result=None)
    assert place.ci(good, bad) == 3
    assert [row["exit_code"] for row in place.report()["scenarios"]] == [0, 3]


def test_repeats_are_played_in_turn_and_each_is_kept(place):
    place.scenario()
    assert place.ci(repeat=3) == 0
    (row,) = place.report()["scenarios"]
    assert len(row["drills"]) == 3
    assert row["distribution"]["detect"]["values"] == [10.0] * 3


def test_a_baseline_is_read_before_the_drills_add_to_it(place):
    place.scenario()
    earlier = place.folder / "earlier"
    earlier.mkdir(parents=True)
    (earlier / "result.json").write_text(json.dumps(result("one", drill="drill-before")))
    assert place.ci(baseline=place.folder) == 0
    assert place.report()["scenarios"][0]["baseline"]["detect"]["before"] == [10.0]


def test_a_baseline_that_is_not_there_yet_is_warned_of_and_not_compared(place, tmp_path, capfd):
    place.scenario()
    assert place.ci(baseline=tmp_path / "before") == 0
    assert f"there is no folder {tmp_path / 'before'} yet; nothing is compared" in capfd.readouterr().err


def test_a_baseline_that_does_not_compare_is_no_pass(place, tmp_path):
    place.scenario()
    (tmp_path / "b").mkdir()
    assert place.ci(baseline=tmp_path / "b") == 5
    assert "holds no earlier result" in (place.folder / "summary.md").read_text()


# --- in turn, and side by side ---


def spans(calls, verb="run"):
    """Give when each subject began and ended."""
    found = {}
    for call in calls:
        if call["verb"] == verb:
            found.setdefault(Path(call["argv"][1]).stem, []).append(call["at"])
    return found


def test_two_environments_are_broken_at_once_and_one_in_turn(place):
    place.settings(
        "[environments.shop]\nbase_url='http://127.0.0.1:1'\n[environments.till]\nbase_url='http://127.0.0.1:2'\n"
    )
    files = [place.scenario("a", sleep=60, meets="c"), place.scenario("b"), place.scenario("c", "till")]
    assert place.ci(*files) == 0
    when = spans(place.calls())
    assert when["a"][1] <= when["b"][0]
    assert when["c"][0] < when["a"][1]


def test_two_names_of_one_target_are_played_in_turn(place):
    place.settings(
        "[environments.shop]\nbase_url='http://127.0.0.1:1'\n[environments.till]\nbase_url='http://127.0.0.1:1/'\n"
    )
    files = [place.scenario("a", sleep=0.5), place.scenario("b", "till", sleep=0.5)]
    assert place.ci(*files) == 0
    when = spans(place.calls())
    assert when["a"][1] <= when["b"][0]


# --- ended early ---


def signalled(number, once):
    """Send this process a signal, once something holds."""

    def send():
        end = time.monotonic() + 60
        while not once():
            if time.monotonic() > end:
                return
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


@contextmanager
def aborts_wait_for_the_beginning():
    """Let no drill be told to abort before it can hear: a SIGTERM stays with it until it has begun."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_cancelled_job_aborts_its_drill_starts_no_other_and_still_leaves_its_artefacts(place, number):
    aborted = result("one", outcome="aborted")
    files = [place.scenario("one", sleep=60, result=aborted), place.scenario("two")]
    signalled(number, place.calls)
    assert place.ci(*files) == 3
    assert [call["what"] for call in place.calls()] == ["began", "aborted"]
    report = place.report()
    assert report["stopped"] == f"interrupted by {number.name}"
    assert [row["exit_code"] for row in report["scenarios"]] == [3, 5]
    assert "not started: interrupted" in report["scenarios"][1]["checks"][0]["said"]


@pytest.mark.parametrize("died", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_drill_that_is_stopped_before_it_begins_is_aborted(place, died):
    """Its process has not yet taken care of signals: nothing was injected, and nothing of ours is wrong."""
    place.scenario("one", die=died, result=None)
    assert place.ci() == 3
    (row,) = place.report()["scenarios"]
    assert (row["exit_code"], row["verdict"]) == (3, "aborted")


@pytest.mark.parametrize("code", [129, 130, 143])
def test_a_drill_that_ends_with_a_signals_code_is_aborted(place, code):
    place.scenario("one", exit=code, result=None)
    assert place.ci() == 3


def test_the_time_limit_aborts(place, capfd):
    place.scenario(sleep=60, result=result("one", outcome="aborted"))
    with aborts_wait_for_the_beginning():
        assert place.ci(time_limit="1s") == 3
    assert (
        "the time limit of 1.0 s is reached: aborting and reverting the drills in progress"
        in capfd.readouterr().err
    )


def test_a_drill_that_does_not_abort_in_time_is_killed_and_is_no_pass(place):
    place.scenario(sleep=60, term="ignore")
    began = time.monotonic()
    with aborts_wait_for_the_beginning():
        assert place.ci(time_limit="500ms", grace=0.5) == 70
    assert time.monotonic() - began < 30


# --- refused before anything starts ---


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"repeat": 0}, "--repeat 0: nothing would run"),
        ({"fail_under": 101.0}, "--fail-under 101 is not a number of points"),
        ({"fail_under": -1.0}, "--fail-under -1 is not a number of points"),
        ({"fail_under": float("nan")}, "--fail-under nan is not a number of points"),
        ({"time_limit": "soon"}, "--time-limit: 'soon' is not a duration"),
        ({"time_limit": "0s"}, "--time-limit: 0 leaves no time to run anything"),
        ({"drill": DrillOptions(phases=("warmup=3s",))}, "--phase: 'warmup' is not a phase"),
        ({"drill": DrillOptions(phases=("verify=3",))}, "--phase verify: '3' is not a duration"),
        ({"baseline": Path("gameday.toml")}, "--baseline: gameday.toml is not a folder"),
        ({"drill": DrillOptions(environment="moon")}, "gameday.toml has no environment 'moon'"),
        ({"drill": DrillOptions(responder=Path("nobody.yaml"))}, "there is no file nobody.yaml"),
        ({"artifacts": Path("gameday.toml")}, "gameday.toml cannot be created: File exists"),
        ({"junit": Path("scenarios")}, "--junit: scenarios is a folder"),
    ],
)
def test_wrong_usage_says_what_is_wrong_and_starts_nothing(place, capfd, options, said):
    place.scenario()
    assert place.ci(**options) == 2
    told = capfd.readouterr().err
    assert said in told
    assert ("cannot be written" in told) is bool({"artifacts", "junit"} & options.keys())
    assert place.calls() == []


def test_an_unknown_scenario_is_told_with_the_one_that_was_meant(place, capfd):
    place.scenario()
    assert place.ci(place.root / "scenarios" / "onee.yaml") == 2
    told = capfd.readouterr().err
    assert "scenarios/onee.yaml:1:1: there is no file scenarios/onee.yaml" in told
    assert "hint: did you mean 'one.yaml'?" in told
    assert place.ci(place.root / "nope.yaml") == 2
    assert capfd.readouterr().err == "nope.yaml:1:1: there is no file nope.yaml\n"


def test_a_game_day_plan_among_the_scenarios_is_said_to_be_left_out(place, capfd):
    place.scenario()
    plan = place.root / "scenarios" / "spring.gameday.yaml"
    plan.write_text("gameday: spring\n")
    assert place.ci(place.root / "scenarios" / "one.yaml", plan) == 0
    assert "spring.gameday.yaml is a game-day plan, which needs people: skipped" in capfd.readouterr().err
    assert place.ci(plan) == 2
    assert "error: no scenario to run" in capfd.readouterr().err


def test_a_scenario_that_nobody_plays_is_told_at_its_place(place, capfd):
    file = place.scenario()
    (place.root / "scenarios" / "responders" / "one.yaml").unlink()
    assert place.ci() == 2
    assert (
        "scenarios/one.yaml:1:1: nobody responds in a pipeline: no scenarios/responders/one.yaml"
        in capfd.readouterr().err
    )
    file.write_text(file.read_text() + "responders: none\n")
    assert place.ci() == 0


def test_all_mistakes_of_all_scenarios_are_told_at_once_and_annotated(place, capfd, tmp_path):
    files = [place.scenario("a"), place.scenario("b")]
    for file in files:
        file.write_text(file.read_text().replace("title: t", "titel: t"))
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path.parent)}
    assert place.ci(*files, environ=environ) == 2
    told = capfd.readouterr().err
    for name in ("a", "b"):
        assert f"{tmp_path.name}/scenarios/{name}.yaml:2:1: unknown key 'titel'" in told
        assert (
            f"::error file={tmp_path.name}/scenarios/{name}.yaml,line=2,col=1,title=gameday validate::"
            in told
        )


def test_a_refusal_is_in_every_artefact_too(place, tmp_path):
    place.scenario()
    assert place.ci(drill=DrillOptions(environment="moon"), junit=tmp_path / "j.xml") == 2
    assert junit_schema.complaints((tmp_path / "j.xml").read_text()) == []
    assert 'errors="1"' in (tmp_path / "j.xml").read_text()
    assert place.report()["exit_code"] == 2


def test_a_baseline_with_a_file_that_is_no_result_is_refused(place, tmp_path, capfd):
    place.scenario()
    bad = tmp_path / "before" / "x" / "result.json"
    bad.parent.mkdir(parents=True)
    bad.write_text('{"schema": 99}')
    assert place.ci(baseline=tmp_path / "before") == 2
    assert (
        "before/x/result.json:1:1: it is not a result.json that this gameday knows" in capfd.readouterr().err
    )


def test_two_scenarios_of_one_name_are_refused(place, capfd):
    one, two = place.scenario("one"), place.scenario("two")
    two.write_text(two.read_text().replace("scenario: two", "scenario: one"))
    assert place.ci(one, two) == 2
    assert "more than one scenario is called 'one'" in capfd.readouterr().err


def test_scenarios_of_two_workspaces_are_refused(place, tmp_path_factory, capfd):
    place.scenario()
    other = Place(tmp_path_factory.mktemp("other"))
    assert place.ci(place.root / "scenarios" / "one.yaml", other.scenario("two")) == 2
    assert "is not in the workspace" in capfd.readouterr().err


def test_what_an_experiment_imports_is_checked_before_anything_starts(place, capfd):
    place.scenario()
    text = (place.root / "experiments" / "slow.json").read_text()
    (place.root / "experiments" / "slow.json").write_text(text.replace("os.path", "no.such"))
    slow = place.root / "scenarios" / "slow.yaml"
    assert place.ci(place.root / "scenarios" / "one.yaml", slow) == 2
    assert "experiments/slow.json:" in capfd.readouterr().err
    assert place.calls() == []


# --- between drills ---


def test_a_target_that_still_stands_is_reset_before_the_next_drill(place, standing):
    place.settings(f"[environments.shop]\nbase_url='{standing}'\nreset=['touch', 'reset-was-run']\n")
    place.scenario()
    assert place.ci(repeat=1) == 0
    assert not (place.root / "reset-was-run").exists()
    assert place.ci(repeat=2) == 0
    assert (place.root / "reset-was-run").exists()


def test_a_reset_that_fails_leaves_the_next_drill_unplayed_and_says_why(place, standing):
    place.settings(
        f"[environments.shop]\nbase_url='{standing}'\nreset=['sh', '-c', 'echo no disk; exit 3']\n"
    )
    place.scenario()
    assert place.ci(repeat=2) == 5
    assert (
        "sh -c echo no disk; exit 3` failed: no disk" in place.report()["scenarios"][0]["checks"][0]["said"]
    )
    assert len(place.calls()) == 2


def test_a_reset_that_hangs_does_not_outlive_a_cancelled_job(place, standing):
    place.settings(
        f"[environments.shop]\nbase_url='{standing}'\nreset=['sh', '-c', '>hangs; exec sleep 600']\n"
    )
    place.scenario()
    signalled(signal.SIGTERM, (place.root / "hangs").exists)
    began = time.monotonic()
    assert place.ci(repeat=2) == 5
    assert time.monotonic() - began < 30


@pytest.fixture
def standing():
    """Something that answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
