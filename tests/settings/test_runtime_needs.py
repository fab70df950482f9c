"""What an experiment wants of Python: found here, or refused in words."""

from __future__ import annotations

import platform

import pytest

from gameday.formats.text.document import Document
from gameday.settings import runtime_needs

OURS = ".".join(platform.python_version_tuple()[:2])


def found(**block: object) -> list[str]:
    document = Document(file="a.json", data={"runtime": {"python": block}})
    return [
        f"{'? ' if one.warning else ''}{one.message} | {one.hint}" for one in runtime_needs.check(document)
    ]


def test_what_is_installed_needs_nothing_more() -> None:
    assert (
        found(dependencies=["requests", "chaostoolkit-lib>=1.0", "x; python_version < '3'"], version=OURS)
        == []
    )
    assert list(runtime_needs.check(Document(file="a.json", data={}))) == []


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("chaostoolkit-nosuchpkg", "the experiment needs chaostoolkit-nosuchpkg, which is not installed"),
        ("requests<1", "the experiment needs requests<1, and "),
        ("not a name", "'not a name' does not name a package"),
    ],
)
def test_what_is_not_there_is_refused_with_what_installs_it(wanted: str, why: str) -> None:
    (line,) = found(dependencies=[wanted])
    assert line.startswith(why)
    assert "| pip install " in line
    assert "or let the environment's policy allow it" in line


def test_what_the_policy_allows_is_warned_of_and_installed_only_where_all_of_it_may_be() -> None:
    made = {"runtime": {"python": {"dependencies": ["chaos-tiny>1", "other-none", "requests"]}}}
    first, second = runtime_needs.check(Document(file="a.json", data=made), ["chaos-*"])
    assert (first.warning, second.warning) == (True, False)
    assert first.hint.startswith("uv installs it before the baseline")
    assert runtime_needs.installs(made, ["chaos-*"])
    assert runtime_needs.installable(made, ["chaos-*"]) == ()
    assert runtime_needs.installable(made, ["*"]) == ("chaos-tiny>1", "other-none")
    assert not runtime_needs.installs(made, [])


def test_another_python_is_refused_and_isolation_warned_of() -> None:
    (version,) = found(version="2.7")
    assert version.startswith("the experiment wants Python 2.7, and gameday runs on")
    (isolated,) = found(isolated=True)
    assert isolated.startswith("? gameday runs the experiment with its own installed modules")
