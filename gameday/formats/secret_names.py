"""Which names, values and shapes are secrets, where nobody has said so.

A name is secret by its words: `PGPASS`, `DB_PASS`, `GITHUB_PAT`, `authToken`, `SENTRY_DSN`. One that ends in
FILE, PATH, DIR or SOCK names a location. A value that is secret by its name alone is
looked for unless it is a common word or a host name: masking those would blacken unrelated text and protect
nothing. No value is looked for that has fewer than SHORTEST characters. A number that is secret by its name
alone is looked for unless its name is that of a measure (`max_tokens`, `session_timeout`), or it is round.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

SHORTEST = 6
"""The fewest characters of a value that is looked for."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ANYWHERE = re.compile(
    r"secret|token|passw|passphrase|passcode|[_-]pwd|credential|authorization|cookie|apikey|webhook"
    r"|(api|access|private|signing|encryption|secret|ssh|gpg|master|session)[_.-]?key|[_-]key$"
    r"|x[_-]amz[_-]signature|session[_.-]?id",
    re.IGNORECASE,
)
_SECRET_WORDS = frozenset(
    (
        "auth",
        "bearer",
        "creds",
        "dsn",
        "jwt",
        "netrc",
        "pat",
        "pass",
        "passwd",
        "pgpass",
        "private",
        "pin",
        "pw",
        "pwd",
        "sas",
        "sessionid",
        "sid",
        "sig",
        "signature",
        "webhook",
    )
)
_SECRET_ENDS = frozenset(("key", "keys", "session"))
_MEASURES = frozenset(
    (
        *(
            "age",
            "at",
            "bits",
            "bytes",
            "count",
            "days",
            "duration",
            "exp",
            "expires",
            "expiry",
            "hours",
            "in",
        ),
        *(
            "iat",
            "interval",
            "length",
            "limit",
            "max",
            "min",
            "minutes",
            "ms",
            "nbf",
            "port",
            "seconds",
            "size",
        ),
        *("time", "timeout", "timestamp", "tokens", "total", "ttl", "usage", "used", "version"),
    )
)
_NOT_PASS = ("bypass", "compass", "trespass", "surpass", "overpass", "underpass", "encompass")
_LOCATIONS = frozenset(
    ("dir", "directory", "dirs", "file", "files", "folder", "path", "paths", "sock", "socket")
)
_DESKTOP = ("XDG_", "DBUS_", "DESKTOP_", "GDM", "WAYLAND_", "SESSION_MANAGER")

_COMMON = frozenset(
    (
        "admin",
        "administrator",
        "anonymous",
        "bearer",
        "changeme",
        "database",
        "default",
        "developer",
        "development",
        "disabled",
        "docker",
        "enabled",
        "example",
        "example.com",
        "false",
        "gameday",
        "guest",
        "kubernetes",
        "letmein",
        "localhost",
        "localhost.localdomain",
        "mariadb",
        "mongodb",
        "monitor",
        "mysql",
        "nobody",
        "password",
        "postgres",
        "postgresql",
        "production",
        "rabbitmq",
        "redis",
        "required",
        "secret",
        "secrets",
        "service",
        "staging",
        "system",
        "testing",
        "undefined",
        "username",
    )
)
_HOST = (
    r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,8}"
    r"\.(com|net|org|io|dev|cloud|app|local|localdomain|internal|lan|home|corp|test|example|invalid|svc)"
)


@lru_cache(maxsize=4096)  # a text has few names, each of them often
def is_secret(name: str) -> bool:
    """Check whether a name indicates a secret."""
    if name.startswith(_DESKTOP) or name in ("PWD", "OLDPWD"):
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if (words and words[-1] in _LOCATIONS) or name.upper().endswith("PASSFILE"):
        return False
    return bool(_ANYWHERE.search(name)) or _by_words(words)


def _by_words(words: list[str]) -> bool:
    # `key` alone names half of all JSON objects, `session` alone a cookie.
    ends = (len(words) > 1 and words[-1] in _SECRET_ENDS) or words == ["session"]
    return ends or any(
        word in _SECRET_WORDS or (word.endswith("pass") and word not in _NOT_PASS) for word in words
    )


def is_common(value: str) -> bool:
    """Check whether a value is a common word or a host name, which a secret's name doesn't make secret."""
    return value.lower() in _COMMON or re.fullmatch(_HOST, value) is not None


def is_measure(name: str) -> bool:
    """Check whether a name is that of a count, a size or a time, so that a number under it is no secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and (words[-1] in _MEASURES or words[0] in {"max", "min"})


def is_figure(number: str) -> bool:
    """Check whether a number's text is a round one: of limits, sizes and times, not of secrets."""
    whole = number.removesuffix(".0")
    if not whole.isdecimal():
        return False
    return whole.endswith("000") or int(whole) & (int(whole) - 1) == 0


_RUN = r"[^\s\"'<>\\,;&]"
_SHAPES = (
    # Each alternative keeps what is readable in group `before`, or nothing.
    r"(?P<pem>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----)(?:[^-]|-(?!----)){0,20000}"
    r"|(?P<header>\b(?:proxy-)?authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:[A-Za-z][\w-]{2,20}[ \t]{1,4})?)"
    rf"{_RUN}[^\s\"'<>\\]*(?:, ?[A-Za-z]\w*=[^\s\"'<>\\]+)*"
    rf"|(?P<scheme>\b(?:Bearer|Basic)\s{{1,4}})(?=[\w.~+/-]*[\d=])[\w.~+/-]{{8,}}={{0,2}}"
    r"|(?P<cookie>\b(?:set-)?cookie[\"']?\s{0,4}:\s{0,4}[\"']?)[^\s\"'=]{1,200}=[^\r\n\"'\\]+"
    rf"|(?P<hook>https?://(?:hooks\.slack\.com/|(?:canary\.|ptb\.)?discord(?:app)?\.com/api/webhooks/"
    rf"|[\w-]{{1,63}}\.webhook\.office\.com/|chat\.googleapis\.com/v1/spaces/|hooks\.zapier\.com/"
    rf"|outlook\.office\.com/webhook/)){_RUN}+"
    r"|(?P<netrc>\blogin\s{1,8}\S{1,200}\s{1,8}password\s{1,8})\S+"
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"
    r"|\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,}"
    r"|[sr]k_(?:live|test)_\w{16,}|SG\.[\w-]{16,}\.[\w-]{16,})"
)
_PLAIN = 15
"""The characters of the shortest shape that has letters, digits and hyphens alone."""


@cache  # not at the import: a responder waits for it, and most words that responders type are plain
def shapes() -> re.Pattern[str]:
    """Give what is a secret by its shape. What a named group holds stays readable, such as a host."""
    return re.compile(_SHAPES, re.IGNORECASE)


def is_plain(text: str) -> bool:
    """Check whether a text is a word too short and too simple to have the shape of a secret."""
    return len(text) < _PLAIN and (not text or text.replace("-", "a").isalnum())
