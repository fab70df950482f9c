"""Headers that may choose another host or path are refused by a rule, whatever their name is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import headers
from gameday.core.policy.headers import HeaderRefused

WORDS = st.sampled_from(
    [
        "Host",
        "Forwarded",
        "Original-URL",
        "Original_Uri",
        "Rewrite",
        "Authority",
        "Path",
        "url",
        "URI",
        "Dst-Host",
    ]
)
PARTS = st.lists(st.from_regex(r"[A-Za-z]{1,6}", fullmatch=True), max_size=2)


@given(PARTS, WORDS, PARTS, st.sampled_from("-_"))
def test_a_name_with_a_word_for_a_destination_is_refused_whatever_is_around_it(before, word, after, joint):
    name = joint.join(["X", *before, word, *after])
    with pytest.raises(HeaderRefused, match="another destination"):
        headers.hosts_of({name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        *("Forwarded", "x-forwarded-host", " X_Original_URL", "${n}", "X-Envoy-Original-Dst-Host"),
        *("X-Original-Host", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Rewrite-Path"),
        *("X-Envoy-Original-Path", ":authority", "X-Proxy-URL", "Destination", "X-Script-Name", "X-Host"),
        *("a b", "X:y", "X\r\nY", "X\nHost", "", "é", "X\x00"),
    ],
)
def test_a_name_that_chooses_a_destination_or_is_not_plain_is_refused(name):
    with pytest.raises(HeaderRefused, match="another destination") as refused:
        headers.hosts_of({name: "x"})
    assert refused.value.hint


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\rb", "a\x00b", "\x7f"])
def test_a_value_that_may_begin_another_header_is_refused(value):
    with pytest.raises(HeaderRefused, match="control characters"):
        headers.hosts_of({"X": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", "0"),
        ("transfer_encoding", "chunked"),
        ("Connection", "keep-alive, Host"),
        ("Upgrade", "h2c"),
    ],
)
def test_what_frames_a_request_is_the_client_s_own(name, value):
    with pytest.raises(HeaderRefused, match="another request"):
        headers.hosts_of({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "text/html, */*;q=0.8"),
        ("Authorization", "Bearer eyJ.eyJ.sig"),
        ("X-Amz-Security-Token", "abc"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Real-IP", "10.0.0.1"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("User-Agent", "gameday/1.2 (a.example)"),
        ("Content-Type", "application/json"),
        ("X-Version", "1.2.3"),
        ("Connection", "close"),
        ("X-Number", 5),
    ],
)
def test_plain_headers_pass(name, value):
    assert headers.hosts_of({name: value}) == headers.leads_of({name: value}) == []


def test_hosts_of_host_headers_are_given_in_any_case():
    assert headers.hosts_of({"HOST": "a", "host ": "b", "Accept": "c"}) == ["a", "b"]
    assert headers.hosts_of(None) == []


@pytest.mark.parametrize(
    "value", ["evil.example", "evil.example:8080/x", "10.0.0.1", "[::1]:80", "localhost"]
)
def test_a_value_that_is_a_host_is_given_to_be_judged(value):
    assert headers.leads_of({"X-Tenant": f" {value}"}) == [value]


@pytest.mark.parametrize(
    "value", ["a.example, evil.example", "'evil.example'", "a.example;q=1, evil.example"]
)
def test_every_host_of_a_list_is_given_to_be_judged(value):
    assert "evil.example" in headers.leads_of({"X-Targets": value})


def test_a_value_that_is_encoded_too_often_is_refused():
    with pytest.raises(HeaderRefused, match="can't be read"):
        headers.leads_of({"X-Targets": "%" + "25" * 20 + "41"})


def test_headers_that_are_no_object_are_refused():
    with pytest.raises(HeaderRefused, match="not an object"):
        headers.leads_of(["Host: evil"])
