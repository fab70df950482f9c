"""Who owns the work that findings ask for."""

from __future__ import annotations

from tests.core.postmortem.drafts import drafted, with_plan


def test_owners_are_roles_where_a_team_responds_and_unassigned_where_a_script_does():
    assert {a.owner for a in drafted().actions} == {"unassigned"}
    owners = {a.owner for a in drafted(with_plan(responder="", responder_as=None)).actions}
    assert owners == {"incident commander", "responder"}
