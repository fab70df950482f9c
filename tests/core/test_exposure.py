"""What must still be undone."""

from hypothesis import given
from hypothesis import strategies as st

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts import history

FAULTS = ("f1", "f2")


def event(fact, at, ident):
    return ev.Event(id=ident, drill="d", recorded_at=at, occurred_at=at, source="keeper", fact=fact)


def told(*facts):
    return history.from_events(event(fact, 100.0 + n, f"e{n}") for n, fact in enumerate(facts))


def request(fault="f1"):
    return ev.FaultRequested(fault=fault, experiment="{}", path="x.json", cwd="/")


def started(stage="method", kind="action"):
    return ev.ActivityStarted(fault="f1", stage=stage, activity="a", kind=kind)


def test_what_was_never_requested_is_not_exposed():
    assert exposure.open_faults(told(ev.FaultHeld(fault="f1"))) == ()


def test_a_request_alone_counts_because_nobody_knows():
    (exposed,) = exposure.open_faults(told(request()))
    assert (exposed.fault, exposed.injected, exposed.attempts, exposed.gave_up) == ("f1", False, 0, False)


def test_an_action_that_started_is_injected_even_without_its_injection():
    (exposed,) = exposure.open_faults(told(request(), started()))
    assert exposed.injected


def test_a_probe_or_a_rollback_injects_nothing():
    (exposed,) = exposure.open_faults(told(request(), started(kind="probe"), started(stage="rollback")))
    assert not exposed.injected


def finished(status="succeeded"):
    return ev.ActivityFinished(fault="f1", stage="method", activity="a", kind="action", status=status)


def test_it_is_certain_only_when_every_action_that_started_has_ended_well():
    histories = {
        "nothing seen": (request(),),
        "still on its way": (request(), started()),
        "failed": (request(), started(), finished("failed")),
        "one of two": (request(), started(), finished(), started()),
        "all": (request(), started(), finished(), started(), finished(), started(kind="probe")),
    }
    assert [exposure.open_faults(told(*facts))[0].certain for facts in histories.values()] == [False] * 4 + [
        True
    ]


def test_reverted_ends_it():
    facts = (request(), ev.FaultInjected(fault="f1", action="a"))
    assert (
        exposure.open_faults(told(*facts, ev.FaultReverted(fault="f1", how="rolled-back", by="keeper"))) == ()
    )


def test_a_definite_failure_before_injection_ends_it():
    assert exposure.open_faults(told(request(), ev.FaultFailed(fault="f1", error="x", definite=True))) == ()


def test_an_indefinite_failure_leaves_it_exposed():
    assert len(exposure.open_faults(told(request(), ev.FaultFailed(fault="f1", error="x")))) == 1


def test_a_definite_failure_is_not_believed_once_something_was_injected():
    facts = (request(), started(), ev.FaultFailed(fault="f1", error="x", definite=True))
    assert len(exposure.open_faults(told(*facts))) == 1


def test_giving_up_carries_the_steps_for_a_person():
    final = ev.RevertFailed(fault="f1", attempt=2, error="x", steps=("do this",), final=True)
    (exposed,) = exposure.open_faults(
        told(request(), ev.RevertFailed(fault="f1", attempt=1, error="x"), final)
    )
    assert (exposed.attempts, exposed.gave_up, exposed.steps) == (2, True, ("do this",))


def test_a_new_try_takes_back_the_giving_up():
    final = ev.RevertFailed(fault="f1", attempt=2, error="x", steps=("do this",), final=True)
    again = ev.RevertAttempted(fault="f1", attempt=3, by="command")
    (exposed,) = exposure.open_faults(told(request(), final, again))
    assert (exposed.attempts, exposed.gave_up, exposed.steps) == (3, False, ())


fault = st.sampled_from(FAULTS)
attempt = st.integers(1, 4)
facts = st.one_of(
    st.builds(request, fault),
    st.builds(ev.FaultInjected, fault=fault, action=st.just("a")),
    st.builds(ev.FaultHeld, fault=fault),
    st.builds(ev.FaultFailed, fault=fault, error=st.just("x"), definite=st.booleans()),
    st.builds(ev.RevertAttempted, fault=fault, attempt=attempt, by=st.just("keeper")),
    st.builds(ev.RevertFailed, fault=fault, attempt=attempt, error=st.just("x"), final=st.booleans()),
    st.builds(ev.FaultReverted, fault=fault, how=st.just("rolled-back"), by=st.just("keeper")),
)
event_lists = st.lists(st.tuples(facts, st.integers(0, 5)), max_size=12).map(
    lambda pairs: [event(fact, 100.0 + at, f"e{n}") for n, (fact, at) in enumerate(pairs)]
)


@given(event_lists, st.randoms(use_true_random=False))
def test_order_of_delivery_and_duplicates_change_nothing(events, random):
    shuffled = events + events
    random.shuffle(shuffled)
    assert exposure.open_faults(history.from_events(shuffled)) == exposure.open_faults(
        history.from_events(events)
    )


@given(event_lists)
def test_every_request_is_exposed_reverted_or_known_not_to_have_begun(events):
    kinds = {(type(e.fact), getattr(e.fact, "fault", "")) for e in events}
    exposed = {each.fault for each in exposure.open_faults(history.from_events(events))}
    for name in FAULTS:
        ended = (ev.FaultReverted, name) in kinds
        failed = any(
            isinstance(e.fact, ev.FaultFailed) and e.fact.definite and e.fact.fault == name for e in events
        )
        unseen = (ev.FaultInjected, name) not in kinds
        wanted = (ev.FaultRequested, name) in kinds and not ended and not (failed and unseen)
        assert (name in exposed) == wanted


@given(event_lists)
def test_reverting_all_that_is_exposed_leaves_nothing(events):
    rest = exposure.open_faults(history.from_events(events))
    undone = [
        event(ev.FaultReverted(fault=each.fault, how="rolled-back", by="keeper"), 200.0, f"r{each.fault}")
        for each in rest
    ]
    assert exposure.open_faults(history.from_events([*events, *undone])) == ()
