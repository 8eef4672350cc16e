"""How the wall is to stand, as stated: CORS, limits, the upstream, proxies, accepted findings. Nothing here raises."""

from __future__ import annotations

import ipaddress
from datetime import date
from typing import Literal

from ringwall.contract.api import JSON
from ringwall.contract.model import Accepted, Cors, Limits, Upstream
from ringwall.contract.reading import Desk, listing, mapping, rate, seconds, size, text

_HEADERS = ("authorization", "content-type", "x-api-key")


def cors(value: JSON) -> Cors | None:
    """CORS as stated, None where it is not."""
    if not isinstance(value, dict):
        return None
    age = value.get("max_age")
    return Cors(
        origins=tuple(listing(value.get("origins"))),
        credentials=value.get("credentials") is True,
        headers=tuple(listing(value.get("headers"))) if "headers" in value else _HEADERS,
        expose=tuple(listing(value.get("expose"))),
        max_age=age if isinstance(age, int) else 600,
    )


def limits(value: JSON) -> Limits:
    """Bounds, with defaults for what is not stated."""
    given = mapping(value)
    depth, items = given.get("depth"), given.get("items")
    return Limits(
        body=size(given.get("body")) or 1 << 20,
        upload=size(given.get("upload")) or 100 << 20,
        reply=size(given.get("reply")) or 16 << 20,
        depth=depth if isinstance(depth, int) else 32,
        items=items if isinstance(items, int) else 10_000,
        seconds=seconds(given.get("seconds")) or 30.0,
        rate=rate(given.get("rate")),
        anonymous_rate=rate(given.get("anonymous_rate")),
    )


def upstream(value: JSON, *, identity_headers: bool) -> Upstream:
    """The upstream's own credential."""
    given = mapping(value)
    variable = text(given.get("from"))
    return Upstream(text(given.get("header")), variable[4:] if variable else None, identity_headers)


def journal(value: JSON) -> Literal["required", "best-effort", "strict"]:
    """How much depends on the journal."""
    if value == "strict":
        return "strict"
    return "best-effort" if value == "best-effort" else "required"


def proxies(value: JSON, desk: Desk) -> tuple[str, ...]:
    """Networks of trusted proxies."""
    found = listing(value)
    for index, network in enumerate(found):
        try:
            ipaddress.ip_network(network)
        except ValueError:
            desk.report(("trusted_proxies", index), repr(network), "an address or network such as 10.0.0.0/8")
    return tuple(found)


def accepted(value: JSON, desk: Desk) -> tuple[Accepted, ...]:
    """Findings that the team lives with."""
    made = []
    for index, stated in enumerate(value if isinstance(value, list) else []):
        given = {k: text(v) or "" for k, v in mapping(stated).items()}
        try:
            until = date.fromisoformat(given.get("until", ""))
        except ValueError:
            if "until" in given:
                desk.report(("accepted", index, "until"), given["until"], "a day that the calendar has")
            continue
        made.append(Accepted(given.get("id", ""), given.get("reason", ""), given.get("owner", ""), until))
    return tuple(made)
