"""Which answers at a review say something: one rule for scoring, the postmortem and whoever types them.

An answer says nothing if all of its words stand in for an answer that is missing, such as `n/a` or `todo`.
What is scored must be a short sentence: two different words. What it says is left to people.
"""

from __future__ import annotations

import re

LEAST_WORDS = {"root-cause": 2, "fix": 2, "fix-validated": 2, "action": 2}
"""The fewest different words of an answer that is scored; of any other, one."""
_PLACEHOLDERS = frozenset(
    re.findall(
        r"\w+",
        """
        above asdf asdfasdf bar blah do done dont dunno empty fix fixed foo foobar idea idk ipsum it
        kein keine know known later lorem me na nichts nil no none not nothing null ok okay pending
        qwer qwerty same see skip skipped something sure tba tbc tbd test testing the to todo
        unbekannt undefined unknown wip yes
        """,
    )
)
"""Words that stand in for an answer."""
_LETTER = r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""A letter of a script without spaces (Thai and its neighbours, kana, Han), which counts as a word."""
_WORD = re.compile(rf"{_LETTER}|[^\W_]+")


def lacking(question: str, answer: str) -> str:
    """Explain why an answer earns nothing; empty: it says something, or it is about a step."""
    if question.startswith("step:"):
        return ""
    family = "action" if question.startswith("action") else question
    least = LEAST_WORDS.get(family, 1)
    words = {word for word in _words(answer) if _is_word(word)}
    if len(words) >= least and not words <= _PLACEHOLDERS:
        return ""
    if words - _PLACEHOLDERS:
        return f"“{answer.strip()}” is too short to earn anything: write at least {least} different words"
    return f"“{answer.strip()}” says nothing, and earns nothing: write what is known, in words"


def _words(answer: str) -> list[str]:
    text = answer.casefold().replace("'", "").replace("’", "")
    return _WORD.findall(text)


def _is_word(word: str) -> bool:
    """Whether it is more than one letter, a number or one letter over and over."""
    return (len(set(word)) > 1 and not word.isdigit()) or re.fullmatch(_LETTER, word) is not None
