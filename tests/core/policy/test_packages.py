"""What would be installed for an experiment is judged as everything else is."""

from __future__ import annotations

from dataclasses import replace

from gameday.core import policy
from gameday.core.policy import LOOPBACK, Facts, WantedPackage, packages
from tests.core.policy.cases import NOON


def test_each_package_that_is_not_here_gets_a_verdict_and_only_what_is_listed_is_allowed() -> None:
    named = (
        WantedPackage(requirement="chaos-a", allowed=True),
        WantedPackage(requirement="b>1", allowed=False),
    )
    facts = Facts(now=NOON, packages=named)
    yes, no = packages.verdicts(facts)
    assert (yes.allowed, yes.subject, yes.hint) == (True, "installing chaos-a", "")
    assert (no.allowed, no.subject) == (False, "installing b>1")
    assert "no entry of `packages` allows it" in no.why
    assert "`packages` of the environment's policy" in no.hint
    assert no in policy.check(LOOPBACK, facts)
    assert list(packages.verdicts(replace(facts, packages=()))) == []
