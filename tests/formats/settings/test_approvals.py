"""Approvals as people write them."""

import pytest

from gameday.core.policy import Approval
from gameday.core.values import parse_instant
from gameday.formats.settings import approvals


def test_approvals_are_read_with_and_without_an_end():
    text = b'[[approval]]\nby = "grace"\ncovers = "f"\nuntil = 2026-12-01T18:00:00Z\n[[approval]]\nby = "alan"\ncovers = "f"\n'
    until = parse_instant("2026-12-01T18:00:00Z")
    assert approvals.parse(text) == (
        Approval(by="grace", covers="f", until=until),
        Approval(by="alan", covers="f"),
    )


def test_what_is_printed_to_add_is_read_with_its_parts():
    text = approvals.encode("sha256:f", {'a "b".json': "0123456789abcdef", "policy": "1.2"})
    assert approvals.parse(text.replace('by = ""', 'by = "grace"').encode()) == (
        Approval(by="grace", covers="sha256:f", parts={'a "b".json': "0123456789ab", "policy": "1.2"}),
    )


def test_an_empty_file_approves_nothing():
    assert approvals.parse(b"") == ()


@pytest.mark.parametrize(
    "text",
    [
        b"approval = 1",
        b'[approval]\nby = "a"\ncovers = "f"',
        b'[[approvals]]\nby = "a"\ncovers = "f"',
        b'[[approval]]\nby = "a"',
        b'[[approval]]\nby = ["a"]\ncovers = "f"',
        b'[[approval]]\nby = "a"\ncovers = "f"\nuntl = 2026-12-01T18:00:00Z',
        b'[[approval]]\nby = "a"\ncovers = "f"\nuntil = 2026-12-01T18:00:00',
        b'[[approval]]\nby = "a"\ncovers = "f"\nparts = ["x"]',
        b'[[approval]]\nby = "a"\ncovers = "f"\nparts = {x = 1}',
        b"\xff",
        b"[[approval]",
    ],
)
def test_anything_else_is_a_mistake(text):
    with pytest.raises(ValueError, match=r"."):
        approvals.parse(text)
