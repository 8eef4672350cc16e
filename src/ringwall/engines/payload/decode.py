"""Single decoders: text to the text that a later stage of an application might make of it.

Each is one linear pass (native where Python has one) and never raises. None of them judges what it decoded.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable
from itertools import islice

_HEX = r"[0-9A-Fa-f]"
_PERCENT = re.compile(rf"%(?={_HEX}{{2}})")
_UNICODE_PERCENT = re.compile(rf"%u({_HEX}{{4}})")
_ENTITY = re.compile(r"&(?:#[xX]0*+([0-9A-Fa-f]{1,6});?|#0*+(\d{1,7});?|([A-Za-z]{2,20}\d?);)")
_LEGACY = re.compile(r"&(?:lt|gt|quot|amp)(?![;\w])", re.IGNORECASE)
_ESCAPE = re.compile(
    rf"\\(?:x({_HEX}{{2}})|u({_HEX}{{4}})|u\{{0*+({_HEX}{{1,6}})\}}|([0-3]?[0-7]{{2}})"
    rf"|([nrtvf0'\"/`\\]))"
)
_CSS = re.compile(rf"\\0{{0,4}}({_HEX}{{2}})\s?(?!{_HEX})")
# Controls that were spelled out stand for blanks, which some databases and browsers take them for; so does a lone A0.
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f]")
_PAIRS = re.compile(rb"[\xc0\xc1][\x80-\xbf]")
_LONE_BLANK = re.compile(rb"(?<![\x80-\xff])\xa0(?![\x80-\xbf])")
_HEX_PREFIX = re.compile(rf"0[xX]({_HEX}{{2}})(?!{_HEX})")
_UTF7 = re.compile(r"\+([A-Za-z0-9/]{3,400})-?")
_BASE64 = re.compile(r"(?:^|[=,:\s])([A-Za-z0-9+/_-]{12,8192}={0,2})(?=$|[&\s;])")
_RUNS = 48
_TAIL = 2048
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "v": "\x0b", "f": "\x0c", "0": "\x00"}

# Overlong and broken UTF-8 spellings of ASCII: what lenient decoders (RFC 3629 section 10) read in them.
_OVERLONG = re.compile(
    rb"[\xc0\xc1]([\x00-\xff])|\xe0([\x80\x81])([\x80-\xbf])"
    rb"|[\xf0\xf8\xfc]\x80{1,4}([\x80\x81])([\x80-\xbf])"
)


def _each(pattern: re.Pattern[str], one: Callable[[re.Match[str]], str], text: str) -> str:
    """`pattern.sub(one, text)`, asking `one` once for each spelling."""
    seen: dict[str, str] = {}

    def known(match: re.Match[str]) -> str:
        whole = match[0]
        answer = seen.get(whole)
        if answer is None:
            answer = seen[whole] = one(match)
        return answer

    return pattern.sub(known, text)


def percent(text: str) -> str:
    """RFC 3986 percent-decoding; bytes that are not UTF-8 are read leniently, `%uXXXX` (IIS) included."""
    if "%u" in text or "%U" in text:
        text = _each(_UNICODE_PERCENT, lambda m: unicodedata.normalize("NFKC", chr(int(m[1], 16))), text)
    raw = text.replace("=", "=3D").encode("utf-8", "replace")
    # quoted-printable is the one native decoder of hexadecimal escapes: borrow it
    marked = re.sub(rb"%(?=[0-9A-Fa-f]{2})", b"=", raw)
    return _CONTROLS.sub(" ", _lenient(binascii.a2b_qp(marked)))


def _lenient(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        for pair in set(_PAIRS.findall(raw)):  # by far the most; to replace each spelling at once is cheaper
            raw = raw.replace(pair, bytes([((pair[0] & 1) << 6) | (pair[1] & 0x3F)]))
        return _OVERLONG.sub(_short, _LONE_BLANK.sub(b" ", raw)).decode("utf-8", "replace")


def _short(match: re.Match[bytes]) -> bytes:
    """The ASCII byte that an overlong sequence stands for."""
    if match[1] is not None:
        lead, tail = match[0][0], match[1][0]
        if tail < 0x80:  # a broken second byte: lenient decoders keep it, or its low six bits
            return bytes([tail]) if tail in b"./\\" else b"/"
        return bytes([((lead & 1) << 6) | (tail & 0x3F)])
    high, low = (match[2], match[3]) if match[2] is not None else (match[4], match[5])
    return bytes([((high[0] & 1) << 6) | (low[0] & 0x3F)])


def stray_percent(text: str) -> str:
    """Percent signs before what is no hexadecimal number: lenient readers (classic ASP) drop them."""
    return text.replace("%", "")


def plus(text: str) -> str:
    """`application/x-www-form-urlencoded`'s `+` as a space."""
    return text.replace("+", " ")


