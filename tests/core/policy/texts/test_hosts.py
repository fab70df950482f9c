"""The hosts that a short text lists are found; sentences and versions are none."""

from __future__ import annotations

import pytest

from gameday.core.policy.texts import hosts


@pytest.mark.parametrize(
    "text",
    [
        *(
            "evil.example",
            "127.0.0.1, evil.example",
            "a.example;evil.example",
            '"evil.example"',
            "evil.example,",
        ),
        *(
            "a.example evil.example",
            "evil.example;q=1",
            "<evil.example>",
            "user@evil.example",
            "evil.example?x",
        ),
        *(
            "host=evil.example",
            "[evil.example]",
            "evil%2eexample",
            "evil\u3002example",
            "a.example|evil.example",
        ),
    ],
)
def test_a_host_is_found_wherever_it_stands_in_a_list(text):
    assert any(
        host.startswith("evil.example") for host in hosts.found(text.replace("[", "{").replace("]", "}"))
    )


@pytest.mark.parametrize(
    ("text", "host"),
    [("::1", "[::1]"), ("fe80::1", "[fe80::1]"), ("167772161", "167772161"), ("0x0a000001", "0x0a000001")],
)
def test_an_address_is_found_in_any_form(text, host):
    assert host in hosts.found(f"a.example, {text}")
    assert host in hosts.found(text)


def test_plain_words_in_a_list_of_hosts_are_hosts():
    assert hosts.found("127.0.0.1, payments") == ("127.0.0.1", "payments")
    assert hosts.found("orders, payments") == ()


@pytest.mark.parametrize(
    "text", ["text/html, */*;q=0.8", "gameday/1.2 (a.example)", "1.2.3", "5", "08:12:31", "en-US,en;q=0.9"]
)
def test_what_is_no_host_is_not(text):
    assert hosts.found(text) == ()
