"""`gameday plan` without a host: what is refused before anything opens, what each command leaves, who sees what."""

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gameday import wiring
from gameday.cli.drill import live_status, postmortem, review, score, show_judged, transfer, visibility
from gameday.cli.gamedays import check, control, find, hot_wash, show, start
from gameday.conduct.gamedays import host
from gameday.core.errors import Busy, ExitCode, UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.gamedays import report as reports
from gameday.core.gamedays import state
from gameday.core.plans.gameday import Occasion
from gameday.core.plans.scenario import ScorecardRules
from gameday.core.values import DrillId, EventId, Mode, instant
from gameday.settings.gameday import game_day_files
from gameday.system import clock, machine, processes
from tests.conduct.day import DAY, PLAN, SCENARIOS, go
from tests.render import a_drill
from tests.settings import space

NOW = 1_800_000_000.0
FILE = "scenarios/day.gameday.yaml"
TEXT = """\
gameday: day
title: A day
environment: shop
date: 2099-12-01T10:00
participants: [{name: ada, roles: [facilitator]}, {name: rita, roles: [responder]}]
prerequisites: [{command: [sh, -c, "exit 3"]}, {command: ["true"]}]
approvals: 1
agenda: [{scenario: slow.yaml}]
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    made = space.make(tmp_path)
    (made / FILE).write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(made)
    for name in ("GAMEDAY_STORE_URL", "GAMEDAY_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def store(root):
    opened = wiring.workspace_store(wiring.workspace(root))
    yield opened
    opened.close()


def put(store, number, fact, history=DAY):
    at = instant(NOW + number)
    store.append(
        ev.Event(
            id=EventId(f"e{number}"), drill=history, recorded_at=at, occurred_at=at, source="cli", fact=fact
        )
    )


@pytest.fixture
def held(store):
    put(store, 0, gf.GameDayPlanned(plan=PLAN, scenarios=SCENARIOS, attended=True, opened="ada"))
    return store


def facts(store, kind):
    return [row.event.fact for row in store.read(DAY) if isinstance(row.event.fact, kind)]


# --- before it opens ---


def test_whoever_resumes_a_game_day_first_reverts_what_any_drill_left(root, store, monkeypatch):
    """Its host may have died with the conductor of another environment's drill."""
    plan = game_day_files(wiring.workspace(root), root / FILE).plan
    put(store, 0, gf.GameDayPlanned(plan=plan, scenarios=SCENARIOS, attended=True, opened="ada"))
    child = processes.start(["sleep", "60"])
    child.kill()
    put(store, 1, replace(a_drill.planned(), environment="other"), "left")
    put(store, 2, machine.started("conductor", child.identity), "left")
    assert [row.drill for row in store.live()] == ["left"]

    def conduct(*_arguments):
        assert [row.drill for row in store.live()] == []
        return state.Stage.WAITING

    monkeypatch.setattr(start, "_conduct", conduct)
    assert start.main(start.StartOptions(plan=root / FILE, who="ada")) == ExitCode.ABORTED


def test_check_tells_date_approvals_and_prerequisites_at_once(root, capsys):
    assert check.main(root / FILE, anytime=False, who="ada", json=True) == ExitCode.INVALID
    told = json.loads(capsys.readouterr().out)
    found = {(one["check"], one["passed"]): one["detail"] for one in told["checks"]}
    assert "is planned for 2099-12-01T10:00Z" in found["date", False]
    assert found["approvals", False].startswith("0 of 1 other people approved")
    assert "ended with 3" in found["prerequisite", False]
    assert ("prerequisite", True) in found
    assert not (root / ".gameday" / "drills").exists()


def test_another_persons_approval_counts_for_exactly_these_files(root, capsys):
    def approvals(by, covers):
        (root / "approvals.toml").write_text(f'[[approval]]\nby = "{by}"\ncovers = "{covers}"\n')
        check.main(root / FILE, anytime=True, who="ada", json=True)
        told = json.loads(capsys.readouterr().out)
        return told["covers"], next(one["passed"] for one in told["checks"] if one["check"] == "approvals")

    covers, given = approvals("grace", "sha256:0")
    assert not given
    assert approvals("grace", covers)[1]
    assert not approvals("ada", covers)[1]
    scenario = root / "scenarios" / "slow.yaml"
    scenario.write_text(scenario.read_text() + "description: changed\n")
    assert not approvals("grace", covers)[1]


