"""A path has several forms; whatever a server makes of a spelling is among them."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import paths

PLAIN = st.text("abc/", min_size=1, max_size=8).map("/{}".format)


@given(PLAIN, st.integers(0, 3))
def test_a_path_is_among_the_forms_of_every_encoding_of_it(path, times):
    spelled = path
    for _ in range(times):
        spelled = "".join(f"%{ord(letter):02x}" for letter in spelled)
    assert path in paths.forms(spelled)


@given(st.text(max_size=12).map("/{}".format))
def test_what_a_server_decodes_is_among_the_forms(path):
    spelled = quote(path, safe="/")
    try:
        forms = paths.forms(spelled)
    except ValueError:
        return
    assert unquote(spelled) in forms
    assert set(forms) <= set(paths.loose_forms(spelled))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/a/../b", "dot segments"),
        ("/a/%2e%2E/b", "dot segments"),
        ("/a/%252e%252e/b", "dot segments"),
        ("/a%2f..%2fb", "dot segments"),
        ("/a%5c..%5cb", "dot segments"),
        ("/a/..;x=1/b", "dot segments"),
        ("/a/.%20/b", "dot segments"),
        ("/a%00b", "control"),
        ("/a%0d%0ab", "control"),
        ("/%c0%af", "UTF-8"),
        ("/%" + "25" * 5000 + "61", "encoded more than"),
    ],
)
def test_a_path_that_servers_read_differently_is_refused(path, why):
    with pytest.raises(ValueError, match=why):
        paths.check(path)


@pytest.mark.parametrize("path", ["", "/", "/...", "/A%20b", "/.well-known/x", "/a;v=1", "/%E2%82%AC"])
def test_a_plain_path_is_not(path):
    paths.check(path)


@pytest.mark.parametrize(
    "path", ["/ADMIN", "//admin", "/admin/", "/admin.", "/admin%20", "/admin;x", "/%EF%BD%81dmin"]
)
def test_a_denial_knows_looser_spellings(path):
    assert "/admin" in paths.loose_forms(path)
