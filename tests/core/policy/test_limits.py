"""How much, how long, when and with whose approval: a table of rows, one line each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import policy
from gameday.core.policy import Approval, Calendar, Facts, Policy
from tests.core.policy import cases
from tests.core.policy.cases import (
    ALLOWED,
    FREEZE,
    HOURS,
    LOOP,
    NOON,
    NOTHING,
    PROTECTED,
    SHOP,
    at,
    facts,
    frozen,
    load,
    said_yes,
)

# fmt: off
ROWS: list[cases.Row] = [
    # what, policy, facts, the rules that refuse
    ("no policy: load on loopback", LOOP, load("http://127.0.0.1:8080"), ALLOWED),
    ("no policy: load elsewhere", LOOP, load("https://shop.example"), "hosts"),
    ("an empty policy: load on loopback", NOTHING, load("http://127.0.0.1:8080"), "hosts"),
    ("load on a listed network", Policy(hosts=("10.1.0.0/16",)), load("http://10.1.2.3:80"), ALLOWED),
    ("load beside a listed network", Policy(hosts=("10.1.0.0/16",)), load("http://10.2.0.1:80"), "hosts"),
    ("a URL in the locustfile that leads away", LOOP, load("http://localhost", 10, "http://evil/"), "hosts"),
    ("load with userinfo", LOOP, load("http://localhost@evil/"), "hosts"),
    ("as many users as allowed", replace(LOOP, max_users=500), load("http://localhost", 500), ALLOWED),
    ("one user too many", replace(LOOP, max_users=500), load("http://localhost", 501), "max_users"),
    ("as many requests as allowed", replace(LOOP, max_rps=100, requests_per_user=2), load("http://localhost", 50), ALLOWED),
    ("too many requests", replace(LOOP, max_rps=100, requests_per_user=2), load("http://localhost", 51), "max_rps"),
    ("a hold that is allowed", replace(LOOP, max_hold=600), facts(SHOP, hold=600), ALLOWED),
    ("a hold that is too long", replace(LOOP, max_hold=600), facts(SHOP, hold=601), "max_hold"),
    ("a pause that makes it too long", replace(LOOP, max_hold=600), facts({**SHOP, "pauses": {"after": 60}}, hold=590), "max_hold"),
    ("a pause that nobody knows", replace(LOOP, max_hold=600), facts({**SHOP, "pauses": {"after": "${p}"}}), "max_hold"),
    ("a pause below zero", replace(LOOP, max_hold=600), facts({**SHOP, "pauses": {"after": -60}}, hold=601), "max_hold"),
    ("a rollback that pauses first", replace(LOOP, max_hold=600), facts(SHOP, hold=590, rollbacks=[{**SHOP, "pauses": {"before": 60}}]), "max_hold"),
    ("a pause between two rollbacks", replace(LOOP, max_hold=600), facts(SHOP, hold=590, rollbacks=[{**SHOP, "pauses": {"after": 60}}, SHOP]), "max_hold"),
    ("a pause after the last rollback", replace(LOOP, max_hold=600), facts(SHOP, hold=590, rollbacks=[{**SHOP, "pauses": {"after": 60}}]), ALLOWED),
    ("a rollback's pause that nobody knows", replace(LOOP, max_hold=600), facts(SHOP, rollbacks=[{**SHOP, "pauses": {"before": "${p}"}}]), "max_hold"),
    ("a rollback that is another activity, which pauses", replace(LOOP, max_hold=600), facts({**SHOP, "name": "a", "pauses": {"before": 6}}, hold=590, rollbacks=[{"ref": "a"}]), "max_hold"),
    ("no rollback where one is required", replace(LOOP, require_rollbacks=True), facts(SHOP), "require_rollbacks"),
    ("a rollback where one is required", replace(LOOP, require_rollbacks=True), facts(SHOP, rollbacks=[SHOP]), ALLOWED),
    ("within the hours", HOURS, at("2026-11-24T08:00:00Z"), ALLOWED),
    ("one minute early", HOURS, at("2026-11-24T07:59:00Z"), "hours"),
    ("at closing time", HOURS, at("2026-11-24T16:00:00Z"), "hours"),
    ("a hold beyond the hours", HOURS, at("2026-11-24T15:30:00Z", hold=3600), "hours"),
    ("in summer the hours move", HOURS, at("2026-07-21T07:00:00Z"), ALLOWED),
    ("on a Sunday", HOURS, at("2026-11-22T11:00:00Z"), "hours"),
    ("hours past midnight", Policy(hours=("Fri 22:00-06:00",)), at("2026-11-28T05:00:00Z"), ALLOWED),
    ("hours that touch are one", Policy(hours=("Mon-Sun 00:00-24:00",)), at("2026-11-24T23:30:00Z", hold=3600), ALLOWED),
    ("hours that can't be read", Policy(hours=("weekdays",)), at("2026-11-24T11:00:00Z"), "policy hours"),
    ("outside a freeze", FREEZE, Facts(now=NOON, calendars=frozen("2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z")), ALLOWED),
    ("within a freeze", FREEZE, Facts(now=NOON, calendars=frozen("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z")), "freezes"),
    ("a hold into a freeze", FREEZE, Facts(now=NOON, hold=7200, calendars=frozen("2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z")), "freezes"),
    ("a calendar that can't be read", FREEZE, Facts(now=NOON, calendars=(Calendar(path="freeze.ics", error="no BEGIN"),)), "freezes"),
    ("a calendar that nobody read", FREEZE, Facts(now=NOON), "freezes"),
    ("enough approvals", PROTECTED, said_yes("grace", "alan"), ALLOWED),
    ("one's own approval", PROTECTED, said_yes("grace", " Ada"), "approvals"),
    ("the same person twice", PROTECTED, said_yes("grace", "Grace"), "approvals"),
    ("approvals of other content", PROTECTED, said_yes("grace", "alan", covers="g"), "approvals"),
    ("approvals that ran out", PROTECTED, said_yes("grace", "alan", until=NOON), "approvals"),
    ("started by nobody", PROTECTED, said_yes("grace", "alan", by=""), "approvals"),
]
# fmt: on


@pytest.mark.parametrize(
    ("rules", "given_facts", "refusing"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table_says_how_much_how_long_and_when(rules: Policy, given_facts: Facts, refusing: str):
    cases.must_judge(rules, given_facts, refusing)


def test_an_approval_that_does_not_count_is_reported_with_its_reason() -> None:
    given = (
        Approval(by="ada", covers="f"),
        Approval(by="grace", covers="g"),
        Approval(by="alan", covers="f", until=NOON),
    )
    asked = Facts(now=NOON, approvals=given, by="Ada", fingerprint="f")
    [told] = [each for each in policy.check(PROTECTED, asked) if each.rule == "approvals"]
    assert "0 of 2 other people" in told.why
    assert "ada's does not count: it is not another person's" in told.why
    assert "grace's covers other content" in told.why
    assert "alan's expired at" in told.why


def test_an_approval_of_other_content_names_the_parts_that_changed() -> None:
    parts = {"policy": "aa11", "module mine": "bb22", "x.json": "cc33"}
    given = (
        Approval(by="grace", covers="g", parts={"policy": "aa", "module mine": "bb99", "gone.py": "dd"}),
        Approval(by="alan", covers="g"),
    )
    asked = Facts(now=NOON, approvals=given, by="Ada", fingerprint="f", parts=parts)
    [verdict] = [each for each in policy.check(PROTECTED, asked) if each.rule == "approvals"]
    assert "grace's covers other content: changed: gone.py, module mine, x.json" in verdict.why
    assert "alan's covers other content: it names no parts, so approve anew" in verdict.why
