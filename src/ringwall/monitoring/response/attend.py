"""Keeping a worker's restraints as the store has them, off the request path, and telling how the worker is.

A thread of its own looks at the store a few times a second and swaps the prepared sets in. Where the store cannot be
read, what was known goes on to hold until its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from ringwall.core.ports import Unavailable
from ringwall.layers.response import Restraint, Restraints
from ringwall.state.alerts import Alerts, Response

LOOK_S: Final = 0.25
TELL_S: Final = 5.0
AGAIN_S: Final = 2.0
"""How often the store is looked at, the worker's state is told, and the sets are made anew whatever the store says."""

Vitals = Callable[[], Mapping[str, object]]

_PLACES: Final = {
    ("block", "address"): "addresses",
    ("slow", "address"): "slow_addresses",
    ("block", "principal"): "principals",
    ("challenge", "principal"): "challenged",
    ("slow", "principal"): "slow_principals",
    ("freeze", "operation"): "frozen",
}


def prepare(held: Restraints, responses: list[Response]) -> None:
    """Swap in what is in force; of several about the same, the one that holds longest."""
    made: dict[str, dict[str, Restraint]] = {place: {} for place in _PLACES.values()}
    for each in responses:
        place = _PLACES.get((each.action, each.kind))
        if place is None:
            continue
        before = made[place].get(each.value)
        if before is None or before.until < each.until:
            made[place][each.value] = Restraint(each.id, each.since, each.until, _rate(each.detail))
    for place, found in made.items():
        setattr(held, place, found)


def _rate(detail: str) -> tuple[int, float] | None:
    """`10/60` of a `slow`."""
    count, slash, seconds = detail.partition("/")
    return (int(count), float(seconds)) if slash and count.isdigit() else None


class Attendant:
    """The thread of one worker. `vitals` tell how the worker is."""

    def __init__(self, name: str, alerts: Alerts, held: Restraints, vitals: Vitals) -> None:
        self._name = f"worker {name}".strip()
        self._alerts, self._held, self._vitals = alerts, held, vitals
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ringwall-attendant", daemon=True)

    def start(self) -> None:
        """Prepare the sets once, here, and keep them so from now on."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and say that it was told to; nothing where it never ran."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
            with suppress(Unavailable):
                self._alerts.say(self._name, {"stopped": True}, time.time())

    def look(self) -> None:
        """Prepare the sets from the store. Raises Unavailable."""
        prepare(self._held, self._alerts.in_force(time.time()))

    def _run(self) -> None:
        seen, looked, told = -1, 0.0, 0.0
        while not self._stop.wait(LOOK_S):
            now = time.monotonic()
            try:
                changes = self._alerts.changes()
                if changes != seen or now - looked >= AGAIN_S:
                    self.look()
                    seen, looked = changes, now
                if now - told >= TELL_S:
                    self._alerts.say(self._name, dict(self._vitals()), time.time())
                    told = now
            except Unavailable:
                continue
