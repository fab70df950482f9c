r"""Finds known secrets in a text however they are written: escaped, quoted, wrapped, in base64 or hex, twice.

The text is decoded, not the secret encoded: `%`, `\` and `&` escapes may be written for some characters only,
in either case, and one within another, which no list of spellings can hold. Each decoding gives a view of the
text, with a map back to it; views are decoded again, DEPTH times, and what is found in one is masked in the
text. The time is linear in the text's length.

Sources: RFC 3986, section 2.1 (percent); RFC 8259, section 7 (JSON); RFC 2045, section 6.7
(quoted-printable); RFC 4648 (base64, base64url, base32, hex); ECMA-48, section 5.4 (colours); Python's
`repr` and `shlex.quote`; WHATWG HTML, character references.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache

DEPTH = 3
"""How many decodings are undone, one within the other: two, and the line wraps of a third."""

Span = tuple[int, int]
"""Where something is in a text: start and end, in bytes."""

_PERCENT = rb"%u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}"
_BACKSLASH = (
    rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
    rb"|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}|\\[0-7]{1,3}|\\[abefnrtv]|\\[^A-Za-z0-9\r\n]"
)
_ENTITY = rb"&#[0-9]{1,7};|&#[xX][0-9A-Fa-f]{1,6};|&[A-Za-z][A-Za-z0-9]{1,31};"
_ESCAPE = b"|".join((_PERCENT, _BACKSLASH, _ENTITY))
_WITHIN_BACKSLASH = b"|".join((_PERCENT, _ENTITY))
_OPEN = rb"\\(?:[uU]\{?[0-9A-Fa-f]{0,7}|x[0-9A-Fa-f]?|[0-7]{1,2})?[%&]"
"""A backslash's escape that is not yet whole: one of those may stand for its next character."""
_LONGEST_TWICE = 60
"""Characters that an escape within another may take for one."""
_SHORT_ESCAPES = dict(zip(b"abefnrtv", b"\a\b\x1b\f\n\r\t\v", strict=True))
_LITERAL = rb"\\[^\r\n]"
_LITERAL_USED = rb"\\[cdg-mopqswyzA-TV-Z89]|(?:\\[^\r\n][\x80-\xbf]*){4}"
"""A backslash before a character that needs none, or before each: to a shell, they stand for themselves."""
_HIDDEN = (
    rb"\x1b\[[0-?]{0,32}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[\x00-\x08\x0e-\x1a\x7f]"
    rb"|\xc2\xad|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xe1\xa0\x8e|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]"
)
"""What a terminal or a page does not show: colours, control characters, characters without a width."""
_HIGH_HEX = rb"\\x[89a-fA-F]"
_QUOTED_PRINTABLE = rb"=[0-9A-Fa-f]{2}"
_BLANKS = rb"[ \t\r\n]+"
_BLANKS_WITH_MARKS = rb"(?:[=\\]?\r?\n|[ \t])+"
_MARKED_WRAP = rb"[=\\]\r?\n"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_PAIR = rb"(?:0[xX])?([0-9A-Fa-f]{2})"
_PAIRS = rb"(?:(?:0[xX])?[0-9A-Fa-f]{2}[ \t\r\n:;,.+-]{0,12}){4,}"
_BASE32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")
_TEXT_BYTES = bytes(range(32, 127)) + b"\r\n\t\0"  # UTF-16 has a zero in each character

Meaning = Callable[[re.Match[bytes]], bytes]


