"""Signed notes with Ed25519 keys (C2SP signed-note); keys are written as golang.org/x/mod/sumdb/note writes them.

A note's text may be used only through `VerifierKey.open`, which has checked a signature by that key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
MAX_SIGNATURES = 64

_DASH = "\N{EM DASH} "


class NoteError(ValueError):
    """The note or key is malformed, or no signature by the key holds."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key (32 bytes)."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != 32:
            raise NoteError("an Ed25519 public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def named(self, name: str) -> VerifierKey:
        """The same public key under another name."""
        return VerifierKey(name, self.public)

    def encode(self) -> str:
        """`name+hex(key id)+base64(0x01 || public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Reads `encode`'s form. Raises NoteError."""
        name, key_id, data = _fields(text.strip(), 3)
        key = cls(name, _unwrap(data))
        if key.key_id.hex() != key_id:
            raise NoteError("the key's id does not belong to its name and bytes")
        return key

    def open(self, note: bytes) -> str:
        """The note's text, once a signature by this key holds. Raises NoteError."""
        text, signatures = split_note(note)
        mine = [raw[4:] for name, raw in signatures if name == self.name and raw[:4] == self.key_id]
        if not mine:
            raise NoteError(f"not signed by {self.name}")
        for signature in mine:
            self._verify(signature, text)
        return text

    def _verify(self, signature: bytes, text: str) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError) as error:
            raise NoteError(f"the signature by {self.name} does not hold") from error


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A named Ed25519 private key; its seed (32 bytes) is never shown."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed) != 32:
            raise NoteError("an Ed25519 seed has 32 bytes")

    @property
    def verifier(self) -> VerifierKey:
        """The public half, under the same name."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def named(self, name: str) -> SignerKey:
        """The same private key under another name."""
        return SignerKey(name, self.seed)

    def sign(self, text: str) -> bytes:
        """A note with one signature line. The text ends in a newline; raises NoteError otherwise."""
        _check_text(text)
        signature = self.verifier.key_id + self._private().sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {_b64(signature)}\n".encode()

    def encode(self) -> str:
        """`PRIVATE+KEY+name+hex(key id)+base64(0x01 || seed)`: a secret."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{_b64(ED25519 + self.seed)}"

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """Reads `encode`'s form. Raises NoteError, which never repeats the text."""
        private, word, name, key_id, data = _fields(text.strip(), 5)
        if (private, word) != ("PRIVATE", "KEY"):
            raise NoteError("not a private note key")
        key = cls(name, _unwrap(data))
        if key.verifier.key_id.hex() != key_id:
            raise NoteError("the key's id does not belong to its name and bytes")
        return key

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def split_note(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """A note's text and its signatures as (key name, key id || signature). Raises NoteError where malformed."""
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise NoteError("a note is UTF-8") from error
    text, blank, tail = whole.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or lines.pop() or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise NoteError("a note is text, an empty line and signature lines")
    _check_text(text + "\n")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, space, data = line.removeprefix(_DASH).partition(" ")
    raw = _unbase64(data)
    if not line.startswith(_DASH) or not space or len(raw) < 5:
        raise NoteError("malformed signature line")
    _check_name(name)
    return name, raw


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise NoteError("a note's text ends in a newline and has no other control character")


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise NoteError("a key's name is not empty and has no space or plus")


def _fields(text: str, count: int) -> list[str]:
    fields = text.split("+", count - 1)
    if len(fields) != count:
        raise NoteError("not a note key")
    return fields


def _unwrap(data: str) -> bytes:
    raw = _unbase64(data)
    if raw[:1] != ED25519:
        raise NoteError("not an Ed25519 key")
    return raw[1:]


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbase64(data: str) -> bytes:
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("not standard base64") from error
    if _b64(raw) != data:
        raise NoteError("not canonical base64")
    return raw