def test_a_plan_in_the_past_is_one_clear_message(root, capsys):
    (root / FILE).write_text(TEXT.replace("2099", "2020"))
    assert check.main(root / FILE, anytime=False, who="ada", json=False) == ExitCode.INVALID
    assert f"{FILE} is in the past: it was planned for 2020-12-01T10:00Z" in capsys.readouterr().out


def test_a_broken_plan_touches_nothing(root, capsys):
    (root / FILE).write_text(TEXT.replace("slow.yaml", "slwo.yaml").replace("shop", "shp"))
    assert check.main(root / FILE, anytime=False, who="ada", json=False) == 2
    told = capsys.readouterr().err
    assert "did you mean 'shop'?" in told
    assert "did you mean 'slow.yaml'?" in told
    assert not (root / ".gameday").exists()


def test_another_plan_of_the_workspace_at_the_same_time_is_a_mistake(root, capsys):
    (root / "scenarios" / "other.gameday.yaml").write_text(TEXT.replace("gameday: day", "gameday: other"))
    assert check.main(root / FILE, anytime=True, who="ada", json=False) == 2
    assert "scenarios/other.gameday.yaml uses shop at the same time" in capsys.readouterr().err


def test_another_open_game_day_on_the_environment_is_in_the_way(root, store, capsys):
    other = replace(PLAN, gameday="other", environment="shop")
    put(store, 0, gf.GameDayPlanned(plan=other, scenarios=SCENARIOS, attended=True))
    check.main(root / FILE, anytime=True, who="ada", json=False)
    assert f"{DAY} is open on shop" in capsys.readouterr().out


@pytest.mark.parametrize("other", ["day", "other"])
def test_of_two_that_open_at_once_one_does(root, monkeypatch, other):
    """Both have seen that none is open before either opens."""
    text = TEXT.replace("approvals: 1\n", "").replace("exit 3", "exit 0")
    (root / FILE).write_text(text, encoding="utf-8")
    plans = [root / FILE, root / f"scenarios/{other}.gameday.yaml"]
    if other != "day":
        another = text.replace("gameday: day", f"gameday: {other}").replace("2099", "2098")
        plans[1].write_text(another, encoding="utf-8")
    met = threading.Barrier(2)
    asked = check.prerequisites

    def together(*args):
        met.wait(20)
        return asked(*args)

    monkeypatch.setattr(check, "prerequisites", together)

    def open_(plan):
        space = wiring.workspace(plan)
        files, store = game_day_files(space, plan), wiring.workspace_store(space)
        options = start.StartOptions(plan=plan, anytime=True, yes=True)
        return start._open(space, files, store, options, "ada")

    with ThreadPoolExecutor(2) as pool:
        told = [one.exception() or one.result() for one in [pool.submit(open_, plan) for plan in plans]]
    refused = [one for one in told if isinstance(one, Busy)]
    assert len(refused) == 1, told
    assert "open on shop" in refused[0].message
    with contextlib.closing(wiring.workspace_store(wiring.workspace(root))) as store:
        assert len(store.game_days()) == 1


def test_prerequisites_reach_the_verified_cluster_or_none(root, monkeypatch, capsys):
    """Where it can't be verified, as here, they don't reach whatever is current in the user's settings."""
    users = root / "users-kubeconfig"
    users.write_text("current-context: prod")
    monkeypatch.setenv("KUBECONFIG", str(users))
    settings = root / "gameday.toml"
    cluster = (
        '[environments.shop]\nkubernetes = {context = "staging", cluster_uid = "u", namespaces = ["shop"]}'
    )
    settings.write_text(settings.read_text().replace("[environments.shop]", cluster, 1))
    asks = f'command: [sh, -c, "test \\"$KUBECONFIG\\" != {users} && test -s \\"$KUBECONFIG\\""]'
    (root / FILE).write_text(TEXT.replace('command: [sh, -c, "exit 3"]', asks), encoding="utf-8")
    space_ = wiring.workspace(root / FILE)
    checked = check.prerequisites(space_, game_day_files(space_, root / FILE))
    assert [each.passed for each in checked] == [True, True], checked


# --- what facilitators say ---


