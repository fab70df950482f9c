from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.errors import InvalidFiles, Mistake
from gameday.formats.text import document, reader
from gameday.formats.text import yaml as yaml_text

PIECES = [
    *"{}[],:&*!|>'\"%@`#-? \n\t=.~<",
    *("a", "b: ", "- ", "&a ", "*a", "<<: ", "on", "1:30", "!!int ", "\\ud800", "\x85", "\u2028"),
    *("%YAML 1.1\n---\n", "...\n", '""" ', "'''", "[a]\n", "[[b]]\n", "a = ", "x.y", "1e400", "0x1", '"a"'),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=25).map("".join)


def mistake(content: bytes, file: str) -> str:
    with pytest.raises(InvalidFiles) as wrong:
        reader.read(content, file)
    (only,) = wrong.value.mistakes
    return f"{only}"


def raised(read: Callable[[], object]) -> tuple[Mistake, ...]:
    """Give the mistakes that a reading raises; anything else that it raises fails the test."""
    try:
        read()
    except InvalidFiles as wrong:
        return wrong.mistakes
    return ()


@pytest.mark.parametrize("file", ["a.yaml", "a.json", "a.toml"])
@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
def test_whatever_a_file_holds_only_its_mistakes_are_raised(file: str, text: str) -> None:
    assert all(one.line >= 1 and one.column >= 1 for one in raised(lambda: reader.read(text.encode(), file)))


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
def test_whatever_an_experiment_holds_only_its_mistakes_are_raised(text: str) -> None:
    assert all(one.file == "a.yaml" for one in raised(lambda: yaml_text.read(text, "a.yaml", legacy=True)))


@given(content=st.binary(max_size=40))
def test_any_bytes_are_text_or_a_mistake(content: bytes) -> None:
    wrong = raised(lambda: document.decode(content, "a"))
    assert wrong or document.decode(content, "a").encode() == content.removeprefix(b"\xef\xbb\xbf")


def test_bytes_that_are_not_utf8_are_named_with_their_place() -> None:
    assert mistake(b"a: 1\nb: \xff", "a.yaml") == (
        "a.yaml:2:4: byte 0xff is not UTF-8\n  hint: save the file as UTF-8"
    )


def test_a_file_larger_than_the_limit_is_not_read() -> None:
    assert "1048577 bytes; at most 1048576" in mistake(b"#" * (document.MAX_BYTES + 1), "a.yaml")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.yaml", "[" * 60 + "]" * 60),
        ("a.json", "[" * 60 + "]" * 60),
        ("a.toml", "a = " + "[" * 60 + "]" * 60),
        ("a.toml", "a = " + "[" * 5000 + "]" * 5000),
        ("a.yaml", "- " * 60 + "1"),
    ],
)
def test_values_within_values_end_at_fifty_levels(file: str, text: str) -> None:
    assert "deeper than 50 levels" in mistake(text.encode(), file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".".join("a" * 30_000) + " = 1", "this line has more than 500 dots"),
        ("a = 1 #" + "x" * (1 << 18), "at most 262144 are read"),
        ("a = [" + "1," * 60_000 + "]", "more than 20000 values"),
    ],
)
def test_toml_that_would_keep_its_reader_busy_is_refused(text: str, expected: str) -> None:
    assert expected in mistake(text.encode(), "a.toml")


def test_aliases_that_stand_for_millions_are_counted_not_built() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "more than 20000 values, aliases included" in mistake("\n".join(levels).encode(), "a.yaml")


def test_a_value_that_contains_itself_is_refused() -> None:
    assert mistake(b"a: &a [*a]", "a.yaml") == "a.yaml:1:8: '*a' contains itself"


def test_a_tag_is_never_given_life(tmp_path: Path) -> None:
    bomb = f"a: !!python/object/apply:os.system ['touch {tmp_path}/here']"
    assert mistake(bomb.encode(), "a.yaml").startswith(
        "a.yaml:1:4: the tag '!!python/object/apply:os.system'"
    )
    assert not (tmp_path / "here").exists()
