"""DPoP proofs as a client makes them, and as an attacker does."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, Key

from oauth.oauth_world import OAUTH, World

REGISTRY = jws.JWSRegistry(algorithms=["ES256", "HS256", "RS256", "Ed25519"])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def proof(key: Key, method: str, url: str, *, nonce: str | None = None, token: str | None = None,
          header: dict[str, Any] | None = None, **changed: Any) -> str:  # fmt: skip
    """A proof of a key for a request."""
    said: dict[str, Any] = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
    if nonce is not None:
        said["nonce"] = nonce
    if token is not None:
        said["ath"] = b64(hashlib.sha256(token.encode()).digest())
    said = {name: value for name, value in {**said, **changed}.items() if value is not None}
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False), **(header or {})}
    signing = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(said).encode())}"
    known = REGISTRY.algorithms.get(str(head["alg"])) if str(head["alg"]).lower() != "none" else None
    return f"{signing}.{b64(known.sign(signing.encode(), key) if known else b'')}"


class Holder:
    """A client that holds a key and takes the nonces that it is given."""

    def __init__(self, there: World, key: Key | None = None) -> None:
        self.there = there
        self.key = key or ECKey.generate_key("P-256")
        self.nonce: str | None = None

    @property
    def jkt(self) -> str:
        return self.key.thumbprint()

    def token(self, data: dict[str, str], path: str = "token", **changed: Any) -> httpx.Response:
        """The token endpoint's answer, its nonce taken once."""
        for _ in range(2):
            made = proof(self.key, "POST", f"{self.there.url}{OAUTH}/{path}", nonce=self.nonce, **changed)
            reply = self.there.post(path, data, headers={"DPoP": made})
            if not self._taken(reply, reply.status_code == 400 and reply.json()["error"] == "use_dpop_nonce"):
                break
        return reply

    def call(self, path: str, token: str, method: str = "GET", **changed: Any) -> httpx.Response:
        """The API's answer, the nonce taken once."""
        with self.there.client(Authorization=f"DPoP {token}") as client:
            for _ in range(2):
                made = proof(
                    self.key, method, f"{self.there.url}{path}", token=token, **{"nonce": self.nonce, **changed}
                )
                reply = client.request(method, path, headers={"DPoP": made})
                if not self._taken(reply, "use_dpop_nonce" in reply.headers.get("www-authenticate", "")):
                    break
        return reply

    def _taken(self, reply: httpx.Response, asks: bool) -> bool:
        self.nonce = reply.headers.get("dpop-nonce", self.nonce)
        return asks
