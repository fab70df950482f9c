"""The page of a postmortem: whole in itself, with the sections of the Markdown one."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from gameday.core import postmortem
from gameday.formats.scenario import playbook as markdown_playbook
from gameday.render import drill_files, html
from tests.render import a_drill


@pytest.fixture(scope="module")
def left():
    return drill_files.drill_files(
        a_drill.of(load=a_drill.users()), a_drill.result(), markdown_playbook.present(a_drill.PLAYBOOK)
    )


SECTIONS = [
    "Summary",
    "Timeline",
    "Where the time went",
    "Root Cause",
    "Impact Analysis",
    "Resolution",
    "Lessons Learned",
    "Action Items",
    "Scorecard",
    "Detection coverage",
]


class Links(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.ids, self.targets, self.headings, self.inside = [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.inside = tag == "h2"
        if "id" in told:
            self.ids.append(told["id"])
        if tag == "a":
            self.targets.append(told["href"].removeprefix("#"))

    def handle_data(self, data):
        if self.inside:
            self.headings.append(data)
            self.inside = False


def test_page_and_markdown_hold_the_same_sections(left):
    assert Links(left["postmortem.html"]).headings == SECTIONS
    assert [line[3:] for line in left["postmortem.md"].splitlines() if line.startswith("## ")] == SECTIONS


def test_every_reference_of_the_page_leads_somewhere_in_it(left):
    links = Links(left["postmortem.html"])
    assert len(links.ids) == len(set(links.ids))
    assert set(links.targets) <= set(links.ids)


def test_the_page_needs_no_script_and_tells_how_the_fault_was_reverted(left):
    assert "<script" not in left["postmortem.html"]
    assert "Fault reverted: the response had already undone it." in left["postmortem.html"]


def test_a_phone_gets_a_chart_of_its_own_where_there_is_one():
    pm = postmortem.draft(a_drill.of(), a_drill.result())
    page = html.postmortem(pm, "<svg>wide</svg>", "<svg>narrow</svg>")
    assert "<svg>wide</svg>" in page
    assert "<svg>narrow</svg>" in page
    assert "narrow</svg>" not in html.postmortem(pm, "<svg>wide</svg>")