def test_each_word_leaves_one_fact(held, capsys):
    assert control.go(waive="", game_day="", who="ada") == 0
    assert facts(held, gf.GoGiven) == [go(0)]
    control.pause("lunch is late", game_day="", who="ada")
    control.skip("no time", game_day="", who="ada")
    control.resume(game_day="", who="ada")
    assert facts(held, gf.ItemSkipped) == [gf.ItemSkipped(item=0, attempt=1, why="no time")]
    control.extend("5m", game_day="", who="ada")
    assert facts(held, gf.TimeExtended)[0].what == "break"
    control.repeat(1, "", game_day="", who="ada")
    assert facts(held, gf.RepeatAsked) == [gf.RepeatAsked(item=0, attempt=2)]
    control.end(game_day="", who="ada")
    assert facts(held, gf.GameDayEnded) == [gf.GameDayEnded(why="facilitator")]
    assert held.read(DAY)[-1].event.by == "ada"
    assert "go for item 1, one breaks" in capsys.readouterr().err


def test_what_no_terminal_conducts_is_said_with_the_way_on(held, capsys):
    control.go(waive="", game_day="", who="ada")
    live_status.main(json=False, who="ada")
    told = capsys.readouterr().err
    assert f"no terminal conducts it: gameday plan start {PLAN.path} resumes it" in told
    assert f"game day in progress: {DAY}: gameday plan show" in told
    show.main("", injects=False, who="ada", json=False)
    assert "no terminal conducts it" in capsys.readouterr().out
    held.claim(DAY, host.HOST_RIGHT, "a terminal", until=instant(clock.now() + 60))
    control.pause("", game_day="", who="ada")
    show.main("", injects=False, who="ada", json=False)
    told = capsys.readouterr()
    assert "no terminal" not in told.out + told.err


def test_a_waiver_is_on_record_and_goes_on(held):
    put(held, 1, gf.ItemBegun(item=0, attempt=1, drill="d1"))
    put(held, 2, gf.ItemEnded(item=0, attempt=1, how="completed"))
    with pytest.raises(UsageError, match="has not settled after item 1"):
        control.go(waive="", game_day="", who="ada")
    put(held, 3, gf.SettlingChecked(item=0, attempt=1, step="reset", passed=False, detail="it is locked"))
    now = state.fold(find.read_history(held, DAY))
    assert "has not settled (reset: it is locked): gameday" in show.stage_words(
        replace(now, stage=state.Stage.UNSETTLED)
    )
    control.go(waive="we know", game_day="", who="ada")
    assert facts(held, gf.SettlingWaived)[0].reason == "we know"
    assert facts(held, gf.GoGiven) == []  # a break follows, and is not cut short


@pytest.mark.parametrize("say", [control.go, control.end])
def test_who_is_no_facilitator_conducts_nothing(held, say):
    more = {"waive": ""} if say is control.go else {}
    before = len(held.read(DAY))
    with pytest.raises(UsageError, match="rita is incident commander"):
        say(game_day="", who="rita", **more)
    assert len(held.read(DAY)) == before


def test_what_is_refused_names_the_options_and_the_nearest_game_day(held):
    with pytest.raises(UsageError, match="no game day 'gameday-2'") as refused:
        control.go(waive="", game_day="gameday-2", who="ada")
    assert "did you mean 'gameday-1'?" in refused.value.hint
    with pytest.raises(UsageError, match="rita is incident commander") as refused:
        control.pause("", game_day="", who="rita")
    assert refused.value.hint.startswith("name yourself with --as NAME; ")
    put(held, 1, gf.ItemBegun(item=0, attempt=1, drill="d1"))
    put(held, 2, gf.ItemEnded(item=0, attempt=1, how="completed"))
    with pytest.raises(UsageError, match="has not settled") as refused:
        control.go(waive="", game_day="", who="ada")
    assert refused.value.hint == 'wait, gameday plan extend 5m, or gameday plan next --waive "WHY"'


# --- who sees what ---


def sealed_drill(store, drill="d1"):
    hidden = Occasion(game_day=DAY, hidden=True, insiders=("ada",), facilitators=("ada",))
    planned = ev.DrillPlanned(
        scenario=SCENARIOS["scenarios/one.yaml"],
        scorecard=ScorecardRules(scorecard="s", version=1, criteria=()),
        mode=Mode.EVALUATE,
        environment="stage",
        comparable="c",
        occasion=hidden,
    )
    put(store, 50, planned, DrillId(drill))
    put(store, 50.5, machine.started("conductor", processes.me()), DrillId(drill))  # it is looked after
    put(store, 51, ev.FaultInjected(fault="main", action="break one"), DrillId(drill))
    put(store, 52, ev.AlertFired(key="k", alert="oneDown"), DrillId(drill))


