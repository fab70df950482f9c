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
        b"\xff",
        b"[[approval]",
    ],
)
def test_anything_else_is_a_mistake(text):
    with pytest.raises(ValueError, match=r"."):
        approvals.parse(text)
