"""The outline of a playbook: of the text that it is asked of, and no other."""

from __future__ import annotations

from gameday.core.playbook.outline import Block, Heading, Setting
from gameday.formats.scenario import playbook as markdown

TEXT = """---
title: T
last_drilled: 2026-11-28
---
Top
===

| a |
|---|

- one
- two

> ## Quoted

## Next
"""


def test_headings_blocks_and_settings_are_found_by_their_lines():
    found = markdown.outline(TEXT)
    assert found.headings == (
        Heading(line=5, level=1, words="Top"),
        Heading(line=16, level=2, words="Next"),
    )
    assert found.blocks == (Block(kind="table", first=8, last=9), Block(kind="list", first=11, last=12))
    assert found.front_end == 4
    assert found.front["last_drilled"] == Setting(line=3, column=14, last=3, date="2026-11-28")


def test_another_text_has_parts_of_its_own():
    present = markdown.present(TEXT).with_text("# Other")
    assert [heading.words for heading in present.parse(present.text).headings] == ["Other"]
