"""One encrypted field: the format of `docs/encryption-format.md`, written and read. Refusals are values.

AES-256-GCM-SIV (RFC 8452): a nonce that repeats by mishap tells only that two plaintexts are equal. Where values are to
be found by equality that is what is wanted: `encrypt_equal` repeats it on purpose, under keys of its own.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag

from ringwall.engines.crypto.encoding import LENGTHS, from_text, to_text
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.keyring import DataKey, Keys
from ringwall.engines.crypto.rootkey import NONCE_BYTES

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

RECORD_BYTES: Final = 16
EQUAL: Final = "equal:"
"""How the holders of searchable fields' keys begin."""
_PREFIX: Final = "rw1."
_SPLIT: Final = 16  # where a key's name ends, which has 12 characters
_LABEL: Final = b"ringwall/field/1"
_TENANT, _OWNER, _OBJECT, _RECORD, _EQUAL = 1, 2, 4, 8, 16
_FLAGS: Final = tuple(bytes((flags,)) for flags in range(32))
_KINDS: Final = frozenset({*range(4, 12), _EQUAL, _EQUAL | _TENANT})
_BLOCK: Final = 16
_LEAST: Final = NONCE_BYTES + _BLOCK + 16
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER: Final = json.JSONDecoder()
_ANY_VERSION: Final = re.compile(r"rw[0-9]{1,4}\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]+", re.ASCII)


class FieldContext(NamedTuple):
    """Where a value belongs; None is what is not known. A value is bound to all that was known when it was written.

    `field` is a JSON pointer within the object (RFC 6901). `object_id` is None only while the object is created.
    """

    resource: str
    field: str
    tenant: str | None = None
    owner: str | None = None
    object_id: str | None = None


