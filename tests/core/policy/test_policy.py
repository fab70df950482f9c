"""The whole of a policy's rules: what the tables of this folder cover together, and what can't be read."""

from __future__ import annotations

from gameday.core import policy
from gameday.core.policy import Policy
from tests.core.policy import test_aws, test_limits, test_providers, test_targets
from tests.core.policy.cases import ALLOWED, LOOP, SHOP, facts

ROWS = [*test_providers.ROWS, *test_limits.ROWS, *test_targets.ROWS, *test_aws.ROWS]


def test_the_table_holds_at_least_sixty_rows_of_both_kinds():
    allowed = sum(row[3] == ALLOWED for row in ROWS)
    assert len(ROWS) >= 60
    assert min(allowed, len(ROWS) - allowed) >= 20


def test_every_mistake_of_a_policy_is_reported_and_each_refuses():
    wrong = Policy(providers=LOOP.providers, deny=("os",), hours=("weekdays",))
    assert [mistake.split("'")[1] for mistake in policy.mistakes(wrong)] == ["os", "weekdays"]
    refused = [verdict for verdict in policy.check(wrong, facts(SHOP)) if verdict.rule == "policy"]
    assert len(refused) == 2
    assert not any(verdict.allowed for verdict in refused)
