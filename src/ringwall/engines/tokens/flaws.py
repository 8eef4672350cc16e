"""What can be wrong with a token: one permanent reason each, and one sentence for the person who must mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Flaw(StrEnum):
    """Permanent reason codes. Clients branch on them and operators alert on them, so none is ever renamed."""

    MALFORMED = "authn.token.malformed"
    OVERSIZE = "authn.token.oversize"
    ENCRYPTED = "authn.token.encrypted"
    BASE64 = "authn.token.base64"
    JSON = "authn.token.json"
    ALG_NONE = "authn.token.alg_none"
    ALG = "authn.token.alg"
    CRIT = "authn.token.crit"
    KEY_EMBEDDED = "authn.token.key_embedded"
    KEY_UNKNOWN = "authn.token.key_unknown"
    KEY_MALFORMED = "authn.token.key_malformed"
    KEY_WEAK = "authn.token.key_weak"
    KEY_USE = "authn.token.key_use"
    KEY_SET = "authn.token.key_set"
    SIGNATURE = "authn.token.signature"
    TYP = "authn.token.typ"
    CLAIMS = "authn.token.claims"
    EXP_MISSING = "authn.token.exp_missing"
    EXPIRED = "authn.token.expired"
    NOT_YET = "authn.token.not_yet"
    ISSUER = "authn.token.issuer"
    AUDIENCE = "authn.token.audience"


SENTENCES: dict[Flaw, str] = {
    Flaw.MALFORMED: "It is not a compact JWS: three base64url parts joined by dots, the first of them a JOSE header.",
    Flaw.OVERSIZE: "It is longer than any token that is read here.",
    Flaw.ENCRYPTED: "It has five parts, so it is an encrypted token (JWE); only signed ones are taken.",
    Flaw.BASE64: "A part is not canonical base64url: a stray character, padding, white space or unused bits set.",
    Flaw.JSON: "The header or the payload is not one JSON object in UTF-8 with every member named once.",
    Flaw.ALG_NONE: "It claims the algorithm `none`: it is not signed at all.",
    Flaw.ALG: "Its `alg` is not one that the key may be used with; the key decides the algorithm, never the token.",
    Flaw.CRIT: "It demands an extension (`crit`, `b64`) that is not understood here, so it may not be taken.",
    Flaw.KEY_EMBEDDED: "It brings its own key, or the address of one (`jwk`, `jku`, `x5u`, `x5c`).",
    Flaw.KEY_UNKNOWN: "No key of the key set answers to its `kid`.",
    Flaw.KEY_MALFORMED: "The key that it needs is not a well-formed JSON Web Key of a known kind.",
    Flaw.KEY_WEAK: "The key that it needs proves nothing: it is too short, of a broken kind, or a published value.",
    Flaw.KEY_USE: "The key that it needs is not for verifying: its `use`, `key_ops` or `alg` says otherwise.",
    Flaw.KEY_SET: "The key set is ambiguous: it mixes secret and public keys, or gives one `kid` to two keys.",
    Flaw.SIGNATURE: "The signature does not fit: the token was changed, or another key signed it.",
    Flaw.TYP: "Its `typ` is not one that is expected here: it is a token for another purpose.",
    Flaw.CLAIMS: "A registered claim has the wrong type, such as an `exp` that is not a number.",
    Flaw.EXP_MISSING: "It has no `exp`: a token that never ends is not taken.",
    Flaw.EXPIRED: "It has expired.",
    Flaw.NOT_YET: "It is not valid yet: its `nbf` or `iat` lies in the future.",
    Flaw.ISSUER: "Its `iss` is not the expected issuer.",
    Flaw.AUDIENCE: "Its `aud` does not name this audience, or it names one where none is expected.",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a token is not taken. `detail` is for operators and holds nothing that the token's sender wrote."""

    reason: Flaw
    detail: str = ""

    @property
    def sentence(self) -> str:
        """The reason in words, with the detail where there is one."""
        return f"{SENTENCES[self.reason]} ({self.detail})" if self.detail else SENTENCES[self.reason]
