from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gameday.core.playbook import splice
from gameday.formats.scenario import playbook
from gameday.formats.text.document import Document

TEXT = """---
playbook: database-overload
title: "Database overload"
---

# Another title

- a plain bullet is no step

## Find it

1. Check *slow* queries: `gameday shop queries` <!-- step: slow-queries -->
   on the primary

   ```
   1. not a step
   ```
2. Ask who released last

## Stop it

- [ ] Turn the flag off
  1. then look again
- [x] Tell `<!-- step: not-this -->` support
"""


def test_items_of_ordered_and_task_lists_are_steps_and_plain_bullets_are_not():
    steps = playbook.read(TEXT).steps
    assert [step.id for step in steps] == [
        "slow-queries",
        "ask-who-released-last",
        "turn-the-flag-off",
        "then-look-again",
        "tell-step-not-this-support",
    ]


def test_a_step_knows_its_words_its_section_and_its_lines():
    step = playbook.read(TEXT).steps[0]
    assert step.text == "Check slow queries: gameday shop queries on the primary"
    assert (step.section, step.line, step.text_end, step.end) == ("Find it", 12, 13, 17)


def test_the_title_is_front_matters_else_the_first_heading():
    assert playbook.read(TEXT).title == "Database overload"
    assert playbook.read(TEXT.split("---\n")[2]).title == "Another title"


def test_steps_of_one_text_are_numbered_and_one_that_is_named_keeps_its_name():
    steps = playbook.read("1. Look\n2. Look\n3. Else <!-- step: look -->\n4. Look\n").steps
    assert [step.id for step in steps] == ["look-2", "look-3", "look", "look-4"]


def test_a_playbook_with_a_mistake_has_no_value_and_one_with_a_warning_has():
    def checked(text):
        return playbook.check(Document(file="a.md", data=text))

    assert checked("- b <!-- step: x -->\n").value is None
    assert checked("# H <!-- step: x -->\n\n1. a\n").value.steps[0].id == "a"


def test_carriage_returns_move_no_line():
    with_returns = playbook.read(TEXT.replace("\n", "\r\n"))
    assert [s.line for s in with_returns.steps] == [s.line for s in playbook.read(TEXT).steps]


@given(st.text(alphabet=st.sampled_from("#-1.*` \n\r\t[]x<!>|")))
def test_any_text_is_a_playbook_with_unique_steps_within_its_lines(text):
    read = playbook.read(text)
    lines = splice.split(text)
    assert read.text == text
    assert len({step.id for step in read.steps}) == len(read.steps)
    assert all(1 <= s.line <= s.text_end <= len(lines) for s in read.steps)
    assert all(s.line <= s.end <= len(lines) for s in read.steps)
