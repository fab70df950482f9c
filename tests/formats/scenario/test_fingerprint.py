from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gameday.core.plans.scenario import Load, Objectives, Scenario, Slo
from gameday.formats.scenario import fingerprint

SCENARIO = Scenario(
    scenario="a",
    title="t",
    environment="shop",
    experiment="e.json",
    load=Load(locustfile="l.py"),
    slos=(Slo(slo="x"),),
)
EXPERIMENT = {"title": "t", "method": [{"name": "a"}], "rollbacks": []}


def digest(
    scenario: Scenario = SCENARIO, experiment: dict[str, object] = EXPERIMENT, users: bytes = b"users"
) -> str:
    return fingerprint.comparable(scenario, {"e.json": experiment}, users)


def test_wording_playbook_and_layout_change_nothing() -> None:
    other = replace(
        SCENARIO, title="u", description="d", playbook="p.md", scorecard="s.yaml", environment="b"
    )
    assert digest(other) == digest()
    assert (
        digest(experiment={"method": [{"name": "a"}], "rollbacks": [], "title": "another", "tags": ["x"]})
        == digest()
    )


def test_what_was_done_and_promised_changes_it() -> None:
    different = [
        digest(experiment=EXPERIMENT | {"method": []}),
        digest(users=b"other"),
        digest(replace(SCENARIO, load=Load(locustfile="l.py", users=11))),
        digest(replace(SCENARIO, slos=(Slo(slo="x", objective=0.9),))),
        digest(replace(SCENARIO, objectives=Objectives(detect=1.0))),
        digest(replace(SCENARIO, hold="none")),
        digest(),
    ]
    assert len(set(different)) == len(different)


@given(value=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=5))
def test_the_order_of_keys_changes_nothing(value: dict[str, object]) -> None:
    backwards = dict(reversed(value.items()))
    assert fingerprint.canonical(value) == fingerprint.canonical(backwards)


def test_the_hash_of_a_file_is_sha256() -> None:
    assert fingerprint.sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
