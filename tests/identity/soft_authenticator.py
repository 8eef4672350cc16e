"""An authenticator in software (WebAuthn Level 3, sections 6 and 7), with everything in it that may be wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One credential at most. `counter` is what it says next less one; None: it has no counter."""

    origin: str
    counter: int | None = 0
    flags: int = UP | UV
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    site: str = ""
    handle: bytes = b""

    def create(self, options: str, **wrong: Any) -> str:
        """What `navigator.credentials.create` gives, as the page sends it on."""
        asked = json.loads(options)
        self.site, self.handle = asked["rp"]["id"], unb64(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cose
        data = self._data(self.flags | AT, wrong) + attested
        client = self._client("webauthn.create", asked["challenge"], wrong)
        sealed = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"clientDataJSON": b64(client), "attestationObject": b64(sealed)}
        return self._credential(response)

    def get(self, options: str, **wrong: Any) -> str:
        """What `navigator.credentials.get` gives."""
        asked = json.loads(options)
        if self.counter is not None:
            self.counter += 1
        data = self._data(wrong.get("flags", self.flags), wrong)
        client = self._client("webauthn.get", asked["challenge"], wrong)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(wrong.get("signature", signed)),
            "userHandle": b64(wrong.get("handle", self.handle)) if wrong.get("handle", self.handle) else None,
        }
        return self._credential(response)

    def _data(self, flags: int, wrong: dict[str, Any]) -> bytes:
        site = hashlib.sha256(wrong.get("site", self.site).encode()).digest()
        return site + bytes([flags]) + (wrong.get("counter", self.counter) or 0).to_bytes(4)

    def _client(self, kind: str, challenge: str, wrong: dict[str, Any]) -> bytes:
        said = {"type": wrong.get("type", kind), "challenge": wrong.get("challenge", challenge),
                "origin": wrong.get("origin", self.origin), "crossOrigin": False}  # fmt: skip
        return json.dumps(said).encode()

    def _credential(self, response: dict[str, Any]) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response})
