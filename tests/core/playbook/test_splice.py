"""Edits of Markdown: everything that an edit does not touch stays byte for byte, and once is enough."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import playbook
from gameday.core.playbook import splice
from gameday.formats.scenario import playbook as markdown
from tests.core.playbook.proposals import PATH, applied, proposed
from tests.render import a_drill


def edited(text: str, edits) -> str:
    return splice.edited(text, edits, markdown.outline(text))


def test_an_older_drill_does_not_set_the_date_back():
    newer = a_drill.PLAYBOOK.replace("owner:", "last_drilled: 2027-01-09  # by hand\nowner:")
    assert "last_drilled: 2027-01-09  # by hand\n" in applied(newer, proposed(newer))


def test_a_heading_in_a_code_fence_is_no_section():
    text = "```\n## Drills\n```\n\n# Drills\n\nOurs.\n\n# More\n"
    done = applied(text, proposed(text))
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
    done = applied(text, amendments)
    kept = iter(splice.split(done))
    assert all(any(splice.bare(line) == splice.bare(new) for new in kept) for line in splice.split(text))
    ends = {line[len(splice.bare(line)) :] for line in splice.split(done)}
    assert ends == {newline if newline in text else "\n"}
    assert applied(done, amendments) == done


@pytest.mark.parametrize("text", [a_drill.PLAYBOOK, a_drill.PLAYBOOK.replace("\n", "\r\n"), "No end", ""])
@pytest.mark.parametrize("tool", [["git", "apply"], ["patch", "-p1", "--binary", "-i"]])
@pytest.mark.parametrize("path", [PATH, "play books/data base.md"])
def test_git_and_patch_take_the_patch(tmp_path, text, tool, path):
    target = tmp_path / path
    target.parent.mkdir(parents=True)
    target.write_bytes(text.encode())
    done = applied(text, proposed(text))
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
    assert edited("one\ntwo\n", [edit]) == "one\ntwo\nnew <!-- x -->\n"
    assert edited("two\n\n\nzero\none\ntwo\nthree\n", [edit]).splitlines()[1] == "new <!-- x -->"
    assert edited("gone", [edit]) == "gone\nnew <!-- x -->\n"


def test_what_people_reworded_since_is_left_as_it_is():
    anchor = splice.Anchor(line=1, words="one")
    edit = splice.InsertAfter(mark="<!-- x -->", line="new <!-- x -->", anchor=anchor, replace=False)
    reworded = "one\nbetter <!-- x -->\n"
    assert edited(reworded, [edit]) == reworded


def test_two_edits_after_one_line_keep_their_order():
    anchor = splice.Anchor(line=1, words="one")
    edits = [splice.InsertAfter(mark=f"<!-- {n} -->", line=f"<!-- {n} -->", anchor=anchor) for n in "ab"]
    assert edited("one\ntwo\n", edits) == "one\n<!-- a -->\n<!-- b -->\ntwo\n"


HEADINGS = st.sampled_from(["## Drills", "Drills\n------", "## **Drills**", "## Drills ##", "#### drills"])
OTHERS = st.sampled_from(
    ["# Next", "Next\n====", "Next\n---", "> ## Drills\n\n# Next", "    ## Drills\n\n# Next", ""]
)
TABLE = "| who | number |\n|---|---|\n| on call | 1234 |"


@given(HEADINGS, st.booleans(), OTHERS, st.sampled_from([TABLE, "- ours\n- theirs", "Words."]))
def test_a_row_goes_into_its_own_section_however_its_heading_is_written(heading, filled, other, content):
    own = "| day |\n|---|\n| 2026-01-01 |" if filled else "Ours."
    text = f"# Top\n\n{TABLE}\n\n{heading}\n\n{own}\n\n{other}\n\n{content if other else ''}\n"
    edit = splice.InSection(
        mark="<!-- d -->", line="| row | <!-- d -->", section="Drills", head=("| h |", "|---|")
    )
    done = edited(text, [edit])
    assert own in done
    between = done[done.index(own) + len(own) : done.index("| row |")]
    # A heading in a quote or in code is none: what comes after it is still the same section.
    plain = between.strip().removeprefix("> ").removeprefix("## Drills").strip()
    assert plain == ("" if filled else "| h |\n|---|")


def test_a_table_above_the_subsections_goes_before_theirs():
    text = f"## Drills\n\n| a |\n|---|\n\n### Old\n\n{TABLE}\n"
    edit = splice.InSection(mark="<!-- d -->", line="| row | <!-- d -->", section="Drills")
    assert "|---|\n| row |" in edited(text, [edit])


NO_DATES = ["never", "TBD", "n/a", "null", "~", "", "unknown # yet", '"-"', "[]", "{}", ">\n  never\n  ever", "\n  - a", "no\n  idea",
            "2026-99-99", "28.11.2025", "0"]  # fmt: skip


@pytest.mark.parametrize("value", NO_DATES)
def test_what_is_no_date_is_replaced_by_the_first_drills(value):
    text = f"---\ntitle: T\nlast_drilled: {value}\nowner: us  # and you\n---\n1. Look\n"
    done = edited(text, [splice.SetFront(key="last_drilled", value="2026-11-28")])
    assert markdown.outline(done).front["last_drilled"].date == "2026-11-28"
    assert done.endswith("\nowner: us  # and you\n---\n1. Look\n")
    assert edited(done, [splice.SetFront(key="last_drilled", value="2026-11-27")]) == done


@pytest.mark.parametrize(
    "value", ["2027-01-09", "'2027-01-09'", "2027-01-09T10:00:00Z", "20270109", "2027/01/09 by Ada"]
)
def test_a_newer_date_stays_as_it_is_written(value):
    text = f"---\nlast_drilled: {value}\n---\n"
    assert edited(text, [splice.SetFront(key="last_drilled", value="2026-11-28")]) == text


def test_front_matter_that_is_no_mapping_is_left_alone():
    text = "---\n: [\n---\n1. Look\n"
    assert edited(text, [splice.SetFront(key="last_drilled", value="2026-11-28")]) == text
