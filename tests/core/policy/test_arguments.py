"""URLs in arguments are found at any depth, and what can't be read is refused."""

from __future__ import annotations

import json
from urllib.parse import quote

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


LISTED = st.sampled_from(
    ["http://a.example/api/x", "http://b.example/", "ws://b.example:8/", "redis://10.2.3.4/0"]
)
NOT_LISTED = st.sampled_from(
    [
        "http://evil/",
        "ftp://evil/",
        "//evil/x",
        "ws:evil",
        "http://a.example/admin",
        "http:\\\\evil",
        "http://167772161/",
    ]
)
SEPARATORS = st.text(st.sampled_from(",;|)](&?#={} \"'<>\n"), min_size=1, max_size=3)
WRITTEN = st.sampled_from(
    [
        str,
        lambda text: quote(text, safe=""),
        lambda text: json.dumps(json.dumps(text)).replace(":", "\\u003a"),
        lambda text: text.replace(":", "&#58;").replace("/", "\\/"),
    ]
)


@given(LISTED, SEPARATORS, NOT_LISTED, st.tuples(WRITTEN, WRITTEN))
def test_what_is_not_listed_is_found_wherever_it_is_joined_to_what_is(ok, joint, evil, written):
    inner, outer = written
    for text in (f"{ok}{joint}{inner(evil)}", f"{evil}{joint}{ok}", f"{ok}{joint}u={evil}{joint}{ok}"):
        with pytest.raises(ArgumentRefused):
            arguments.check_urls(OURS, [outer(text)])


@pytest.mark.parametrize(
    "query", ["host=evil.example", "hostaddr=10.9.9.9&host=evil.example", "host=a.example,evil.example"]
)
def test_a_query_that_names_another_host_is_refused(query):
    with pytest.raises(ArgumentRefused):
        arguments.check_urls(OURS, [f"postgresql://b.example/x?{query}"])
    arguments.check_urls(OURS, ["postgresql://b.example/x?sslmode=require&host=b.example"])


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
