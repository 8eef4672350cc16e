"""How the certificate that is served stands with its authority: asked in the background, told in metrics and to the
monitor. No handshake waits for it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ringwall.core.ports import Unavailable
from ringwall.state.certificates import leaf
from ringwall.state.ocsp import Standing, State, standing

log: Final = logging.getLogger("ringwall.tls")
LOOK_S: Final = 2.0
ASKED_S, AGAIN_S = 3600.0, 300.0
"""Seconds between two answers, and after one that did not come."""


class Revocation:
    """The thread of one worker."""

    def __init__(self, chain: Path, told: Callable[[State | None], None]) -> None:
        """`told` hears how the certificate stands, None of one that names nobody to ask."""
        self._chain, self._told = chain, told
        self._stop = threading.Event()
        self._due, self._seen = 0.0, b""
        self._standing: Standing | None = None

    def start(self) -> None:
        """Begin; a daemon, so that a slow responder keeps no server from ending."""
        threading.Thread(target=self._run, name="revocation", daemon=True).start()

    def stop(self) -> None:
        """End before the next question."""
        self._stop.set()

    def trouble(self) -> tuple[State, str] | None:
        """What is wrong, for the monitor; None means well."""
        found = self._standing
        return None if found is None or found.state == "good" else (found.state, found.told)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            with contextlib.suppress(Unavailable):  # in the middle of being replaced
                self.look()

    def look(self) -> None:
        """Ask, where it is time or the certificate is another. Raises Unavailable."""
        now, pem = time.monotonic(), leaf(self._chain).pem
        if pem == self._seen and now < self._due:
            return
        found = standing(self._chain)
        if found is not None and found.state != "good" and found != self._standing:
            log.error("the certificate's standing: %s: %s", found.state, found.told)
        good = found is None or found.state == "good"
        self._seen, self._due, self._standing = pem, now + (ASKED_S if good else AGAIN_S), found
        self._told(found.state if found else None)
