"""Alerts, the story of each, and what may be done about it: never about more than the alert itself names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ringwall.console.desk import Console, Seat
from ringwall.console.render import link, note, page, redirect
from ringwall.contract.model_console import Rank
from ringwall.contract.model_monitoring import Action, Respond, Step, Target
from ringwall.core.message import Response
from ringwall.monitoring.incidents import incident_of
from ringwall.monitoring.response import responder
from ringwall.state.alerts import Alert
from ringwall.state.revoker import StoreRevoker

_MANY: Final = 100
_SHOWN: Final = 200
_DAY_S: Final = 86_400.0
_LONGS: Final = {"15m": ("15 minutes", 900.0), "1h": ("1 hour", 3600.0), "1d": ("1 day", 86_400.0)}
_LEFT: Final = (5, 60.0)
_PEOPLE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done about an alert, the rank that it takes, and what it is called."""

    do: Action
    what: Target
    least: Rank
    label: str


DEEDS: Final = (
    Deed("slow", "principal", "responder", "Slow the principal down to 5 requests a minute"),
    Deed("slow", "address", "responder", "Slow the address down to 5 requests a minute"),
    Deed("challenge", "principal", "responder", "Ask the principal for a second factor again"),
    Deed("block", "principal", "responder", "Block the principal"),
    Deed("block", "address", "responder", "Block the address"),
    Deed("revoke", "principal", "admin", "End the principal's sessions and tokens"),
    Deed("freeze", "operation", "admin", "Freeze the operation for everybody"),
)


def show_all(console: Console, seat: Seat) -> Response:
    """`GET alerts`: the latest, the open ones unless all are asked for."""
    every, rule = seat.asked("all") == "1", seat.asked("rule")
    found = console.runtime.alerts.alerts(rule=rule, open_only=not every, limit=_MANY)
    return page(console, seat, "alerts.html", here="alerts", alerts=found, every=every, rule=rule,
                responses=console.runtime.alerts.responses(limit=_MANY), now=console.now())  # fmt: skip


def show_one(console: Console, seat: Seat) -> Response:
    """`GET alert?id=`: what it is about, its timeline, what was reached and done, and the buttons."""
    alert = _alert(console, seat.asked("id"))
    if alert is None:
        return note(console, seat, 404, "No such alert", "It was never there, or is kept no more.", here="alerts")
    console.note("alert.read", seat, f"alert:{alert.id}")
    runtime = console.runtime
    incident = incident_of(
        alert.id, _DAY_S, runtime.directory, runtime.store, runtime.alerts, console.contract, console.persons
    )  # fmt: skip
    done = [each for each in runtime.alerts.responses() if each.alert == alert.id]
    deeds = [deed for deed in DEEDS if seat.may(deed.least) and _value(deed, alert)] if alert.closed is None else []
    return page(
        console, seat, "alert.html", here="alerts", alert=alert, incident=incident, done=done, deeds=deeds,
        timeline=incident.timeline[-_SHOWN:], longs=_LONGS, now=console.now(), may=seat.may("responder"),
        said=seat.asked("said"),
    )  # fmt: skip


def close(console: Console, seat: Seat) -> Response:
    """`POST alert/close`: dealt with."""
    alert = _alert(console, seat.visit.field("id"))
    if alert is None or alert.closed is not None:
        return note(console, seat, 404, "No such open alert", "It was never there, or was closed.", here="alerts")
    console.note("alert.close", seat, f"alert:{alert.id}")
    console.runtime.alerts.close(alert.id, console.now())
    return redirect(link("alerts"))


def respond(console: Console, seat: Seat) -> Response:
    """`POST respond`: one deed about what an alert names, for a time."""
    alert, field = _alert(console, seat.visit.field("id")), seat.visit.field
    deed = next((each for each in DEEDS if f"{each.do} {each.what}" == field("do")), None)
    if alert is None or deed is None or field("for") not in _LONGS or not _value(deed, alert):
        return note(
            console, seat, 400, "Not that", "The alert names nothing that this could be done to.", here="alerts"
        )
    if not seat.may(deed.least):
        return note(console, seat, 403, "Not with this rank", f"That takes a {deed.least}.", here="alerts")
    console.note(f"respond.{deed.do}", seat, f"alert:{alert.id}", against=deed.what, seconds=_LONGS[field("for")][1])
    made = _responder(console, deed, alert, _LONGS[field("for")][1]).act(alert, {}, console.now())
    return redirect(link("alert", id=alert.id, said="spared" if made.spared else "done"))


def undo(console: Console, seat: Seat) -> Response:
    """`POST undo`: end a response now. What only an admin may do only an admin may undo."""
    alerts, wanted = console.runtime.alerts, seat.visit.field("id")
    response = next((each for each in alerts.responses() if each.id == wanted and each.undone is None), None)
    if response is None:
        return note(console, seat, 404, "Nothing to undo", "It ended, or was undone.", here="alerts")
    if response.action in ("revoke", "freeze") and not seat.may("admin"):
        return note(console, seat, 403, "Not with this rank", "That takes an admin.", here="alerts")
    console.note(f"undo.{response.action}", seat, f"response:{response.id}")
    responder.undo(response.id, alerts, StoreRevoker(console.runtime.store), console.now())
    return redirect(link("alert", id=response.alert, said="undone") if response.alert else link("alerts"))


def _alert(console: Console, wanted: str | None) -> Alert | None:
    return console.runtime.alerts.alert(wanted) if wanted else None


def _value(deed: Deed, alert: Alert) -> str | None:
    """What the alert has to do it to."""
    of = {"principal": alert.principal, "address": alert.client, "operation": alert.operation}
    return of.get(deed.what)


def _responder(console: Console, deed: Deed, alert: Alert, seconds: float) -> responder.Responder:
    """One that does this alone, and spares whom the contract spares."""
    stated = console.contract.monitoring.respond
    step = Step(frozenset({alert.rule}), deed.do, deed.what, seconds, _LEFT if deed.do == "slow" else None)
    given = Respond(dry_run=False, most=_PEOPLE, never=stated.never, steps=(step,))
    store = StoreRevoker(console.runtime.store)
    return responder.Responder(given, console.runtime.alerts, store, spared=console.contract.trusted_proxies)
