"""Reading `monitoring:`: every mistake is told and nothing is raised."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from ringwall.contract.api import JSON
from ringwall.contract.model_monitoring import (
    Action,
    Email,
    Honey,
    Level,
    Monitoring,
    Notify,
    Otel,
    Respond,
    Step,
    Syslog,
    Target,
    Webhook,
)
from ringwall.contract.reading import Desk, listing, mapping, rate, text

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_WHAT: Final[Mapping[Action, tuple[Target, ...]]] = {
    "slow": ("principal", "address"),
    "challenge": ("principal",),
    "revoke": ("principal", "credential"),
    "block": ("address", "principal"),
    "freeze": ("operation",),
    "notify": ("principal", "address", "credential", "operation"),
}
"""What each action can act on; the first where nothing is stated."""


def monitoring(value: JSON, directory: Path, desk: Desk) -> Monitoring:
    """The section as stated; directories and files are beside the contract."""
    given = mapping(value)
    within, keep = given.get("tested_within"), given.get("keep_days")
    honey = mapping(given.get("honey"))
    return Monitoring(
        rules=tuple(str(directory / each) for each in listing(given.get("rules"))),
        off=frozenset(listing(given.get("off"))),
        tested_within=within if isinstance(within, int) else 30,
        keep_days=keep if isinstance(keep, int) else 400,
        honey=Honey(*(tuple(listing(honey.get(name))) for name in ("keys", "objects", "fields", "operations"))),
        respond=_respond(mapping(given.get("respond")), desk),
        notify=_notify(mapping(given.get("notify")), directory),
    )


def _respond(given: Mapping[str, JSON], desk: Desk) -> Respond:
    most, actions = given.get("most"), given.get("actions")
    steps = [_step(mapping(each), n, desk) for n, each in enumerate(actions if isinstance(actions, list) else [])]
    return Respond(
        dry_run=given.get("dry_run") is not False,
        most=most if isinstance(most, int) else 20,
        never=frozenset(map(_canonical, listing(given.get("never")))),
        steps=tuple(step for step in steps if step is not None),
    )


def _canonical(stated: str) -> str:
    """A network in its one spelling; a subject as it is."""
    try:
        return str(ipaddress.ip_network(stated, strict=False))
    except ValueError:
        return stated


def _step(given: Mapping[str, JSON], number: int, desk: Desk) -> Step | None:
    where = ("monitoring", "respond", "actions", number)
    action = cast("Action | None", text(given.get("do")))
    if action is None:
        return None
    what = cast("Target", text(given.get("what")) or _WHAT[action][0])
    if what not in _WHAT[action]:
        desk.report((*where, "what"), repr(what), f"{' or '.join(_WHAT[action])}, for `{action}`")
    allowed = rate(given.get("rate"))
    if (action == "slow") is not (allowed is not None):
        found = "no `rate`" if action == "slow" else "a `rate`"
        desk.report(where, found, "a `rate` for `slow`, and for nothing else")
    spelled = text(given.get("for")) or "15m"
    seconds = int(spelled[:-1]) * _UNITS[spelled[-1]]
    left = (allowed.count, allowed.seconds) if allowed else None
    return Step(frozenset(listing(given.get("on"))), action, what, seconds, left)


def _notify(given: Mapping[str, JSON], directory: Path) -> Notify:
    hooks = given.get("webhooks")
    return Notify(
        webhooks=tuple(_webhook(mapping(each), directory) for each in (hooks if isinstance(hooks, list) else [])),
        email=_email(mapping(given["email"]), directory) if "email" in given else None,
        syslog=_syslog(mapping(given["syslog"]), directory) if "syslog" in given else None,
        otel=_otel(mapping(given["otel"]), directory) if "otel" in given else None,
    )


def _webhook(given: Mapping[str, JSON], directory: Path) -> Webhook:
    url, secret = text(given.get("url")) or "", text(given.get("secret_env")) or ""
    return Webhook(url, secret, _level(given), _beside(given, directory))


def _email(given: Mapping[str, JSON], directory: Path) -> Email:
    implicit = given.get("tls") == "implicit"
    return Email(
        host=text(given.get("host")) or "",
        port=_port(given, 465 if implicit else 587),
        to=tuple(listing(given.get("to"))),
        sender=text(given.get("sender")) or "",
        user=text(given.get("user")),
        password_env=text(given.get("password_env")),
        implicit=implicit,
        least=_level(given),
        ca=_beside(given, directory),
    )


def _syslog(given: Mapping[str, JSON], directory: Path) -> Syslog:
    return Syslog(text(given.get("host")) or "", _port(given, 6514), _level(given), _beside(given, directory))


def _otel(given: Mapping[str, JSON], directory: Path) -> Otel:
    signals = listing(given.get("signals")) or ["logs", "traces", "metrics"]
    return Otel(text(given.get("endpoint")) or "", frozenset(signals), _beside(given, directory))


def _port(given: Mapping[str, JSON], otherwise: int) -> int:
    port = given.get("port")
    return port if isinstance(port, int) else otherwise


def _level(given: Mapping[str, JSON]) -> Level:
    return cast("Level", text(given.get("from")) or "medium")


def _beside(given: Mapping[str, JSON], directory: Path) -> str | None:
    name = text(given.get("ca"))
    return str(directory / name) if name else None
