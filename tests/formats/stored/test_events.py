"""Events survive the way to the store and back, whatever they hold."""

from __future__ import annotations

import contextlib
import json
import typing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core import policy, values
from gameday.core.errors import HistoryCorrupt, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.plans import gameday as gameday_plan
from gameday.core.plans import scenario
from gameday.core.values import DrillId, EventId, Severity, instant
from gameday.formats.stored import envelope
from gameday.formats.stored import events as stored_events

NAMES = {**vars(values), **vars(scenario), **vars(gameday_plan), "Policy": policy.Policy}

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
instants = st.floats(min_value=0, max_value=4e9).map(instant)
st.register_type_strategy(values.Instant, instants)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=5,
)


def facts(kind: type) -> st.SearchStrategy[ev.Fact]:
    hints = typing.get_type_hints(kind, localns=NAMES)
    return st.builds(kind, **{name: st.from_type(hint) for name, hint in hints.items()})


def envelopes(fact: st.SearchStrategy[ev.Fact]) -> st.SearchStrategy[ev.Event]:
    return st.builds(
        ev.Event, fact=fact, recorded_at=instants, occurred_at=st.none() | instants,
        id=st.text(), drill=st.text(), source=st.text(), by=st.text(), trusted=st.booleans(),
    )  # fmt: skip


ACK = ev.Event(
    id=EventId("e1"), drill=DrillId("d1"), recorded_at=instant(1_800_000_000.123456),
    source="cli", fact=ev.IncidentAcknowledged(), by="ada",
)  # fmt: skip


@pytest.mark.parametrize("kind", ev.KINDS.values(), ids=ev.KINDS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_every_fact_survives_its_stored_form(kind, data):
    event = data.draw(envelopes(facts(kind)))
    seq, document = envelope.parse(envelope.line(stored_events.encode(event), 7))
    assert seq == 7
    assert stored_events.decode(document) == event


def test_the_stored_form_is_the_one_that_is_published():
    assert envelope.line(stored_events.encode(ACK), 3) == (
        '{"seq":3,"id":"e1","drill":"d1","kind":"IncidentAcknowledged","v":1,"occurred_at":null,'
        '"recorded_at":"2027-01-15T08:00:00.123456Z","source":"cli","by":"ada","trusted":true,'
        '"fact":{"alert":""}}'
    )


def test_a_line_is_ascii_without_breaks():
    line = envelope.line(stored_events.encode(replace(ACK, by="Ä\u2028\n\udcff")), 1)
    assert line.isascii()
    assert "\n" not in line


def test_a_figure_that_json_lacks_is_refused():
    event = replace(ACK, fact=ev.AlertFired(key="k", alert="a", condition_at=instant(float("nan"))))
    with pytest.raises(ValueError, match="JSON"):
        envelope.line(stored_events.encode(event), 1)


def test_a_kind_of_a_newer_gameday_is_named():
    document = stored_events.encode(ACK) | {"kind": "IncidentForeseen", "v": 4}
    with pytest.raises(StoreUnavailable, match="IncidentForeseen in version 4") as found:
        stored_events.decode(document)
    assert "upgrade" in found.value.hint


def test_a_newer_version_of_a_known_kind_is_named():
    with pytest.raises(StoreUnavailable, match="version 2; this gameday reads version 1"):
        stored_events.decode(stored_events.encode(ACK) | {"v": 2})


def test_an_old_form_is_lifted_step_by_step():
    upcasters = {
        ("AlertSeen", 1): lambda body: ("AlertSeen", 2, {"key": body["id"], "alert": body["name"]}),
        ("AlertSeen", 2): lambda body: ("AlertFired", 1, {**body, "severity": "page"}),
    }
    old = stored_events.encode(ACK) | {"kind": "AlertSeen", "fact": {"id": "k", "name": "Slow"}}
    assert stored_events.decode(old, upcasters).fact == ev.AlertFired(key="k", alert="Slow", severity="page")


def test_a_field_that_was_added_later_takes_its_default():
    document = stored_events.encode(ACK) | {"fact": {}}
    assert stored_events.decode(document).fact == ev.IncidentAcknowledged(alert="")


@pytest.mark.parametrize(
    "harm",
    [{"fact": {"alert": 5}}, {"recorded_at": "yesterday"}, {"recorded_at": None}, {"fact": []}],
)
def test_what_no_gameday_wrote_is_corrupt(harm):
    with pytest.raises(HistoryCorrupt, match="event e1 of drill d1"):
        stored_events.decode(stored_events.encode(ACK) | harm)


def test_a_document_without_its_keys_is_corrupt():
    with pytest.raises(HistoryCorrupt):
        stored_events.decode({"id": "e1"})


@given(st.lists(st.text()), st.data())
def test_no_line_can_be_left_out_changed_or_moved_without_another_hash(lines, data):
    def head(of):
        found = envelope.start("d")
        for line in of:
            found = envelope.chain(found, line)
        return found

    other = data.draw(st.permutations(lines) | st.lists(st.text()))
    assert (head(lines) == head(other)) == (lines == other)


def test_words_of_an_enumeration_come_back_as_the_enumeration():
    fact = ev.IncidentDeclared(severity=Severity.P2)
    event = ev.Event(id="e", drill="d", recorded_at=instant(1.0), source="cli", fact=fact)
    stored = json.loads(json.dumps(stored_events.encode(event)))
    assert type(stored_events.decode(stored).fact.severity) is Severity


@settings(deadline=None, max_examples=300)
@given(kind=st.sampled_from(list(ev.KINDS.values())), data=st.data())
def test_whatever_a_stranger_calls_a_fact_is_read_or_is_corrupt(kind, data):
    """No other error: each reader of histories knows these, and one drill's lines must not stop another's."""
    names = list(typing.get_type_hints(kind, localns=NAMES))
    values_of = {name: json_values for name in names if data.draw(st.integers(0, 3))}
    body = data.draw(st.fixed_dictionaries(values_of) | json_values)
    with contextlib.suppress(HistoryCorrupt, StoreUnavailable):
        stored_events.decode(stored_events.encode(ACK) | {"kind": kind.__name__, "fact": body})
