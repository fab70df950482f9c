"""What responders and facilitators may do with a drill, as values: no store, no process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.drill.response import allowed_commands
from gameday.core import responder_commands
from gameday.core.errors import UsageError

NUMBERS = st.lists(st.integers(0, 9), max_size=6, unique=True)


@pytest.mark.parametrize("command", responder_commands.ALL)
def test_what_looks_back_is_allowed_after_the_drill_and_nothing_else(command):
    allowed_commands.must_be_open(command, "d1", closed=False)
    if command in {"note", "step", "update", "mark"}:
        allowed_commands.must_be_open(command, "d1", closed=True)
    else:
        with pytest.raises(UsageError, match="drill d1 has ended"):
            allowed_commands.must_be_open(command, "d1", closed=True)


@pytest.mark.parametrize("command", responder_commands.ALL)
def test_facilitators_commands_are_theirs_where_the_game_day_names_any(command):
    allowed_commands.must_facilitate(command, "rita", ())
    allowed_commands.must_facilitate(command, "ada", ("ada",))
    if command in responder_commands.FACILITATOR:
        with pytest.raises(UsageError, match="for facilitators, not for rita"):
            allowed_commands.must_facilitate(command, "rita", ("ada",))
    else:
        allowed_commands.must_facilitate(command, "rita", ("ada",))


@given(NUMBERS, NUMBERS, st.none() | st.integers(0, 9))
def test_a_hint_is_taken_only_from_those_on_offer(offered, taken, number):
    try:
        given_ = allowed_commands.hint(number, offered, taken)
    except UsageError:
        assert number not in offered
        assert number is not None or not set(offered) - set(taken)
    else:
        assert given_ in offered
        assert given_ == number or given_ not in taken


@given(st.integers(0, 3), st.booleans())
def test_an_inject_is_found_by_id_or_number_and_only_once(index, by_id):
    ids = ["", "support", "", "2"]
    named = (ids[index] or str(index)) if by_id else str(index)
    # "2" is the id of the last one, and an id counts before a number.
    expected = 3 if named == "2" else index
    assert allowed_commands.inject(named, ids, sent=(), skipped=()) in {expected, 2}
    for used in ({"sent": {2, expected}, "skipped": ()}, {"sent": (), "skipped": {2, expected}}):
        with pytest.raises(UsageError, match="was already"):
            allowed_commands.inject(named, ids, **used)


def test_an_inject_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="nearest: 'support'") as refused:
        allowed_commands.inject("suport", ["support", ""], sent=(), skipped=())
    assert refused.value.hint == "its injects: support, 1"


def test_a_step_is_one_of_the_playbooks_where_it_has_any():
    allowed_commands.must_be_step("anything", ())
    allowed_commands.must_be_step("a", ("a", "b"))
    with pytest.raises(UsageError, match="has no step 'c'"):
        allowed_commands.must_be_step("c", ("a", "b"))


@pytest.mark.parametrize(("experiment", "injected"), [(False, False), (False, True), (True, True)])
def test_a_mitigation_is_credited_once_there_is_a_fault_or_none_is_planned(experiment, injected):
    allowed_commands.must_be_grantable(experiment=experiment, injected=injected)


def test_before_the_fault_there_is_nothing_to_grant():
    with pytest.raises(UsageError, match="nothing to grant"):
        allowed_commands.must_be_grantable(experiment=True, injected=False)
