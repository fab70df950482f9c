"""Gives the word that was most likely meant where a command was typed wrong; loads nothing before that."""

from __future__ import annotations

from collections.abc import Sequence


def ending(word: str, words: Sequence[str]) -> str:
    """Give the nearest of the words, as the end of a sentence; empty where none is near."""
    import difflib  # noqa: PLC0415  # needed only after a typing mistake

    near = difflib.get_close_matches(word, words, n=1, cutoff=0.4)
    return f"; nearest: '{near[0]}'" if near else ""
