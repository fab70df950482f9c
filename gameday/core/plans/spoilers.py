"""Decides who may see into a drill of a game day: the rule alone, so that what is typed need load no plan."""

from __future__ import annotations

from collections.abc import Collection


def hides(announcement: str, *, attended: bool) -> bool:
    """Report whether a game day keeps from its team what is injected, and when.

    Without people there is nobody from whom it could be hidden; a plan announced in full hides nothing.
    """
    return attended and announcement != "full"


def shows(viewer: str, *, hidden: bool, insiders: Collection[str]) -> bool:
    """Report whether somebody may see what is injected while a drill is in progress."""
    return not hidden or viewer in insiders
