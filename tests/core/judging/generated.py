"""Drills that are generated with their truth: what happened is known before anybody judges it.

A `Story` is what happened: when the fault began, when users were affected by it, who did what and when, what
the act brought, when the monitor fired. Everything else follows: `story.game()` is the history that such a drill
leaves, and the properties of the story are what a fair judge must find in it. Seconds count from the start of
the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from gameday.core.plans.scenario import Objectives, ScorecardRules
from gameday.core.values import Party, RecoveredBy
from gameday.testing.histories import SCENARIO, SCORECARD, Game

REQUEST = "POST /checkout"
FAULT = 10.0
RATE = 20
"""Requests a second: as few as show a stretch in windows of 5 s with certainty."""
HOLD = 10.0
"""The seconds for which the default rules want users to be healthy."""
ALERT = "HighApiLatency"
OBJECTIVES = Objectives(detect=10.0, contain=20.0, recover=30.0)
"""Times that some drills meet, some miss by a little, and some by far."""
DEEDS = ("ack", "declare", "act", "step", "contained", "recovered", "update")
"""What people and automations may do, each at most once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What happened in a drill. None: it did not.

    onset      seconds from the fault until users are affected; share: of their requests
    deeds      when each deed was done; by whom the act was done: `actor`
    lag        seconds from the act until it shows; helps: whether it brings anything at all
    undoes     whether the act removes the fault itself, so that our rollback finds nothing to undo
    heals      when the service heals by itself
    fires      seconds for which users are affected before the expected alert fires; delivery: on its way
    noise      when alerts fire that have nothing to do with it
    looks      when somebody runs a command that only looks
    box        when the response ends, at the latest; released: it ends once users are seen to be healthy
    """

    party: Party = Party.TEAM
    actor: str = "on-call"
    trail: bool = True
    onset: float = 0.0
    share: float = 1.0
    deeds: tuple[tuple[str, float], ...] = ()
    lag: float = 1.0
    helps: bool = True
    undoes: bool = True
    heals: float | None = None
    fires: float | None = 8.0
    delivery: float = 1.0
    noise: tuple[float, ...] = ()
    looks: tuple[float, ...] = ()
    box: float = 100.0
    released: bool = True
    severity: str = "P2"
    objectives: Objectives = OBJECTIVES

    def at(self, deed: str) -> float | None:
        """Give when a deed was done."""
        return dict(self.deeds).get(deed)

    @property
    def evident(self) -> tuple[tuple[str, float], ...]:
        """Give the deeds of which the history has evidence: without a trail an act leaves none."""
        return tuple(deed for deed in self.deeds if self.trail or deed[0] != "act")

    def moved(self, deed: str, at: float) -> Story:
        """Give the same story with one deed at another time."""
        return replace(self, deeds=tuple((name, at if name == deed else when) for name, when in self.deeds))

    # --- the truth ---------------------------------------------------------------------------

    @property
    def rollback(self) -> float:
        """Our own rollback, where the response is not released before."""
        return self.box + 1

    @property
    def affected_from(self) -> float:
        """When the fault begins to affect users, unless something ends it before."""
        return FAULT + self.onset

    @property
    def cure(self) -> tuple[float, RecoveredBy]:
        """When the effect on users ends, and by whom."""
        act = self.at("act")
        cures = [(self.rollback, RecoveredBy.ROLLBACK)]
        if act is not None and self.helps:
            bot = self.actor.startswith("bot") or self.party is Party.AUTOMATION
            cures.append((act + self.lag, RecoveredBy.AUTOMATION if bot else RecoveredBy.TEAM))
        if self.heals is not None:
            cures.append((self.heals, RecoveredBy.ITSELF))
        return min(cures)

    @property
    def affected(self) -> bool:
        """Whether any user was affected, long enough to be no isolated bad request."""
        return self.cure[0] > self.affected_from

    @property
    def healthy(self) -> float:
        """When users are healthy again."""
        return self.cure[0]

    @property
    def recovered(self) -> bool:
        """Whether users were healthy for long enough before our rollback."""
        return self.affected and self.cure[1] is not RecoveredBy.ROLLBACK

    @property
    def ended(self) -> float:
        """When the response ended: by its time, or once users were seen to be healthy for long enough."""
        seen = self.healthy + HOLD + 2
        return min(self.box, seen) if self.released and self.affected else self.box

    @property
    def fired(self) -> float | None:
        """When the expected alert fired."""
        if self.fires is None or not self.affected:
            return None
        at = self.affected_from + self.fires
        return at if at < self.healthy else None

    @property
    def noticed(self) -> float | None:
        """When whoever responds noticed, by what was said or by what was done."""
        done = {name: at for name, at in self.evident if name != "update"}
        if self.party is Party.TEAM and self.actor.startswith("bot"):
            done.pop("act", None)
        return min(done.values(), default=None)

    # --- the history -------------------------------------------------------------------------

    def game(self, card: ScorecardRules = SCORECARD) -> Game:
        """Give the history that the drill leaves."""
        scenario = replace(SCENARIO, responders=self.party, objectives=self.objectives)
        game = Game(scenario=scenario, scorecard=card, rate=RATE, until=self.box + 30.0).fault(at=FAULT)
        game = game.exposed(FAULT + 0.1, exposed=True)
        if self.trail:
            game = game.trail(1)
        if self.affected:
            game = game.bad(REQUEST, self.affected_from, self.healthy, share=self.share)
        game = self._people(self._signals(game))
        undone = self.undoes and self.helps and (self.at("act") or self.rollback) < self.ended
        ended = game.ended(self.ended, "recovered" if self.ended < self.box else "time")
        reverted = ended.revert(self.ended + 1, how="already-undone" if undone else "rolled-back")
        game = reverted.verified(self.ended + 15).close(self.box + 25)
        # Last, so that the ids of all other events are the same without it.
        for number, at in enumerate(self.noise):
            game = game.alert(f"Noise{number}", at)
        return game

    def _signals(self, game: Game) -> Game:
        if self.fired is not None:
            game = game.alert(ALERT, self.fired, delivered=self.fired + self.delivery, key=ALERT)
        return game

    def _people(self, game: Game) -> Game:
        for name, at in self.deeds:
            game = self._deed(game, name, at)
        for at in self.looks:
            game = game.action("kubectl get pods", at)
        return game

    def _deed(self, game: Game, name: str, at: float) -> Game:
        match name:
            case "ack":
                return game.ack(at)
            case "declare":
                return game.declare(self.severity, at, commander="on-call")
            case "act":
                return game.action("flag off", at, actor=self.acting) if self.trail else game
            case "step":
                return game.step("turn-it-off", at)
            case "update":
                return game.update("We know of it.", at)
            case _:
                return game.mark(name, at)

    @property
    def acting(self) -> str:
        """Who acts, as the environment's trail names them."""
        return "bot-fixer" if self.party is Party.AUTOMATION else self.actor


