"""The root key, which opens all others: how it is made, named, and used to wrap data keys. No file is read here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ringwall.engines.crypto.encoding import from_text, joined, to_text
from ringwall.engines.crypto.secret import Secret

Random = Callable[[int], bytes]  # so many unpredictable bytes, as os.urandom gives

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key of 32 bytes. `id` is derived from it, so a wrong key is known before it is used."""

    id: str
    _secret: Secret
    _cipher: AESGCMSIV = field(repr=False, compare=False)

    @classmethod
    def of(cls, material: Secret) -> Self:
        """The root key of exactly 32 secret bytes. Raises ValueError for any other number."""
        if len(material.reveal()) != KEY_BYTES:
            raise ValueError(f"a root key has {KEY_BYTES} bytes")
        cipher = AESGCMSIV(derive(material, b"ringwall/wrap/1", KEY_BYTES).reveal())
        return cls(to_text(derive(material, b"ringwall/root-id/1", 9).reveal()), material, cipher)

    @classmethod
    def new(cls, random: Random) -> Self:
        """A new root key."""
        return cls.of(Secret(random(KEY_BYTES)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The root key that a file or an environment variable holds: 43 characters of base64url.

        Raises ValueError, without the text in it, for anything else.
        """
        material = from_text(text.strip())
        if material is None:
            raise ValueError("a root key is 43 characters of base64url")
        return cls.of(Secret(material))

    @classmethod
    def from_passphrase(cls, passphrase: Secret, salt: bytes) -> Self:
        """The root key of a passphrase and a stored salt of 16 bytes.

        Argon2id with the second recommended parameters of RFC 9106, section 4: 3 passes over 64 MiB, 4 lanes.
        """
        if len(salt) != SALT_BYTES:
            raise ValueError(f"the salt of a passphrase has {SALT_BYTES} bytes")
        return cls.of(Secret(hash_secret_raw(passphrase.reveal(), salt, 3, 2**16, 4, KEY_BYTES, Type.ID)))

    def to_text(self) -> str:
        """What `from_text` reads: the secret itself, to be kept as one."""
        return to_text(self._secret.reveal())

    def wrap(self, key: Secret, kid: str, holder: str, random: Random) -> bytes:
        """A data key, encrypted and bound to its name and holder: nonce, ciphertext, tag."""
        nonce = random(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key.reveal(), self._bound(kid, holder))

    def unwrap(self, wrapped: bytes, kid: str, holder: str) -> Secret | None:
        """The data key, or None where it was altered or wrapped for another name, holder or root."""
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return Secret(self._cipher.decrypt(nonce, sealed, self._bound(kid, holder)))
        except (InvalidTag, ValueError):
            return None

    def _bound(self, kid: str, holder: str) -> bytes:
        return joined(b"ringwall/wrap/1", self.id.encode(), kid.encode(), holder.encode())


def derive(secret: Secret, info: bytes, length: int) -> Secret:
    """HKDF with SHA-256 (RFC 5869) and no salt: a key for one purpose, which tells nothing of the others."""
    return Secret(HKDF(SHA256(), length, None, info).derive(secret.reveal()))
