"""What is done about an alert, as the contract states it: with limits, an end, and a way back."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ringwall.contract.model_monitoring import Respond, Step
from ringwall.core.address import network
from ringwall.state.alerts import Alert, Alerts, Response

HOUR_S: Final = 3600.0

Record = Mapping[str, object]


class Revoker(Protocol):
    """What ends sessions, tokens and keys, and gives them back where that can be."""

    def revoke(self, kind: str, value: str, at: float, until: float) -> None: ...
    def restore(self, kind: str, value: str, at: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an alert led to: what was done (or would have been), and what was not, with the reason."""

    done: tuple[Response, ...] = ()
    spared: tuple[str, ...] = ()
    over: bool = False


class Responder:
    """Acts for one contract. `spared` are addresses that are never acted on, such as trusted proxies."""

    def __init__(self, given: Respond, alerts: Alerts, revoker: Revoker, spared: tuple[str, ...] = ()) -> None:
        self._given, self._alerts, self._revoker = given, alerts, revoker
        self._networks = [n for text in (*given.never, *spared) if (n := _network(text)) is not None]

    def act(self, alert: Alert, record: Record, now: float) -> Outcome:
        """Everything that the contract has for an alert; `record` is the event that raised it. Raises Unavailable."""
        done: list[Response] = []
        spared: list[str] = []
        over = False
        for step in self._given.steps:
            if alert.rule not in step.on or step.do == "notify":
                continue
            value = _value(step, alert, record)
            if not value:
                spared.append(f"{step.do}: the alert names no {step.what}")
            elif self._never(step, value):
                spared.append(f"{step.do}: this {step.what} is never acted on")
            elif not self._room(step, value, now):
                over = True
            else:
                done.append(self._do(step, value, alert, now))
        return Outcome(tuple(done), tuple(spared), over)

    def _never(self, step: Step, value: str) -> bool:
        if step.what != "address":
            return value in self._given.never
        place = _network(value)
        return place is not None and any(n.version == place.version and place.overlaps(n) for n in self._networks)

    def _room(self, step: Step, value: str, now: float) -> bool:
        """Whether automation may act on one more in this hour; on the same again it always may."""
        if self._given.dry_run:
            return True
        touched = self._alerts.touched(now - HOUR_S)
        return (step.what, value) in touched or len(touched) < self._given.most

    def _do(self, step: Step, value: str, alert: Alert, now: float) -> Response:
        detail = f"{step.rate[0]}/{step.rate[1]:g}" if step.rate else ""
        response = Response(
            f"r-{secrets.token_hex(6)}", step.do, step.what, value, now, now + step.seconds, alert.id, alert.rule,
            detail, self._given.dry_run,
        )  # fmt: skip
        return perform(response, self._alerts, self._revoker, alert.principal)


def perform(response: Response, alerts: Alerts, revoker: Revoker, whose: str | None = None) -> Response:
    """Put a response into force, unless it is dry; `whose` address it is held against, where that is known.

    Raises Unavailable."""
    if response.action == "revoke" and not response.dry:
        revoker.revoke(response.kind, response.value, response.since, response.until)
    alerts.respond(response, whose)
    return response


def undo(response_id: str, alerts: Alerts, revoker: Revoker, now: float) -> tuple[Response, bool] | None:
    """End a response now: it, and whether all of it was taken back. None where there is none of this id.

    Raises Unavailable."""
    response = alerts.undo(response_id, now)
    if response is None:
        return None
    if response.action != "revoke" or response.dry:
        return response, True
    return response, revoker.restore(response.kind, response.value, response.since)


def by_hand(action: str, kind: str, value: str, seconds: float, rate: str, now: float) -> Response:
    """A response that a person asks for: no alert is behind it."""
    return Response(
        f"r-{secrets.token_hex(6)}", action, kind, value, now, now + seconds, "", "by hand", rate, dry=False
    )


def _value(step: Step, alert: Alert, record: Record) -> str | None:
    if step.what == "address":
        found: object = alert.client or record.get("client")
        return network(str(found)) if found else None
    if step.what == "credential":
        found = record.get("credential") or alert.group.get("credential")
    else:
        found = alert.principal if step.what == "principal" else alert.operation
    return str(found) if found else None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