class Finder:
    """Finds known secrets in texts. `values` are the secrets; each is found whole, or not at all."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        shortest = min(map(len, forms), default=0)
        self._shortest = shortest
        self._reach = _LONGEST_TWICE * max(map(len, forms), default=0)
        self._known = re.compile(_any_of(forms)) if forms else None
        # A run shorter than the shortest secret's encoding can't hold one.
        self._base64 = rb"[A-Za-z0-9+/_-]{%d,}" % max(4, -(-shortest * 4 // 3))
        self._base32 = rb"[A-Z2-7]{%d,}|[a-z2-7]{%d,}" % ((max(8, -(-shortest * 8 // 5)),) * 2)
        self._hex = rb"[0-9A-Fa-f]{%d,}" % max(4, 2 * shortest)

    def spans(self, data: bytes) -> list[Span]:
        """Give where secrets are, sorted and without overlaps; touching ones are one."""
        return _merged(self._spans(data, DEPTH, {data: DEPTH}))

    def _spans(self, data: bytes, depth: int, decoded: dict[bytes, int]) -> Iterator[Span]:
        """Give where secrets are. decoded: the views that were searched already, and how deep."""
        if self._known is None or len(data) < self._shortest:
            return
        yield from (match.span() for match in self._known.finditer(data))
        if depth:
            yield from self._in_runs(data, depth)
            for pattern, meaning in self._decodings(data):
                yield from self._in_view(data, pattern, meaning, depth, decoded)
            if b"\\" in data:
                yield from self._within_backslashes(data, depth, decoded)

    def _decodings(self, data: bytes) -> Iterator[tuple[bytes, Meaning]]:
        """Give the decodings that can change a text."""
        if b"%" in data or b"\\" in data or b"&" in data:
            yield _ESCAPE, _character
            if _compiled(_HIGH_HEX).search(data):
                yield _ESCAPE, _byte  # in the repr of bytes, \xNN is a byte; in that of a text, a character
        if b"\\" in data and _compiled(_LITERAL_USED).search(data):
            yield _LITERAL, _itself
        if _compiled(_HIDDEN).search(data):
            yield _HIDDEN, _nothing
        if b"=" in data:
            # Apart from the others: in `token=ab%40c`, `=ab` is no escape.
            yield _QUOTED_PRINTABLE, _quoted_byte
        if b"\n" in data:
            # All blanks, not line ends alone: a fold stands in place of one, or next to it, or in a word.
            yield _BLANKS, _nothing
            if _compiled(_MARKED_WRAP).search(data):  # or the mark is the text's own
                yield _BLANKS_WITH_MARKS, _nothing

    def _within_backslashes(self, data: bytes, depth: int, decoded: dict[bytes, int]) -> Iterator[Span]:
        r"""Search where another escape stands for a part of a backslash's, as `%78` does in `\%7853`.

        Only around such places: they are few, and all of a text in further views would take long.
        """
        found = (match.span() for match in _compiled(_OPEN).finditer(data))
        for begin, end in _merged((max(0, at - self._reach), to + self._reach) for at, to in found):
            inner = self._in_view(data[begin:end], _WITHIN_BACKSLASH, _character, depth, decoded)
            yield from ((begin + start, begin + stop) for start, stop in inner)

    def _in_view(
        self, data: bytes, pattern: bytes, meaning: Meaning, depth: int, decoded: dict[bytes, int]
    ) -> Iterator[Span]:
        view = _View(data, _compiled(pattern), meaning)
        # The same text from another order of decodings would be searched again with all its views.
        if decoded.get(view.data, 0) >= depth:
            return
        decoded[view.data] = depth
        yield from map(view.source, self._spans(view.data, depth - 1, decoded))

    def _in_runs(self, data: bytes, depth: int) -> Iterator[Span]:
        """Search what is base64, base32 or hex, from each of the places where its first group may begin."""
        for run in _compiled(self._base64).finditer(data):
            text = run.group().translate(_URL_SAFE)
            for offset in range(4):
                inner = self._inner(_from_base64(text[offset:]), depth)
                yield from _characters(inner, run, offset, bits=6)
        yield from self._in_base32(data, depth)
        yield from self._in_hex(data, depth)

    def _in_base32(self, data: bytes, depth: int) -> Iterator[Span]:
        for run in _compiled(self._base32).finditer(data):
            text = run.group().upper().translate(_BASE32)
            for offset in range(8):
                yield from _characters(self._inner(_from_base32(text[offset:]), depth), run, offset, bits=5)

    def _in_hex(self, data: bytes, depth: int) -> Iterator[Span]:
        for run in _compiled(self._hex).finditer(data):
            for offset in range(2):
                digits = run.group()[offset:]
                inner = self._inner(binascii.unhexlify(digits[: len(digits) // 2 * 2]), depth)
                yield from _characters(inner, run, offset, bits=4)
        for run in _compiled(_PAIRS).finditer(data):
            if not run.group().isalnum() or b"x" in run.group().lower():
                yield from self._in_pairs(data, run.span(), depth)

    def _in_pairs(self, data: bytes, run: Span, depth: int) -> Iterator[Span]:
        """Search hex with something between its bytes: `71:37`, `71 37`, `0x71, 0x37`."""
        pairs = list(_compiled(_PAIR).finditer(data, *run))
        if len(pairs) < self._shortest:
            return
        inner = binascii.unhexlify(b"".join(pair[1] for pair in pairs))
        for begin, end in self._inner(inner, depth):
            yield pairs[begin].start(), pairs[end - 1].end()

    def _inner(self, inner: bytes, depth: int) -> Iterator[Span]:
        """Search what a run decodes to; decode it again only where it is text, which chance rarely gives."""
        return self._spans(inner, depth - 1 if _is_text(inner) else 0, {})


@cache  # not at the import: a responder waits for it, and few texts and secrets hold any escape
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)


def _any_of(forms: Iterable[bytes]) -> bytes:
    """Give a pattern for any of some texts; by their first bytes, so that few are tried at each place."""
    groups: dict[bytes, list[bytes]] = {}
    # The longest first: a secret within another must not leave the rest of that one readable.
    for form in sorted(forms, key=len, reverse=True):
        groups.setdefault(form[:1], []).append(re.escape(form[1:]))
    return b"|".join(re.escape(first) + b"(?:" + b"|".join(rest) + b")" for first, rest in groups.items())


def _characters(inner: Iterable[Span], run: re.Match[bytes], offset: int, *, bits: int) -> Iterator[Span]:
    """Give the characters of a run, of so many bits each, that hold some of the bytes within."""
    start = run.start() + offset
    for begin, end in inner:
        yield start + begin * 8 // bits, min(start - (-end * 8 // bits), run.end())


def _is_text(data: bytes) -> bool:
    if len(data.translate(None, _TEXT_BYTES)) * 4 <= len(data):
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class _View:
    """A text with one kind of escape decoded, and the way back. Between escapes it is the same text."""

    def __init__(self, data: bytes, pattern: re.Pattern[bytes], meaning: Meaning) -> None:
        pieces: list[bytes] = []
        # Two edges an escape: its begin and its end, in the view and in the text.
        self._here: list[int] = []
        self._there: list[int] = []
        at = length = 0
        for escape in pattern.finditer(data):
            begin, end = escape.span()
            value = meaning(escape)
            pieces += (data[at:begin], value)
            length += begin - at
            self._here += (length, length + len(value))
            self._there += (begin, end)
            length += len(value)
            at = end
        self.data = b"".join((*pieces, data[at:]))

    def source(self, span: Span) -> Span:
        """Give where in the text a part of the view comes from; an escape as a whole."""
        begin, end = span
        first, last = self._edge(begin), self._edge(end - 1)
        start = self._there[first] if _within(first) else self._plain(first, begin)
        stop = self._there[last + 1] if _within(last) else self._plain(last, end - 1) + 1
        return start, stop

    def _edge(self, at: int) -> int:
        return bisect_right(self._here, at) - 1

    def _plain(self, edge: int, at: int) -> int:
        return at if edge < 0 else self._there[edge] + at - self._here[edge]


def _within(edge: int) -> bool:
    """Whether what follows an edge is an escape's value: even edges are begins."""
    return edge >= 0 and edge % 2 == 0


