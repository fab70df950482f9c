"""URLs are found in every form that some client accepts or some server decodes."""

from __future__ import annotations

import contextlib
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy.texts import urls

FORMS = st.sampled_from(
    ["http://H", "http:/H", "http:H", "http:///H", "HTTP://H", "ht\ntp://H", "\thttp://H", "wss:/H", "ftp:/H"]
)
AROUND = st.sampled_from(["", "x=", "see (", "[", "to: ", "a,", "--url=", "jdbc:"])
ENCODED = st.sampled_from(
    [
        str,
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: text.replace("/", "\\u002f"),
        lambda text: text.replace(":", "&#58;").replace("/", "&sol;"),
        lambda text: text.replace("/", "\\x2F"),
    ]
)


@given(AROUND, FORMS, ENCODED)
def test_a_host_is_found_in_every_form_of_its_url(before, form, encode):
    found = urls.found(encode(before + form.replace("H", "evil.example")))
    assert any(url.lower().endswith("://evil.example") for url in found), found


@pytest.mark.parametrize(
    "text", ["//evil/x", "///evil/x", "/\\evil/x", "x=//evil/x", " \x01//evil/x", "%2f%2fevil%2fx"]
)
def test_a_url_without_its_scheme_is_found(text):
    assert "//evil/x" in urls.found(text)


@pytest.mark.parametrize("text", ["http:\\\\evil", "http:/\\evil"])
def test_a_backslash_stays_so_that_it_is_refused_as_ambiguous(text):
    assert urls.found(text) == ("http://\\evil",)


@pytest.mark.parametrize(
    "text",
    [
        "10:00",
        "n//a",
        "a/b//c",
        "http:8080",
        "see http: it",
        "data:/var/lib",
        "C:/x",
        "usr:/bin",
        "news:/x",
        "100%",
        "50%2",
    ],
)
def test_what_is_no_url_is_not(text):
    assert urls.found(text) == ()


def test_a_text_that_is_encoded_too_often_can_not_be_read():
    with pytest.raises(ValueError, match="encoded more than"):
        urls.found("%" + "25" * 5000 + "2f%2fevil")


@pytest.mark.parametrize(
    ("url", "host"), [("redis://10.2.3.4:6379/0", "10.2.3.4"), ("amqp://0x7f.1/", ""), ("x", "")]
)
def test_the_host_of_any_scheme_is_given_where_it_is_certain(url, host):
    assert urls.host(url) == host


@pytest.mark.parametrize("piece", ["a", " ", "/", "http:", "%", "&", "\\u", "a:", "=//"])
def test_a_long_text_is_read_in_a_time_that_grows_with_it(piece):
    begun = time.process_time()
    with contextlib.suppress(ValueError):  # a URL may be too long
        urls.found(piece * (200_000 // len(piece)))
    assert time.process_time() - begun < 5


def test_a_url_ends_before_an_escaped_quote():
    assert urls.found('{\\"u\\": \\"http://a/x\\"}')[0] == "http://a/x"


@pytest.mark.parametrize("text", ["http://a/" + "x" * 9000, " ".join(f"http://a/{at}" for at in range(6000))])
def test_a_text_with_too_long_or_too_many_urls_can_not_be_read(text):
    with pytest.raises(ValueError, match="URL"):
        urls.found(text)
