from collections.abc import Mapping

import pytest
from hypothesis import given

from gameday.core.errors import InvalidFiles
from gameday.core.policy import Account, Cluster
from gameday.core.values import Severity
from gameday.formats.settings import reader as settings
from gameday.formats.settings.reader import Secret, Settings
from gameday.formats.text import reader
from gameday.storage import urls
from tests.formats import mistakes
from tests.formats.text.test_reader import TEXTS
from tests.paths import ROOT

STAGING = """\
[store]
url = "env:STORE"
[environments.staging]
base_url = "env:STAGING_URL"
up = "env:UP"
kubernetes = {context = "staging", namespaces = ["shop"], cluster_uid = "uid"}
aws = {account = "123456789012", region = "eu-central-1", tags = {drill = "yes"}}
[environments.staging.policy]
providers = ["python:chaosk8s.*"]
max_users = "env:USERS"
max_hold = "30m"
protected = "env:PROTECTED"
[integrations.pager]
kind = "pagerduty"
secret = "env:PAGER"
[server]
url = "http://gameday.internal"
token = "file:/run/token"
[people.ada]
roles = ["facilitator"]
email = "ada@example.com"
"""
VARIABLES = {
    "STORE": "sqlite:////tmp/x.db",
    "STAGING_URL": "https://staging",
    "UP": "make up",
    "USERS": "50",
    "PROTECTED": "true",
    "PAGER": "s3cr3t-canary",
}


def read(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    return mistakes.require(settings.check(reader.read(text.encode(), "gameday.toml"), environ or {}))


def lines_of(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    return mistakes.lines_of(
        text, "gameday.toml", lambda document: settings.check(document, environ or {}, urls.mistake)
    )


def test_variables_may_replace_any_value() -> None:
    found = read(STAGING, VARIABLES)
    staging = found.environment("staging")
    assert found.store_url == "sqlite:////tmp/x.db"
    assert (staging.base_url, staging.up) == ("https://staging", ("make", "up"))
    assert staging.rules is not None
    assert (staging.rules.max_users, staging.rules.max_hold, staging.rules.protected) == (50, 1800.0, True)
    assert staging.rules.kubernetes == Cluster(context="staging", uid="uid", namespaces=("shop",))
    assert staging.rules.aws == Account(account="123456789012", region="eu-central-1", tags={"drill": "yes"})


def test_a_secret_is_only_a_reference_and_prints_as_nothing() -> None:
    found = read(STAGING, VARIABLES)
    assert found.integrations["pager"].secret == Secret("env:PAGER")
    assert "s3cr3t-canary" not in repr(found)
    assert f"{found.server.token}" == repr(found.server.token) == "***"


def test_a_variable_that_is_not_set_is_a_mistake_only_for_whoever_needs_it() -> None:
    found = read('[environments.a]\nbase_url = "env:NOPE"\n[environments.b]\n')
    assert found.environment("b").base_url == ""
    with pytest.raises(InvalidFiles) as wrong:
        found.environment("a")
    assert mistakes.as_lines(wrong.value.mistakes) == [
        "2:12 the variable NOPE is not set | set NOPE, or write the value"
    ]


def test_a_store_whose_variable_is_not_set_is_reported_at_once() -> None:
    assert lines_of('[store]\nurl = "env:NOPE"') == [
        "2:7 the variable NOPE is not set | set NOPE, or write the value"
    ]


def test_our_own_variables_take_precedence_over_the_file() -> None:
    ours = {
        "GAMEDAY_STORE_URL": "sqlite:////other.db",
        "GAMEDAY_SERVER_TOKEN": "t0k3n",
        "GAMEDAY_ENVIRONMENTS_MY_SHOP_BASE_URL": "http://127.0.0.1:9",
    }
    found = read('[store]\nurl = "sqlite:///a.db"\n[environments.my-shop]\nbase_url = "http://x"\n', ours)
    assert found.store_url == "sqlite:////other.db"
    assert found.environment("my-shop").base_url == "http://127.0.0.1:9"
    assert found.server.token == Secret("env:GAMEDAY_SERVER_TOKEN")


def test_without_a_file_defaults_apply_and_there_is_no_environment() -> None:
    found = read("")
    assert (found.store_url, found.artifacts) == ("sqlite:///.gameday/gameday.db", ".gameday/drills")
    with pytest.raises(InvalidFiles, match=r"gameday\.toml has no environment 'shop'"):
        found.environment("shop")


def test_the_nearest_environment_is_named() -> None:
    with pytest.raises(InvalidFiles, match="did you mean 'shop'"):
        read("[environments.shop]").environment("shpo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[stor]\nurl = 1", "1:2 unknown key 'stor' | did you mean 'store'?"),
        ('[store]\nurl = "mysql://u:pass@h/d"', "2:7 'mysql://***@h/d' is not a store"),
        ("[environments]\nshop = 1", "2:8 expected a mapping of keys to values, not the number 1"),
        (
            '[environments.a]\nbase_url = "localhost:80"',
            "2:12 'localhost:80' is not a URL | write http://HOST:PORT",
        ),
        ('[environments.a]\nup = "make up"', "2:6 expected a list, not the text 'make up'"),
        ("[environments.a]\nalerts = {alertmanager = 1}", "2:26 expected text, not the number 1"),
        (
            '[environments.a.policy]\nproviders = ["a",\n "pyton:x"]',
            "2:14 'a' is not a pattern; write python:NAME, http:URL, process:PATH or shell:TEXT",
        ),
        ('[environments.a.policy]\nhours = ["9 to 5"]', "2:10 '9 to 5' can't be read"),
        (
            "[environments.a.policy]\nmax_hold = 30",
            "2:12 30 has no unit; expected a duration | write 30s, 30ms or 30m",
        ),
        ("[environments.a.policy]\nmax_users = 0", "2:13 0 is too small"),
        (
            "[environments.a.policy]\nmax_users = 100001",
            "2:13 100001 is too large; it must be at most 100000",
        ),
        ("[environments.a.policy]\nmax_rps = 1e300", "2:11 1e+300 is too large; it must be at most 1000000"),
        (
            '[environments.a.policy]\nmax_hold = "9999999d"',
            "2:12 '9999999d' is too long | write at most 365d",
        ),
        ("[environments.a]\nupp = []", "2:1 unknown key 'upp' | did you mean 'up'?"),
        (
            '[integrations.p]\nkind = "apprise"\nsecret = "hunter2"',
            '3:10 a secret must be a reference, not the secret itself | write "env:NAME" or "file:PATH"',
        ),
        (
            '[integrations.p]\nkind = "apprise"\nsecret = "env:CHAT URL"',
            '3:10 a secret must be a reference, not the secret itself | write "env:NAME" or "file:PATH"',
        ),
        (
            '[integrations.p]\nkind = "aprise"\nsecret = "env:CHAT"',
            "2:8 'aprise' is not a kind of integration | did you mean 'apprise'?",
        ),
        (
            '[integrations.p]\nkind = "irc"',
            "2:8 'irc' is not a kind of integration | one of: apprise, opsgenie, pagerduty",
        ),
        (
            '[environments.shop]\nalerts = {alertmanagr = "http://127.0.0.1:1"}',
            "2:11 'alertmanagr' is not a system that sends alerts | did you mean 'alertmanager'?",
        ),
        (
            '[environments.shop.alerts]\n"[key]" = "http://127.0.0.1:1"',
            "2:1 '[key]' is not a system that sends alerts | one of: alertmanager, generic",
        ),
        ('[environments.a]\nalerts = {generic = ""}', "2:21 '' is not a URL | write http://HOST:PORT"),
        (
            '[environments.a]\ntrail = "http://h:80x/trail"',
            "2:9 'http://h:80x/trail' is not a URL | write http://HOST:PORT",
        ),
        (
            '[environments.a]\nincidents = "alertmanager:9093"',
            "2:13 'alertmanager:9093' is not a URL | write http://HOST:PORT",
        ),
        (
            '[environments.a]\nprometheus = "http://[::1"',
            "2:14 'http://[::1' is not a URL | write http://HOST:PORT",
        ),
        (
            '[environments.a]\nexecutor = "kubernets"',
            "2:12 'kubernets' is not an executor | did you mean 'kubernetes'?",
        ),
        (
            '[environments.a]\naws = {account = "1234"}',
            "2:18 '1234' is not an AWS account | write its 12 digits",
        ),
        (
            '[environments.a.policy]\nhosts = ["shop", "http://shop:80"]',
            "2:18 'http://shop:80' is not a host | write only the name or address, such as shop.internal,",
        ),
        ('[environments.a.policy]\nhosts = ["127.0.0.1:8080"]', "2:10 '127.0.0.1:8080' is not a host"),
        (
            '[people.ada]\nroles = ["facilitater"]',
            "2:10 'facilitater' is not a role | did you mean 'facilitator'?",
        ),
        ("[people.ada]\nborn = 1815-12-10", "2:1 unknown key 'born'"),
        ("[people.ada]\nemail = 1815-12-10", "2:9 expected text, not a date or time"),
    ],
)
def test_a_mistake_is_reported_at_its_place_with_a_hint(text: str, expected: str) -> None:
    assert lines_of(text)[0].startswith(expected)


