"""The drill on somebody's own application: the scan attacks it bare, behind its wall, and with each layer fooled.

What is proved of the bare application is an attack; with a layer fooled it counts as stopped if the same proof fails.
The application keeps its own data, which is why it has to be a test system; ringwall's is temporary.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ringwall.adapters.gateway import Gateway, Server, Upstream, fetcher
from ringwall.adapters.inside import is_asgi
from ringwall.build.assemble import Circumstances, Prepared, assemble, prepare
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.build.served import Bridge, serving
from ringwall.build.settings import roles_of
from ringwall.contract.model import Contract
from ringwall.core.event import Event
from ringwall.core.known import Principal
from ringwall.core.message import Head
from ringwall.core.plan import Wall
from ringwall.core.ports import Account
from ringwall.core.reasons import Layer
from ringwall.drill.fool import FOOLABLE, fooled
from ringwall.drill.matrix import Cell, Matrix, Progress, Row, layer_named
from ringwall.scan import Options, Report, scan
from ringwall.scan.model import Account as Attacker

NOT_ATTACKS = frozenset({"headers", "tls", "inventory", "errors", "cors", "rate-limit", "enumeration"})
"""What a scan tells that no fooled layer could be blamed for letting through."""
_CLASSES = {
    "object-read": "idor", "object-write": "idor", "token": "authentication", "data-exposure": "misconfiguration",
    "deserialization": "rce", "cost": "flood",
}  # fmt: skip
"""The scan's classes by the corpus's, where the names differ."""
CREDENTIALS = ("authorization", "x-api-key", "cookie")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the drill may act as, with an account of ringwall's made for it. `bare` is what the application
    itself takes for a credential, where it has a login of its own."""

    name: str
    roles: frozenset[str]
    subject: str
    tenant: str | None
    bare: Attacker


@dataclass(frozen=True, slots=True)
class Target:
    """What is attacked: an application in process, or the URL of one."""

    app: Any
    url: str | None
    contract: Contract


def drill(
    target: Target, people: Iterable[Person], root: Path, progress: Progress, *, budget_s: float = 60.0
) -> Matrix:
    """Bare, whole, each layer fooled, each left alone. Raises OSError where the target cannot be reached."""
    began = time.monotonic()
    logging.getLogger("ringwall").setLevel(logging.CRITICAL + 1)  # attacks make the application fail on purpose
    stage = _Stage(target, tuple(people), prepare(target.contract), root, budget_s)
    progress("bare")
    attacks = _proved(stage.bare())
    whole = stage.behind(frozenset())
    progress("whole wall")
    single, alone = {}, {}
    for layer in FOOLABLE if attacks else ():
        single[layer] = stage.behind(frozenset({layer}))
        alone[layer] = stage.behind(frozenset(FOOLABLE) - {layer})
        progress(f"{layer.value} fooled")
    rows = tuple(_row(found, whole, single, alone) for found in sorted(attacks))
    return Matrix(rows, (), round(time.monotonic() - began, 1))


Found = tuple[str, str, str]
"""A proof's class, operation and place."""


_ACCESS = frozenset({"object-read", "object-write", "function", "authentication", "token", "data-exposure"})
_OF_ACCESS = frozenset({"authentication", "authorization", "disclosure", "encryption"})
_OF_CONTENT = frozenset({"transport", "validation", "detection", "sinks", "disclosure"})


@dataclass(frozen=True, slots=True)
class _Run:
    """One scan of the wall: what it proved, and what the wall said meanwhile."""

    proved: frozenset[Found]
    events: tuple[Event, ...]

    def stopper(self, found: Found) -> str | None:
        """The layer that refused most at the attacked operation, of those that answer such attacks, else the one that
        rewrote; None if it was proved."""
        if found in self.proved:
            return None
        here = [e for e in self.events if e.operation == found[1]]
        refusing = Counter(layer_named(e.layer) for e in here if e.decision == "refuse" and e.layer)
        rewriting = Counter(note.partition(":")[0] for e in here for note in e.notes)
        answers = _OF_ACCESS if found[0] in _ACCESS else _OF_CONTENT
        for counted in (Counter({n: c for n, c in refusing.items() if n in answers}), rewriting, refusing):
            if counted:
                return counted.most_common(1)[0][0]
        return Layer.DISCLOSURE.value

    def serves(self, found: Found) -> bool:
        """Whether an honest request to the attacked operation passed, or nobody was there who may."""
        here = [e for e in self.events if e.operation == found[1]]
        return not here or any(e.decision == "allow" for e in here)


