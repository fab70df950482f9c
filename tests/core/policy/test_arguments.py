"""URLs in arguments are found at any depth, and what can't be read is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import LOOPBACK, Document, Policy, arguments
from gameday.core.policy.arguments import ArgumentRefused

OURS = Policy(providers=("http:http://a.example/api/*",), hosts=("b.example", "10.0.0.0/8"))
TREES = st.recursive(
    st.just("URL"),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2),
        inner.map(lambda each: {"key": each}),
        inner.map(lambda each: {"key": 1, "other": (2, each)}),
    ),
    max_leaves=4,
)


def fill(tree, text):
    if isinstance(tree, dict):
        return {key: fill(value, text) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [fill(each, text) for each in tree]
    return text if tree == "URL" else tree


@given(
    TREES,
    st.sampled_from(
        [
            "http://evil/",
            "see ftp://evil/x",
            "HTTPS:\\\\evil",
            "ht\ntp://evil",
            "//evil/x",
            "http:/evil",
            "http:evil",
            "x=http%3A%2F%2Fevil",
            "a=b&u=%252f%252fevil",
        ]
    ),
)
def test_a_url_that_leads_away_is_refused_at_any_depth(tree, url):
    with pytest.raises(ArgumentRefused):
        arguments.check_urls(OURS, fill(tree, url))
    with pytest.raises(ArgumentRefused):
        arguments.check_urls(OURS, {url: tree})


@pytest.mark.parametrize(
    "text",
    ["http://a.example/api/x", "ws://b.example:8/", "redis://10.2.3.4:6379/0", "a/b//c", "10:00", "n//a", ""],
)
def test_what_is_listed_and_what_is_no_url_is_not(text):
    arguments.check_urls(OURS, [text])


@pytest.mark.parametrize(
    "text", ["http://a.example/admin", "redis://u:p@10.2.3.4/", "amqp://0x7f.1/", "http://${h}/"]
)
def test_what_is_not_listed_or_ambiguous_is(text):
    with pytest.raises(ArgumentRefused) as refused:
        arguments.check_urls(OURS, [text])
    assert "u:p" not in str(refused.value)
    assert refused.value.hint


def test_a_reference_that_only_the_run_knows_stays_and_others_are_resolved():
    document = Document(name="x", body={"configuration": {"h": "evil"}})
    given_arguments = {"${h}": ["${t}", "${h}", 1]}
    assert arguments.known(given_arguments, document, {}) == {"evil": ["${t}", "evil", 1]}


@pytest.mark.parametrize("func", ["_perform", "client", "json", ""])
def test_what_the_shop_does_not_publish_is_refused(func):
    with pytest.raises(ArgumentRefused, match="not one of"):
        arguments.check_shop(LOOPBACK, func, {})


@pytest.mark.parametrize("path", ["@evil/", ".evil/", ":1@evil", "\t@evil", "//evil/", "/a\\b", "é"])
def test_the_shop_takes_plain_words_and_paths_only(path):
    with pytest.raises(ArgumentRefused):
        arguments.check_shop(LOOPBACK, "p95_below", {"path": path})
    arguments.check_shop(LOOPBACK, "p95_below", {"path": "/products?category=1", "seconds": 0.5})
