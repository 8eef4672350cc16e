"""The personal parts of alerts and responses, as the journal has them: each sealed under the key of the person it tells
of, so that destroying that key reaches them in the store, in what still waits to be delivered, and in copies of both.

An alert's are its principal and, where it has one, its address and what it is grouped by; a response's, whom it is held
against, and an address where it is known whose. What nobody has a key for stays as it is: an address without a
principal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from ringwall.state.alert_rows import Alert, Response

_GROUP: Final = "group"
_MEMBERS: Final = {"principal": "principal", "address": "client"}
"""What a response is held against, as the member of a record that names the same."""


class Persons(Protocol):
    """What seals a text under a person's key, opens it, and knows every way in which it may be written."""

    def seal(self, subject: str, member: str, text: str) -> str: ...
    def open(self, member: str, text: str) -> str: ...
    def spellings(self, member: str, text: str) -> list[str]: ...
    def erased(self) -> Callable[[str], bool]: ...


class Unsealed:
    """Of a store that is read without its keys: what is sealed stays so, and nothing is sealed."""

    def seal(self, subject: str, member: str, text: str) -> str:
        """As it is."""
        return text

    def open(self, member: str, text: str) -> str:
        """As it is."""
        return text

    def spellings(self, member: str, text: str) -> list[str]:
        """As it is."""
        return [text]

    def erased(self) -> Callable[[str], bool]:
        """Not known."""
        return lambda subject: False


def sealed_alert(alert: Alert, persons: Persons) -> Alert:
    """As it is stored. Raises Unavailable where a key cannot be had."""
    who = alert.principal
    if not who:
        return alert
    return _changed(alert, lambda member, text: persons.seal(who, member, text))


def opened_alert(alert: Alert, persons: Persons) -> Alert:
    """In clear, as far as the keys live."""
    return _changed(alert, persons.open)


def _changed(alert: Alert, change: Callable[[str, str], str]) -> Alert:
    return replace(
        alert,
        principal=change("principal", alert.principal) if alert.principal else alert.principal,
        client=change("client", alert.client) if alert.client else alert.client,
        group={name: change(_GROUP, value) for name, value in alert.group.items()},
    )


def sealed_response(response: Response, whose: str | None, persons: Persons) -> Response:
    """As it is stored; `whose` address it is about, where that is known. Raises Unavailable."""
    member = _MEMBERS.get(response.kind)
    who = response.value if response.kind == "principal" else whose
    return response if member is None or not who else replace(response, value=persons.seal(who, member, response.value))


def opened_response(response: Response, persons: Persons) -> Response:
    """In clear, as far as the key lives."""
    member = _MEMBERS.get(response.kind)
    return response if member is None else replace(response, value=persons.open(member, response.value))


def opened_message(told: Mapping[str, Any], persons: Persons) -> dict[str, Any]:
    """What is told of an alert, made from sealed ones, in clear as far as the keys live."""
    opened = dict(told)
    for member in ("principal", "client"):
        if isinstance(told.get(member), str):
            opened[member] = persons.open(member, told[member])
    group, done = told.get(_GROUP), told.get("responses")
    if isinstance(group, Mapping):
        opened[_GROUP] = {name: persons.open(_GROUP, str(value)) for name, value in group.items()}
    if isinstance(done, list):
        opened["responses"] = [
            {**each, "value": persons.open(_MEMBERS.get(str(each.get("kind")), ""), str(each.get("value")))}
            for each in done
        ]
    return opened
