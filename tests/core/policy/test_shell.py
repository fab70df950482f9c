"""Which command lines a `shell:` pattern matches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import Document, patterns, shell
from gameday.core.policy.activities import Unknown

TEXTS = st.text(st.sampled_from("ab*\\;|&$()`<>\"'{}[]?~#!\n ./-"), max_size=8)


@given(TEXTS)
def test_a_star_matches_only_what_a_shell_reads_as_plain_words(text: str) -> None:
    assert bool(shell.match(("shell:echo *",), f"echo {text}")) is shell.is_plain(text)


@given(TEXTS)
def test_a_line_is_matched_by_itself_with_its_stars_escaped_and_by_no_other(text: str) -> None:
    written = f"echo {text}".replace("*", r"\*")
    assert shell.match((f"shell:{written}",), f"echo {text}")
    assert not shell.match((f"shell:{written}",), f"echo {text}x")
    assert not shell.match((f"shell:{written}",), f"x echo {text}")


@given(TEXTS, TEXTS)
def test_what_a_pattern_allows_it_denies_too(rest: str, text: str) -> None:
    pattern = f"shell:{rest}*"
    if shell.match((pattern,), text):
        assert shell.match((pattern,), text, denying=True) == pattern


def test_a_pattern_is_one_line_of_text() -> None:
    assert patterns.mistake("shell:docker restart *") == ""
    assert patterns.mistake("shell: ")
    assert patterns.mistake("shell:a\nb")


def test_variables_are_filled_in_at_any_depth_as_chaos_toolkit_does_and_no_value_is_lost() -> None:
    document = Document(name="x", body={"configuration": {"s": "sh", "l": ["a"]}})
    written = {"sh": "kept", "${s}": ["-${s}", "${l}", "$$s", "${other}", 1]}
    assert shell.filled(written, document, {}, certain=True) == {
        "sh": "kept",
        "${s}": ["-sh", ["a"], "$s", "${other}", 1],
    }
    assert shell.filled({"${s}": 1}, document, {}, certain=True) == {"sh": 1}


def test_what_only_the_run_knows_stays_as_written_or_is_refused() -> None:
    document = Document(name="x", body={"secrets": {"g": {"t": "canary"}}})
    assert shell.filled(["${t}"], document, {}, certain=False) == ["${t}"]
    with pytest.raises(Unknown):
        shell.filled(["${t}"], document, {}, certain=True)
