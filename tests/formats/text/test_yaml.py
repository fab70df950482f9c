import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.errors import InvalidFiles
from gameday.formats.text import yaml as yaml_text
from gameday.formats.text.document import Spot
from tests.formats.mistakes import as_lines

WORDS = ["on", "Off", "yes", "NO", "y", "true", "null", "~", "1:30", "-1:30.5", "012", "0o12", "0x1F", "0b11"]
WORDS += ["1_000", "1e3", "1.5e+3", "1.", ".5", ".inf", "x", "0", "-0", "+1", "08", "1:99"]


def test_every_key_and_value_knows_its_place() -> None:
    document = yaml_text.read("a:\n  - b: 1\n    'c d': [2, {e: 3}]\n", "x.yaml")
    assert document.data == {"a": [{"b": 1, "c d": [2, {"e": 3}]}]}
    assert document.spot(("a", 0, "c d", 1, "e")) == Spot(3, 20)
    assert document.key_spot(("a", 0, "c d")) == Spot(3, 5)
    assert document.spot(("a", 7, "nowhere")) == Spot(2, 3)


def test_our_own_files_take_words_as_they_look() -> None:
    text = "[on, no, 1:30, 012, 0o12, 1e3, 'true', true, ~, 2026-12-01]"
    assert yaml_text.read(text, "x.yaml").data == [
        "on", "no", "1:30", 12, 10, 1000.0, "true", True, None, "2026-12-01",
    ]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_experiments_are_read_as_chaos_toolkit_reads_them(word: str) -> None:
    read = yaml_text.read(f"a: {word}", "x.yaml", legacy=True).data["a"]
    assert repr(read) == repr(pyyaml.safe_load(f"a: {word}")["a"])


@settings(max_examples=1000)
@given(word=st.from_regex(r"[-+.0-9][0-9.:_eE+xbn-]{0,7}[0-9_.]", fullmatch=True))
def test_any_number_in_an_experiment_is_read_as_chaos_toolkit_reads_it(word: str) -> None:
    try:
        theirs = pyyaml.safe_load(f"a: {word}")
        ours = yaml_text.read(f"a: {word}", "x.yaml", legacy=True).data
    except (InvalidFiles, pyyaml.YAMLError, ValueError):
        return
    assert repr(ours) == repr(theirs)


def test_a_word_that_chaos_toolkit_reads_otherwise_is_warned_of() -> None:
    document = yaml_text.read("state: off\ncountry: NO\ntime: 1:30\nday: 2026-12-01\n", "x.yaml", legacy=True)
    assert as_lines(document.mistakes) == [
        "1:8? Chaos Toolkit reads the bare word off as false | write 'off' in quotes if you mean the text, else false",
        "2:10? Chaos Toolkit reads the bare word NO as false | write 'NO' in quotes if you mean the text, else false",
        "3:7? Chaos Toolkit reads the bare word 1:30 as 90 | write '1:30' in quotes if you mean the text, else 90",
        (
            "4:6? Chaos Toolkit reads the bare word 2026-12-01 as a date | "
            "write '2026-12-01' in quotes if you mean the text, else a date"
        ),
    ]


def test_a_key_written_twice_is_a_mistake_and_the_first_counts() -> None:
    document = yaml_text.read("a: 1\nb: 2\na: 3\n", "x.yaml")
    assert as_lines(document.mistakes) == ["3:1 'a' is written twice | it is first on line 1; keep one"]
    assert document.data == {"a": 1, "b": 2}


def test_merged_keys_give_way_to_written_ones() -> None:
    document = yaml_text.read("base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  x: 3\n", "x.yaml")
    assert document.data["c"] == {"x": 3, "y": 2}
    assert not document.mistakes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1", "x.yaml:2:1: YAML: a tab is not allowed here\n  hint: indent YAML with spaces"),
        (
            "a: b: c",
            (
                "x.yaml:1:5: YAML: a ':' is not allowed here\n"
                "  hint: indent the keys of one mapping alike, and put text with ': ' into quotes"
            ),
        ),
        (
            "a: @b",
            (
                "x.yaml:1:4: YAML: found character '@' that cannot start any token\n"
                "  hint: put text that begins with this character into quotes"
            ),
        ),
        (
            "a: 1\n---\nb: 2",
            "x.yaml:2:1: a second document begins here\n  hint: write one document in a file",
        ),
        (
            "a: *b",
            "x.yaml:1:4: there is no anchor '&b' before this\n  hint: put text that begins with * into quotes",
        ),
        ("? [a]\n: b", "x.yaml:1:3: a key must be text\n  hint: put it into quotes"),
        ("a: \x07", "x.yaml:1:4: the character U+0007 is not allowed in YAML"),
        ("a: !env B", "x.yaml:1:4: the tag '!env' is not supported\n  hint: write the plain value"),
    ],
)
def test_what_is_not_yaml_is_reported_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(InvalidFiles) as wrong:
        yaml_text.read(text, "x.yaml")
    assert str(wrong.value) == expected


def test_a_number_with_thousands_of_digits_is_named_in_plain_words() -> None:
    with pytest.raises(InvalidFiles) as found:
        yaml_text.read(f"a: 1\nb: {'9' * 5000}\n", "f")
    assert str(found.value) == "f:2:4: this number is too long"
