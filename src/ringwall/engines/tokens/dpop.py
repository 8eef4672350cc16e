"""DPoP proofs (RFC 9449): that whoever sends a token holds the key it is bound to. Pure, over joserfc.

A proof brings its own key, which no other token may: the key proves nothing by itself, only that its holder made this
proof for this request. Whether a proof was seen before, its user has to ask of whoever remembers.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from joserfc.jwk import JWKRegistry

from ringwall.engines.tokens.encoding import Json, decode, encode, parse
from ringwall.engines.tokens.flaws import Refused
from ringwall.engines.tokens.jwk import VerifyKey, bind

LONGEST: Final = 8192
PAST_S: Final = 120.0
FUTURE_S: Final = 60.0
"""How far `iat` may lie from now. The nonce, not the clock, says that a proof is fresh."""
_ALGS: Final = frozenset({"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "PS256", "PS384", "PS512"})
ALGORITHMS: Final = tuple(sorted(_ALGS))
_PUBLIC: Final = {"EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x"), "RSA": ("kty", "n", "e")}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class ProofFlaw(StrEnum):
    """What is wrong with a proof: permanent reason codes."""

    MALFORMED = "authn.proof.malformed"
    ALG = "authn.proof.alg"
    KEY = "authn.proof.key"
    SIGNATURE = "authn.proof.signature"
    METHOD = "authn.proof.method"
    URL = "authn.proof.url"
    TIME = "authn.proof.time"
    TOKEN = "authn.proof.token"  # noqa: S105 - a code


PROOF_SENTENCES: Final = {
    ProofFlaw.MALFORMED: "The DPoP header is not one JWT of type `dpop+jwt` with `jti`, `htm`, `htu` and `iat`.",
    ProofFlaw.ALG: "The proof's `alg` is `none`, symmetric, or not one of its own key.",
    ProofFlaw.KEY: "The proof's `jwk` is no public key, holds a private one, or is too weak.",
    ProofFlaw.SIGNATURE: "The proof's signature does not fit its key.",
    ProofFlaw.METHOD: "The proof was made for another method (`htm`).",
    ProofFlaw.URL: "The proof was made for another address (`htu`).",
    ProofFlaw.TIME: "The proof's `iat` is too old, or lies in the future.",
    ProofFlaw.TOKEN: "The proof was made for another access token (`ath`).",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: its key's RFC 7638 thumbprint, a name under which it can be remembered, and its nonce."""

    jkt: str
    name: bytes
    nonce: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """What a proof has to be made for: the request, and the access token that comes with it, if one does."""

    method: str
    url: str
    token: str | None = None


def verify_proof(text: str, target: Target, now: float) -> Proof | ProofFlaw:
    """Check a proof (RFC 9449, section 4.3) at `now` (epoch seconds), all but its replay and its nonce's value."""
    parts = text.split(".")
    if len(text) > LONGEST or len(parts) != 3 or not text.isascii():
        return ProofFlaw.MALFORMED
    header, claims = _object(parts[0]), _object(parts[1])
    if header is None or claims is None or header.get("typ") != "dpop+jwt" or {"crit", "b64"} & header.keys():
        return ProofFlaw.MALFORMED
    key = _key(header)
    if isinstance(key, ProofFlaw):
        return key
    bound, jkt = key
    signature = decode(parts[2])
    if signature is None:
        return ProofFlaw.MALFORMED
    if not bound.verifies(str(header["alg"]), text[: text.rindex(".")].encode(), signature):
        return ProofFlaw.SIGNATURE
    return _claims(claims, target, now) or _proof(claims, jkt)


def _object(part: str) -> dict[str, Json] | None:
    data = decode(part)
    try:
        value = parse(data) if data is not None else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _key(header: Mapping[str, Json]) -> tuple[VerifyKey, str] | ProofFlaw:
    """The key in the header, for the algorithm in the header, and its thumbprint."""
    alg, jwk = header.get("alg"), header.get("jwk")
    if alg not in _ALGS:
        return ProofFlaw.ALG
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys():
        return ProofFlaw.KEY
    kty = jwk.get("kty")
    names = _PUBLIC.get(kty) if isinstance(kty, str) else None
    if names is None or any(not isinstance(jwk.get(name), str) for name in names):
        return ProofFlaw.KEY
    public: dict[str, Json] = {name: jwk[name] for name in names}
    bound = bind(public)
    if isinstance(bound, Refused):
        return ProofFlaw.KEY
    if alg not in bound.algs:
        return ProofFlaw.ALG
    return bound, thumbprint(public)


def thumbprint(public: Mapping[str, Json]) -> str:
    """The RFC 7638 thumbprint of a public key that was found sound."""
    return JWKRegistry.import_key({name: str(value) for name, value in public.items()}).thumbprint()


def _claims(claims: Mapping[str, Json], target: Target, now: float) -> ProofFlaw | None:
    jti, iat = claims.get("jti"), claims.get("iat")
    if not isinstance(jti, str) or not 0 < len(jti) <= 512 or not isinstance(claims.get("nonce", ""), str):
        return ProofFlaw.MALFORMED
    if not isinstance(iat, int | float) or isinstance(iat, bool):
        return ProofFlaw.MALFORMED
    if claims.get("htm") != target.method:
        return ProofFlaw.METHOD
    wanted = normal_url(target.url)
    if wanted is None or normal_url(claims.get("htu")) != wanted:
        return ProofFlaw.URL
    if not now - PAST_S <= iat <= now + FUTURE_S:
        return ProofFlaw.TIME
    if target.token is not None and not _same(claims.get("ath"), token_hash(target.token)):
        return ProofFlaw.TOKEN
    return None


def _proof(claims: Mapping[str, Json], jkt: str) -> Proof:
    nonce = claims.get("nonce")
    name = hashlib.sha256(f"{jkt}\0{claims['jti']}".encode("utf-8", "surrogatepass")).digest()
    return Proof(jkt, name, nonce if isinstance(nonce, str) else None)


def token_hash(token: str) -> str:
    """What `ath` says of an access token (RFC 9449, section 4.2)."""
    return encode(hashlib.sha256(token.encode()).digest())


def _same(found: Json, wanted: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode("utf-8", "surrogatepass"), wanted.encode())


def normal_url(text: Json) -> str | None:
    """A URL without query and fragment, normalized as RFC 3986, sections 6.2.2 and 6.2.3, says; None for what is no
    http(s) URL or names a user."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port is None or port == _DEFAULT_PORTS[scheme] else f":{port}"
    path = "/".join(quote(unquote(segment, errors="surrogateescape"), safe="!$&'()*+,;=:@~", errors="surrogateescape")
                    for segment in (parts.path or "/").split("/"))  # fmt: skip
    return f"{scheme}://{host}{shown}{path}"


class Nonces:
    """Nonces that say when a proof was made (RFC 9449, section 8): one for each span of time, known to every worker
    that has the secret, so that nobody has to keep them."""

    SPAN_S: Final = 300

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def now(self, now: float) -> str:
        """The nonce to hand out."""
        return self._of(int(now // self.SPAN_S))

    def good(self, nonce: str | None, now: float) -> bool:
        """Whether it was handed out in this span or the one before."""
        if nonce is None or len(nonce) > 64:
            return False
        span, given = int(now // self.SPAN_S), nonce.encode("utf-8", "surrogatepass")
        current = hmac.compare_digest(given, self._of(span).encode())
        return hmac.compare_digest(given, self._of(span - 1).encode()) or current

    def _of(self, span: int) -> str:
        return encode(hmac.digest(self._secret, b"dpop-nonce:%d" % span, "sha256")[:18])
