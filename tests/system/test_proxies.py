"""Proxies of the environment: named, and no password with them."""

from __future__ import annotations

import pytest

from gameday.system import proxies


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, ""),
        ({"no_proxy": "localhost", "http_proxy": ""}, ""),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http_proxy=http://proxy:3128"),
        ({"http_proxy": "http://a:1", "HTTP_PROXY": "http://b:1"}, "http_proxy=http://a:1"),
        ({"https_proxy": "http://ada:s3cret@proxy:3128"}, "https_proxy=http://…@proxy:3128"),
        (
            {"ALL_PROXY": "socks5://p:1", "NO_PROXY": "10.0.0.0/8"},
            "all_proxy=socks5://p:1 no_proxy=10.0.0.0/8",
        ),
    ],
)
def test_proxies_are_named_without_passwords(environ: dict[str, str], named: str):
    assert proxies.named(environ) == named
