"""Patterns of providers: what can't be read is a mistake, and a denial matches at least what a permission does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import policy
from gameday.core.policy import Policy, addresses, patterns

URLS = st.sampled_from(
    ["http://127.0.0.1:80", "http://localhost", "http://loopback:*", "https://*.example/*", "*"]
)
ADDRESSES = st.sampled_from(
    [
        "http://127.0.0.1/",
        "http://localhost:9/x",
        "https://a.example/x/y",
        "http://[::1]/",
        "http://10.0.0.1/",
    ]
).map(addresses.parse)
PATHS = st.sampled_from(["/bin/sh", "/bin/*", "*", "sh", "/opt/*/x"])


@pytest.mark.parametrize(
    "pattern", ["os", "python:", "python:a b", "process:/a/../b", "http:ftp://x", "http:http://0x7f"]
)
def test_a_pattern_that_can_not_be_read_is_a_mistake(pattern: str):
    assert policy.mistakes(Policy(deny=(pattern,)))


@pytest.mark.parametrize("pattern", ["python:*.probes", "http:*", "http:http://[::1]:*/x", "process:/opt/*"])
def test_a_pattern_that_can_be_read_is_no_mistake(pattern):
    assert patterns.mistake(pattern) == ""


@given(URLS, ADDRESSES)
def test_a_url_that_a_pattern_allows_is_denied_by_the_same_pattern(rest, address):
    pattern = f"http:{rest}"
    if patterns.http((pattern,), address):
        assert patterns.http((pattern,), address, denying=True) == pattern


@given(PATHS, st.sampled_from(["/bin/sh", "/bin/x/sh", "sh", "/opt/a/b/x"]))
def test_a_command_that_a_pattern_allows_is_denied_by_the_same_pattern(rest, path):
    pattern = f"process:{rest}"
    if patterns.process((pattern,), path):
        assert patterns.process((pattern,), path, denying=True) == pattern


def test_a_star_stays_in_its_folder_and_crosses_folders_only_where_it_denies():
    assert patterns.process(("process:/opt/*",), "/opt/bin/x") == ""
    assert patterns.process(("process:/opt/*",), "/opt/bin/x", denying=True) == "process:/opt/*"


def test_a_denial_without_a_port_means_every_port_and_one_name_of_loopback_all_of_them():
    address = addresses.parse("http://[::1]:9090/")
    assert patterns.http(("http:http://localhost",), address, denying=True)
    assert not patterns.http(("http:http://localhost",), address)


def test_the_first_pattern_that_matches_is_named():
    both = ("python:mine.faults", "python:mine")
    assert patterns.python(both, "mine.faults.slow") == "python:mine.faults"
    assert patterns.python(both, "mine.probes.x") == "python:mine"
    assert patterns.python(both, "minefield.x") == ""


def test_a_name_is_exact_only_without_a_star():
    assert patterns.exactly(("python:mine.slow",), "mine.slow")
    assert not patterns.exactly(("python:mine.*",), "mine.slow")
