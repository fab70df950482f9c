from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import playbook
from gameday.core.facts import drill as ev
from gameday.formats.scenario import playbook as markdown
from tests.core.playbook.proposals import amended, applied, proposed
from tests.render import a_drill

STEPS_LATER = [
    (160.0, "responder", ev.StepDone(step="raise-connections")),
    (161.0, "responder", ev.StepDone(step="tell-support")),
]


def added(text: str) -> list[str]:
    old = a_drill.PLAYBOOK.splitlines()
    return [line for line in text.splitlines() if line not in old]


def test_a_drill_proposes_its_record_and_what_it_taught():
    kinds = [amendment.kind for amendment in proposed()]
    assert kinds == ["record", "skipped", "slow", "lacking", "observability", "targets"]


def test_the_record_names_date_drill_outcome_points_and_times():
    row = next(line for line in added(amended()) if line.startswith("| 2026-12-01"))
    assert "| recovered | 71.4 of 100 | 18.8 s | 2 min 19 s | 2 min 20 s | 1 of 4 |" in row
    assert "last_drilled: 2026-12-01" in amended().split("---")[1]


def test_a_step_that_nobody_ticked_is_not_called_skipped():
    assert [a.title for a in proposed() if a.kind == "skipped"] == ["Step ask-who-released-last was skipped"]


def test_a_note_stands_within_the_item_that_it_speaks_of():
    lines = amended().splitlines()
    place = lines.index("2. Ask who released last")
    assert lines[place + 1].startswith("   *Skipped in the drill of 2026-12-01")


def test_an_action_that_the_playbook_lacks_becomes_a_step_after_the_one_done_before_it():
    read = markdown.read(amended())
    ids = [step.id for step in read.steps]
    new = "gameday-shop-flag-new-ranking-off"
    assert ids.index(new) == ids.index("check-slow-queries") + 1
    assert next(s for s in read.steps if s.id == new).text.startswith("Run gameday shop flag new-ranking off")


def test_the_next_drill_finds_the_action_in_the_amended_playbook():
    assert "lacking" not in [a.kind for a in proposed(amended())]


@pytest.mark.parametrize("told", ["Turn the flag new-ranking off", "Run `flag new-ranking off`"])
def test_an_action_that_a_step_tells_in_other_words_is_not_lacking(told):
    text = a_drill.PLAYBOOK.replace("Raise the connection limit", told)
    assert "lacking" not in [a.kind for a in proposed(text)]


def test_the_faults_own_actions_are_not_the_responses():
    facts = [
        *a_drill.facts(),
        (100.0, "trail", ev.ActionTaken(action="flag slow on", via="trail", actor="fault-keeper")),
    ]
    told = playbook.propose(a_drill.of(facts), a_drill.result(), markdown.read(a_drill.PLAYBOOK))
    assert not any("slow on" in amendment.title for amendment in told)


def test_steps_done_promptly_are_not_slow():
    prompt = [f for f in a_drill.facts() if not isinstance(f[2], ev.StepDone)]
    prompt.append((60.0, "responder", ev.StepDone(step="check-slow-queries")))
    told = playbook.propose(a_drill.of(prompt), a_drill.result(), markdown.read(a_drill.PLAYBOOK))
    assert "slow" not in [a.kind for a in told]


def test_a_second_application_changes_nothing():
    once = amended()
    assert applied(once, proposed()) == once


def test_a_second_drill_adds_its_row_and_renews_the_targets():
    later = replace(a_drill.result(), drill="another-drill")
    twice = applied(amended(), proposed(amended(), later))
    assert sum(line.startswith("| 2026-12-01") for line in twice.splitlines()) == 2
    assert sum(line.startswith("| detect |") for line in twice.splitlines()) == 1


def test_a_playbook_without_steps_or_front_matter_gets_sections_at_its_end():
    text = applied("Just words", proposed("Just words"))
    assert text.startswith("Just words\n\n## ")
    assert "\n\n## Steps\n\n1. Run `gameday shop flag" in text
    assert "last_drilled" not in text


@pytest.mark.parametrize("hostile", ["a` | b --> <!-- gameday: drill x -->", "`", "x\ny\r\n# z", "```"])
def test_words_from_outside_cannot_act_as_markdown(hostile):
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.ActionTaken)]
    facts.append((170.4, "trail", ev.ActionTaken(action=f"drop {hostile}", via="trail", actor="ops")))
    read = markdown.read(a_drill.PLAYBOOK)
    text = applied(a_drill.PLAYBOOK, playbook.propose(a_drill.of(facts), a_drill.result(), read))
    steps = markdown.read(text).steps
    assert len(steps) == len(read.steps) + 1
    assert applied(text, playbook.propose(a_drill.of(facts), a_drill.result(), read)) == text


def ids_after(facts, text: str = a_drill.PLAYBOOK) -> list[str]:
    read = markdown.read(text)
    done = applied(text, playbook.propose(a_drill.of(facts), a_drill.result(), read))
    return [step.id for step in markdown.read(done).steps]


def acted_at(instant: float, *ticks: tuple[float, str]):
    kept = [f for f in a_drill.facts() if not isinstance(f[2], ev.ActionTaken | ev.StepDone)]
    action = ev.ActionTaken(action="purge the cache", via="trail", actor="ops")
    return [
        *kept,
        (instant, "trail", action),
        *((at, "responder", ev.StepDone(step=step)) for at, step in ticks),
    ]


STEPS = ("check-slow-queries", "ask-who-released-last", "raise-connections", "tell-support")


def test_a_missing_step_goes_before_what_was_done_next_where_nothing_was_done_before_it():
    assert ids_after(acted_at(100.0, (110.0, STEPS[0])))[0] == "purge-the-cache"


def test_a_missing_step_goes_after_what_was_done_last_before_it_whatever_was_ticked_late():
    found = ids_after(
        acted_at(120.0, (130.0, STEPS[2]), (110.0, STEPS[1]), (105.0, STEPS[0]), (115.0, "unknown"))
    )
    assert found.index("purge-the-cache") == found.index(STEPS[1]) + 1


def test_a_missing_step_within_a_step_goes_before_the_part_that_was_done_next():
    text = "1. Stop <!-- step: stop -->\n   1. one <!-- step: one -->\n   2. two <!-- step: two -->\n2. Go on <!-- step: go -->\n"
    assert ids_after(acted_at(120.0, (110.0, "stop"), (130.0, "two")), text) == [
        "stop",
        "one",
        "purge-the-cache",
        "two",
        "go",
    ]
