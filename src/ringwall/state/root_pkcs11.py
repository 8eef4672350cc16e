"""A root key encrypted by an AES key that lives in a PKCS#11 token, through python-pkcs11: `ringwall[pkcs11]`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.secret import Secret

_NONCE_BYTES: Final = 12
_BOUND: Final = b"ringwall/root-key/1"
T = TypeVar("T")


def wrap(name: str, options: dict[str, str], pin: str, material: Secret) -> bytes:
    """Encrypt a root key under the token's key `TOKEN/LABEL` (AES-GCM): nonce and ciphertext. Raises Unavailable."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _with_key(name, options, pin, lambda key, gcm: bytes(key.encrypt(material.reveal(), **gcm(nonce))))


def unwrap(name: str, options: dict[str, str], pin: str, wrapped: bytes) -> Secret:
    """The root key again. Raises Unavailable."""
    nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    return Secret(_with_key(name, options, pin, lambda key, gcm: bytes(key.decrypt(sealed, **gcm(nonce)))))


def _with_key(name: str, options: dict[str, str], pin: str, use: Callable[[Any, Any], T]) -> T:
    """What is done with the token's key, in a session that ends with it."""
    try:
        import pkcs11
    except ImportError:
        raise Unavailable('pkcs11: needs python-pkcs11: pip install "ringwall[pkcs11]"') from None

    def gcm(nonce: bytes) -> dict[str, Any]:
        return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": pkcs11.GCMParams(nonce, _BOUND, 128)}

    token_label, _, label = name.partition("/")
    try:
        token = pkcs11.lib(options.get("module", "")).get_token(token_label=token_label)
        with token.open(user_pin=pin) as session:
            key = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=label)
            return use(key, gcm)
    except (pkcs11.PKCS11Error, RuntimeError) as failure:
        raise Unavailable(f"pkcs11: {token_label}/{label}: {type(failure).__name__}") from None
