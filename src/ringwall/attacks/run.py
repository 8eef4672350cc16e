"""Plays a case against a target and tells whether it was hurt. Knows nothing of the target or the transport.

The caller gives a function that sends one request, so the same case runs in process, through a gateway,
bare and behind each wall.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from ringwall.attacks.case import Case, Draft, Headers, Received, Reply, Sent
from ringwall.attacks.fill import fill
from ringwall.attacks.grounds import Surroundings
from ringwall.attacks.signs import shown, shown_on_wire

Send = Callable[[Sent], Reply]
Transmit = Callable[[bytes], Received]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a play came to: whether the honest twin was served and whether the target was hurt."""

    honest_ok: bool
    hurt: bool
    honest: tuple[Reply, ...]
    hostile: tuple[Reply, ...]


def play(case: Case, send: Send, surroundings: Surroundings) -> Outcome:
    """Setup, then the honest twin, then the attack, in surroundings that are fresh; not for the wire."""
    if case.wire:
        raise ValueError(f"{case.name} is raw bytes: strike it")
    ready, honest = _honest(case, send, surroundings)
    _tamper(case, surroundings)
    hostile = _exchange(case.hostile, send, surroundings)
    return Outcome(ready, shown(case.success, hostile, surroundings), honest, hostile)


def strike(case: Case, send: Send, transmit: Transmit, surroundings: Surroundings) -> Outcome:
    """As `play`, for a case on the wire: each hostile text is transmitted on a connection of its own.

    `transmit` writes the bytes, reads until the target closes or is silent longer than it allows a slow
    client, and closes.
    """
    ready, honest = _honest(case, send, surroundings)
    received = [transmit(raw(draft, surroundings)) for draft in case.hostile]
    hurt = any(shown_on_wire(case.success, one, surroundings) for one in received)
    return Outcome(ready, hurt, honest, ())


def _honest(case: Case, send: Send, here: Surroundings) -> tuple[bool, tuple[Reply, ...]]:
    setup = _exchange(case.setup, send, here)
    honest = _exchange(case.honest, send, here)
    prepared = all(200 <= reply.status < 300 for reply in setup)
    return prepared and shown(case.expected, honest[-1:], here), honest


def _tamper(case: Case, here: Surroundings) -> None:
    """Needs the target's database; a case without `tamper` needs none."""
    if case.tamper:
        with closing(sqlite3.connect(here.database)) as database, database:
            for statement in case.tamper:
                database.execute(statement)


def _exchange(drafts: tuple[Draft, ...], send: Send, here: Surroundings) -> tuple[Reply, ...]:
    return tuple(send(sent) for draft in drafts for sent in requests(draft, here))


def requests(draft: Draft, here: Surroundings) -> Iterator[Sent]:
    """The draft's requests, filled, as often as it says."""
    for index in range(draft.times):
        yield _request(draft, here, index)


def _request(draft: Draft, here: Surroundings, index: int) -> Sent:
    head, _, body = fill(draft.text, here, index).partition("\n\n")
    first, *rest = head.split("\n")
    method, _, target = first.removesuffix(" HTTP/1.1").partition(" ")
    data = body.encode(draft.encoding)
    written = tuple((name, value) for name, _, value in (line.partition(": ") for line in rest))
    return Sent(method, target, _headers(written, data, draft.caller, here), data, draft.caller)


def _headers(written: Headers, body: bytes, caller: str, here: Surroundings) -> Headers:
    names = {name.lower() for name, _ in written}
    host: Headers = () if "host" in names else (("Host", here.host),)
    proof: Headers = () if "authorization" in names else here.credentials.headers(caller)
    length: Headers = (("Content-Length", str(len(body))),) if body else ()
    return (*host, *proof, *written, *length)


def raw(draft: Draft, here: Surroundings) -> bytes:
    """The bytes of a draft for the wire: line breaks become CRLF, then placeholders are filled."""
    return fill(draft.text.replace("\n", "\r\n"), here).encode("latin-1")
