"""What an unquoted YAML scalar means: the core schema of YAML 1.2, section 10.3.2, as JSON can hold it.

So `no`, `on` and `2024-01-01` stay the text that a writer of OpenAPI meant, not YAML 1.1's booleans and dates.
"""

from __future__ import annotations

import math
import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9A-Fa-f]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STARTS_NUMBER = frozenset("+-.0123456789")
_DIGITS = 400
_TEXT = frozenset({None, "!", "tag:yaml.org,2002:str"})

Scalar = None | bool | int | float | str


class Unusable(ValueError):
    """A scalar that JSON cannot hold: what was found, what was expected."""


def scalar(text: str, *, plain: bool, tag: str | None) -> Scalar:
    """The value of a scalar; `plain` says that it stood without quotes. Raises Unusable."""
    if tag not in _TEXT:
        return _tagged(text, str(tag))
    return _plain(text) if plain and tag is None else text


def _tagged(text: str, tag: str) -> Scalar:
    known = tag.removeprefix("tag:yaml.org,2002:")
    if known not in ("int", "float", "bool", "null"):
        raise Unusable(f"the tag {tag[:60]!r}", "plain values")
    return _plain(text)


def _plain(text: str) -> Scalar:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _number(text) if text[0] in _STARTS_NUMBER else text


def _number(text: str) -> int | float | str:
    if len(text) > _DIGITS:
        if _FLOAT.fullmatch(text):
            raise Unusable(f"a number of {len(text)} digits", f"at most {_DIGITS}")
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise Unusable(text, "a finite number")
    return _finite(text) if _FLOAT.fullmatch(text) else text


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Unusable(f"{text}, which is beyond a double", "a finite number")
    return value
