"""Links between documents lead somewhere."""

import re

import pytest

from tests.paths import ROOT

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("gameday/**/*.md")]
    if ".venv" not in page.parts
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_of_a_page_leads_to_a_file(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_package_folder_says_what_it_is_for():
    packages = [init.parent for init in (ROOT / "gameday").glob("*/__init__.py")]
    assert [package.name for package in packages if not (package / "README.md").exists()] == []
