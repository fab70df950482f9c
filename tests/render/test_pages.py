"""Templates of pages escape what comes in, and fail on a name that nobody gave."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import TemplateNotFound

from gameday.render import pages

TEMPLATES = ["postmortem.html", "gameday.html"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_page_that_lacks_a_value_is_not_written(name):
    with pytest.raises(UndefinedError):
        pages.template(name).render()


@pytest.mark.parametrize("name", TEMPLATES)
def test_words_from_outside_are_escaped_in_every_template(name):
    environment = pages.template(name).environment
    assert environment.from_string("{{ word }}").render(word="<b>&") == "&lt;b&gt;&amp;"


def test_a_template_knows_the_functions_that_it_is_given():
    environment = pages.template("gameday.html", score=str.upper).environment
    assert environment.from_string("{{ score('a') }} {{ words.NONE }}").render() == "A –"


def test_a_template_outside_the_package_is_not_found():
    with pytest.raises(TemplateNotFound):
        pages.template("../pages.py")
