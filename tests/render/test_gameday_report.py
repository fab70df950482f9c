"""A game day's report, drawn as Markdown and as a page: whole, naming nobody, and with no foreign markup."""

from dataclasses import replace

from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import report
from gameday.render import gameday_report as rendering
from tests.conduct.day import DAY
from tests.core.gamedays.a_game_day import SAID, drafted
from tests.core.gamedays.test_state import event


def test_the_report_names_nobody():
    for text in (rendering.markdown(drafted()), rendering.html(drafted())):
        for name in ("ada", "rita", "dora"):
            assert f" {name}" not in text
            assert f"{name}<" not in text


def test_the_report_is_drawn_whole_and_words_from_outside_are_no_markup():
    told = drafted()
    for text in (rendering.markdown(told), rendering.html(told)):
        assert "<b>test</b>" not in text
        for part in ("Improvement plan", "Message-event list", "sessions", "show the release", "no time"):
            assert part in text
    assert rendering.html(told) == rendering.html(drafted())
    assert "http" not in rendering.html(told).replace("http://127", "")


def test_why_a_drill_ended_stands_next_to_it():
    told = drafted()
    lines = (replace(told.drills[0], why="whoever conducted it died"), *told.drills[1:])
    assert lines[0].postmortem is not None
    for draw in (rendering.markdown, rendering.html):
        assert "whoever conducted it died" in draw(replace(told, drills=lines))


def test_a_day_without_a_drill_has_a_report_too():
    opened = history.from_events([event(0, SAID[0]), event(1, gf.GameDayEnded(why="facilitator"))])
    told = report.build(opened, {})
    text = rendering.markdown(told)
    assert f'<dd>0<span class="sub">{told.scenarios} on the agenda' in rendering.html(told)
    assert told.scenarios == sum(not item.is_break for item in SAID[0].plan.agenda) > 1
    assert "No scenario was drilled." in text
    assert str(DAY) in text
    assert "Nothing was waived." in text
