import pytest

from gameday.formats.settings import reader as settings
from gameday.formats.text import reader
from tests.formats import mistakes


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "gameday.toml", lambda document: settings.check(document, {}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[environments.a]\nbase_url = "env:SHOP URL"',
            "2:12 'env:SHOP URL' does not name a variable | write env:NAME",
        ),
        (
            '[environments.a.policy]\nfreezes = ["a.ics", "env:"]',
            "2:21 'env:' does not name a variable | write env:NAME",
        ),
    ],
)
def test_a_reference_names_a_variable(text: str, expected: str) -> None:
    assert lines_of(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[server]\nurl = "http://gameday.internal"',
            "1:2? gameday does not use [server] yet: commands go to this workspace's store",
        ),
        (
            '[integrations.pager]\nkind = "pagerduty"',
            "2:8? gameday does not use integrations of the kind 'pagerduty' yet",
        ),
        (
            '[integrations.chat]\nkind = "apprise"\nurl = "http://h"\nsecret = "env:CHAT"',
            "3:1? gameday does not use the 'url' of a channel: its secret is the whole address",
        ),
    ],
)
def test_a_key_that_nothing_uses_yet_is_warned_of(text: str, expected: str) -> None:
    assert lines_of(text) == [expected]
    checked = settings.check(reader.read(text.encode(), "gameday.toml"), {})
    assert checked.value is not None


def test_people_are_a_register_that_needs_no_reader() -> None:
    assert lines_of('[people.ada]\nroles = ["facilitator"]\nemail = "ada@example.com"') == []