def _character(escape: re.Match[bytes]) -> bytes:
    """Decode an escape of text: a number is a character's."""
    text = escape.group()
    match text[:1], text[1:2]:
        case b"%", b"u":
            return _encoded(int(text[2:].decode(), 16))
        case b"%", _:
            return bytes((int(text[1:], 16),))
        case b"&", b"#" if _is_shown(text):
            return _encoded(_number(text))
        case b"&", _:
            import html  # noqa: PLC0415  # its list of entities takes long to load

            return html.unescape(text.decode()).encode(errors="surrogatepass")
        case _:
            return _backslash(text)


def _number(text: bytes) -> int:
    """Give the number of a numeric reference of HTML."""
    digits = text[2:-1].decode()
    return int(digits[1:], 16) if digits[:1] in {"x", "X"} else int(digits)


def _is_shown(text: bytes) -> bool:
    """Whether a numeric reference is its own character. From 128 to 159 HTML has those of Windows-1252."""
    return not 128 <= _number(text) < 160


def _backslash(text: bytes) -> bytes:
    kind = text[1:2]
    if kind == b"u" and len(text) == 12:  # a pair of surrogates
        high, low = int(text[2:6], 16), int(text[8:], 16)
        return _encoded(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if kind in (b"u", b"U", b"x") and len(text) > 2:
        return _encoded(int(text[2:].strip(b"{}"), 16))
    if text[1:].isdigit():  # up to three octal digits, which stand for a byte
        return bytes((int(text[1:], 8) & 0xFF,))
    return bytes((_SHORT_ESCAPES.get(text[1], text[1]),))


def _byte(escape: re.Match[bytes]) -> bytes:
    r"""Decode an escape, `\xNN` as a byte."""
    text = escape.group()
    return bytes.fromhex(text[2:].decode()) if text[:2] == b"\\x" else _character(escape)


def _itself(escape: re.Match[bytes]) -> bytes:
    return escape.group()[1:]


def _encoded(number: int) -> bytes:
    return chr(min(number, 0x10FFFF)).encode(errors="surrogatepass")


def _quoted_byte(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape.group()[1:], 16),))


