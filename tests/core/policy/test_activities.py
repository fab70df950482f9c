"""Every provider of a document is found, wherever it is, and every value that can be known beforehand is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import Document, activities

PROVIDER = {"type": "python", "module": "os", "func": "getpid"}
KEYS = st.text(min_size=1, max_size=5).filter(lambda key: key not in {"provider", "name"})
NESTED = st.recursive(
    st.just({"provider": PROVIDER}),
    lambda inner: st.one_of(
        st.dictionaries(KEYS, inner, min_size=1, max_size=1), inner.map(lambda tree: [1, tree])
    ),
)


def document(**body):
    return Document(name="x.json", body=body)


def resolved(value, variables=(), **configuration):
    return activities.resolve(value, document(configuration=configuration), dict(variables))


@given(NESTED)
def test_a_provider_is_found_however_deep_it_is(tree):
    [found] = activities.find(document(method=tree))
    assert found.provider == PROVIDER


def test_an_activity_is_named_and_what_has_no_name_is_located():
    named, located = activities.find(
        document(method=[{"name": "break it", "provider": PROVIDER}], rollbacks=[{"provider": PROVIDER}])
    )
    assert (named.where, located.where) == ("x.json: break it", "x.json rollbacks")


def test_a_control_is_known_as_one_in_an_experiment_and_in_the_settings():
    listed = document(controls=[{"name": "spy", "provider": PROVIDER}])
    by_name = document(controls={"spy": {"provider": PROVIDER}})
    assert [found.control for each in (listed, by_name) for found in activities.find(each)] == [True, True]
    assert not next(activities.find(document(method=[{"provider": PROVIDER}]))).control


@given(st.text().filter(lambda text: "$" not in text))
def test_a_text_without_a_dollar_stays_as_it_is(text):
    assert resolved(text) == text


def test_references_are_replaced_in_texts_lists_and_mappings_but_only_once():
    value = {"a": ["${host}/x", "$port"], "b": 5}
    assert resolved(value, host="${port}", port=80) == {"a": ["${port}/x", "80"], "b": 5}
    assert resolved("$$host") == "$host"


def test_a_variable_of_the_environment_has_its_value_or_its_default():
    entry = {"type": "env", "key": "HOST", "default": "a"}
    assert resolved("${host}", host=entry) == "a"
    assert resolved("${host}", {"HOST": "b"}, host=entry) == "b"
    assert activities.names_variables(document(configuration={"host": entry, "port": 80})) == ("HOST",)


@pytest.mark.parametrize(
    "configuration", [{}, {"x": {"type": "env", "key": "X"}}, {"x": {"type": "probe", "provider": PROVIDER}}]
)
def test_what_is_known_only_at_run_time_is_unknown(configuration):
    with pytest.raises(activities.Unknown, match="can't be known before the experiment runs"):
        resolved("${x}", **configuration)
