"""What is a secret by its name or its shape, and what is too common to mask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.formats import secret_names
from gameday.formats.redaction import MASK, Redactor, in_environment, is_secret

SECRET_NAMES = [
    "PGPASS",
    "DB_PASS",
    "SMTP_PASS",
    "GITHUB_PAT",
    "JWT",
    "SLACK_WEBHOOK_URL",
    "AUTH",
    "SENTRY_DSN",
    "SIGNING_KEY",
    "API_KEYS",
    "MYSQL_PASSWD",
    "AWS_CREDENTIALS",
    "COOKIE",
    "SESSION",
    "BEARER",
    "SIGNATURE",
    "PRIVATE",
    "NETRC",
    "authToken",
    "apiKey",
    "X-Api-Key",
    "clientSecret",
    "dbPass",
    "HTTP_AUTH",
    "session_id",
    "ADMIN_PWD",
    "SSH_PRIVATE_KEY",
    "sessionToken",
    "REDISPASS",
    "X-Amz-Signature",
    "sig",
]
OTHER_NAMES = [
    "PGPASSFILE",
    "PATH",
    "PWD",
    "OLDPWD",
    "KEYBOARD",
    "key",
    "GIT_AUTHOR_NAME",
    "SSH_AUTH_SOCK",
    "XDG_SESSION_TYPE",
    "DESKTOP_SESSION",
    "DB_PASSWORD_FILE",
    "COMPASS",
    "BYPASS",
    "PATTERN",
    "monkey",
    "keyspace",
    "passenger_count",
    "SIGNAL",
    "pattern",
    "assignment",
    "DBUS_SESSION_BUS_ADDRESS",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_indicates_a_secret(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_name_indicates_none(name):
    assert not is_secret(name)


@pytest.mark.parametrize(
    "value", ["1", "true", "12345", "postgres", "localhost", "db.shop.internal", "Staging"]
)
def test_a_common_value_stays_readable_although_its_name_is_secret(value):
    redactor = Redactor(in_environment({"DB_PASS": value, "API_KEY": value}))
    assert redactor.text(f"connect to {value} now") == f"connect to {value} now"


SHAPES = {
    "Authorization: Basic YWRhOmh1bnRlcjI=": "Authorization: Basic ***",
    "authorization: Token 0123abc": "authorization: Token ***",
    '{"Authorization": "Bearer abc.def"}': '{"Authorization": "Bearer ***"}',
    "sent Bearer abcdef0123456789": "sent Bearer ***",
    "Set-Cookie: sid=abcdef; Path=/": "Set-Cookie: ***",
    "GET https://hooks.slack.com/services/T0/B0/xyz failed": "GET https://hooks.slack.com/*** failed",
    "https://discord.com/api/webhooks/1/abc": "https://discord.com/api/webhooks/***",
    "key AKIAIOSFODNN7EXAMPLE.": "key ***.",
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def ok": "jwt *** ok",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345": MASK,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----": (
        "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"
    ),
    "https://x/cb#access_token=abc123&state=7": "https://x/cb#access_token=***&state=7",
    "mysql --password=hunter2 -h db": "mysql --password=*** -h db",
    "mysql --password hunter2 -h db": "mysql --password *** -h db",
    "docker login --db-pass 'hunter 2' x": "docker login --db-pass '***' x",
    '{"password": "hunter 2", "user": "ada"}': '{"password": "***", "user": "ada"}',
    r'"{\"client_secret\":\"hunter2\"}"': r'"{\"client_secret\":\"***\"}"',
    "{'apiKey': 'hunter2'}": "{'apiKey': '***'}",
    "aws_secret_access_key = wJalrXUtnFEMI/K7": "aws_secret_access_key = ***",
    "export PGPASSWORD=hunter2; psql": "export PGPASSWORD=***; psql",
    "password: hunter2\nuser: ada": "password: ***\nuser: ada",
    "machine h login ada password hunter2": "machine h login ada password ***",
    "https://h/f?X-Amz-Signature=0123&x=1&sig=ab%2Fc": "https://h/f?X-Amz-Signature=***&x=1&sig=***",
}


@pytest.mark.parametrize("text", SHAPES)
def test_a_shape_is_masked_without_being_known(text):
    assert Redactor().text(text) == SHAPES[text]


@pytest.mark.parametrize(
    "text",
    [
        "Basic authentication is off; the bearer of bad news",
        "POST /api/orders/12345678 201",
        "-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----",
        "p99 of checkout rose to 412 ms; see https://example.com/runbooks/latency?page=2",
        "password reset mails are late",
        "the token: refused; its password = ${PASSWORD}, --token env:TOKEN --password-file x",
        '{"token": null, "password": "${p}", "auth": true, "key": "items", "tokens": 512}',
        "kubectl --token --verbose; signature = 12",
        "secret: a value that nobody should read",
    ],
)
def test_other_text_stays_as_it_is(text):
    assert Redactor().text(text) == text


@given(st.from_regex(secret_names.shapes()))
def test_no_text_with_the_shape_of_a_secret_is_plain(text):
    assert not secret_names.is_plain(text)


@pytest.mark.parametrize("text", ["", "safety", "facilitator", "real-incident"])
def test_the_words_of_an_abort_are_plain(text):
    assert secret_names.is_plain(text)
