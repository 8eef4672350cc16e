"""Parameter styles of OpenAPI 3.1 (Parameter Object, Style Values), read back from text to strings, lists and maps.

The functions take undecoded text and a `decode` that undoes percent-encoding: delimiters separate only where they were
written plainly (RFC 6570). Pure. Text that is not of the style is an answer (None).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Kind = Literal["scalar", "array", "object"]
Raw = str | list[str] | dict[str, str]
Decode = Callable[[str], str]

DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "simple": ","}


def as_is(text: str) -> str:
    """No decoding: the text was decoded before."""
    return text


def listed(text: str, delimiter: str, decode: Decode) -> list[str]:
    """`a,b` -> ["a", "b"]; the empty text is the empty list."""
    return [decode(part) for part in text.split(delimiter)] if text else []


def paired(text: str, delimiter: str, decode: Decode) -> dict[str, str] | None:
    """`a,1,b,2` -> {"a": "1", "b": "2"}; None for an odd count or a name that comes twice."""
    parts = listed(text, delimiter, decode)
    made = dict(zip(parts[::2], parts[1::2], strict=False))
    return made if len(made) * 2 == len(parts) else None


def assigned(text: str, delimiter: str, decode: Decode) -> dict[str, str] | None:
    """`a=1,b=2` -> {"a": "1", "b": "2"}; None where a part is no assignment or a name comes twice."""
    parts = [part.partition("=") for part in text.split(delimiter)] if text else []
    made = {decode(name): decode(value) for name, sep, value in parts if sep}
    return made if len(made) == len(parts) else None


def simple(text: str, kind: Kind, decode: Decode, *, explode: bool) -> Raw | None:
    """Style `simple` of paths and headers: `a`, `a,b`, `a,1,b,2`, or exploded `a=1,b=2`."""
    if kind == "scalar":
        return decode(text)
    if kind == "array":
        return listed(text, ",", decode)
    return assigned(text, ",", decode) if explode else paired(text, ",", decode)


def label(text: str, kind: Kind, decode: Decode, *, explode: bool) -> Raw | None:
    """Style `label` of paths: `.a`, `.a,b` or `.a.b`, `.a,1,b,2` or `.a=1.b=2`."""
    if not text.startswith("."):
        return None
    rest, delimiter = text[1:], "." if explode else ","
    if kind == "scalar":
        return decode(rest)
    if kind == "array":
        return listed(rest, delimiter, decode)
    return assigned(rest, delimiter, decode) if explode else paired(rest, delimiter, decode)


def matrix(text: str, name: str, kind: Kind, decode: Decode, *, explode: bool) -> Raw | None:
    """Style `matrix` of paths: `;n=a`, `;n=a,b` or `;n=a;n=b`, `;n=a,1,b,2` or `;a=1;b=2`."""
    if not text.startswith(";"):
        return None
    if kind == "object" and explode:
        return assigned(text[1:], ";", decode)
    parts = [part.partition("=") for part in text[1:].split(";")]
    if any(decode(got) != name for got, _, _ in parts):
        return None
    values = [value for _, _, value in parts]
    if kind == "array" and explode:
        return [decode(value) for value in values]
    if len(values) != 1:
        return None
    if kind == "scalar":
        return decode(values[0])
    return listed(values[0], ",", decode) if kind == "array" else paired(values[0], ",", decode)


def delimited(text: str, style: str, kind: Kind, decode: Decode) -> Raw | None:
    """The unexploded query styles: `a,b`, `a%20b` (or `a+b`), `a|b` (or `a%7Cb`); objects as name, value in turn.

    A space and a bar cannot stand plainly in a URI: encoded they are the delimiter all the same.
    """
    if kind == "scalar":
        return decode(text)
    if style == "spaceDelimited":
        text = text.replace("%20", " ").replace("+", " ")
    if style == "pipeDelimited":
        text = text.replace("%7C", "|").replace("%7c", "|")
    delimiter = DELIMITERS[style]
    return listed(text, delimiter, decode) if kind == "array" else paired(text, delimiter, decode)
