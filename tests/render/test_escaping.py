"""Words from outside, in every text that a drill takes in, act nowhere in what it leaves."""

from __future__ import annotations

import dataclasses
import io
import json
import unicodedata
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from gameday.cli.drill import screen
from gameday.core import postmortem, trends, visible
from gameday.core.judging.milestones import Milestones
from gameday.core.plans.scenario import Playbook
from gameday.core.trends import FinishedDrill, Report, Row
from gameday.formats.scenario import playbook as markdown_playbook
from gameday.formats.stored import result as result_json
from gameday.render import drill_files, live, pipeline
from tests.render import a_drill

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "</style></svg></title><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example> www.evil.example",
    "| a | b |\n\n# Heading\r\n- item `code` **bold** ~~~\n```",
    "]]> &amp; <!-- gameday: drill --> \u202e\x00\x1b[31m",
    "- item",
    "1. item",
    "---",
    "=== @team mail@example.org",
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
    texts = drill_files.drill_files(history, result, markdown_playbook.present(a_drill.PLAYBOOK))
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
    return drill_files.drill_files(history, a_drill.result(), markdown_playbook.present(a_drill.PLAYBOOK))


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
        return drill_files.drill_files(
            a_drill.of(load=a_drill.users()), a_drill.result(), markdown_playbook.present(a_drill.PLAYBOOK)
        )

    assert once() == once()
    assert postmortem.draft(a_drill.of(), a_drill.result()) == postmortem.draft(
        a_drill.of(), a_drill.result()
    )


HIDDEN = "\x00\x07\x1b\x7f\x85\x9b\u00ad\u061c\u200b\u200d\u200e\u202a\u202e\u2028\u2060\u2066\u2069\ufe0f\ufeff\ud83d\U000e0041"


def hidden(text: str) -> set[str]:
    """Give what nobody sees of a text, by Unicode's own categories: none of our own lists is asked."""
    shown = text.replace("\r\n", "\n")
    return {c for c in shown if c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


@given(st.text(st.sampled_from(HIDDEN), min_size=1).flatmap(lambda h: st.sampled_from([f"a{h}b", h])))
@settings(max_examples=15, deadline=None)
def test_no_hidden_character_is_in_a_file(payload):
    history, result = drill(payload)
    texts = {
        **drill_files.drill_files(history, result, markdown_playbook.present(a_drill.PLAYBOOK)),
        "result.json": result_json.text(history, result),
    }
    assert {name: hidden(text) for name, text in texts.items()} == {name: set() for name in texts}
    answers = json.loads(texts["result.json"])
    assert answers["score"]["why"] == payload


@given(st.text(st.sampled_from(HIDDEN), min_size=1))
@settings(max_examples=15, deadline=None)
def test_no_hidden_character_is_in_the_live_view(payload):
    history, _ = drill(f"a{payload}b")
    view = live.view(history, (), a_drill.at(500.0))
    shown = Console(file=io.StringIO(), width=300)
    shown.print(screen.draw(view))
    assert hidden(shown.file.getvalue()) == set()


def test_no_hidden_character_is_in_a_report_of_a_pipeline():
    why = f"a{HIDDEN}b"
    ended = FinishedDrill(code=1, why=why)
    row = Row(
        scenario=why,
        file=why,
        environment=why,
        drills=(ended,),
        judgement=trends.judge((ended,), trends.Thresholds()),
    )
    report = Report(rows=(row,), seconds=0.0, stopped=why)
    written = [
        pipeline.junit(report),
        pipeline.markdown(report),
        *pipeline.annotate(report),
        *(entry["description"] for entry in pipeline.code_quality(report)),
        pipeline.encode(report)["scenarios"][0]["checks"][0]["said"],
    ]
    assert [hidden(text) for text in written] == [set()] * len(written)


def test_emoji_and_right_to_left_words_stay_as_they_are():
    text = "👩‍🚒 ❤️‍🔥 🏳️‍🌈 1️⃣ שלום مرحبا für 日本"
    assert visible.visible(text) == visible.line(text) == visible.in_json(text) == text
