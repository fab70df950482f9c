"""Which keys of integrations belong together, what environments may name, and the old form."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gameday.core.errors import InvalidFiles
from gameday.formats.settings import reader as settings
from gameday.formats.settings.listen import ListenAddress
from gameday.formats.settings.reader import Integration, Secret, Settings
from gameday.formats.text import reader
from tests.formats import mistakes

BOTH = """\
[environments.staging]
integrations = ["pager", "metrics"]
[integrations.pager]
kind = "alertmanager"
secret = "env:PAGER"
listen = "0.0.0.0:9099"
poll = "http://am:9093"
[integrations.metrics]
kind = "prometheus"
url = "http://prometheus:9090"
"""


def read(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    return mistakes.require(settings.check(reader.read(text.encode(), "gameday.toml"), environ or {}))


def lines_of(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    return mistakes.lines_of(text, "gameday.toml", lambda document: settings.check(document, environ or {}))


def test_an_environment_names_its_own_integrations() -> None:
    staging = read(BOTH).environment("staging")
    pager, metrics = staging.integrations
    assert pager == Integration(
        name="pager",
        kind="alertmanager",
        listen=ListenAddress(host="0.0.0.0", port=9099),
        poll="http://am:9093",
        secret=Secret("env:PAGER"),
    )
    assert (pager.system, metrics.system, staging.prometheus) == (
        "alertmanager",
        "",
        "http://prometheus:9090",
    )
    assert staging.incidents == (pager,)
    assert lines_of(BOTH) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[integrations.am]\nkind = "alertmanager"\nlisten = "0.0.0.0:9099"',
            '3:10 other hosts can reach this address, and no secret would prove who sends | add secret = "env:AM_TOKEN"',
        ),
        ('[integrations.am]\nkind = "generic"\nlisten = ":9099"', "3:10 other hosts can reach this address"),
        (
            '[integrations.am]\nkind = "alertmanager"',
            "1:2 the kind 'alertmanager' needs `listen` or `poll` | ",
        ),
        ('[integrations.am]\nkind = "shop"', "1:2 the kind 'shop' needs `url` | url = "),
        (
            '[integrations.am]\nkind = "alertmanager"\nlisten = "9099"',
            "3:10 '9099' is no address to listen at: it is not HOST:PORT | write 127.0.0.1:9099, or 0.0.0.0:9099",
        ),
        ('[integrations.am]\nkind = "alertmanager"\npoll = "am:9093"', "3:8 'am:9093' is not a URL"),
        (
            '[integrations.am]\nkind = "alertmanager"\npoll = "http://am"\nurl = "http://am"',
            "4:1 an integration of the kind 'alertmanager' has no 'url' | it has listen or poll",
        ),
        (
            '[integrations.shop]\nkind = "shop"\nurl = "http://s"\nlisten = "127.0.0.1:1"',
            "4:1 an integration of the kind 'shop' has no 'listen' | it has url",
        ),
        (
            '[integrations."a/b"]\nkind = "alertmanager"\nlisten = "127.0.0.1:9099"',
            "1:2 'a/b' can't be part of a URL, and the path of its alerts would be /hooks/a/b | name it with",
        ),
        (
            BOTH.replace('"pager",', '"pagre",'),
            "2:17 there is no integration 'pagre' | did you mean 'pager'?",
        ),
        (
            BOTH.replace('["pager",', '["more",')
            + '[integrations.more]\nkind = "prometheus"\nurl = "http://p"',
            "2:25 an environment has one Prometheus, and 'more' is named already | a guardrail may name its own",
        ),
        ('[environments.a]\nintegrations = ["b"]', "2:17 there is no integration 'b' | add [integrations.b]"),
    ],
)
def test_a_mistake_is_reported_at_its_place_with_a_hint(text: str, expected: str) -> None:
    (line,) = lines_of(text)
    assert line.startswith(expected)


def test_loopback_needs_no_secret() -> None:
    text = '[integrations.am]\nkind = "alertmanager"\nlisten = "127.0.0.1:9099"'
    assert read(text).integrations["am"].secret is None


def test_a_variable_that_is_not_set_is_a_mistake_for_the_environments_that_name_the_integration() -> None:
    text = (
        '[environments.a]\nintegrations = ["am"]\n[environments.b]\n'
        '[integrations.am]\nkind = "alertmanager"\nlisten = "env:WHERE"'
    )
    found = read(text)
    assert found.environment("b").integrations == ()
    with pytest.raises(InvalidFiles, match="WHERE is not set"):
        found.environment("a")
    assert read(text, {"WHERE": "127.0.0.1:9"}).environment("a").integrations[0].listen is not None
    (line,) = lines_of(text, {"WHERE": "canary:x"})
    assert "canary" not in line


@pytest.mark.parametrize(
    ("key", "kind", "way"),
    [
        ('alerts = {alertmanager = "http://u:hidden@m:1"}', "shop", "url"),
        ('alerts = {generic = "http://u:hidden@m:1"}', "generic", "url"),
        ('prometheus = "http://u:hidden@m:1"', "prometheus", "url"),
        ('incidents = "http://u:hidden@m:1"', "alertmanager", "poll"),
    ],
)
def test_the_old_form_is_read_with_a_warning_that_gives_the_new_one(key: str, kind: str, way: str) -> None:
    text = f"[environments.staging]\n{key}\n"
    name = f"staging-{kind}"
    (line,) = lines_of(text)
    assert line.startswith("2:1? `")
    assert f'write {name} = {{kind = "{kind}", {way} = "http://***@m:1"}} under [integrations]' in line
    assert f'integrations = ["{name}"]' in line
    assert "hidden" not in line
    old = read(text).environment("staging")
    new = read(
        f'[environments.staging]\nintegrations = ["{name}"]\n'
        f'[integrations]\n{name} = {{kind = "{kind}", {way} = "http://u:hidden@m:1"}}\n'
    ).environment("staging")
    assert (old.incidents, old.prometheus) == (new.incidents, new.prometheus)
    # What was only asked for real incidents is read by no drill as long as it is in the old form.
    assert old.integrations == (() if way == "poll" else new.integrations)


def test_a_channel_is_no_source_of_alerts_and_the_shop_asks_for_no_secret() -> None:
    text = (
        '[environments.a]\nintegrations = ["chat", "shop"]\n'
        '[integrations.chat]\nkind = "apprise"\nsecret = "env:CHAT"\n'
        '[integrations.shop]\nkind = "shop"\nurl = "http://s"\nsecret = "env:S"'
    )
    channel, secret = lines_of(text)
    assert channel.startswith("2:17? 'chat' is a channel")
    assert secret.startswith("9:1? gameday does not use the 'secret' of the kind 'shop'")


def test_only_a_channel_has_audiences() -> None:
    chat = '[integrations.chat]\nkind = "apprise"\nsecret = "env:CHAT"\naudiences = ["team"]\n'
    assert read(chat).integrations["chat"].audiences == ("team",)
    (wrong,) = lines_of('[integrations.m]\nkind = "prometheus"\nurl = "http://m:1"\naudiences = ["team"]\n')
    assert (
        wrong
        == "4:1 an integration of the kind 'prometheus' sends no messages to people | channels do: apprise"
    )