def test_responders_do_not_see_into_a_drill_that_is_on(held, capsys):
    sealed_drill(held)
    live_status.main(json=True, who="rita")
    (seen,) = json.loads(capsys.readouterr().out)
    assert (seen["scenario"], seen["clocks"]) == ("hidden", [])
    assert [line["text"] for line in seen["latest"]] == ["Alert oneDown fired."]
    assert [row.scenario for row in visibility.rows(held, "rita")] == ["hidden"]
    assert [row.scenario for row in visibility.rows(held, "ada")] == ["one"]
    with pytest.raises(UsageError, match="it is shown when it has ended"):
        show_judged.encoded("d1", "rita")
    put(held, 60, ev.DrillClosed(how="completed", reverted=True), DrillId("d1"))
    assert [row.scenario for row in visibility.rows(held, "rita")] == ["one"]


@pytest.mark.parametrize(
    "look",
    [
        lambda who, out: score.main("d1", scorecard=None, json=True, who=who),
        lambda who, out: postmortem.main("d1", html=False, who=who),
        lambda who, out: transfer.export("d1", out, who=who),
        lambda who, out: review.main("d1", answers=["improve=more"], by="", who=who),
    ],
)
def test_no_other_way_leads_into_it_but_a_facilitators(held, tmp_path, look):
    sealed_drill(held)
    with pytest.raises(UsageError, match="it is shown when it has ended"):
        look("rita", tmp_path / "out")
    assert look("ada", tmp_path / "out") == 0


def test_the_agenda_is_for_facilitators_until_an_item_is_over(held, capsys):
    show.main("", injects=False, who="rita", json=True)
    hidden = json.loads(capsys.readouterr().out)
    assert [turn["title"] for turn in hidden["agenda"]] == [None, "Break", None]
    show.main("", injects=False, who="ada", json=True)
    shown = json.loads(capsys.readouterr().out)
    assert [turn["title"] for turn in shown["agenda"]] == ["one breaks", "Break", "two breaks"]
    with pytest.raises(UsageError, match="for facilitators and observers"):
        show.main("", injects=True, who="rita", json=False)


# --- afterwards ---


def test_a_drill_whose_terminal_died_is_over_when_the_day_is_ended(held):
    sealed_drill(held)
    put(held, 49, gf.ItemBegun(item=0, attempt=1, drill="d1"))
    put(held, 60, ev.DrillClosed(how="aborted", reverted=True), DrillId("d1"))
    control.end(game_day="", who="ada")
    (over,) = facts(held, gf.ItemEnded)
    assert (over.item, over.how, over.why) == (0, "aborted", host.DIED)


def test_the_hot_wash_takes_answers_and_work_once_the_day_has_ended(held, root, capsys):
    with pytest.raises(UsageError, match="has not ended"):
        hot_wash.main("", answers=["went-well=x"], actions=[], by="ada")
    control.end(game_day="", who="ada")
    assert hot_wash.main("", answers=["went-well=all"], actions=["fix it;on-call;2027-02-01"], by="ada") == 0
    text = (root / ".gameday" / "gamedays" / DAY / "report.md").read_text(encoding="utf-8")
    assert "| fix it | on-call | 2027-02-01 |" in text
    in_full = reports.QUESTIONS["went-well"]
    assert hot_wash.main("", answers=[f"{in_full}=that, too"], actions=[], by="ada") == 0
    assert [one.question for one in facts(held, gf.HotWashAnswered)] == ["went-well", "went-well"]
    with pytest.raises(UsageError, match="'2026-13-45' is not a date"):
        hot_wash.main(DAY, answers=[], actions=["a;b;2026-13-45"], by="ada")
    with pytest.raises(UsageError, match="'soon' is not a date"):
        hot_wash.main("", answers=[], actions=["fix it;on-call;soon"], by="ada")
    with pytest.raises(UsageError, match="is not an answer"):
        hot_wash.main("", answers=["all well"], actions=[], by="ada")
