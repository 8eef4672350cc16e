"""`when:` of a rule: conditions on the time, the network and the caller, as stated and as values."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from ringwall.contract.api import JSON
from ringwall.contract.model import When
from ringwall.contract.shapes import Listing, Path, Record, Report, Table, Text, Word

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
METHODS: Final = ("api_key", "token", "issuer", "basic", "session", "certificate")
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_NAME: Final = Text(r"[^\x00-\x1f]{1,500}", "a text")

WHEN: Final = Record(
    "conditions that have to hold besides",
    {
        "hours": Text(rf"{_TIME}-(?:{_TIME}|24:00)", "hours such as 08:00-18:00"),
        "days": Listing(Word(DAYS)),
        "zone": Text(r"[A-Za-z0-9_+/-]{1,60}", "a time zone such as Europe/London"),
        "networks": Listing(Text(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?", "an address or network")),
        "methods": Listing(Word(METHODS)),
        "claims": Table(_NAME, Listing(_NAME)),
    },
    notes={
        "hours": "From when until when of the day; past midnight where the end is earlier.",
        "days": "On which days of the week.",
        "zone": "The time zone of hours and days; UTC where none is stated.",
        "networks": "From which addresses.",
        "methods": "How the caller proved who it is.",
        "claims": "Claims of the token, by dotted path, and the values of which one has to be there.",
    },
)


def conditions(value: JSON, path: Path, report: Report) -> When | None:
    """The conditions as values; None where none is stated. Tells a zone that is none and an address that is none."""
    if not isinstance(value, dict):
        return None
    hours = value.get("hours")
    listed = {key: _texts(value.get(key)) for key in ("days", "networks", "methods")}
    claims = value.get("claims")
    for key in ("days", "networks", "methods"):
        if key in value and not listed[key]:
            report((*path, key), "an empty list, which nothing satisfies", "at least one")
    return When(
        hours=_hours(hours, (*path, "hours"), report) if isinstance(hours, str) else None,
        days=frozenset(DAYS.index(day) for day in listed["days"]),
        zone=_zone(value.get("zone"), (*path, "zone"), report),
        networks=_networks(listed["networks"], (*path, "networks"), report),
        methods=frozenset(listed["methods"]),
        claims=_claims(claims, path, report) if isinstance(claims, dict) else (),
    )


def _texts(value: JSON) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _hours(stated: str, path: Path, report: Report) -> tuple[int, int] | None:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in stated.split("-"))
    if begin == end:
        report(path, f"{stated!r}, which is no time at all", "a beginning and another end")
    return begin, end


def _zone(stated: JSON, path: Path, report: Report) -> tzinfo:
    if not isinstance(stated, str):
        return UTC
    try:
        return ZoneInfo(stated)
    except (KeyError, OSError, ValueError):
        report(path, f"the unknown time zone {stated[:60]!r}", "one of the IANA's, such as Europe/London")
        return UTC


def _networks(
    stated: list[str], path: Path, report: Report
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    found = []
    for index, each in enumerate(stated):
        try:
            found.append(ipaddress.ip_network(each))
        except ValueError:
            report((*path, index), repr(each), "an address or a network such as 10.0.0.0/8, its host bits zero")
    return tuple(found)


def _claims(stated: Mapping[str, JSON], path: Path, report: Report) -> tuple[tuple[str, frozenset[str]], ...]:
    for name, values in stated.items():
        if not _texts(values):
            report((*path, "claims", name), "an empty list, which nothing satisfies", "at least one value")
    return tuple((name, frozenset(_texts(values))) for name, values in stated.items())
