"""Judges what would be installed for an experiment that names packages which are not here."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.core.policy.model import Facts, Verdict


def verdicts(facts: Facts) -> Iterator[Verdict]:
    """Judge each package that is not here: `packages` allows it, or the experiment can't run."""
    for wanted in facts.packages:
        no = "no entry of `packages` allows it, or it can't be installed next to what is here"
        hint = "install it yourself, or list it in `packages` of the environment's policy"
        yield Verdict(
            rule="packages",
            allowed=wanted.allowed,
            subject=f"installing {wanted.requirement}",
            why="an entry of `packages` allows it" if wanted.allowed else no,
            hint="" if wanted.allowed else hint,
        )
