"""Why something encrypted is not opened: permanent reason codes, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CryptoFlaw(StrEnum):
    """Permanent reason codes of the encryption engine.

    `MALFORMED` is not a record at all, `VERSION` one of a later format. `KEY_UNKNOWN` names a key that never was or
    was destroyed; `ROOT_UNKNOWN` a key that only an absent root key opens. `MOVED` is a record under another
    holder's key, `CONTEXT` one bound to a fact that the reader did not state. `TAMPERED` is every other record that
    does not authenticate: one that was altered, or moved within its holder; the two cannot be told apart. `ERASED` is
    one of a person whose keys were destroyed on purpose.
    """

    MALFORMED = "encryption.malformed"
    VERSION = "encryption.version"
    KEY_UNKNOWN = "encryption.key_unknown"
    ROOT_UNKNOWN = "encryption.root_unknown"
    MOVED = "encryption.moved"
    CONTEXT = "encryption.context"
    TAMPERED = "encryption.tampered"
    ERASED = "encryption.erased"


@dataclass(frozen=True, slots=True)
class CryptoRefused:
    """Why nothing was opened. There is never partial plaintext beside it."""

    reason: CryptoFlaw
