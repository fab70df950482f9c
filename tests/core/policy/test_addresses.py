"""A URL is read in one form or not at all, so that no two readers can differ about where it leads."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import addresses

HOSTS = st.one_of(
    st.sampled_from(["localhost", "Shop.Example.", "a_b.c-d", "xn--bcher-kva"]),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map("[{}]".format),
)
PATHS = st.sampled_from(["", "/", "/api/x", "/A%20b", "/...", "/x?y=1#z"])


@given(st.sampled_from(["http", "HTTPS"]), HOSTS, st.integers(1, 65535), PATHS)
def test_what_was_read_is_read_again_as_the_same(scheme, host, port, path):
    address = addresses.parse(f"{scheme}://{host}:{port}{path}")
    assert addresses.parse(str(address)) == address
    assert (address.scheme, address.port) == (scheme.lower(), port)
    assert addresses.canonical(address.host) == address.host


@given(st.text(max_size=20))
def test_any_text_is_refused_or_read_in_one_form(text):
    for url in (text, f"http://{text}", f"http://a{text}/"):
        with contextlib.suppress(ValueError):
            address = addresses.parse(url)
            assert addresses.parse(str(address)) == address


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_read_only_in_four_plain_decimal_numbers(number):
    plain = str(IPv4Address(number))
    assert addresses.canonical(plain) == plain
    assert addresses.canonical(f"[::ffff:{plain}]") == plain
    for disguise in (str(number), hex(number), "0x" + plain, plain.rpartition(".")[0]):
        with pytest.raises(ValueError, match="obfuscated"):
            addresses.canonical(disguise)


@pytest.mark.parametrize(
    ("url", "port", "path"),
    [("http://a", 80, "/"), ("https://a", 443, "/"), ("http://a:8080/x?y", 8080, "/x")],
)
def test_port_and_path_have_their_defaults(url, port, path):
    address = addresses.parse(url)
    assert (address.port, address.path) == (port, path)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.0.9", "::1"])
def test_loopback_is_every_address_of_this_machine_alone(host):
    assert addresses.is_loopback(host)
    assert addresses.host_matches("loopback", host)


@pytest.mark.parametrize("host", ["localhost.example", "0.0.0.0", "10.0.0.1", "::"])
def test_what_others_can_reach_is_not_loopback(host):
    assert not addresses.is_loopback(host)


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("10.0.0.0/8", "10.9.9.9", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.0/8", "ten.example", False),
        ("fd00::/8", "fd00::1", True),
        ("*.shop.example", "eu.shop.example", True),
        ("*.shop.example", "shop.example", False),
        ("Shop.Example.", "shop.example", True),
        ("0x7f.1", "127.0.0.1", False),
    ],
)
def test_a_host_matches_by_network_name_or_glob(pattern, host, matches):
    assert addresses.host_matches(pattern, host) is matches
