"""A type for secrets: bytes that do not print, are compared in constant time, and cannot be serialised by accident.

It cannot wipe memory: Python copies bytes as it likes, and a core dump of the process may hold them.
"""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Secret bytes. `reveal` is the one way to them, so that every use can be found by its name."""

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # a secret is not a dictionary's key: looking it up takes its time

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The bytes themselves, to be handed to a cryptographic function and nowhere else."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")
