from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import InvalidFiles
from gameday.formats.text import toml as toml_text
from gameday.formats.text.document import Path, Spot

KEYS = st.text("abc-_1", min_size=1, max_size=4) | st.sampled_from(['"a.b"', "'c d'", '"[x]"', '"q\\"#"'])
SCALARS = st.sampled_from(
    ["1", "-2.5", "true", '"a # ] } = b"', "'c'", '"""\nx = "1"\n]"""', "'''y\n'z'''", "1979-05-27T07:32:00Z"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: "[ " + ", # no\n".join(each) + " ]")
        | st.dictionaries(KEYS, inner, max_size=3).map(
            lambda each: "{" + ", ".join(f"{k} = {v}" for k, v in each.items()) + "}"
        )
    ),
    max_leaves=6,
)


def paths(tree: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in parts:
        yield from paths(value, (*path, key))


@given(
    tables=st.lists(
        st.tuples(
            st.sampled_from(["", "[t]", "[t.u]", "[[v]]", '["w x".y]', "[[v.n]]"]),
            st.dictionaries(KEYS, VALUES, max_size=3),
        ),
        max_size=4,
    )
)
def test_the_scan_finds_every_value_that_tomllib_reads(tables: list[tuple[str, dict[str, str]]]) -> None:
    text = "\n".join(
        f"{header} # c\n" + "\n".join(f"{k} = {v}" for k, v in pairs.items()) for header, pairs in tables
    )
    try:
        document = toml_text.read(text, "x.toml")
    except InvalidFiles:
        return
    assert set(paths(document.data)) - {()} <= set(document.values)


def test_every_key_and_value_knows_its_place() -> None:
    document = toml_text.read('[a.b]\nc.d = [1,\n  {e = "x"}]\n[[f]]\n[[f]]\ng = 1\n', "x.toml")
    assert document.spot(("a", "b", "c", "d", 1, "e")) == Spot(3, 8)
    assert document.key_spot(("f", 1, "g")) == Spot(6, 1)
    assert document.key_spot(("a", "b")) == Spot(1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a = 1\nb = x\n",
            'x.toml:2:5: TOML: invalid value\n  hint: put text into double quotes: key = "value"',
        ),
        ("a = 1\na = 2\n", "x.toml:2:6: TOML: cannot overwrite a value"),
        ("[a]\n[a]\n", "x.toml:2:3: [a] stands twice\n  hint: put all its keys under one of them"),
        (
            "[a.b]\n[c]\n[a.b]\n",
            "x.toml:3:5: [a.b] stands twice\n  hint: put all its keys under one of them",
        ),
        ("a = [1,", 'x.toml:1:8: TOML: invalid value\n  hint: put text into double quotes: key = "value"'),
    ],
)
def test_what_is_not_toml_is_reported_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(InvalidFiles) as wrong:
        toml_text.read(text, "x.toml")
    assert str(wrong.value) == expected


def test_a_number_with_thousands_of_digits_is_named_in_plain_words() -> None:
    with pytest.raises(InvalidFiles) as found:
        toml_text.read(f"a = 1\nb = {'9' * 5000}\n", "f")
    assert str(found.value) == "f:2:5: TOML: this number is too long"
