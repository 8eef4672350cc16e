"""What a log says of a person, sealed under the person's own key: the same words are the same text, so that they can be
looked for, and nobody's any more once the key is destroyed. The format is in `docs/encryption-format.md`.
"""

from __future__ import annotations

import re
from typing import Final

from cryptography.exceptions import InvalidTag

from ringwall.engines.crypto.encoding import from_text, joined, to_text
from ringwall.engines.crypto.fields import padded, unpadded
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.keyring import DataKey, Keys
from ringwall.engines.crypto.rootkey import NONCE_BYTES

_LABEL: Final = b"ringwall/person/1"
_FORM: Final = re.compile(r"rwp1\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{22,})", re.ASCII)
_NONCE: Final = bytes(NONCE_BYTES)


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of one."""
    return text.startswith("rwp1.") and _FORM.fullmatch(text) is not None


def pseudonym(text: str, member: str, key: DataKey) -> str:
    """What stands for `text` in a record's `member`: `rwp1.<key>.<sealed>`."""
    sealed = key.cipher.encrypt(_NONCE, padded(text.encode("utf-8", "surrogatepass")), _bound(member, key.kid))
    return f"rwp1.{key.kid}.{to_text(sealed)}"


def unveiled(text: str, member: str, keys: Keys) -> str | CryptoRefused:
    """The text behind a pseudonym, while its key lives."""
    parts = _FORM.fullmatch(text)
    sealed = from_text(parts[2]) if parts else None
    if parts is None or sealed is None:
        return CryptoRefused(CryptoFlaw.MALFORMED)
    key = keys.find(parts[1])
    if isinstance(key, CryptoRefused):
        return key
    try:
        plain = unpadded(key.cipher.decrypt(_NONCE, sealed, _bound(member, key.kid)))
    except (InvalidTag, ValueError):
        return CryptoRefused(CryptoFlaw.TAMPERED)
    return plain if isinstance(plain, CryptoRefused) else plain.decode("utf-8", "surrogatepass")


def _bound(member: str, kid: str) -> bytes:
    return joined(_LABEL, kid.encode(), member.encode())
