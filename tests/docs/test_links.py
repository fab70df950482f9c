"""Links between documents lead somewhere: to a file, and to a heading that is in it."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.paths import ROOT

FOLDERS = ("docs", "gameday", "bench", "action", "templates", "tests")
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/**/*.md"))]
    if ".venv" not in page.parts
)


def parsed(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """Give the relative links of a page; what stands in code is none."""
    for token in parsed(page):
        for child in token.children or ():
            target = str(child.attrGet("href") or child.attrGet("src") or "")
            if target and not re.match(r"[a-z]+:", target):
                yield target


@cache
def anchors(page: Path) -> frozenset[str]:
    """Give the anchors of a page's headings, as GitHub makes them: the second of a name ends in -1."""
    tokens, seen, found = parsed(page), Counter[str](), set()
    for opening, heading in itertools.pairwise(tokens):
        if opening.type != "heading_open":
            continue
        words = "".join(child.content for child in heading.children or () if child.type != "html_inline")
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return frozenset(found)


def leads_nowhere(page: Path, link: str) -> bool:
    file, _, anchor = unquote(link).partition("#")
    target = page.parent / file if file else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target.resolve())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_of_a_page_leads_to_a_file_and_to_a_heading_in_it(page):
    assert [link for link in links(page) if leads_nowhere(page, link)] == []


def test_a_link_to_a_file_or_a_heading_that_is_not_there_is_found(tmp_path):
    (tmp_path / "b.md").write_text("# One `gameday` *thing*, twice\n\n## Again\n\n## Again\n")
    page = tmp_path / "a.md"
    right = ["b.md", "b.md#one-gameday-thing-twice", "b.md#again", "b.md#again-1", "#here"]
    wrong = ["c.md", "b.md#again-2", "b.md#one", "#there"]
    lines = [f"- [x]({link}) and `[x](code.md)` and [y](https://example.com/)" for link in right + wrong]
    page.write_text("# Here\n\n" + "\n".join(lines) + "\n")
    assert [link for link in links(page) if leads_nowhere(page, link)] == wrong


def test_every_package_folder_says_what_it_is_for():
    packages = [init.parent for init in (ROOT / "gameday").glob("*/__init__.py")]
    assert [package.name for package in packages if not (package / "README.md").exists()] == []