class Where(Protocol):
    """What a `FieldContext` says, whoever says it: readers of many values have places of their own."""

    @property
    def resource(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def tenant(self) -> str | None: ...
    @property
    def owner(self) -> str | None: ...
    @property
    def object_id(self) -> str | None: ...


class Envelope(NamedTuple):  # not a dataclass: one is made for every field that is read, and a tuple is made faster
    """A record, taken apart but not yet authenticated. `record` is the id shared by the fields of one creation."""

    kid: str
    flags: int
    record: bytes
    nonce: bytes
    sealed: bytes


def is_record(text: str) -> bool:
    """Whether a string has the form of a record, of this version or another."""
    return _ANY_VERSION.fullmatch(text) is not None


def holder_of(context: Where) -> str:
    """Whose key encrypts a value: its owner's, else its tenant's, else its resource's."""
    if context.owner is not None:
        return f"subject:{context.owner}"
    return f"resource:{context.resource}" if context.tenant is None else f"tenant:{context.tenant}"


def read(text: str) -> Envelope | CryptoRefused:
    """Take a record apart: its key, what it is bound to, and its record id where it has one."""
    if text[:4] == _PREFIX and text[_SPLIT : _SPLIT + 1] == ".":  # the usual form: the rest is checked as it is read
        kid, body = text[4:_SPLIT], text[_SPLIT + 1 :]
    else:
        if not is_record(text):
            return CryptoRefused(CryptoFlaw.MALFORMED)
        version, kid, body = text.split(".")
        if version != _PREFIX[:-1]:
            return CryptoRefused(CryptoFlaw.VERSION)
    data = from_text(body)
    if not data or data[0] not in _KINDS:  # bound to an object, to a record, or made to be equal: one of the three
        return CryptoRefused(CryptoFlaw.MALFORMED)
    start = 1 + (RECORD_BYTES if data[0] & _RECORD else 0)
    if len(data) < start + _LEAST:
        return CryptoRefused(CryptoFlaw.MALFORMED)
    split = start + NONCE_BYTES
    return Envelope(kid, data[0], data[1:start], data[start:split], data[split:])


def encrypt(plaintext: bytes, context: FieldContext, keys: Keys, record: bytes | None = None) -> str | CryptoRefused:
    """Encrypt one value for its place; refused only where its holder's key cannot be had.

    `record`, 16 random bytes, stands for the object's id while that is not known: give the same to every field of one
    new object, so that a field moved between two objects shows. Without it, each value gets its own.
    """
    key = keys.current(holder_of(context))
    if isinstance(key, CryptoRefused):
        return key
    name = b"" if context.object_id is not None else (record or keys.random(RECORD_BYTES))
    flags = _flags(context)
    nonce = keys.random(NONCE_BYTES)
    sealed = key.cipher.encrypt(nonce, padded(plaintext), _bound(key.kid, flags, name, context))
    return f"{_PREFIX}{key.kid}.{to_text(bytes((flags,)) + name + nonce + sealed)}"


def encrypt_equal(value: Json, context: FieldContext, keys: Keys) -> str | CryptoRefused:
    """Encrypt a JSON value: the same value of the same field and tenant is the same text, and bound to no more."""
    key = keys.fixed(equal_holder(context))
    return key if isinstance(key, CryptoRefused) else equal_under(value, context, key)


def equal_under(value: Json, context: FieldContext, key: DataKey) -> str:
    """`encrypt_equal` under a key that is at hand."""
    place = FieldContext(context.resource, context.field, context.tenant)
    flags, nonce = _EQUAL | (_TENANT if place.tenant is not None else 0), bytes(NONCE_BYTES)
    plaintext = _ENCODER.encode(value).encode("utf-8", "surrogatepass")
    sealed = key.cipher.encrypt(nonce, padded(plaintext), _bound(key.kid, flags, b"", place))
    return f"{_PREFIX}{key.kid}.{to_text(bytes((flags,)) + nonce + sealed)}"


def decrypt(text: str, context: Where, keys: Keys) -> bytes | CryptoRefused:
    """Open one value in its place, or say why not. Nothing of a value that does not authenticate is returned."""
    envelope = read(text)
    if not isinstance(envelope, Envelope):
        return envelope
    kid, flags, record, nonce, sealed = envelope
    stated = context if _flags(context) == flags else _narrowed(context, flags)
    if isinstance(stated, CryptoRefused):
        return stated
    key = keys.find(kid)
    if isinstance(key, CryptoRefused):
        return key
    if key.holder != (equal_holder(stated) if flags & _EQUAL else holder_of(stated)):
        return CryptoRefused(CryptoFlaw.MOVED)
    try:
        plain = key.cipher.decrypt(nonce, sealed, _bound(kid, flags, record, stated))
    except (InvalidTag, ValueError):
        return CryptoRefused(CryptoFlaw.TAMPERED)
    return unpadded(plain)


def encrypt_value(value: Json, context: FieldContext, keys: Keys, record: bytes | None = None) -> str | CryptoRefused:
    """Encrypt a JSON value, which keeps its type: what is inside is JSON."""
    return encrypt(_ENCODER.encode(value).encode("utf-8", "surrogatepass"), context, keys, record)


class Value(NamedTuple):
    """A JSON value that was opened; it may be None, which a bare value could not tell from nothing."""

    json: Json


def decrypt_value(text: str, context: Where, keys: Keys) -> Value | CryptoRefused:
    """Open what `encrypt_value` wrote."""
    value = decrypt_json(text, context, keys)
    return value if isinstance(value, CryptoRefused) else Value(value)


def decrypt_json(text: str, context: Where, keys: Keys) -> Json | CryptoRefused:
    """The same, bare: a refusal is no value of JSON's."""
    plaintext = decrypt(text, context, keys)
    if isinstance(plaintext, CryptoRefused):
        return plaintext
    try:
        if plaintext[:1] == b'"' == plaintext[-1:] and b"\\" not in plaintext and plaintext.count(b'"') == 2:
            return plaintext[1:-1].decode("utf-8", "surrogatepass")  # most are text without an escape
        value: Json = _DECODER.decode(plaintext.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return CryptoRefused(CryptoFlaw.MALFORMED)
    return value


def _flags(context: Where) -> int:
    named = (_TENANT if context.tenant is not None else 0) | (_OWNER if context.owner is not None else 0)
    return named | (_RECORD if context.object_id is None else _OBJECT)


def equal_holder(context: Where) -> str:
    """Whose key a value is under that is found by equality: keys of their own, so that rotating or destroying the
    others leaves what is sought as it is."""
    return f"{EQUAL}{holder_of(FieldContext(context.resource, context.field, context.tenant))}"


def bound_whole(envelope: Envelope, context: Where) -> bool:
    """Whether a record is bound to all that is known of its place."""
    return envelope.flags == _flags(context)


def _narrowed(context: Where, flags: int) -> FieldContext | CryptoRefused:
    """The reader's context without what the value was not bound to; refused where it lacks what it was bound to."""
    tenant = context.tenant if flags & _TENANT else None
    if flags & _EQUAL:
        lacking = flags & _TENANT and tenant is None
        return CryptoRefused(CryptoFlaw.CONTEXT) if lacking else FieldContext(context.resource, context.field, tenant)
    owner = context.owner if flags & _OWNER else None
    object_id = context.object_id if flags & _OBJECT else None
    narrowed = FieldContext(context.resource, context.field, tenant, owner, object_id)
    return narrowed if _flags(narrowed) == flags else CryptoRefused(CryptoFlaw.CONTEXT)


def _bound(kid: str, flags: int, record: bytes, context: Where) -> bytes:
    """The associated data. Which parts are there follows from the flags, which are the third part."""
    parts = [_LABEL, kid.encode(), _FLAGS[flags], record, context.resource.encode(), context.field.encode()]
    if context.tenant is not None:
        parts.append(context.tenant.encode())
    if context.owner is not None:
        parts.append(context.owner.encode())
    if context.object_id is not None:
        parts.append(context.object_id.encode())
    return LENGTHS[len(parts)](len(parts), *map(len, parts)) + b"".join(parts)  # `joined`, for every field of a page


def unpadded(padded: bytes) -> bytes | CryptoRefused:
    """What was padded; refused where it was not."""
    plaintext = padded.rstrip(b"\0")
    return plaintext[:-1] if plaintext.endswith(b"\x80") else CryptoRefused(CryptoFlaw.MALFORMED)


def padded(plaintext: bytes) -> bytes:
    """ISO/IEC 7816-4 padding to blocks of 16, so that `true` and `false`, or two ages, have one length."""
    return plaintext + b"\x80" + bytes(-(len(plaintext) + 1) % _BLOCK)
