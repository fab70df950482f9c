"""Edits of Markdown: everything that an edit does not touch stays byte for byte, and once is enough."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import playbook
from gameday.core.playbook import splice
from tests.core.playbook.proposals import PATH, proposed
from tests.render import a_drill


def test_an_older_drill_does_not_set_the_date_back():
    newer = a_drill.PLAYBOOK.replace("owner:", "last_drilled: 2027-01-09  # by hand\nowner:")
    assert "last_drilled: 2027-01-09  # by hand\n" in playbook.apply(newer, proposed(newer))


def test_a_heading_in_a_code_fence_is_no_section():
    text = "```\n## Drills\n```\n\n# Drills\n\nOurs.\n\n# More\n"
    done = playbook.apply(text, proposed(text))
    assert done.startswith("```\n## Drills\n```\n\n# Drills\n\nOurs.\n\n| Date |")
    assert done.index("| 2026-12-01") < done.index("# More")


LINES = st.lists(
    st.sampled_from(
        [
            "1. One",
            "2. Two",
            "- [ ] Task",
            "   more",
            "",
            "## Drills",
            "| a | b |",
            "```",
            "---",
            "> 1. q",
            "\ttab ",
        ]
    ),
    max_size=14,
)


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_every_line_that_is_not_ours_stays_byte_for_byte(lines, newline, closed):
    text = newline.join(lines) + (newline if closed else "")
    amendments = proposed(text)
    done = playbook.apply(text, amendments)
    kept = iter(splice.split(done))
    assert all(any(splice.bare(line) == splice.bare(new) for new in kept) for line in splice.split(text))
    ends = {line[len(splice.bare(line)) :] for line in splice.split(done)}
    assert ends == {newline if newline in text else "\n"}
    assert playbook.apply(done, amendments) == done


@pytest.mark.parametrize("text", [a_drill.PLAYBOOK, a_drill.PLAYBOOK.replace("\n", "\r\n"), "No end", ""])
@pytest.mark.parametrize("tool", [["git", "apply"], ["patch", "-p1", "--binary", "-i"]])
@pytest.mark.parametrize("path", [PATH, "play books/data base.md"])
def test_git_and_patch_take_the_patch(tmp_path, text, tool, path):
    target = tmp_path / path
    target.parent.mkdir(parents=True)
    target.write_bytes(text.encode())
    done = playbook.apply(text, proposed(text))
    patch = tmp_path / "playbook.patch"
    patch.write_bytes(playbook.patch(path, text, done).encode())
    subprocess.run([*tool, str(patch)], cwd=tmp_path, check=True, capture_output=True)
    assert target.read_bytes() == done.encode()


def test_nothing_changed_is_an_empty_patch():
    assert playbook.patch(PATH, "a\n", "a\n") == ""


@given(st.text(alphabet="ab \r\n"))
def test_a_text_is_split_into_lines_that_together_are_the_text(text):
    lines = splice.split(text)
    assert "".join(lines) == text
    assert not any("\r" in splice.bare(line) or "\n" in splice.bare(line) for line in lines)


def test_a_line_is_found_again_where_it_has_moved():
    anchor = splice.Anchor(line=2, words="two")
    edit = splice.InsertAfter(mark="<!-- x -->", line="new <!-- x -->", anchor=anchor)
    assert splice.edited("one\ntwo\n", [edit]) == "one\ntwo\nnew <!-- x -->\n"
    assert splice.edited("two\n\n\nzero\none\ntwo\nthree\n", [edit]).splitlines()[1] == "new <!-- x -->"
    assert splice.edited("gone", [edit]) == "gone\nnew <!-- x -->\n"


def test_what_people_reworded_since_is_left_as_it_is():
    anchor = splice.Anchor(line=1, words="one")
    edit = splice.InsertAfter(mark="<!-- x -->", line="new <!-- x -->", anchor=anchor, replace=False)
    reworded = "one\nbetter <!-- x -->\n"
    assert splice.edited(reworded, [edit]) == reworded


def test_two_edits_after_one_line_keep_their_order():
    anchor = splice.Anchor(line=1, words="one")
    edits = [splice.InsertAfter(mark=f"<!-- {n} -->", line=f"<!-- {n} -->", anchor=anchor) for n in "ab"]
    assert splice.edited("one\ntwo\n", edits) == "one\n<!-- a -->\n<!-- b -->\ntwo\n"
