"""Secrets at rest: passwords, API keys, field encryption, blind indexes and the keys beneath them.

Mechanisms over `cryptography` and argon2-cffi that know no layer, no request and no file.
"""

from ringwall.engines.crypto.blindindex import BlindIndex
from ringwall.engines.crypto.fields import (
    RECORD_BYTES,
    Envelope,
    FieldContext,
    Value,
    decrypt,
    decrypt_value,
    encrypt,
    encrypt_equal,
    encrypt_value,
    holder_of,
    is_record,
    read,
)
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.keyring import DataKey, KeyRing, Keys, KeyStore, MappedKeys, StoredKey
from ringwall.engines.crypto.passwords import Passwords
from ringwall.engines.crypto.rootkey import RootKey
from ringwall.engines.crypto.secret import Secret

__all__ = [
    "RECORD_BYTES",
    "BlindIndex",
    "CryptoFlaw",
    "CryptoRefused",
    "DataKey",
    "Envelope",
    "FieldContext",
    "KeyRing",
    "KeyStore",
    "Keys",
    "MappedKeys",
    "Passwords",
    "RootKey",
    "Secret",
    "StoredKey",
    "Value",
    "decrypt",
    "decrypt_value",
    "encrypt",
    "encrypt_equal",
    "encrypt_value",
    "holder_of",
    "is_record",
    "read",
]
