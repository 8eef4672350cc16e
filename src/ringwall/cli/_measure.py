"""What a wall adds to a request, measured in one process: the bare and the protected application take turns.

No sockets, so that nothing but the two is measured: the processor time of the process, all its threads together, in
microseconds. It goes on only while this process has a processor. Figures are the medians of one batch of rounds, the
quietest of several: what else the machine does can only make a batch slower (by its use of the caches), never faster.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_to_bytes

from ringwall.core.event import Event
from ringwall.core.plan import Wall
from ringwall.core.reasons import Layer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Write = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Write], Awaitable[None]]

WARM, BATCHES = 30, 10
SHORT = {Layer.AUTHENTICATION: "authn", Layer.AUTHORIZATION: "authz"}
"""Layers by the names that their reason codes begin with."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request, sent again and again."""

    name: str
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of one case, in microseconds; `layers` by name, monitoring with the writing of the journal."""

    name: str
    bare_us: float
    protected_us: float
    layers: dict[str, float]

    @property
    def added_us(self) -> float:
        """What protection adds."""
        return self.protected_us - self.bare_us

    def document(self) -> dict[str, object]:
        """As `bench --json` promises it."""
        return {
            "name": self.name,
            "bare_us": round(self.bare_us, 1),
            "protected_us": round(self.protected_us, 1),
            "added_us": round(self.added_us, 1),
            "layers": {name: round(us, 1) for name, us in self.layers.items()},
        }


class Unfit(Exception):
    """A request that cannot be measured: an application does not answer it with success."""


@dataclass(slots=True)
class Meter:
    """Collects what the wall itself says of each exchange, and times the recording."""

    events: list[Event] = field(default_factory=list)
    recording: list[float] = field(default_factory=list)

    def timing(self, wall: Wall) -> Wall:
        """The same wall with its recorder timed."""
        record, events, recording = wall.ports.record, self.events, self.recording

        def timed(event: Event) -> None:
            before = time.perf_counter_ns()
            record(event)
            recording.append((time.perf_counter_ns() - before) / 1000)
            events.append(event)

        return replace(wall, ports=replace(wall.ports, record=timed))

    def clear(self) -> None:
        """Forget what was seen so far."""
        self.events.clear()
        self.recording.clear()

    def layers(self) -> dict[str, float]:
        """The median time of each layer, in the order in which a request meets them."""
        seen: dict[Layer, list[float]] = defaultdict(list)
        for event in self.events:
            for layer, us in event.layers:
                seen[layer].append(us)
        found = {layer: statistics.median(seen[layer]) for layer in Layer if layer in seen}
        if self.recording:
            found[Layer.MONITORING] = found.get(Layer.MONITORING, 0.0) + statistics.median(self.recording)
        return {SHORT.get(layer, layer.value): us for layer, us in found.items()}


async def measure(bare: Application, protected: Application, case: Case, meter: Meter, rounds: int) -> Figures:
    """The figures of one case after a warm-up, `rounds` to a batch. Raises Unfit where a reply is no success."""
    for application, what in ((bare, "bare"), (protected, "protected")):
        for _ in range(WARM):
            status = await _answer(application, case)
            if not 200 <= status < 300:
                why = f" ({meter.events[-1].reason})" if meter.events and what == "protected" else ""
                raise Unfit(f"{case.method} {case.target}: the {what} application answers {status}{why}")
    batches = [await _batch(bare, protected, case, meter, rounds) for _ in range(BATCHES)]
    return min(batches, key=lambda figures: figures.bare_us + figures.protected_us)


async def _batch(bare: Application, protected: Application, case: Case, meter: Meter, rounds: int) -> Figures:
    meter.clear()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for took, application in zip(times, (bare, protected), strict=True):
            took.append((await once(application, case))[1])
    medians: Sequence[float] = [statistics.median(each) for each in times]
    return Figures(case.name, medians[0], medians[1], meter.layers())


async def _answer(application: Application, case: Case) -> int:
    """The status, as a server would give it for an application that raises."""
    try:
        return (await once(application, case))[0]
    except Exception:  # noqa: BLE001 - an application may fail in any way; then it is not measured
        return 500


async def once(application: Application, case: Case) -> tuple[int, float]:
    """Send it once: the reply's status, and the processor time that it took."""
    scope, messages, status = _scope(case), iter(_content(case)), [0]

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            status[0] = message["status"]

    before = time.process_time_ns()
    await application(scope, receive, send)
    return status[0], (time.process_time_ns() - before) / 1000


def _content(case: Case) -> tuple[Message, ...]:
    return ({"type": "http.request", "body": case.body, "more_body": False},)


def _scope(case: Case) -> Message:
    path, _, query = case.target.partition("?")
    length = ((b"content-length", b"%d" % len(case.body)),) if case.body else ()
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": case.method,
        "scheme": "https",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*"), (b"user-agent", b"bench"), *length, *case.headers],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 443),
        "state": {},
    }


@contextmanager
def one_core() -> Iterator[str]:
    """Keep to one core where the system can; says in words what is measured on."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if not cores:
        yield "any core"
        return
    core = max(cores)
    os.sched_setaffinity(0, {core})
    try:
        yield f"core {core} alone"
    finally:
        os.sched_setaffinity(0, cores)
