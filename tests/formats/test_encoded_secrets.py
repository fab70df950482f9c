"""A known secret is found however it is written."""

from __future__ import annotations

import base64
import html
import json
import quopri
import shlex
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.formats.redaction import MASK, Redactor

SECRET = "p@ss wörd/+'\"%41<&>\\n=3D#zz"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _ascii85(text: str) -> str:
    return base64.a85encode(text.encode()).decode()


def _fully(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _lines(text: str) -> str:
    return "\n".join(text[at : at + 7] for at in range(0, len(text), 7))


def _partly(text: str) -> str:
    return "".join(
        f"%{ord(each):02X}" if at % 3 == 0 and each.isascii() else quote(each) for at, each in enumerate(text)
    )


ENCODINGS = {
    "plain": str,
    "base64": _b64,
    "base64 of user:password": lambda text: _b64(f"ada:{text}"),
    "base64, second alignment": lambda text: _b64(f"x{text}!"),
    "base64, third alignment": lambda text: _b64(f"xy{text}!!"),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 unpadded": lambda text: _b64(text).rstrip("="),
    "base64 in lines": lambda text: _lines(_b64(text)),
    "hex": lambda text: text.encode().hex(),
    "upper hex": lambda text: text.encode().hex().upper(),
    "percent": quote,
    "percent, all": lambda text: quote(text, safe=""),
    "percent, plus": quote_plus,
    "percent, every byte, lower": _fully,
    "percent, partly": _partly,
    "json": lambda text: json.dumps(text)[1:-1],
    "json with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json, unicode": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "html": html.escape,
    "html numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "html hex": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "repr": lambda text: repr(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "shell": shlex.quote,
    "yaml single quotes": lambda text: text.replace("'", "''"),
    "csv": lambda text: text.replace('"', '""'),
    "folded": lambda text: text.replace(" ", "\n    "),
    "wrapped": _lines,
    "wrapped by backslashes": lambda text: text[:6] + "\\\n  " + text[6:],
    "backslash before each": lambda text: "".join(f"\\{each}" for each in text),
    "short octal": lambda text: "".join(f"\\{byte:o}" for byte in text.encode()),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with blanks": lambda text: text.encode().hex(" "),
    "hex with 0x": lambda text: ", ".join(f"0x{byte:02X}" for byte in text.encode()),
    "hex of one 0x": lambda text: f"0x{text.encode().hex()}",
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "lower base32": lambda text: base64.b32encode(text.encode()).decode().lower().rstrip("="),
    "coloured": lambda text: f"\x1b[31m{text[:5]}\x1b[0m{text[5:]}",
    "hidden characters": "\u200b".join,
    "javascript": lambda text: "".join(f"%u{ord(each):04x}" if ord(each) > 126 else each for each in text),
}


_FOLDING = {"folded", "wrapped by backslashes"}
_LOST = {
    ("base64 in lines", "base64 in lines"): "four encodings",
    ("base64 in lines", "base64 of UTF-16"): "four encodings",
    ("base64 of UTF-16", "base64 in lines"): "four encodings",
    ("base64 of UTF-16", "base64 of UTF-16"): "four encodings",
    ("wrapped", "wrapped by backslashes"): "two wraps, of which one hides the other's mark",
    ("backslash before each", "wrapped"): "the blank after a backslash can't be told from a wrap",
    ("hidden characters", "base64 of UTF-16"): "UTF-16 is read as far as Latin-1 goes",
    ("hidden characters", "javascript"): "the backslash of the secret takes the next escape's mark",
    ("base64 of user:password", "hex with 0x"): "what is left is the user's name, at six characters for one",
    ("base64, third alignment", "hex with 0x"): "what is left is not the secret's, at six characters for one",
}


def _lost(first: str, second: str) -> str:
    if second == "percent, plus" and first in _FOLDING:
        return "its pluses can't be told from the fold's blanks"
    return _LOST.get((first, second), "")


@pytest.mark.parametrize("first", ENCODINGS)
def test_no_piece_survives_two_encodings(first):
    redactor = Redactor(["hunter2-" + SECRET])
    inner = ENCODINGS[first]("hunter2-" + SECRET)
    for second in (name for name in ENCODINGS if not _lost(first, name)):
        masked = redactor.text(f"<<{ENCODINGS[second](inner)}>>")
        assert MASK in masked, second
        readable = html.unescape(masked.replace(MASK, "")).strip("<>")
        # What is left is what was put around it: `ada:`, padding, quotes, and escapes of those.
        assert len(readable) <= 40, (second, masked)
        assert "hunter" not in readable, second


_SECRETS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"))
    | st.sampled_from("%\\&=+/'\" <>#@:;nxu04"),
    min_size=8,
    max_size=30,
).filter(lambda text: text == text.strip() and "*" not in text and "  " not in text)
_INEXACT = {"wrapped", "base64 in lines", "base64 of UTF-16", "hex with 0x", "coloured", "hidden characters"}
_EXACT = [name for name in ENCODINGS if name not in {*_FOLDING, *_INEXACT}]


