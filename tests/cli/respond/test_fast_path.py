"""What responders type: every command leaves one event, dated by its start, or says why not."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.cli.respond import commands, fast_path
from gameday.core import responder_commands
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.plans.gameday import Occasion
from gameday.core.plans.scenario import Inject, Playbook, PlaybookStep, Scenario, ScorecardRules
from gameday.core.postmortem import timeline
from gameday.core.values import DrillId, EventId, FaultId, Mode, Severity, instant
from gameday.storage import open_store, urls
from gameday.storage.spill import spill_file
from gameday.system import machine, processes

D = DrillId("drill-1")
NOW = 1_800_000_000.0


def planned(
    drill: str = D, *, host: str = "", environment: str = "shop", occasion: Occasion | None = None
) -> ev.Event:
    injects = (
        Inject(after=10, message="Support calls", id="support"),
        Inject(after=20, hint="Look at queries"),
    )
    scenario = Scenario(scenario="slow", title="Slow", environment=environment, injects=injects)
    steps = (PlaybookStep(id="turn-off-new-ranking", text="Turn it off", line=3),)
    fact = ev.DrillPlanned(
        scenario=scenario,
        scorecard=ScorecardRules(scorecard="team", version=1, criteria=()),
        playbook=Playbook(path="playbooks/db.md", text="", steps=steps),
        mode=Mode.EVALUATE,
        environment=environment,
        comparable="c",
        host=host,
        occasion=occasion,
    )
    return event(fact, at=NOW, drill=drill)


def event(fact: ev.Fact, *, at: float, drill: str = D) -> ev.Event:
    return ev.Event(
        id=EventId(f"{type(fact).__name__}-{at}"),
        drill=DrillId(drill),
        recorded_at=instant(at),
        occurred_at=instant(at),
        source="conductor",
        fact=fact,
    )


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / "gameday.toml").write_text("")
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path / "scenarios")
    monkeypatch.delenv("GAMEDAY_STORE_URL", raising=False)
    return tmp_path


@pytest.fixture
def store(workspace):
    opened = open_store(f"sqlite:///{workspace}/.gameday/gameday.db")
    opened.append(planned())
    yield opened
    opened.close()


@pytest.fixture
def in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def last(store) -> ev.Event:
    return store.read(D)[-1].event


@pytest.mark.parametrize(
    ("words", "fact", "said"),
    [
        ("ack", ev.IncidentAcknowledged(), "acknowledged, 41.0 s into drill drill-1"),
        (
            "declare --severity P2 --commander Ada",
            ev.IncidentDeclared(severity=Severity.P2, commander="Ada"),
            "declared P2 High",
        ),
        ("declare --severity critical", ev.IncidentDeclared(severity=Severity.P1), "declared P1 Critical"),
        ("note Index added; flag off", ev.NoteWritten(text="Index added; flag off"), "noted"),
        ("step turn-off-new-ranking", ev.StepDone(step="turn-off-new-ranking"), "step turn-off"),
        ("contained", ev.MilestoneMarked(milestone="contained"), "marked: contained"),
        ("recovered", ev.MilestoneMarked(milestone="recovered"), "marked: recovered"),
        (
            "mark commander-assigned",
            ev.MilestoneMarked(milestone="commander_assigned"),
            "marked: commander assigned",
        ),
        (
            "update We know --audience customers",
            ev.UpdateSent(audience="customers", text="We know"),
            "update to customers",
        ),
        (
            "grant failed over to B",
            ev.MilestoneMarked(milestone="contained", granted=True, lever="failed over to B"),
            "granted: failed over to B",
        ),
        ("inject send support", ev.InjectAsked(index=0, send=True), "inject support will be sent"),
        (
            "inject skip 1 they know",
            ev.InjectAsked(index=1, send=False, why="they know"),
            "inject 1 will be skipped",
        ),
        ("end", ev.EndRequested(), "end of the response requested"),
        ("continue", ev.ContinueRequested(), "continuing the drill"),
        ("abort", ev.AbortRequested(reason="facilitator"), "abort requested (facilitator)"),
        ("abort --reason safety", ev.AbortRequested(reason="safety"), "abort requested (safety)"),
    ],
)
def test_each_command_leaves_one_fact_dated_by_its_start(store, capsys, words, fact, said):
    assert fast_path.main(words.split(" "), NOW + 41) == 0
    stored = last(store)
    assert stored.fact == fact
    assert (stored.occurred_at, stored.source, stored.trusted) == (NOW + 41, "cli", True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)


def test_nothing_is_granted_before_the_fault(workspace, capsys):
    fact = planned().fact
    faulty = replace(fact, scenario=replace(fact.scenario, experiment="slow.json"))
    with closing(open_store(f"sqlite:///{workspace}/.gameday/gameday.db")) as opened:
        opened.append(replace(planned(), fact=faulty))
        assert fast_path.main(["grant", "failed", "over"], NOW + 41) == 2
        assert "no fault has been injected yet, so there is nothing to grant" in capsys.readouterr().err
        opened.append(event(ev.FaultInjected(fault=FaultId("f"), action="slow"), at=NOW + 42))
        assert fast_path.main(["grant", "failed", "over"], NOW + 43) == 0


def test_the_fault_is_the_clock_once_it_is_injected(store, capsys):
    store.append(event(ev.FaultInjected(fault=FaultId("f"), action="slow"), at=NOW + 30))
    fast_path.main(["ack", "--by", "ada"], NOW + 71.2)
    assert capsys.readouterr().err == "acknowledged, 41.2 s into the incident (drill drill-1)\n"
    assert last(store).by == "ada"


def test_json_says_what_was_stored(store, capsys):
    fast_path.main(["ack", "--json"], NOW + 1.5)
    said = json.loads(capsys.readouterr().out)
    assert said["event"] == last(store).id
    assert (said["drill"], said["kind"], said["seconds"]) == (D, "IncidentAcknowledged", 1.5)
    assert said["at"] == "2027-01-15T08:00:01.500Z"


def test_the_clock_of_another_host_does_not_count(store, workspace):
    store.append(planned("drill-2", host="conductor.example"))
    fast_path.main(["ack", "--drill", "drill-2"], NOW + 5)
    assert not store.read(DrillId("drill-2"))[-1].event.trusted
    fast_path.main(["mark", "detected", "--at", "-1s", "--drill", "drill-2"], NOW + 5)
    assert store.read(DrillId("drill-2"))[-1].event.trusted


def test_the_clock_of_the_conductors_host_counts(store):
    store.append(planned("drill-2", host=processes.hostname()))
    fast_path.main(["ack", "--drill", "drill-2"], NOW + 5)
    assert store.read(DrillId("drill-2"))[-1].event.trusted


@pytest.mark.parametrize(
    ("at", "seconds"),
    [("-2m", 120), ("-1m30s", 150), ("2027-01-15T08:01:00Z", 60), ("2027-01-15T09:02:00+01:00", 120),
     ("08:03", 180), ("8:00:41", 41)],
)  # fmt: skip
def test_a_milestone_is_marked_at_a_moment_told_in_any_way(store, in_utc, at, seconds):
    assert fast_path.main(["mark", "detected", "--at", at], NOW + 240) == 0
    assert last(store).occurred_at == NOW + seconds


def test_a_time_of_day_is_yesterdays_when_only_that_lies_in_the_drill(store, in_utc):
    fast_path.main(["mark", "detected", "--at", "23:50"], NOW + 17 * 3600)
    assert last(store).occurred_at == NOW + (15 * 60 + 50) * 60


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("declare --severity P5", "'P5' is not a severity"),
        ("declare --severity critcal", "nearest: 'Critical'"),
        ("declare", "--severity"),
        ("mark recoverd", "nearest: 'recovered'"),
        ("mark fault_injected", "not a milestone that can be marked"),
        ("mark detected --at 2099-01-01T00:00:00Z", "in the future"),
        ("mark detected --at -2h", "before the drill began"),
        ("mark detected --at noon", "'noon' is not a time"),
        ("step turn-off-new-rankin", "nearest: 'turn-off-new-ranking'"),
        ("hint", "no hint is on offer"),
        ("hint 1", "hint 1 is not on offer"),
        ("note", "TEXT"),
        ("ack --drill dril-1", "nearest: 'drill-1'"),
        ("ack --environment staging", "no drill is in progress on staging"),
        ("ack --servity P1", "unrecognized arguments"),
    ],
)
def test_a_slip_is_answered_with_the_way_on_and_leaves_nothing(store, capsys, words, message):
    assert fast_path.main(words.split(" "), NOW + 41) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "hint: " in err or "there are " in err
    assert len(store.read(D)) == 1


def test_a_hint_is_given_once_it_is_on_offer(store, capsys):
    store.append(event(ev.InjectSent(index=1, kind="hint"), at=NOW + 20))
    assert fast_path.main(["hint"], NOW + 21) == 0
    assert capsys.readouterr().out == "Look at queries\n"
    assert last(store).fact == ev.HintTaken(index=1)
    assert fast_path.main(["hint"], NOW + 22) == 2
    assert fast_path.main(["hint", "1"], NOW + 23) == 0


def test_with_several_live_drills_the_command_asks_which(store, capsys):
    store.append(planned("drill-2", environment="staging"))
    assert fast_path.main(["ack"], NOW + 1) == 2
    err = capsys.readouterr().err
    assert "drill-1  slow on shop" in err
    assert "drill-2  slow on staging" in err
    assert fast_path.main(["ack", "--environment", "staging"], NOW + 1) == 0
    assert len(store.read(DrillId("drill-2"))) == 2


ENDINGS = (ev.AbortRequested(reason="facilitator"), ev.EndRequested(), ev.ResponseEnded(why="time"))


@pytest.mark.parametrize("fact", ENDINGS)
def test_a_drill_that_is_being_ended_says_what_no_longer_counts(store, capsys, fact):
    assert fast_path.main(["contained"], NOW + 90) == 0
    assert "being ended" not in capsys.readouterr().err
    store.append(event(fact, at=NOW + 100))
    for words in (["ack"], ["declare", "--severity", "P2"], ["contained"], ["recovered"]):
        assert fast_path.main(words, NOW + 101) == 0
        assert "is being ended: this is recorded, and may no longer count" in capsys.readouterr().err
    before = len(store.read(D))
    assert fast_path.main(["inject", "send", "support"], NOW + 102) == 2
    assert "is being ended: no inject is sent or skipped any more" in capsys.readouterr().err
    assert len(store.read(D)) == before


def test_a_drill_that_has_ended_takes_only_what_may_be_said_afterwards(store, capsys):
    store.append(event(ev.DrillClosed(how="completed", reverted=True), at=NOW + 100))
    assert fast_path.main(["ack"], NOW + 101) == 2
    assert "no drill is in progress" in capsys.readouterr().err
    assert fast_path.main(["ack", "--drill", D], NOW + 101) == 2
    assert "has ended" in capsys.readouterr().err
    assert fast_path.main(["mark", "detected", "--at", "-1m", "--drill", "last"], NOW + 101) == 0


@pytest.mark.parametrize("toml", ["", "[store]\nurl = 'sqlite:///.gameday/other.db'"])
def test_without_a_drill_the_way_to_one_is_named(workspace, capsys, toml):
    (workspace / "gameday.toml").write_text(toml)
    assert fast_path.main(["ack"], NOW) == 2
    assert "hint: gameday run SCENARIO starts one" in capsys.readouterr().err
    assert not (workspace / ".gameday").exists()


def test_outside_a_workspace_the_command_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert fast_path.main(["ack"], NOW) == 2
    assert "not in a workspace" in capsys.readouterr().err


def test_settings_that_cannot_be_read_are_named(workspace, capsys):
    (workspace / "gameday.toml").write_text("[store")
    assert fast_path.main(["ack"], NOW) == 2
    assert "gameday.toml cannot be read" in capsys.readouterr().err


def test_the_store_may_be_named_by_the_environment(store, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("GAMEDAY_STORE_URL", f"sqlite:///{Path.cwd()}/../.gameday/gameday.db")
    monkeypatch.chdir(elsewhere)
    assert fast_path.main(["ack"], NOW + 1) == 0
    assert last(store).fact == ev.IncidentAcknowledged()


def test_an_abort_that_the_store_cannot_take_is_kept_beside_it(store, workspace, monkeypatch, capsys):
    monkeypatch.setattr("gameday.cli.respond.live_drill.LOCK_TIMEOUT", 0.05)
    with sqlite3.connect(workspace / ".gameday" / "gameday.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert fast_path.main(["abort"], NOW + 9) == 0
    other.close()
    assert "kept in" in capsys.readouterr().err
    kept = spill_file.read(spill_file.path(workspace / ".gameday" / "drills", D))
    assert kept.documents[0]["kind"] == "AbortRequested"


def test_text_that_is_no_utf8_is_stored_all_the_same(store):
    fast_path.main(["note", "caf\udce9"], NOW + 1)
    assert last(store).fact == ev.NoteWritten(text="caf�")


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_help_reads_like_that_of_the_other_commands(workspace, capsys, name):
    assert fast_path.main([name, "--help"], NOW) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: gameday {name} ")
    assert responder_commands.ALL[name].help.split(":", maxsplit=1)[0] in out


def test_the_path_is_fast_because_it_imports_little(store, workspace):
    code = (
        "import sys; from gameday.cli.respond import fast_path; code = fast_path.main(['ack'], 1800000001.0);"
        "heavy = {'typer', 'click', 'pydantic', 'sqlalchemy', 'ruamel', 'cattrs', 'attr', 'asyncio', 'rich',"
        " 'gameday.core.facts.drill', 'gameday.core.plans.scenario', 'gameday.ports', 'chaoslib', 'yaml', 'hmac',"
        " 'gameday.system.signing_key', 'dataclasses', 'inspect', 'shutil', 'socket', 'html', 'tomllib'};"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "0 []\n"


def test_an_inject_that_is_not_there_or_was_sent_is_told_with_the_nearest(store, capsys):
    assert fast_path.main(["inject", "send", "suport"], NOW + 1) == 2
    assert "nearest: 'support'" in capsys.readouterr().err
    store.append(event(ev.InjectSent(index=0, kind="message"), at=NOW + 10))
    assert fast_path.main(["inject", "skip", "support"], NOW + 11) == 2
    assert "was already sent" in capsys.readouterr().err


HIDDEN = Occasion(game_day="gameday-1", hidden=True, insiders=("ada", "otto"), facilitators=("ada",))


@pytest.fixture
def occasion(workspace, monkeypatch):
    monkeypatch.setenv("GAMEDAY_ACTOR", "rita")
    opened = open_store(f"sqlite:///{workspace}/.gameday/gameday.db")
    opened.append(
        planned(occasion=HIDDEN), event(ev.FaultInjected(fault=FaultId("f"), action="x"), at=NOW + 30)
    )
    yield opened
    opened.close()


@pytest.mark.parametrize("words", [["grant", "B"], ["inject", "send", "support"], ["end"], ["continue"]])
def test_in_a_game_day_only_its_facilitators_steer_the_drill(occasion, capsys, monkeypatch, words):
    assert fast_path.main(words, NOW + 40) == 2
    assert "is for facilitators, not for rita" in capsys.readouterr().err
    assert fast_path.main([*words, "--by", "otto"], NOW + 40) == 2  # an observer looks on
    monkeypatch.setenv("GAMEDAY_ACTOR", "ada")
    assert fast_path.main(words, NOW + 40) == 0


@pytest.mark.parametrize(
    "words", [["grant", "B"], ["inject", "send", "support"], ["end"], ["continue"], ["ack"], ["abort"]]
)
def test_the_postmortem_calls_facilitator_whose_words_are_the_facilitators(occasion, monkeypatch, words):
    monkeypatch.setenv("GAMEDAY_ACTOR", "ada")
    assert fast_path.main(words, NOW + 40) == 0
    said = "facilitator" if words[0] in responder_commands.FACILITATOR else "team"
    assert timeline.who(last(occasion), history.from_events(row.event for row in occasion.read(D))) == said


def test_anyone_may_abort_a_game_days_drill(occasion):
    assert fast_path.main(["abort"], NOW + 40) == 0


def test_responders_are_not_told_when_the_fault_was_injected(occasion, capsys):
    assert fast_path.main(["ack", "--json"], NOW + 71.2) == 0
    out, err = capsys.readouterr()
    assert err == "acknowledged, at 2027-01-15T08:01:11.200Z\n"
    assert json.loads(out)["seconds"] is None
    fast_path.main(["note", "seen", "--by", "otto"], NOW + 72)
    assert "into the incident" in capsys.readouterr().err


def test_every_command_has_its_sentence_and_every_sentence_its_command():
    assert list(responder_commands.ALL) == list(commands.COMMANDS)


def test_help_loads_typer_and_little_else():
    code = (
        "import sys; sys.argv = ['gameday', '--help']; from gameday.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'asyncio', 'cattrs', 'pydantic', 'rich', 'ruamel', 'sqlalchemy', 'sqlite3', 'gameday.cli.respond.fast_path'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.endswith("[]\n"), ended.stdout


@pytest.mark.parametrize("alive", [True, False], ids=["looked after", "abandoned"])
def test_a_drill_that_was_left_behind_is_closed_before_anything_else_is_said(store, capsys, alive):
    me = processes.me()
    ticks = me.started_ticks if alive else me.started_ticks + 1
    conductor = ev.ProcessStarted(
        role="conductor", pid=me.pid, started_ticks=ticks, boot=me.boot, host=processes.hostname()
    )
    store.append(event(conductor, at=NOW))
    code = fast_path.main(["ack"], NOW + 41)
    said = capsys.readouterr().err
    if alive:
        assert (code, "abandoned" in said) == (0, False)
        return
    assert said.startswith(f"warning: drill {D} was abandoned: no fault is in force")
    assert (code, "no drill is in progress" in said) == (2, True)
    assert [row.how for row in store.drills()] == ["aborted"]


def test_the_conductor_is_nudged_once_the_fact_is_stored(store, workspace):
    """It finds the fact in the store at the nudge: it need not look again."""
    code = (
        "import signal, sys, time\n"
        "from gameday import storage\n"
        "from gameday.storage import journal\n"
        f"database = storage.open_executor({urls.in_folder(workspace / '.gameday')!r})\n"
        f"found = lambda *_: sys.exit(len(journal.documents(database, {D!r}, 'IncidentAcknowledged')))\n"
        "signal.signal(signal.SIGURG, found); print('on', flush=True); time.sleep(60)"
    )
    child = processes.start([sys.executable, "-c", code], drill="nudged", stdout=processes.PIPE)
    try:
        assert child.stdout.readline() == b"on\n"
        store.append(event(machine.started("conductor", child.identity), at=NOW))
        assert fast_path.main(["ack"], NOW + 1) == 0
        assert child.wait(10) == 1
    finally:
        child.kill()
