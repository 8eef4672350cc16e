"""Sigma's values as tests of one field's value. Linear time: regular expressions are RE2's."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from typing import Final

import re2
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaType,
    SpecialChars,
)

Test = Callable[[object], bool]
"""Judges what a record has in a field: a text, a number, a list of them, or None where it has nothing."""


class Unsupported(Exception):
    """Something of Sigma that events of this journal cannot answer; the message says what."""


_ORDER: Final[dict[CompareOperators, Callable[[float, float], bool]]] = {
    CompareOperators.LT: lambda a, b: a < b,
    CompareOperators.LTE: lambda a, b: a <= b,
    CompareOperators.GT: lambda a, b: a > b,
    CompareOperators.GTE: lambda a, b: a >= b,
    CompareOperators.NEQ: lambda a, b: a != b,
}
_FLAGS: Final = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


def test_of(value: SigmaType) -> Test:
    """The test that a Sigma value stands for. Raises Unsupported."""
    if isinstance(value, SigmaString):
        return _any(_text(value))
    if isinstance(value, SigmaBool):
        return _any(_equal_bool(value.boolean))
    if isinstance(value, SigmaNumber):
        return _any(_equal_number(float(value.number)))
    if isinstance(value, SigmaNull):
        return _absent
    if isinstance(value, SigmaExists):
        return (lambda found: not _absent(found)) if value.exists else _absent
    if isinstance(value, SigmaRegularExpression):
        return _any(_regex(value))
    if isinstance(value, SigmaCIDRExpression):
        return _any(_cidr(value.cidr))
    if isinstance(value, SigmaCompareExpression):
        return _any(_compare(value))
    raise Unsupported(f"values of type {type(value).__name__}")


def _absent(found: object) -> bool:
    return found is None or found == "" or found == []


def _any(one: Test) -> Test:
    """A list matches where one of its items does."""

    def test(found: object) -> bool:
        if isinstance(found, (list, tuple)):
            return any(map(one, found))
        return found is not None and one(found)

    return test


def _text(value: SigmaString) -> Test:
    cased = isinstance(value, SigmaCasedString)
    parts = [_star(p) if isinstance(p, SpecialChars) else str(p) if cased else str(p).lower() for p in value.s]
    read: Callable[[object], str] = str if cased else _lower
    plain = [p for p in parts if isinstance(p, str)]
    shape = "".join("a" if isinstance(p, str) else p.kind for p in parts)
    if shape in ("", "a"):
        whole = "".join(plain)
        return lambda found: read(found) == whole
    if shape == "a*":
        return lambda found: read(found).startswith(plain[0])
    if shape == "*a":
        return lambda found: read(found).endswith(plain[0])
    if shape == "*a*":
        return lambda found: plain[0] in read(found)
    if shape == "*":
        return lambda found: True
    pattern = re2.compile("(?s)\\A" + "".join(re2.escape(p) if isinstance(p, str) else p.regex for p in parts) + "\\z")
    return lambda found: pattern.search(read(found)) is not None


class _Wild:
    """A wildcard: `*` or `?`."""

    __slots__ = ("kind", "regex")

    def __init__(self, kind: str, regex: str) -> None:
        self.kind, self.regex = kind, regex


_STAR, _ONE = _Wild("*", ".*"), _Wild("?", ".")


def _star(special: SpecialChars) -> _Wild:
    return _STAR if special is SpecialChars.WILDCARD_MULTI else _ONE


def _lower(found: object) -> str:
    return str(found).lower()


def _equal_bool(wanted: bool) -> Test:
    return lambda found: found is wanted


def _number(found: object) -> float:
    """What a value counts as, NaN for what is no number."""
    try:
        return float(found) if isinstance(found, (int, float, str)) and not isinstance(found, bool) else math.nan
    except ValueError:
        return math.nan


def _equal_number(wanted: float) -> Test:
    return lambda found: _number(found) == wanted


def _compare(value: SigmaCompareExpression) -> Test:
    if not isinstance(value.number, SigmaNumber):
        raise Unsupported("comparisons with what is no number")
    order, limit = _ORDER[value.op], float(value.number.number)
    return lambda found: order(_number(found), limit)


def _regex(value: SigmaRegularExpression) -> Test:
    flags = "".join(_FLAGS[flag] for flag in value.flags)
    source = str(value.regexp)
    try:
        pattern = re2.compile(f"(?{flags}){source}" if flags else source)
    except re2.error as flaw:
        raise Unsupported(f"the regular expression {source[:60]!r} ({flaw})") from None
    return lambda found: pattern.search(str(found)) is not None


def _cidr(cidr: str) -> Test:
    network = ipaddress.ip_network(cidr, strict=False)

    def test(found: object) -> bool:
        try:
            address = ipaddress.ip_address(str(found))
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address) in network

    return test
