r"""The URLs in a text, in every form that some client accepts, each in the one form that is judged.

Browsers, curl and many libraries take `http:/host`, `http:host`, `http:\\host` and `//host` for URLs. Servers
decode what they get: percent signs in queries and forms, `\u002f` in JSON, `&#47;` in HTML. Forms:
WHATWG URL, 4.4 (special schemes take any number of slashes); curl, docs/URL-SYNTAX.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from gameday.core.policy import addresses, paths

NO_SCHEME = "//"
"""How a URL that takes its scheme from elsewhere begins in the form that is judged."""

# Browsers and Python's urlsplit drop tabs and line breaks within a URL.
_BREAKS = re.compile(r"[\t\r\n]")
_REST = r"[^\s\"'<>`]*"
_KNOWN = r"wss?|ftps?|gophers?|dict|telnet|ldaps?|sftp|scp|smbs?|tftp|rtsp|imaps?|pop3s?|smtps?|mqtts?|file"
# `https` may be glued to an option (`-xhttp:`); the letters of the others end words of any language.
_URL = re.compile(
    rf"(?P<http>https?):(?:\s*(?P<slashes>[/\\]+)|(?=[a-z0-9.\[_-]))(?P<rest>{_REST})"
    rf"|(?<![a-z0-9+.])(?P<known>{_KNOWN}):\s*[/\\]+(?P<known_rest>{_REST})"
    # Chained schemes (jdbc:oracle:) count.
    rf"|(?P<other>[a-z][a-z0-9+.-]{{0,40}}?):\s*[/\\]{{2}}(?P<other_rest>{_REST})",
    re.IGNORECASE,
)
_GLUED = re.compile(r"https?$", re.IGNORECASE)
_PORT = re.compile(r"\d{1,5}(?![\w.\[:-])")
"""What follows `http:` where a port is meant, as in `http:8080`."""
_SCHEMELESS = re.compile(r"(?:^|(?<=[\x00-\x20=,;|&@\"'`(<>\[{]))[/\\]{2,}(?P<rest>[^/\\\s][^\s\"'<>`]*)")
_AUTHORITY = re.compile(
    r"[a-z][a-z0-9+.-]*://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?([/?#].*)?", re.IGNORECASE
)
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
_JSON = re.compile(r"\\(?:u\{?([0-9a-f]{4})\}?|x([0-9a-f]{2}))", re.IGNORECASE)


def found(text: str) -> tuple[str, ...]:
    """Give every URL in a text, as written and decoded, with two slashes: `http://…`, `//…`.

    Raises ValueError for a text that is encoded too often to be read.
    """
    return tuple(dict.fromkeys(url for form in _forms(text) for url in _in_form(_BREAKS.sub("", form))))


def _forms(text: str) -> Iterator[str]:
    yield text
    for _ in range(paths.DEEPEST):
        decoded = _JSON.sub(_character, html.unescape(_unquoted(text)))
        if decoded == text:
            return
        yield decoded
        text = decoded
    raise ValueError(f"it is encoded more than {paths.DEEPEST} times")


def _unquoted(text: str) -> str:
    decoded = _PERCENT.sub(lambda escape: bytes([int(escape[1], 16)]), text.encode(errors="replace"))
    return decoded.decode(errors="replace")


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1] or escape[2], 16))


def _in_form(text: str) -> Iterator[str]:
    for match in _SCHEMELESS.finditer(text):
        yield f"{NO_SCHEME}{match['rest']}"
    for match in _URL.finditer(text):
        if match["http"]:
            if match["slashes"] or not _PORT.match(match["rest"]):
                yield _joined(match["http"], match["slashes"] or "", match["rest"])
        elif match["known"]:
            yield f"{match['known']}://{match['known_rest']}"
        else:
            scheme = _GLUED.search(match["other"])
            yield f"{scheme[0] if scheme else match['other']}://{match['other_rest']}"


def _joined(scheme: str, slashes: str, rest: str) -> str:
    # A backslash stays, so that the URL is refused as ambiguous: not all clients read it as a slash.
    marked = "\\" if "\\" in slashes else ""
    return f"{scheme}://{marked}{rest}"


def host(url: str) -> str:
    """Give the canonical host of a URL of any scheme; empty where it can't be read for certain."""
    parts = _AUTHORITY.fullmatch(url)
    try:
        return addresses.canonical(parts["host"]) if parts else ""
    except ValueError:
        return ""
