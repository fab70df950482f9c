"""Every form in which an argument may name a command or a file is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy.texts import names

BEFORE = st.sampled_from(
    [
        "",
        "-S",
        "-vS",
        "--split-string=",
        "core.pager=",
        "--action=exec=",
        'system("',
        "a:",
        "a,",
        "x;",
        "@",
        "$(",
        "-c",
        "-o",
        "{",
    ]
)
AFTER = st.sampled_from(["", " -c id", ",x", ";", '")', "=x", ":ro", "}", "|tee", "\n"])
NAMED = st.sampled_from(["sh", "/bin/sh", "bin/list.txt", "./x", "mvn-3.9+a_b", "größe.sh"])


@given(BEFORE, NAMED, AFTER)
def test_a_name_is_found_whatever_is_glued_to_it(before: str, name: str, after: str):
    assert {name, name.removeprefix("./")} & set(names.find(f"{before}{name}{after}"))


@pytest.mark.parametrize("text", ["/bin/../bin/sh", "//bin//sh", "/bin/./sh", "-S/bin/x/../sh"])
def test_a_path_is_found_in_its_plain_form(text: str):
    assert "/bin/sh" in set(names.find(text))


def test_a_file_whose_name_has_blanks_or_separators_is_found_as_a_whole():
    assert "bin/my list=2.txt" in set(names.find("bin/my list=2.txt"))


def test_words_are_found_wherever_a_command_may_stand():
    words = ["a", "/bin/sh", "-c", "rm", "x", "tee", "y"]
    assert set(words) <= set(names.find("a;/bin/sh -c 'rm x'|tee>y"))


def test_a_long_text_gives_few_names():
    assert len(list(names.find("-" + "v" * 100_000 + "sh"))) <= 255
    assert "sh" in set(names.find("-" + "v" * 100_000 + "sh"))


def test_long_options_and_words_are_not_cut():
    assert set(names.find("--refresh mesh")) == {"--refresh mesh", "--refresh", "mesh"}


@pytest.mark.parametrize("text", ["s''h", 's""h', "-S s'h' -c id", "s\\h", "$'sh'", "/bin/s'h'"])
def test_a_name_is_found_without_the_quotes_in_it(text: str):
    assert {"sh", "/bin/sh"} & set(names.find(text))
