"""The amendments that the drill of `tests.render.a_drill` proposes to its playbook, or to another text."""

from __future__ import annotations

from gameday.core import playbook
from gameday.formats.scenario import playbook as markdown
from tests.render import a_drill

PATH = "playbooks/database-overload.md"


def proposed(text: str = a_drill.PLAYBOOK, result=None):
    read = markdown.read(text, PATH)
    return playbook.propose(a_drill.of(), result or a_drill.result(), read)


def applied(text: str, amendments) -> str:
    return playbook.apply(markdown.present(text), amendments)


def amended(text: str = a_drill.PLAYBOOK) -> str:
    return applied(text, proposed(text))