def entities(text: str) -> str:
    """HTML character references (WHATWG HTML section 13.5), numeric ones with any number of leading zeros."""
    plain = _each(_ENTITY, _reference, text)
    return _LEGACY.sub(lambda m: html.unescape(m[0] + ";"), plain) if _LEGACY.search(plain) else plain


def _reference(match: re.Match[str]) -> str:
    if match[3]:
        return html.unescape(match[0])
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]


def escapes(text: str) -> str:
    r"""Backslash escapes of JavaScript, JSON, PHP and Python: `\x3c`, `\u003c`, `\u{3c}`, `\74`, `\n`."""
    return _each(_ESCAPE, _unescape, text)


def _unescape(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits:
        code = int(digits, 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
    if match[4]:
        return chr(int(match[4], 8))
    return _CONTROL.get(match[5], match[5])


def css(text: str) -> str:
    r"""CSS escapes (CSS Syntax 3, section 4.3.7): `\0065 `, limited to ASCII."""
    return _CSS.sub(lambda m: chr(int(m[1], 16)), text)


def hex_prefix(text: str) -> str:
    """`0x2e` spellings of single characters."""
    return _HEX_PREFIX.sub(lambda m: chr(int(m[1], 16)), text)


def utf7(text: str) -> str:
    """UTF-7 runs (RFC 2152): `+ADw-`."""
    return _each(_UTF7, _utf16, text)


def _utf16(match: re.Match[str]) -> str:
    chunk = match[1]
    try:
        return base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-16-be", "strict").rstrip("\x00")
    except (ValueError, UnicodeDecodeError):
        return match[0]


# What lossy conversions to an 8-bit set make of typographic signs.
_BEST_FIT = {
    **dict.fromkeys("‘’‛′ʹʼˈ＇", "'"),
    **dict.fromkeys("“”‟″ʺ＂", '"'),
    **dict.fromkeys("–—―", "--"),
    **dict.fromkeys("。｡", "."),
    **dict.fromkeys("∕⁄", "/"),
    **dict.fromkeys("‹〈", "<"),
    **dict.fromkeys("›〉", ">"),
    "∖": "\\",
    "\xad": "",
}


def best_fit(text: str) -> str:
    """NFKC (fullwidth forms, ligatures, enclosed letters) and the best-fit ASCII of typographic signs."""
    text = unicodedata.normalize("NFKC", text)
    for sign, plain in _BEST_FIT.items():  # many replacements are cheaper than one translation, character by character
        text = text.replace(sign, plain)
    return text


def invisible(text: str) -> str:
    """Without null bytes and zero-width characters, which parsers skip."""
    for sign in _INVISIBLE:
        text = text.replace(sign, "")
    return text


_INVISIBLE = "\x00\u200b\u200c\u200d\u2060\ufeff"


def from_base64(text: str) -> str:
    """The text inside base64 runs, where they hold readable text; otherwise nothing."""
    runs = [match[1] for match in islice(_BASE64.finditer(text), _RUNS)]
    if len(runs) == _RUNS:  # of very many, those nearest to either end
        runs += [match[1] for match in islice(_BASE64.finditer(text, max(0, len(text) - _TAIL)), _RUNS)]
    return "\n".join([plain for run in runs if (plain := _readable(run))][:8])


def _readable(run: str) -> str:
    try:
        raw = base64.b64decode(run.translate({45: 43, 95: 47}).rstrip("=") + "=" * (-len(run.rstrip("=")) % 4))
        plain = raw.decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return ""
    return plain if plain.isprintable() or all(c.isprintable() or c in "\r\n\t" for c in plain) else ""


Decoder = Callable[[str], str]
