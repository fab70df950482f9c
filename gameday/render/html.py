"""A postmortem as one HTML file: it opens offline, prints, and reads in light, dark and without colour.

Its styles are in it, and it has no script. Jinja2 escapes everything but the chart, which escapes itself.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Template
from markupsafe import Markup

from gameday.core.postmortem import Postmortem
from gameday.render import pages


def postmortem(pm: Postmortem, chart: str, narrow: str = "") -> str:
    """Write the page. chart: the SVG text for wide windows; narrow: for phones, else the same."""
    return _template().render(
        pm=pm,
        chart=Markup(chart),  # noqa: S704  # render.chart escapes what it draws
        narrow=Markup(narrow),  # noqa: S704  # the same
    )


@cache
def _template() -> Template:
    return pages.template("postmortem.html")
