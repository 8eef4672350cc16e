"""A staff directory searched with LDAP filters (RFC 4515), in small: `&`, `|`, `!`, `=` and `*`.

Weak on purpose in the way of some real servers: it reads the first filter and ignores what follows.
"""

import re
from collections.abc import Callable, Mapping

Entry = Mapping[str, str]
Filter = Callable[[Entry], bool]


class BadFilter(ValueError):
    """The text is not a filter."""


def parse(text: str) -> Filter:
    """The first filter in `text`."""
    return _filter(text, 0)[0]


def _filter(text: str, at: int) -> tuple[Filter, int]:
    if text[at : at + 1] != "(":
        raise BadFilter(f"expected ( at {at} in {text}")
    if text[at + 1 : at + 2] in ("&", "|", "!"):
        return _group(text, at + 1)
    end = text.find(")", at)
    if end < 0:
        raise BadFilter(f"no ) in {text}")
    return _comparison(text[at + 1 : end]), end + 1


def _group(text: str, at: int) -> tuple[Filter, int]:
    sign, parts, position = text[at], list[Filter](), at + 1
    while text[position : position + 1] == "(":
        part, position = _filter(text, position)
        parts.append(part)
    if text[position : position + 1] != ")":
        raise BadFilter(f"expected ) at {position} in {text}")
    return _joined(sign, parts), position + 1


def _joined(sign: str, parts: list[Filter]) -> Filter:
    if sign == "&":
        return lambda entry: all(part(entry) for part in parts)
    if sign == "|":
        return lambda entry: any(part(entry) for part in parts)
    return lambda entry: not any(part(entry) for part in parts)


def _comparison(text: str) -> Filter:
    name, equals, wanted = text.partition("=")
    if not equals:
        raise BadFilter(f"no = in {text}")
    pattern = re.compile(".*".join(map(re.escape, wanted.split("*"))), re.IGNORECASE)
    return lambda entry: name in entry and pattern.fullmatch(entry[name]) is not None
