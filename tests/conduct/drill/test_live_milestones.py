"""The live view and the judgement afterwards: what was seen to be recovered is recovered."""

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct.drill.live_facts import LiveFacts
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.core import postmortem
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.facts.load import Chunk, bin_of
from gameday.core.judging import result
from gameday.core.plans.scenario import Condition, MilestoneRules, Rule, Slo
from gameday.core.values import Instant, MilestoneName, RecoveredBy
from gameday.testing.histories import DRILL, EPOCH, SCENARIO, Game, second
from gameday.testing.store import MemoryStore

FAULT, END, RATE, LOOK = 10, 90, 10, 0.5
NARROW = Slo(slo="narrow", request="GET /", objective=0.95, window=4.0, min_requests=10)
WIDE = Slo(slo="wide", request="GET /", objective=0.8, window=12.0, min_requests=10)


@dataclass(frozen=True)
class Request:
    start: float
    seconds: float
    ok: bool

    @property
    def end(self):
        return self.start + self.seconds


@dataclass(frozen=True)
class Trouble:
    """Every nth request that begins within it goes badly."""

    start: float
    length: float
    nth: int
    seconds: float
    ok: bool

    def hits(self, number, moment):
        return self.start <= moment < self.start + self.length and number % self.nth == 0


def requests(troubles, silence=(0.0, 0.0)):
    """Give what users sent, until END; the last trouble that hits one decides."""
    sent = []
    for number in range(END * RATE):
        moment = round(number / RATE + 0.05, 3)
        hit = [trouble for trouble in troubles if trouble.hits(number, moment)]
        if not silence[0] <= moment < sum(silence):
            sent.append(Request(moment, hit[-1].seconds if hit else 0.03, hit[-1].ok if hit else True))
    return sent


