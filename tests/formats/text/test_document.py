import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import InvalidFiles
from gameday.formats.text import document
from gameday.formats.text.document import Document, Lines, Spot

WRITTEN = Document(
    file="a.yaml",
    data={"slos": [{"slo": "x"}]},
    values={(): Spot(1, 1), ("slos",): Spot(1, 7), ("slos", 0, "slo"): Spot(2, 10)},
    keys={("slos",): Spot(1, 1), ("slos", 0, "slo"): Spot(2, 5)},
)


def test_a_value_that_is_not_in_the_file_has_the_position_of_the_nearest_one_around_it() -> None:
    assert WRITTEN.spot(("slos", 0, "slo")) == Spot(2, 10)
    assert WRITTEN.spot(("slos", 0, "window")) == Spot(1, 7)
    assert WRITTEN.spot(("load", "users")) == Spot(1, 1)
    assert WRITTEN.key_spot(("slos", 0, "slo")) == Spot(2, 5)
    assert WRITTEN.key_spot(("slos", 0)) == Spot(1, 7)


def test_a_value_is_found_by_its_path_whatever_the_file_holds() -> None:
    assert WRITTEN.get(("slos", 0, "slo")) == "x"
    for path in (("slos", 1), ("slos", "x"), ("slos", 0, "slo", "y"), ("load",)):
        assert WRITTEN.get(path, "default") == "default"


def test_the_nearest_word_is_suggested_and_otherwise_all_of_them() -> None:
    assert document.suggest("Alertmanagr", ["alertmanager", "generic"]) == "did you mean 'alertmanager'?"
    assert (
        document.suggest("x", ["alertmanager", "", "generic", "generic"]) == "one of: alertmanager, generic"
    )
    assert document.suggest("x", []) == ""


@given(text=st.text(alphabet="ab\n"), offset=st.integers(0, 20))
def test_a_character_is_found_by_line_and_column(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    line, column = Lines(text).spot(offset)
    before = text[:offset].split("\n")
    assert (line, column) == (len(before), len(before[-1]) + 1)


def test_bytes_that_are_not_utf_8_are_a_mistake_at_their_position() -> None:
    assert document.decode(b"\xef\xbb\xbfa: 1", "a.yaml") == "a: 1"
    with pytest.raises(InvalidFiles, match=r"a\.yaml:2:3: byte 0xff is not UTF-8"):
        document.decode(b"a: 1\nb:\xff", "a.yaml")
