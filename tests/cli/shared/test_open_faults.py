"""Each open fault is named with its place, its reason and what to type next."""

import pytest

from gameday.cli.shared.open_faults import OpenFaults
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev


def fault(**more):
    request = ev.FaultRequested(fault="main", experiment="{}", path="e.json", cwd="/")
    return Exposed(fault="main", request=request, injected=True, **more)


def shown(capfd, **more):
    OpenFaults(drill="d1", environment="prod", host="web-1", **more).show()
    return capfd.readouterr().err


def test_what_failed_for_good_is_shown_with_both_ways_out(capfd):
    text = shown(capfd, faults=[fault(gave_up=True, error="answered 500", steps=("switch it off",))])
    assert text == (
        "error: d1: a fault may still be in force. What a person must do:\n"
        "  1. switch it off\n"
        "  fault main on prod, host web-1: every attempt to revert it failed: answered 500\n"
        "hint: follow these steps, then: gameday revert d1\n"
        'hint: if you undid it yourself: gameday revert d1 --by-hand "what was done"\n'
    )


def test_what_is_unsigned_is_shown_as_what_it_would_run(capfd):
    text = shown(capfd, faults=[fault(signed=False, steps=("rollback: off: run `rm -rf /`",))])
    assert "this installation did not sign it. Playing it would run:\n  1. rollback: off: run `rm" in text
    assert "hint: if you have looked, and want it run: gameday revert d1 --play-unsigned\n" in text
    assert "What a person must do" not in text
    assert "follow these steps" not in text


@pytest.mark.parametrize("more", [{"faults": [fault(lost=True)]}, {"faults": [], "unreadable": "line 3"}])
def test_what_is_unknown_can_only_be_closed_by_hand(capfd, more):
    text = shown(capfd, **more)
    assert text.count("hint:") == 1
    assert "--by-hand" in text


def test_what_its_own_processes_look_after_needs_nobody():
    faults = OpenFaults(drill="d1", faults=[fault()], looked_after=True)
    (row,) = faults.encode()
    assert row["next"] == ["its own processes revert it; at once: gameday revert d1"]
