from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import playbook, postmortem
from gameday.core.facts import drill as ev
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.milestones import Milestones
from gameday.core.judging.result import Alerts
from gameday.core.values import MilestoneName, Outcome, RecoveredBy
from gameday.testing import histories
from tests.core.postmortem.drafts import drafted, entry
from tests.render import a_drill


@pytest.fixture
def refused():
    """Give the facts of a drill whose target did not answer."""
    check = ev.PreflightChecked(check="target reachable", passed=False, detail="no answer")
    closed = ev.DrillClosed(how="not-ready", reverted=True)
    return [*a_drill.facts()[:1], (1.0, "conductor", check), (2.0, "conductor", closed)]


def test_chains_add_up_to_their_whole_time():
    contain = drafted().chains[1]
    assert contain.spans[0].earlier
    assert sum(s.seconds or 0.0 for s in contain.spans) == pytest.approx(contain.seconds)
    assert [s.name for s in contain.spans if s.longest] == ["declared → first action"]


def test_nobodys_name_stands_in_what_is_ours():
    assert "Rosalind" not in repr(drafted())


def test_a_scripted_responder_is_named_as_such():
    pm = drafted()
    assert pm.responder == "Scripted responder shop-team, playing the team."
    assert entry(pm, "Acknowledged").who == "shop-team (script)"


def test_due_dates_follow_the_policy_from_the_day_of_closing():
    due = {a.priority: a.due for a in drafted().actions}
    assert due == {"high": "2026-12-08", "medium": "2026-12-15", "low": "2026-12-31"}
    hurried = postmortem.draft(a_drill.of(), a_drill.result(), postmortem.DueDays(high=1))
    assert min(a.due for a in hurried.actions) == "2026-12-02"


def test_action_items_named_at_the_review_are_kept_in_their_own_words():
    facts = [*a_drill.facts(), (228.0, "cli", ev.ReviewAnswered(question="action", answer="Add an index."))]
    assert drafted(facts).actions[-1].text == "Add an index."


def test_a_drill_that_injected_nothing_can_be_reported():
    facts = [*a_drill.facts()[:3], (3.0, "conductor", ev.DrillClosed(how="not-ready", reverted=True))]
    empty = a_drill.result(
        milestones=Milestones(by_name={}, intervals=(), chain=()),
        impact=replace(a_drill.impact(), started=None, ended=None, seconds=0.0, slos=()),
        attribution=Attribution(recovered_by=RecoveredBy.NONE, outcome=Outcome.FAILED, changed=None, why=""),
        alerts=Alerts(),
    )
    pm = drafted(facts, empty)
    assert pm.reverted == ("Nothing was injected, so nothing had to be reverted.",)
    assert pm.root_cause.injected[-1] != ""
    assert all(m.at is None for m in pm.milestones)


def test_a_drill_that_did_not_begin_shows_only_why(refused):
    pm = drafted(refused)
    assert pm.well == ()
    (found,) = pm.improve
    assert (found.title, found.detail) == ("The drill did not begin", "target reachable: no answer.")
    assert [entry.number for entry in pm.timeline if "no answer" in entry.text] == list(found.evidence)
    assert [one.text for one in pm.actions] == [
        "Make the environment ready for this drill, then run it again"
    ]
    assert pm.questions == ()
    planned = a_drill.planned().playbook
    assert playbook.propose(a_drill.of(refused), a_drill.result(), planned) == ()


def test_order_of_delivery_changes_nothing():
    assert drafted(list(reversed(a_drill.facts()))) == drafted()


def test_a_judged_history_and_its_postmortem_agree():
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 60).alert("HighApiLatency", at=18)
    game = game.ack(at=20).declare("P2", at=25).action("flag off", at=59).mark("recovered", at=75).over(at=80)
    game = game.close(at=100)
    result = game.result()
    pm = postmortem.draft(game.history(), result)
    assert pm.outcome is result.attribution.outcome
    reached = {m.name: m.at for m in pm.milestones}
    assert reached == {n: result.milestones.by_name[n].at for n in MilestoneName}
