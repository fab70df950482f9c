"""Words from outside, in every text that a drill takes in, act nowhere in what it leaves."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from gameday.core import postmortem
from gameday.core.judging.milestones import Milestones
from gameday.core.plans.scenario import Playbook
from gameday.formats.stored import result as result_json
from gameday.render import drill_files, live
from tests.render import a_drill

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "</style></svg></title><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example> www.evil.example",
    "| a | b |\n\n# Heading\r\n- item `code` **bold** ~~~\n```",
    "]]> &amp; <!-- gameday: drill --> \u202e\x00\x1b[31m",
]
FREE = {
    "text", "alert", "summary", "title", "description", "action", "actor", "detail", "reason", "error",
    "answer", "environment", "slo", "message", "responder", "why", "rule", "figure", "criterion", "phase",
    "scorecard", "name", "activity", "url", "worst_slo", "hint",
}  # fmt: skip
ALERTS = {"expected", "missing", "late", "unexpected", "preexisting", "caps"}


def poisoned(value, payload, name=""):
    if isinstance(value, str) and type(value) is str and name in FREE:
        return payload
    if isinstance(value, tuple):
        return tuple(payload if name in ALERTS else poisoned(one, payload, name) for one in value)
    if isinstance(value, Milestones):
        return dataclasses.replace(value, chain=poisoned(value.chain, payload))
    if isinstance(value, Playbook):  # its steps know the lines of its text
        return dataclasses.replace(value, steps=poisoned(value.steps, payload), title=payload)
    if dataclasses.is_dataclass(value):
        fields = {
            f.name: poisoned(getattr(value, f.name), payload, f.name) for f in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **fields)
    return value


def drill(payload):
    facts = [(s, source, poisoned(fact, payload)) for s, source, fact in a_drill.facts()]
    return a_drill.of(facts, a_drill.users(seconds=60.0)), poisoned(a_drill.result(), payload)


@pytest.fixture(scope="module", params=HOSTILE, ids=range(len(HOSTILE)))
def left(request):
    history, result = drill(request.param)
    texts = drill_files.drill_files(history, result, a_drill.PLAYBOOK)
    return {**texts, "result.json": result_json.text(history, result)}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)

    def unknown_decl(self, data):
        raise AssertionError(data)


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


@cache
def clean() -> dict[str, str]:
    history = a_drill.of(load=a_drill.users(seconds=60.0))
    return drill_files.drill_files(history, a_drill.result(), a_drill.PLAYBOOK)


def parsed(markdown: str):
    return MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)


def headings(tokens) -> list[str]:
    return [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"][1:]


def test_no_word_adds_an_element_or_an_attribute_to_the_page(left):
    page = read(left["postmortem.html"])
    assert page.tags <= read(clean()["postmortem.html"]).tags | {"br"}
    assert not page.tags & {"script", "img", "iframe", "link", "object", "embed", "form", "input"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_the_page_reaches_for_nothing_outside_itself(left):
    references = [
        v for name, v in read(left["postmortem.html"]).attributes if name in {"href", "src", "action"}
    ]
    assert all(reference.startswith("#") for reference in references)
    assert "@import" not in left["postmortem.html"]
    assert "url(http" not in left["postmortem.html"]


def test_no_word_acts_as_markdown_or_html(left):
    tokens = parsed(left["postmortem.md"])
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {
        "text",
        "strong_open",
        "strong_close",
        "text_special",
        "image",
    }
    images = [child.attrs["src"] for child in children if child.type == "image"]
    assert images == ["impact.svg"]
    assert {t.type for t in tokens if t.type.startswith(("html", "fence", "code"))} == set()
    assert headings(tokens) == headings(parsed(clean()["postmortem.md"]))


def test_the_chart_and_the_cases_stay_well_formed(left):
    assert ET.fromstring(left["impact.svg"]).tag.endswith("svg")
    assert not [e for e in ET.fromstring(left["impact.svg"]).iter() if e.tag.endswith("script")]
    ET.fromstring(left["junit.xml"])


def test_result_json_keeps_the_words_as_they_are(left):
    assert json.loads(left["result.json"])["schema"] == 1


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_word_steers_the_terminal(payload):
    history, _ = drill(payload)
    shown = repr([(line.text, line.clock) for line in live.view(history, (), a_drill.at(100.0)).latest])
    assert "\\x1b" not in shown
    assert "\\x00" not in shown
    assert "\\n" not in shown


def test_the_same_history_gives_the_same_bytes():
    def once():
        return drill_files.drill_files(a_drill.of(load=a_drill.users()), a_drill.result(), a_drill.PLAYBOOK)

    assert once() == once()
    assert postmortem.draft(a_drill.of(), a_drill.result()) == postmortem.draft(
        a_drill.of(), a_drill.result()
    )