def test_the_channels_are_the_integrations_in_which_people_are_notified() -> None:
    text = '[integrations.pager]\nkind = "pagerduty"\n[integrations.chat]\nkind = "apprise"\nsecret = "env:CHAT"\n'
    assert read(text).channels == ("chat",)


def test_what_a_variable_holds_is_never_shown() -> None:
    text = (
        '[environments.a]\nbase_url = "env:U"\nexecutor = "env:M"\naws = {account = "env:M"}\n'
        '[environments.a.policy]\nmax_users = "env:M"'
    )
    found = lines_of(text, {"U": "ftp://user:canary@host", "M": "canary"})
    assert len(found) == 4
    assert "canary" not in "\n".join(found)


@given(text=TEXTS)
def test_whatever_the_settings_hold_they_are_a_value_or_mistakes(text: str) -> None:
    checked = settings.check(reader.attempt(reader.read, text.encode(), "gameday.toml"), {})
    assert (checked.value is None) == any(not mistake.warning for mistake in checked.mistakes)


def test_this_workspace_has_no_mistake() -> None:
    text = (ROOT / "gameday.toml").read_text(encoding="utf-8")
    assert read(text).environment("shop").rules is not None


def test_an_environment_names_its_prometheus_and_what_is_a_real_incident() -> None:
    text = '[environments.shop]\nprometheus = "http://127.0.0.1:9090"\nreal_incident = {severity = "P2"}\n'
    shop = read(text).environments["shop"]
    assert (shop.prometheus, shop.real_incident) == ("http://127.0.0.1:9090", Severity.P2)
