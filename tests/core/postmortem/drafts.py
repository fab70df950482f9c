"""Postmortems of the drill of `tests.render.a_drill`, and what tests look for in them."""

from __future__ import annotations

from gameday.core import postmortem
from tests.render import a_drill


def drafted(facts=None, result=None) -> postmortem.Postmortem:
    return postmortem.draft(a_drill.of(facts), result or a_drill.result())


def with_plan(**changes):
    return [(0.0, "conductor", a_drill.planned(**changes)), *a_drill.facts()[1:]]


def entry(pm: postmortem.Postmortem, words: str) -> postmortem.Entry:
    return next(e for e in pm.timeline if words in e.text)


def titles(pm: postmortem.Postmortem) -> list[str]:
    return [f.title for f in (*pm.well, *pm.improve)]