def _nothing(_escape: re.Match[bytes]) -> bytes:
    return b""


def _from_base64(text: bytes) -> bytes:
    """Decode base64 without padding; what is left over of the last group is dropped."""
    whole = text[:-1] if len(text) % 4 == 1 else text
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _from_base32(digits: bytes) -> bytes:
    """Decode base32 without padding, of digits as `int` has them; what is left over is dropped."""
    bits = len(digits) * 5
    return (int(digits or b"0", 32) >> bits % 8).to_bytes(bits // 8, "big")


def _forms(value: str) -> set[bytes]:
    """Give a secret as it is once its escapes are undone, and those that it holds itself."""
    plain = value.encode(errors="surrogatepass")
    # In a query a blank is a plus.
    forms = {plain, plain.replace(b" ", b"+")}
    if not plain.isascii():
        forms |= {value.encode("latin-1")} if all(ord(char) < 256 for char in value) else set()
    for _ in range(3):
        forms |= {
            _compiled(pattern).sub(meaning, form)
            for form in forms
            for marks, pattern, meaning in _OWN
            if any(mark in form for mark in marks)
        }
    for _ in range(2):
        forms |= {_requoted(form, mark, written) for form in forms for mark, written in _QUOTES}
    forms |= {changed.encode(errors="surrogatepass") for changed in (value.upper(), value.lower())}
    # Alone, where its groups begin with it.
    forms |= {base64.b85encode(plain), base64.a85encode(plain)}
    # A form may get too short to be told from other text.
    return {form for form in forms if len(form) >= min(len(plain), _SHORTEST_FORM)}


_OWN: tuple[tuple[bytes, bytes, Meaning], ...] = (
    # The bytes of which a match has one; the pattern; its meaning.
    # One kind at a time: a text's escapes of one kind are undone together with the secret's own of others.
    (b"%", _PERCENT, _character),
    (b"\\", _BACKSLASH, _character),
    (b"&", _ENTITY, _character),
    (b"\\", _BACKSLASH, _byte),
    (b"=", _QUOTED_PRINTABLE, _quoted_byte),
    (b" \t\r\n", _BLANKS, _nothing),
)
_QUOTES = (
    *((mark, mark * number) for mark in (b"'", b'"') for number in (2, 3, 4)),  # YAML, CSV; once more
    (b"'", b"'\\''"),  # shells
    (b"'", b"'\"'\"'"),
)
_SHORTEST_FORM = 5


def _requoted(form: bytes, mark: bytes, written: bytes) -> bytes:
    """Write the quotes within a secret another way; one at its end may be the text's own, and stays."""
    inner = form.strip(mark)
    begin, _, end = form.partition(inner)
    return begin + inner.replace(mark, written) + end


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