MOMENTS = st.integers(21, 160).map(lambda half: half / 2)
"""Half seconds after the fault."""


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a drill with people and automations, alerts and noise, a service that may heal by itself."""
    deeds = draw(
        st.lists(st.tuples(st.sampled_from(DEEDS), MOMENTS), max_size=5, unique_by=lambda deed: deed[0])
    )
    box = draw(st.sampled_from([60.0, 100.0]))
    return Story(
        party=draw(st.sampled_from([Party.TEAM, Party.AUTOMATION])),
        actor=draw(st.sampled_from(["on-call", "bot-fixer"])),
        trail=draw(st.booleans()),
        onset=draw(st.sampled_from([0.0, 3.0, 15.0])),
        share=draw(st.sampled_from([1.0, 0.5])),
        deeds=tuple(deeds),
        lag=draw(st.sampled_from([0.5, 5.0])),
        helps=draw(st.booleans()),
        undoes=draw(st.booleans()),
        heals=draw(st.none() | MOMENTS),
        fires=draw(st.sampled_from([None, 2.0, 8.0, 70.0])),
        delivery=draw(st.sampled_from([1.0, 20.0])),
        noise=tuple(draw(st.lists(MOMENTS, max_size=2))),
        looks=tuple(draw(st.lists(MOMENTS, max_size=1))),
        box=box,
        released=draw(st.booleans()),
        severity=draw(st.sampled_from(["P2", "P1"])),
    )


def settled(story: Story) -> bool:
    """Whether it is clear what ended the effect: not within seconds of the end, nor of another cure.

    Shorter than a window a stretch shows as a few isolated bad requests, and what comes shortly before our own
    rollback is nobody's.
    """
    at, by = story.cure
    short = 0 < at - story.affected_from < 3
    late = by is not RecoveredBy.ROLLBACK and at + HOLD + 3 > story.box
    act = story.at("act")
    # What was done shortly before a service healed by itself can't be told from what healed it.
    coincidence = by is RecoveredBy.ITSELF and act is not None and act < at + 2
    return not (short or late or coincidence)
