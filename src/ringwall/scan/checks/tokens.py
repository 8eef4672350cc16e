"""Broken tokens: the account's own token, changed so that nobody issued it. Nobody else's is ever forged.

An operation counts only if it takes the account's token and refuses none and a random one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ringwall.attacks.forge import unsigned
from ringwall.scan.bench import Bench, Sent
from ringwall.scan.checks.points import Base
from ringwall.scan.model import Account
from ringwall.scan.subject import Aim

WEAK = ("secret", "s3cr3t", "password", "changeme", "key", "jwt", "jwtsecret", "jwt_secret", "secretkey", "secret_key",
        "random", "secret-key", "mysecret", "mysecretkey", "supersecret", "super-secret", "supersecretkey", "my_secret_key",
        "your-256-bit-secret", "your_secret_key", "your-secret-key", "test", "dev", "development", "admin", "123456",
        "default", "private", "qwerty", "letmein", "token", "app", "api", "flask", "django", "express", "node",
        "")  # fmt: skip
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Forged:
    """A token that nobody issued: what is wrong with it."""

    what: str
    token: str


def token(bench: Bench, aim: Aim, base: Base) -> None:
    """The account's own token, in every broken form, at one operation."""
    mine = bearer(base.account)
    if mine is None:
        bench.untested("token", aim, "the account given has no bearer token")
        return
    if not base.sent.reply.fine or aim.method != "GET":
        bench.untested("token", aim, "tried at reading operations only")
        return
    none, random = (_with(bench, base, t) for t in (None, bench.dice.word(f"token{bench.label()}", 30)))
    if none.reply.fine or random.reply.fine:
        bench.untested("token", aim, "it is served without a token or with any: see authentication")
        return
    for forged in _forged(mine):
        sent = _with(bench, base, forged.token)
        if sent.reply.fine:
            bench.proved(
                "token",
                aim,
                "Authorization",
                f"{base.account.name}'s token with {forged.what} is accepted",
                f"none: {none.reply.status}, random: {random.reply.status}",
                sent.call,
            )
            return
    bench.refuted("token", aim, "changed forms of the account's own token are refused")


def bearer(account: Account) -> str | None:
    """The account's bearer token."""
    values = [v for n, v in account.headers if n.lower() == "authorization" and v.lower().startswith("bearer ")]
    return values[0][7:].strip() if values else None


def claims(token: str) -> dict[str, object]:
    """The claims of a JWT, unverified; empty where it is none."""
    parts = token.split(".")
    read = _part(parts[1]) if len(parts) == 3 else None
    return read if isinstance(read, dict) else {}


def _with(bench: Bench, base: Base, token: str | None) -> Sent:
    account = replace(base.account, headers=(("Authorization", f"Bearer {token}"),) if token else ())
    return bench.send(replace(base.draft, account=account))


def _forged(token: str) -> Iterator[Forged]:
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
