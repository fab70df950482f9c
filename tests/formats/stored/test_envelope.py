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


def test_half_a_character_is_replaced_in_whatever_is_stored() -> None:
    event = envelope.document(
        id=EventId("e\ud83d"),
        drill=DrillId("d1"),
        kind="NoteAdded",
        fact={"text": "high \ud83d", "labels": {"\ud83d": ("\udcff",)}},
        recorded_at=Instant(1_764_583_200.25),
        source="cli",
        by="ada\udcff",
    )
    assert (event["id"], event["by"]) == ("e\ufffd", "ada\ufffd")
    assert event["fact"] == {"text": "high \ufffd", "labels": {"\ufffd": ("\ufffd",)}}


def test_half_a_character_that_an_earlier_version_stored_is_replaced_when_it_is_read() -> None:
    line = envelope.line({**EVENT, "fact": {"text": "high \ud83d", "path": "C:\\udir"}}, 7)
    assert envelope.parse(line)[1]["fact"] == {"text": "high \ufffd", "path": "C:\\udir"}
