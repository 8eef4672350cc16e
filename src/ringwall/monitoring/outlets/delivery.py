"""Delivering what is spooled, in order and at least once: what fails is tried again, ever later, for three days."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from ringwall.core.ports import Unavailable
from ringwall.state.spool import Item, Spool

PATIENCE_S: Final = 3 * 86_400.0
FIRST_S, LONGEST_S = 1.0, 300.0
LOOK_S: Final = 0.2

Send = Callable[[str, bytes], None]
"""Hands a message with its lasting id to the receiver. Raises OSError where it was not taken, `Refused` for good."""


class Refused(Exception):
    """The receiver said that it will never take this message."""


class Delivery:
    """The thread of one outlet."""

    def __init__(self, name: str, spool: Spool, send: Send, now: Callable[[], float] = time.time) -> None:
        self.name = name
        self.failure = ""
        self._spool, self._send, self._now = spool, send, now
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"ringwall-{name}", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self, patience_s: float = 2.0) -> None:
        """End; what is not delivered by then is kept for the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def put(self, body: bytes) -> None:
        """Queue a message. Raises Unavailable."""
        self._spool.put(self.name, body, self._now())
        self._wake.set()

    def step(self) -> bool:
        """Deliver the next message if it is due; whether there may be more to do at once."""
        item = self._spool.head(self.name)
        now = self._now()
        if item is None or item.due > now:
            return False
        try:
            self._send(f"msg-{self.name}-{item.id}", item.body)
        except Refused as said:
            self.failure = str(said)
            self._spool.drop(self.name, item)
        except OSError as failure:
            self.failure = f"{type(failure).__name__}: {failure.strerror or failure}"
            self._again(item, now)
            return False
        else:
            self.failure = ""
            self._spool.done(item)
        return True

    def _again(self, item: Item, now: float) -> None:
        if now - item.at > PATIENCE_S:
            self._spool.drop(self.name, item)
        else:
            self._spool.later(item, now + min(LONGEST_S, FIRST_S * 2.0 ** min(item.tries, 16)))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                more = self.step()
            except Unavailable as failure:
                self.failure, more = str(failure), False
            if not more:
                self._wake.wait(LOOK_S)
