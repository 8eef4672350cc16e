"""Strict readings of the two encodings that tokens are made of. Each has exactly one accepted spelling."""

from __future__ import annotations

import binascii
import json
import math
from typing import Final, NoReturn

import orjson

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING: Final = (b"", b"!", b"==", b"=")
"""By the length modulo four; no data has a length of one more than a multiple."""
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URLSAFE).decode()


def decode(text: str) -> bytes | None:
    """The bytes behind base64url `text`, or None unless `text` is exactly how `encode` would spell them.

    The strict decoder refuses foreign characters, padding and white space; encoding the last few bytes again, unused
    bits that are not zero (RFC 4648, section 3.5): whatever a lenient decoder would have ignored.
    """
    try:
        data = binascii.a2b_base64(
            text.encode("ascii").translate(_TO_STANDARD) + _PADDING[len(text) & 3], strict_mode=True
        )
    except ValueError:
        return None
    left = len(data) % 3
    return data if not left or encode(data[-left:]) == text[-left - 1 :] else None


def parse(data: bytes) -> Json:
    """The JSON value in `data`. Raises ValueError for anything that two parsers could read differently.

    That is: invalid UTF-8, a byte order mark, a member named twice (RFC 8259, section 4), NaN and infinities,
    lone surrogates, and nesting too deep to read.

    What is written out again as the very same bytes names no member twice and has one reading: so most tokens are
    read by the faster reader.
    """
    try:
        quick: Json = orjson.loads(data)
        if orjson.dumps(quick) == data:
            return quick
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass  # the strict reader says what is wrong, or reads what is only written in another way
    text = data.decode("utf-8")
    try:
        value: Json = _STRICT.decode(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number out of range")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant)