def chunk(one, *, opened=0):
    """Give the samples of one request: that it is open, or (-1) that it was and has ended."""
    start, bucket = int(one.start // 10 * 10), round(one.start % 10 * 10 - 0.5)
    ended = opened <= 0
    return Chunk(
        type="GET",
        name="/",
        start=EPOCH + start,
        at=(bucket,) if ended and one.ok else (),
        bin=(bin_of(one.seconds * 1000),) if ended and one.ok else (),
        count=(1,) if ended and one.ok else (),
        bad_at=(bucket,) if ended and not one.ok else (),
        bad_count=(1,) if ended and not one.ok else (),
        open_at=(bucket,) if opened else (),
        open_count=(opened,) if opened else (),
    )


def reports(sent, since, until):
    """Give what the load generator reports in a time: requests open for a second, and those that ended."""
    for one in sent:
        told_open = one.start + 0.2
        if since < told_open <= until and one.end > told_open:
            yield chunk(one, opened=1)
        if since < one.end <= until:
            yield chunk(one, opened=-1 if one.end > told_open else 0)


def scenario(lasting, latency=0.3):
    rules = MilestoneRules(recovered=Rule(all=True, conditions=(Condition(slo="*", lasting=lasting),)))
    return replace(
        SCENARIO, slos=tuple(replace(slo, latency=latency) for slo in (NARROW, WIDE)), milestones=rules
    )


def seen_live(game, sent):
    """Give the instant at which the live view first says recovered; None: never."""
    store = MemoryStore()
    live_facts = LiveFacts(store, DRILL)
    live_milestones = LiveMilestones(scenario=game.scenario, live_facts=live_facts)
    store.append(*game.history().events)
    live_facts.refresh()
    before = 0.0
    for step in range(int(END / LOOK)):
        now = step * LOOK
        live_facts.take_load(list(reports(sent, before, now)), Instant(EPOCH + now))
        live_milestones.look(Instant(EPOCH + now))
        live_facts.save_load()
        before = now
        if now > FAULT and live_milestones.recovered(Instant(EPOCH + now)):
            return now
    return None


def judged(game, sent):
    """Judge a game by everything that its users met."""
    store = MemoryStore()
    store.append(*game.history().events)
    live_facts = LiveFacts(store, DRILL)
    live_facts.take_load(list(reports(sent, -1.0, END)), Instant(EPOCH + END))
    live_facts.save_load()
    told = history.from_events(game.history().events, live_facts.load())
    return told, result.judge(told)


def test_requests_that_were_open_when_the_response_ended_can_undo_the_recovery():
    """Without a threshold a request that hangs is known to be bad when it fails, or after 10 s."""
    sent = requests([Trouble(FAULT, 5, 1, 0.05, ok=False), Trouble(19, 3, 1, 9.0, ok=False)])
    game = (
        Game(scenario=replace(scenario(3.0), slos=(NARROW,)), requests=())
        .fault(at=FAULT)
        .action("fix", at=12)
    )
    seen = seen_live(game, sent)
    told, found = judged(
        game.ended(seen, "recovered").revert(seen + 0.3, how="already-undone").close(END), sent
    )
    assert seen < 25
    assert second(found.milestones.at(MilestoneName.RECOVERED)) == 22.0
    assert "did not hold" in improvements(told, found)


def test_users_who_are_affected_again_after_the_response_move_nothing_and_are_told_of():
    sent = requests([Trouble(FAULT, 5, 1, 0.05, ok=False), Trouble(60, 3, 1, 0.05, ok=False)])
    game = Game(scenario=scenario(10.0), requests=()).fault(at=FAULT).action("fix", at=14)
    seen = seen_live(game, sent)
    told, found = judged(
        game.ended(seen, "recovered").revert(seen + 0.3, how="already-undone").close(END), sent
    )
    assert second(found.milestones.at(MilestoneName.RECOVERED)) == 15.0
    assert found.attribution.recovered_by is RecoveredBy.TEAM
    (finding,) = [one for one in postmortem.draft(told, found).improve if "affected again" in one.title]
    assert finding.detail.startswith("This began 45.0 s after the recovery, and lasted for 3.0 s.")


def test_an_alert_that_was_firing_before_the_fault_detects_nothing_live_either():
    by_alert = MilestoneRules(
        detected=Rule(all=False, conditions=(Condition(alert="HighErrorRate", state="firing"),))
    )
    game = Game(scenario=replace(SCENARIO, milestones=by_alert), requests=()).alert("HighErrorRate", at=4)
    for told, detected in (
        (game.fault(at=FAULT), False),
        (game.fault(at=FAULT).alert("HighErrorRate", at=18, key="new"), True),
    ):
        store = MemoryStore()
        store.append(*told.history().events)
        live_facts = LiveFacts(store, DRILL)
        live_facts.refresh()
        live_milestones = LiveMilestones(scenario=told.scenario, live_facts=live_facts)
        assert live_milestones.reached("detected", Instant(EPOCH + 20)) is detected
        assert live_milestones.reached("alerted", Instant(EPOCH + 20)) is detected


def test_only_a_grant_behind_the_fault_contains():
    sent = requests([Trouble(FAULT, 60, 1, 0.05, ok=False)])
    for at, contained in ((FAULT - 2, False), (FAULT + 10, True)):
        grant = ev.MilestoneMarked(milestone="contained", granted=True, lever="B")
        game = Game(scenario=scenario(10.0), requests=()).fault(at=FAULT).add(grant, at=at)
        store = MemoryStore()
        store.append(*game.history().events)
        live_facts = LiveFacts(store, DRILL)
        live_facts.refresh()
        now = Instant(EPOCH + FAULT + 15)
        live_facts.take_load(list(reports(sent, -1.0, FAULT + 15)), now)
        live_milestones = LiveMilestones(scenario=game.scenario, live_facts=live_facts)
        live_milestones.look(now)
        assert live_milestones.affected
        assert live_milestones.reached("contained", now) is contained


def improvements(told, found):
    return "; ".join(finding.title for finding in postmortem.draft(told, found).improve)


first = st.builds(
    Trouble,
    start=st.just(FAULT),
    length=st.integers(3, 12),
    nth=st.sampled_from([1, 2, 3]),
    seconds=st.sampled_from([0.05, 1.0, 3.0]),
    ok=st.booleans(),
)
later = st.builds(
    Trouble,
    start=st.floats(12, 60),
    length=st.floats(0.2, 12),
    nth=st.sampled_from([1, 2, 3, 9, 13, 19]),
    seconds=st.sampled_from([0.05, 0.5, 4.0, 9.0]),
    ok=st.booleans(),
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(later, max_size=4).flatmap(lambda rest: first.map(lambda one: (one, *rest))),
    st.sampled_from([3.0, 6.0, 10.0]),
    st.sampled_from(["already-undone", "rolled-back"]),
    st.tuples(st.floats(12, 50), st.floats(0, 15)),
    st.sampled_from([0.3, None]),
)
def test_what_was_seen_to_be_recovered_when_the_response_ended_is_recovered(
    troubles, lasting, how, silence, latency
):
    """Unless an SLO without a threshold let requests hang that then failed: the postmortem says it."""
    sent = requests(troubles, silence)
    game = Game(scenario=scenario(lasting, latency), requests=())
    game = game.fault(at=FAULT).trail(1).action("fix", at=FAULT + 0.5)
    seen = seen_live(game, sent)
    if seen is None:
        return
    told, found = judged(game.ended(seen, "recovered").revert(seen + 0.3, how=how).close(END), sent)
    recovered = second(found.milestones.at(MilestoneName.RECOVERED))
    stands = recovered is not None and recovered + lasting <= seen
    assert stands or (latency is None and "did not hold" in improvements(told, found))


def test_failures_that_end_before_slower_successes_do_not_pass_for_an_impact():
    """Where a slow success is good, the first answers of a window are not a fair sample of it."""
    slow = Trouble(start=27.0, length=12.0, nth=1, seconds=4.0, ok=True)
    sent = requests(
        [Trouble(FAULT, 3, 2, 0.05, ok=True), slow, Trouble(39.0, 3.0, 19, 0.5, ok=False)], (12.0, 6.0)
    )
    game = Game(scenario=scenario(3.0, None), requests=()).fault(at=FAULT).action("fix", at=FAULT + 0.5)
    assert seen_live(game, sent) is None
    _, found = judged(game.revert(END - 1, how="rolled-back").close(END), sent)
    assert found.impact.started is None


def test_an_slo_that_completes_its_hold_last_is_not_undone_by_requests_of_another_that_are_still_open():
    sent = requests([Trouble(FAULT, 9, 2, 0.05, ok=False), Trouble(30.75, 1.0, 1, 0.5, ok=False)])
    game = Game(scenario=scenario(3.0), requests=()).fault(at=FAULT).action("fix", at=FAULT + 0.5)
    seen = seen_live(game, sent)
    _, found = judged(game.ended(seen, "recovered").revert(seen + 0.3, how="already-undone").close(END), sent)
    assert second(found.milestones.at(MilestoneName.RECOVERED)) < 20 < seen