def _row(found: Found, whole: _Run, single: dict[Layer, _Run], alone: dict[Layer, _Run]) -> Row:
    kind, operation, where = found
    seen = any(e.operation == operation and (e.decision != "allow" or e.notes) for e in whole.events)
    return Row(
        kind=_CLASSES.get(kind, kind),
        case=re.sub(r"[^a-z0-9]+", "-", f"{kind} {operation} {where}".lower()).strip("-"),
        operation=operation,
        hurts_bare=True,
        honest_passes=whole.serves(found),
        stopped_by=whole.stopper(found),
        seen=seen,
        cells=tuple(Cell(layer.value, run.serves(found), run.stopper(found)) for layer, run in single.items()),
        alone=tuple(layer.value for layer, run in alone.items() if found not in run.proved),
        pairs=None,
    )


def _proved(report: Report) -> frozenset[Found]:
    return frozenset((f.kind, f.operation, f.where) for f in report.findings if f.kind not in NOT_ATTACKS)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything that each run needs."""

    target: Target
    people: tuple[Person, ...]
    prepared: Prepared
    root: Path
    budget_s: float

    def bare(self) -> Report:
        """A scan of the application as it is."""
        if self.target.url is not None:
            return self._scanned(self.target.url, [p.bare for p in self.people])
        app = self.target.app
        with serving(app if is_asgi(app) else Bridge(app)) as url:
            return self._scanned(url, [p.bare for p in self.people])

    def behind(self, layers: frozenset[Layer]) -> _Run:
        """A scan of the wall with these layers fooled."""
        events: list[Event] = []
        runtime = open_runtime(Path(mkdtemp(dir=self.root)))
        try:
            attackers = [self._enrolled(runtime, person) for person in self.people]
            with self._wall(runtime, layers, events.append) as url:
                return _Run(_proved(self._scanned(url, attackers)), tuple(events))
        finally:
            runtime.close()

    @contextmanager
    def _wall(self, runtime: Runtime, layers: frozenset[Layer], watch: Callable[[Event], None]) -> Iterator[str]:
        here = Circumstances(watch=watch)
        if self.target.url is None:
            app = self.target.app
            walled = protected_asgi(app if is_asgi(app) else Bridge(app), self.prepared, runtime, here)
            walled.wall = self._fooled(walled.wall, layers)
            with serving(walled) as url:
                yield url
            return
        upstream = Upstream(self.target.url)
        wall = assemble(self.prepared, runtime, replace(here, fetch=fetcher(upstream)))
        with _gateway(self._fooled(wall, layers), upstream) as url:
            yield url

    def _fooled(self, wall: Wall, layers: frozenset[Layer]) -> Wall:
        return fooled(wall, layers, self._claim) if layers else wall

    def _claim(self, head: Head) -> Principal | None:
        """Whom a fooled authentication takes the attacker for: without a credential, the one who may most."""
        if any(name in head.headers for name in CREDENTIALS) or not self.people:
            return None
        greatest = max(self.people, key=lambda person: len(self._effective(person)))
        return Principal(greatest.subject, self._effective(greatest), "claimed", greatest.tenant, mfa=True)

    def _effective(self, person: Person) -> frozenset[str]:
        return roles_of(self.target.contract).effective(person.roles, mfa=True)[0]

    def _enrolled(self, runtime: Runtime, person: Person) -> Attacker:
        signed = Account(person.subject, person.name, person.roles, person.tenant)
        token = runtime.tokens.issue(signed, lifetime_s=3600)
        return replace(person.bare, headers=(("Authorization", f"Bearer {token}"),), username=None, password=None)

    def _scanned(self, url: str, attackers: list[Attacker]) -> Report:
        contract = self.target.contract
        return scan(url, contract.api, contract, attackers, Options(budget_s=self.budget_s, seed="drill"))


@contextmanager
def _gateway(wall: Wall, upstream: Upstream) -> Iterator[str]:
    """A gateway in a thread, on a free port of loopback."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    started = asyncio.run_coroutine_threadsafe(Gateway(wall, upstream).serve(sock=listener), loop).result(20)
    try:
        yield f"http://127.0.0.1:{started.port}"
    finally:
        asyncio.run_coroutine_threadsafe(_ended(started), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _ended(server: Server) -> None:
    """Close the gateway, and what of its tasks is left."""
    await server.close(0.1)
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
