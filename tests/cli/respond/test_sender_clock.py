"""A command counts on the conductor's clock, wherever it was typed and whatever the clock there says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.cli.respond import live_drill, sender_clock
from gameday.core.errors import StoreUnavailable
from gameday.core.values import Instant, instant
from gameday.system import clock, process_identity


class Database:
    """A store whose clock is `ahead` of this machine's, as far as a drill's clock is read."""

    def __init__(self, ahead):
        self.ahead = ahead

    def clock(self):
        if self.ahead is None:
            raise StoreUnavailable("away")
        return clock.now() + self.ahead


def live(monkeypatch, *, ahead, compared, host="conductor-host"):
    facts = [{"store_ahead": compared, "within": 0.002}] if compared is not None else []
    monkeypatch.setattr(live_drill.LiveDrill, "facts", lambda _self, _kind: facts)
    return live_drill.LiveDrill(
        drill="d",
        database=Database(ahead),
        started=Instant(0.0),
        closed=False,
        plan={"host": host},
        fault_at=None,
    )


@pytest.mark.parametrize("slow", [-600.0, 0.0, 3600.0])
@pytest.mark.parametrize("store_slow", [-40.0, 0.0, 7.5])
def test_the_clock_of_the_host_where_it_is_typed_does_not_matter(monkeypatch, slow, store_slow):
    """The conductor's clock is `true`; the store and this host are each wrong in their own way."""
    true = clock.now()
    drill = live(monkeypatch, ahead=store_slow - slow, compared=store_slow)
    monkeypatch.setattr(clock, "now", _shifted(clock.now, slow))
    drill.database.ahead = store_slow - slow
    dating = sender_clock.date(drill, instant(clock.now() - 0.25), clock.monotonic() - 0.25)
    assert dating.trusted
    assert dating.received == pytest.approx(true, abs=0.2)
    assert dating.received - dating.started == pytest.approx(0.25, abs=0.05)
    assert dating.clock["host_ahead"] == pytest.approx(slow - store_slow, abs=0.05)
    assert bool(sender_clock.warning(dating)) is (abs(slow) > 1)


def _shifted(now, by):
    return lambda: Instant(now() + by)


def test_a_clock_that_was_set_while_the_command_ran_does_not_matter(monkeypatch):
    drill = live(monkeypatch, ahead=0.0, compared=0.0)
    # it claims to have been started an hour ago, but 0.1 s have passed
    dating = sender_clock.date(drill, instant(clock.now() - 3600), clock.monotonic() - 0.1)
    assert dating.received - dating.started == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize(("ahead", "compared"), [(None, 0.0), (0.0, None)])
def test_without_a_comparison_the_own_clock_is_not_trusted_and_that_is_said(monkeypatch, ahead, compared):
    drill = live(monkeypatch, ahead=ahead, compared=compared)
    dating = sender_clock.date(drill, clock.now(), clock.monotonic())
    assert (dating.trusted, dating.clock) == (False, None)
    assert "could not be compared" in sender_clock.warning(dating)


def test_on_the_conductors_host_nothing_is_asked(monkeypatch):
    monkeypatch.setenv(process_identity.HOST, "conductor-host")
    drill = live(monkeypatch, ahead=None, compared=None)
    started = clock.now()
    dating = sender_clock.date(drill, started, clock.monotonic())
    assert (dating.started, dating.clock, dating.trusted) == (started, None, True)
    assert sender_clock.warning(dating) == ""


@given(st.floats(-0.9, 0.9))
def test_a_receipt_never_comes_before_the_start(shift):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(process_identity.HOST, "conductor-host")
        drill = live(patched, ahead=None, compared=None)
        dating = sender_clock.date(drill, instant(clock.now() + shift), clock.monotonic())
    assert dating.received >= dating.started
