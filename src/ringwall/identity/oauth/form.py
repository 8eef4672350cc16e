"""The parameters of a request, each at most once (RFC 6749, section 3.1), `resource` alone as often as wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ringwall.core.message import Head, Request

_FORM = "application/x-www-form-urlencoded"
_MANY = 40


@dataclass(frozen=True, slots=True)
class Form:
    """Parameters by name. One that is empty counts as not sent (RFC 6749, section 3.1)."""

    values: dict[str, str]
    resources: tuple[str, ...]

    def get(self, name: str) -> str | None:
        """The value of a parameter, or None."""
        return self.values.get(name)

    def words(self, name: str) -> tuple[str, ...] | None:
        """The words of a parameter, each once and in order; None where it was not sent."""
        value = self.values.get(name)
        return None if value is None else tuple(dict.fromkeys(value.split(" ")))


def form_of(request: Request) -> Form | None:
    """The form in a request's body; None for anything else, and where a parameter came twice."""
    if request.head.media_type != _FORM or not request.body:
        return None
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MANY,
        )
    except (UnicodeDecodeError, ValueError):
        return None
    return _form(pairs)


def query_of(head: Head) -> Form | None:
    """The parameters of a query; None where one came twice."""
    return _form([(pair.name, pair.value) for pair in head.query])


def _form(pairs: Iterable[tuple[str, str]]) -> Form | None:
    resources, values = [], {}
    for name, value in pairs:
        if name == "resource":
            resources.append(value)
        elif name in values:
            return None
        else:
            values[name] = value
    return Form({n: v for n, v in values.items() if v}, tuple(dict.fromkeys(r for r in resources if r)))
