import pytest

from gameday.core.values import DrillId, EventId, Instant
from gameday.formats.stored import envelope

EVENT = envelope.document(
    id=EventId("e1"),
    drill=DrillId("d1"),
    kind="NoteAdded",
    fact={"text": "ä"},
    recorded_at=Instant(1_764_583_200.25),
    source="cli",
)


def test_an_event_is_one_line_of_ascii_and_is_read_back() -> None:
    line = envelope.line(EVENT, 7)
    assert line.isascii()
    assert "\n" not in line
    assert envelope.parse(line) == (7, EVENT)
    assert EVENT["recorded_at"] == "2025-12-01T10:00:00.250000Z"


@pytest.mark.parametrize("text", ["[]", "{}", '{"seq": "7"}', "", "7"])
def test_anything_else_is_not_a_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a line of a history|Expecting value"):
        envelope.parse(text)


def test_a_hash_covers_every_line_before_it_and_the_drill() -> None:
    def chained(drill: str, *lines: str) -> str:
        digest = envelope.start(drill)
        for line in lines:
            digest = envelope.chain(digest, line)
        return digest

    assert chained("d1", "a", "b") == chained("d1", "a", "b")
    assert (
        len({chained("d1", "a", "b"), chained("d1", "b", "a"), chained("d2", "a", "b"), chained("d1", "a")})
        == 4
    )
