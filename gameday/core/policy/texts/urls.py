r"""The URLs in a text, in every form that some client accepts, each in the one form that is judged.

Browsers, curl and many libraries take `http:/host`, `http:host`, `http:\\host` and `//host` for URLs. Servers
decode what they get (`texts.decoded`). A URL may begin anywhere, also within another one, and may end before
what separates a list's entries: then both readings are given. Forms: WHATWG URL, 4.4 (special schemes take
any number of slashes); curl, docs/URL-SYNTAX.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gameday.core.policy import addresses
from gameday.core.policy.texts import decoded

NO_SCHEME = "//"
"""How a URL that takes its scheme from elsewhere begins in the form that is judged."""
LONGEST = 8192
"""Characters of a URL; servers take no more."""
MOST = 5000
"""URLs in one text."""

# Browsers and Python's urlsplit drop tabs and line breaks within a URL.
_BREAKS = re.compile(r"[\t\r\n]")
_KNOWN = r"wss?|ftps?|gophers?|dict|telnet|ldaps?|sftp|scp|smbs?|tftp|rtsp|imaps?|pop3s?|smtps?|mqtts?|file"
_HOST_FOLLOWS = r"(?=[a-z0-9.\[_-])"
# `https` may be glued to an option (`-xhttp:`); the letters of the others end words of any language.
_BEGIN = re.compile(
    rf"(?P<http>https?):(?:\s*(?P<slashes>[/\\]+)|{_HOST_FOLLOWS})"
    rf"|(?<![a-z0-9+.])(?P<bare>wss?|ftps?):{_HOST_FOLLOWS}"
    rf"|(?<![a-z0-9+.])(?P<known>{_KNOWN}):\s*[/\\]+"
    # Chained schemes (jdbc:oracle:) count.
    r"|(?P<other>[a-z][a-z0-9+.-]{0,40}?):\s*[/\\]{2}",
    re.IGNORECASE,
)
_GLUED = re.compile(r"https?$", re.IGNORECASE)
_REST = re.compile(rf"[^\s\"'<>`]{{0,{LONGEST + 1}}}")
_QUOTES = ('"', "'")
_ENDS = re.compile(r"[,;|&()\[\]{}]")
"""What may end a URL in a list, in Markdown, in a call or in a query."""
_PORT = re.compile(r"\d{1,5}(?![\w.\[:-])")
"""What follows `http:` where a port is meant, as in `http:8080`."""
_SCHEMELESS = re.compile(r"(?:^|(?<=[\x00-\x20=,;|&@\"'`()<>\[\]{}?#!]))[/\\]{2,}(?=[^/\\\s])")
_AUTHORITY = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?([/?#].*)?", re.IGNORECASE
)


def found(text: str) -> tuple[str, ...]:
    """Give every URL in a text, as written and decoded, with two slashes: `http://…`, `//…`.

    Raises ValueError for a text that is encoded too often, or names too many or too long URLs, to be read.
    """
    urls: dict[str, None] = {}
    for form in decoded.forms(text):
        # A break ends a URL in a list, and is dropped within one.
        for joined in dict.fromkeys((form, _BREAKS.sub("", form))):
            for url in _in_form(joined):
                urls[url] = None
                if len(urls) > MOST:
                    raise ValueError(f"it names more than {MOST} URLs")
    return tuple(urls)


def _in_form(text: str) -> Iterator[str]:
    for match in _SCHEMELESS.finditer(text):
        yield from _readings(NO_SCHEME, _rest(text, match.end()))
    for match in _BEGIN.finditer(text):
        rest = _rest(text, match.end())
        if match["http"]:
            if match["slashes"] or not _PORT.match(rest):
                yield from _readings(_begin(match["http"], match["slashes"] or ""), rest)
        elif match["bare"]:
            if not _PORT.match(rest):
                yield from _readings(f"{match['bare']}://", rest)
        else:
            scheme = match["known"] or match["other"]
            glued = _GLUED.search(scheme)
            yield from _readings(f"{glued[0] if glued else scheme}://", rest)


def _rest(text: str, at: int) -> str:
    rest = _REST.match(text, at)
    assert rest is not None
    if len(rest[0]) > LONGEST:
        raise ValueError(f"it names a URL of more than {LONGEST} characters")
    # A backslash before a quote is the quote's, as in JSON within JSON.
    return rest[0].rstrip("\\") if text[rest.end() : rest.end() + 1] in _QUOTES else rest[0]


def _readings(begin: str, rest: str) -> Iterator[str]:
    """Give a URL up to where nothing more can be its, and up to each mark before which it may have ended."""
    yield f"{begin}{rest}"
    path = re.split("[?#]", rest, maxsplit=1)[0]
    authority = path.find("/") + 1
    for end in _ENDS.finditer(path, authority) if authority else ():
        yield f"{begin}{path[: end.start()]}"


def _begin(scheme: str, slashes: str) -> str:
    # A backslash stays, so that the URL is refused as ambiguous: not all clients read it as a slash.
    marked = "\\" if "\\" in slashes else ""
    return f"{scheme}://{marked}"


def host(url: str) -> str:
    """Give the canonical host of a URL of any scheme; empty where it can't be read for certain."""
    parts = _AUTHORITY.fullmatch(url)
    try:
        return addresses.canonical(parts["host"]) if parts else ""
    except ValueError:
        return ""