@settings(max_examples=300)
@given(_SECRETS, st.sampled_from(_EXACT), st.sampled_from(_EXACT))
def test_any_secret_in_any_two_encodings_is_masked_as_a_whole(secret, first, second):
    written = ENCODINGS[second](ENCODINGS[first](secret))
    masked = Redactor([secret]).text(written)
    assert MASK in masked
    assert len(html.unescape(masked.replace(MASK, ""))) <= 24, masked


_MARKS = {
    "percent": lambda byte: f"%{byte:02x}",
    "javascript": lambda byte: f"%u{byte:04x}",
    "hex escape": lambda byte: f"\\x{byte:02x}",
    "octal": lambda byte: f"\\{byte:03o}",
    "unicode": lambda byte: f"\\u{byte:04x}",
    "long unicode": lambda byte: f"\\U{byte:08x}",
    "braces": lambda byte: f"\\u{{{byte:x}}}",
    "html": lambda byte: f"&#{byte};",
    "html hex": lambda byte: f"&#x{byte:x};",
}
"""Escapes that may be written for any character, or only for some."""


@pytest.mark.parametrize("outer", _MARKS)
@pytest.mark.parametrize("inner", _MARKS)
@settings(max_examples=6)
@given(st.data())
def test_a_secret_is_found_in_any_escape_within_another_wholly_or_partly(inner, outer, data):
    escaped = _escaped("S3cretTokenValue99", _MARKS[inner], data)
    written = _escaped(escaped, _MARKS[outer], data)
    assert Redactor(["S3cretTokenValue99"]).text(f"v: {written} end") == "v: *** end"


def _escaped(text: str, mark: Callable[[int], str], data: st.DataObject) -> str:
    chosen = data.draw(st.sets(st.integers(0, len(text) - 1)) | st.just(set(range(len(text)))))
    if mark(0)[0] == "\\":  # otherwise nobody could read it back
        chosen |= {at for at, each in enumerate(text) if each == "\\"}
    return "".join(mark(ord(each)) if at in chosen else each for at, each in enumerate(text))


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/items/42?page=2&sort=name 200 in 12 ms\n" * 20000,
        json.dumps({"a": ['x"y\n/z'] * 90000}),
        "%25\\u005cn&amp;=3D'' abcdefghij==\n" * 20000,
        base64.b64encode(bytes(range(256)) * 2900).decode(),
    ],
    ids=["log", "json", "all escapes", "base64"],
)
def test_time_grows_with_the_length_only(text):
    redactor = Redactor([f"secret-number-{number}" for number in range(40)])
    short, long = (_seconds(redactor, text[: len(text) // share]) for share in (8, 1))
    assert long < 8 * short * 3 + 0.5


def _seconds(redactor: Redactor, text: str) -> float:
    begin = time.thread_time()
    redactor.text(text)
    return time.thread_time() - begin


@pytest.mark.parametrize(
    "write", [str.upper, str.lower, lambda text: base64.b85encode(text.encode()).decode(), _ascii85]
)
def test_a_secret_alone_is_found_in_one_case_and_in_base85(write):
    assert Redactor(["q7/Zx-Secret9"]).text(f"> {write('q7/Zx-Secret9')} <") == "> *** <"
