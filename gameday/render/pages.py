"""The templates of pages, which escape every word that comes in, and fail on a name that nobody gave."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from gameday.core import visible
from gameday.render import words


def template(name: str, **functions: Callable[..., object]) -> Template:
    """Load a page's template; it knows `render.words` and the functions that are given."""
    environment = Environment(
        loader=PackageLoader("gameday.render"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(functions, words=words)
    return environment.get_template(name)


def _shown(value: object) -> object:
    """Show hidden characters of words as escapes; markup is a page's own."""
    return visible.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
