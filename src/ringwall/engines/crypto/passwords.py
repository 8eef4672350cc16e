"""Passwords, hashed and checked with Argon2id. It knows no account, and never works on the thread that asks.

The work is done by one thread of low priority for the whole process: however many sign in at once, the requests
of those who have are served before it.
"""

from __future__ import annotations

import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import Argon2Error, InvalidHash
from argon2.low_level import Type

# The second recommended parameters of RFC 9106, section 4: 3 passes over 64 MiB, 4 lanes.
PASSES: Final = 3
MEMORY_KIB: Final = 65_536
LANES: Final = 4

WAITING: Final = 64
"""How many may wait for the worker. Whoever comes then is told to come again, which costs nothing."""
NICE: Final = 19
"""The worker's priority (nice): least where others want the core too, all of it where nobody does."""
_LONGEST: Final = 1024
"""Characters that are hashed. No account's password is longer; what is, is as wrong in a thousand as in a million."""

T = TypeVar("T")


class Busy(Exception):
    """Too many passwords wait to be checked."""


class Passwords:
    """Argon2id (RFC 9106) with fixed parameters; hashes are PHC strings that state theirs."""

    def __init__(self, passes: int = PASSES, memory_kib: int = MEMORY_KIB, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, lanes, hash_len=32, salt_len=16, type=Type.ID)

    @cached_property
    def _absent(self) -> str:
        """What stands in for the hash of a missing account."""
        return self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str) -> str:
        """The PHC string to store for a password. Raises Busy."""
        prepared = _prepared(password)
        return _worker.run(lambda: self._hasher.hash(prepared))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; `stored` None, for a missing account, costs the same work and is False.

        A stored string that is no Argon2 hash is False too. Raises Busy.
        """
        prepared = _prepared(password)
        return _worker.run(lambda: self._fits(prepared, stored))

    def _fits(self, prepared: bytes, stored: str | None) -> bool:
        absent = self._absent  # made by the first try of a process, whether its account exists or not
        try:
            fits = self._hasher.verify(stored or absent, prepared)
        except (Argon2Error, InvalidHash):
            return False
        return fits and bool(stored)

    def needs_rehash(self, stored: str) -> bool:
        """Whether a stored hash was made with less work than now; asked after a password was verified."""
        was = extract_parameters(stored)
        mine = self._hasher
        return was.type is not Type.ID or was.time_cost < mine.time_cost or was.memory_cost < mine.memory_cost


class _Worker:
    """The one thread, made when first needed in a process: threads do not outlive a fork."""

    def __init__(self) -> None:
        self._room = threading.BoundedSemaphore(WAITING)
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, once it is its turn."""
        if not self._room.acquire(blocking=False):
            raise Busy("too many passwords wait to be checked")
        try:
            return self._own_pool().submit(work).result()
        finally:
            self._room.release()

    def _own_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None or self._process != os.getpid():
                self._pool = ThreadPoolExecutor(1, "ringwall-argon2", initializer=_step_back)
                self._process = os.getpid()
            return self._pool


def _step_back() -> None:
    """Give way to every other thread: on Linux a priority is a thread's own, and what it starts inherits it."""
    if os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_worker: Final = _Worker()


def _prepared(password: str) -> bytes:
    """NFKC, as NIST SP 800-63B-4, section 3.1.1.2, asks, so that two keyboards type one password."""
    return unicodedata.normalize("NFKC", password[:_LONGEST])[:_LONGEST].encode("utf-8", "surrogatepass")
