from __future__ import annotations

import pytest

from gameday.core.facts import drill as ev
from gameday.core.judging.attribution import Attribution
from gameday.core.values import Outcome, RecoveredBy
from gameday.formats.scenario import playbook as markdown_playbook
from gameday.render import drill_files
from gameday.testing import histories
from tests.render import a_drill


@pytest.fixture(scope="module")
def left():
    return drill_files.drill_files(
        a_drill.of(load=a_drill.users()), a_drill.result(), markdown_playbook.present(a_drill.PLAYBOOK)
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_can_be_reported(outcome):
    who = Attribution(recovered_by=RecoveredBy.NONE, outcome=outcome, changed=None, why="Because.")
    assert (
        "Because."
        in drill_files.drill_files(a_drill.of(), a_drill.result(attribution=who), None)["postmortem.md"]
    )


def test_a_drill_leaves_all_its_files(left):
    assert set(left) == {
        "postmortem.md",
        "postmortem.html",
        "impact.svg",
        "playbook.patch",
        "junit.xml",
    }


def test_without_a_playbook_there_is_no_patch():
    facts = [(0.0, "conductor", a_drill.planned(playbook=None)), *a_drill.facts()[1:]]
    assert "playbook.patch" not in drill_files.drill_files(a_drill.of(facts), a_drill.result(), None)


def test_the_patch_changes_the_playbook_as_it_stands_now():
    moved = a_drill.PLAYBOOK.replace("# Database overload\n", "# Database overload\n\nWords since then.\n")
    patch = drill_files.drill_files(a_drill.of(), a_drill.result(), markdown_playbook.present(moved))[
        "playbook.patch"
    ]
    assert " Words since then.\n" in patch or "Words since then" not in patch
    assert "+2. Run `gameday shop flag new-ranking off`" in patch


def test_page_and_markdown_name_the_scripted_responder_score_and_coverage(left):
    for name in ("postmortem.html", "postmortem.md"):
        assert "Scripted responder shop-team, playing the team." in left[name]
        assert "71.4" in left[name]
        assert "83 %" in left[name]


def test_a_drill_that_was_not_ready_leaves_its_files_too():
    game = histories.Game().close(at=5, how="not-ready")
    texts = drill_files.drill_files(game.history(), game.result(), None)
    assert "nothing was injected" in texts["postmortem.md"]


def test_an_aborted_drill_is_marked_in_page_and_markdown():
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 20).abort(at=15).revert(at=16)
    game = game.close(at=20, how="aborted")
    texts = drill_files.drill_files(game.history(), game.result(), None)
    assert "Aborted drill." in texts["postmortem.md"]
    assert "Aborted drill." in texts["postmortem.html"]


def test_a_drill_that_did_not_begin_leaves_no_patch():
    facts = [*a_drill.facts()[:1], (1.0, "conductor", ev.DrillClosed(how="not-ready", reverted=True))]
    present = markdown_playbook.present(a_drill.PLAYBOOK)
    assert "playbook.patch" not in drill_files.drill_files(a_drill.of(facts), a_drill.result(), present)
