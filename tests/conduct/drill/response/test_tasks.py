"""What runs alongside a response: the trail and the milestones' probes."""

from gameday.core.facts import drill as ev
from tests.conduct.stage import Stage


def test_the_trail_is_followed_while_the_team_responds():
    stage = Stage()
    action = ev.ActionTaken(action="flag off", via="trail", actor="team")
    stage.at(20, lambda s: s.trail.actions.append(action))
    history = stage.play()
    assert action in [taken.fact for taken in history.each(ev.ActionTaken)]
