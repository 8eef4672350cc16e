"""Bearer tokens: ringwall's own and those of outside issuers, by strict verification."""

from __future__ import annotations

from collections.abc import Mapping

from ringwall.contract.model import Issuer
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON
from ringwall.core.ports import KeysAtHand, KeysOf, Standing
from ringwall.core.verdict import Ask, Learned, Refuse, Verdict
from ringwall.engines.policy import EVERYWHERE
from ringwall.engines.tokens import Claims, Expectation, Flaw, KeySet, Refused, verify
from ringwall.engines.tokens.claims import media_type
from ringwall.engines.tokens.encoding import decode, parse
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.reasons import ISSUER_KEYS, REVOKED, TOKEN, invalid
from ringwall.layers.authentication.settings import Own, Remembered, Settings

CLIENT = "client-"
"""How the subject of a client begins that speaks for itself: its scopes are its own."""

LOCAL = ("acc-", "key-", CLIENT)
"""How the subjects of our own accounts, keys and clients begin: an outside issuer speaks of none of them."""

SKEW_S = 5.0
"""How far an outside issuer's clock may be off."""
KEYS_HOLD_S = 300.0
"""After so long a token is verified again: its issuer may have withdrawn the key."""

_NO_KEYS = KeySet({}, ())
_TYPES = frozenset({"jwt", "at+jwt"})
"""What an access token may call itself (RFC 9068): nothing, or this; a logout token or a proof is for another use."""
_MFA = frozenset({"mfa", "otp", "hwk", "fido", "swk"})


def token_verdict(found: Credential, known: Known, settings: Settings) -> Verdict | None:
    """The principal of a token; None where the contract takes no tokens at all."""
    if settings.own is None and not settings.issuers:
        return None
    digest = found.digest()
    before = settings.memory.get(digest, known.now)
    if before is not None:
        if known.now - before.asked < settings.staleness_s:
            return Learned(known.with_principal(before.principal))
        return _standing(before, digest, known, settings)
    issuer = settings.issuers.get(_claimed_issuer(found.text)) if settings.issuers else None
    if issuer is not None:
        return _of_issuer(issuer, found, digest, known, settings)
    if settings.own is None:
        return invalid(TOKEN[Flaw.ISSUER])
    return _of_own(settings.own, found, digest, known, settings)


def _claimed_issuer(token: str) -> str:
    """Who the token says made it: only to choose whose keys and rules judge it, which then have to agree."""
    parts = token.split(".")
    payload = decode(parts[1]) if len(parts) == 3 else None
    try:
        claims = parse(payload) if payload else None
    except ValueError:
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""


def _of_own(own: Own, found: Credential, digest: bytes, known: Known, settings: Settings) -> Verdict:
    claims = verify(found.text, own.keys(), own.expect, known.now)
    if isinstance(claims, Refused):
        return invalid(TOKEN[claims.reason])
    if not _subject(claims):
        return invalid(TOKEN[Flaw.CLAIMS])
    principal = _own_principal(claims, found, settings)
    return _standing(Remembered(principal, claims.expires, known.now), digest, known, settings)


def _standing(entry: Remembered, digest: bytes, known: Known, settings: Settings) -> Verdict:
    """Ask whether a verified token was revoked meanwhile, and remember the answer."""
    principal = entry.principal
    issued = principal.claims.get("iat")

    def judge(answer: object) -> Verdict:
        if answer is not True:
            settings.memory.forget(digest)
            return invalid(REVOKED)
        settings.memory.keep(digest, Remembered(principal, entry.until, known.now))
        return Learned(known.with_principal(principal))

    when = float(issued) if isinstance(issued, (int, float)) else 0.0
    return Ask(Standing(principal.subject, principal.credential, when), judge)


def _own_principal(claims: Claims, found: Credential, settings: Settings) -> Principal:
    data = claims.values
    mfa = bool(_words(data.get("amr")) & _MFA)
    granted = _words(data.get("roles"))
    roles, pending = settings.roles.effective(granted, mfa=mfa)
    tenant, token_id = data.get("tenant"), data.get("jti")
    scopes = _words(data.get("scope"))
    return Principal(
        subject=_subject(claims),
        roles=roles,
        method="token",
        tenant=tenant if isinstance(tenant, str) else None,
        scopes=scopes if _is_client(claims) else frozenset(),
        credential=f"token:{token_id}",
        mfa=mfa,
        pending=pending,
        granted=granted,
        header=found.header,
        claims=data,
        delegated=scopes if data.get("narrowed") is True else None,
    )


def _is_client(claims: Claims) -> bool:
    """Whether a client speaks for itself: nobody has signed in. Its scopes are its own; a person's only narrow."""
    return _subject(claims).startswith(CLIENT) and "auth_time" not in claims.values


def _of_issuer(issuer: Issuer, found: Credential, digest: bytes, known: Known, settings: Settings) -> Verdict:
    """Verify with the issuer's keys; a key that is not among them makes the set be fetched anew, once."""
    expect = Expectation(issuer=issuer.issuer, audience=issuer.audience, leeway_s=SKEW_S)

    def at_hand(answer: object) -> Verdict:
        if not isinstance(answer, KeySet):
            return Ask(KeysOf(issuer.issuer), fetched)
        claims = verify(found.text, answer, expect, known.now)
        unknown = isinstance(claims, Refused) and claims.reason is Flaw.KEY_UNKNOWN
        return Ask(KeysOf(issuer.issuer), fetched) if unknown else judge(claims)

    def fetched(answer: object) -> Verdict:
        if not isinstance(answer, KeySet):
            return Refuse(ISSUER_KEYS, headers=((b"retry-after", b"5"),))
        return judge(verify(found.text, answer, expect, known.now))

    def judge(claims: Claims | Refused) -> Verdict:
        if isinstance(claims, Refused):
            return invalid(TOKEN[claims.reason])
        if claims.header.typ is not None and media_type(claims.header.typ) not in _TYPES:
            return invalid(TOKEN[Flaw.TYP])
        if not _subject(claims) or _subject(claims).startswith(LOCAL):
            return invalid(TOKEN[Flaw.CLAIMS], "no subject, or one that is named as ours are")
        principal = _issuer_principal(claims, issuer, found, settings)
        until = min(claims.expires, known.now + KEYS_HOLD_S)
        return _standing(Remembered(principal, until, known.now), digest, known, settings)

    shape = verify(found.text, _NO_KEYS, expect, known.now)  # what no key could mend need not wait for one
    if isinstance(shape, Refused) and shape.reason is not Flaw.KEY_UNKNOWN:
        return invalid(TOKEN[shape.reason])
    return Ask(KeysAtHand(issuer.issuer), at_hand)


def _issuer_principal(claims: Claims, issuer: Issuer, found: Credential, settings: Settings) -> Principal:
    """Roles and tenant by the claims that the contract names; nothing where it names none. No outside issuer puts
    anyone above all tenants: that is for this store's own accounts and keys."""
    data = claims.values
    mfa = bool(_words(data.get("amr")) & _MFA)
    words = _words(_at(data, issuer.roles))
    granted = frozenset(issuer.map[w] for w in words if w in issuer.map) if issuer.map else words
    roles, pending = settings.roles.effective(granted, mfa=mfa)
    tenant = _at(data, issuer.tenant)
    return Principal(
        subject=_subject(claims),
        roles=roles,
        method="issuer",
        tenant=tenant if isinstance(tenant, str) and tenant != EVERYWHERE else None,
        scopes=_words(data.get("scope")),
        credential=f"token:{data.get('jti', '')}",
        issuer=issuer.issuer,
        mfa=mfa,
        pending=pending,
        granted=granted,
        claims=data,
    )


def _subject(claims: Claims) -> str:
    """Whom the token speaks of; empty where it does not say, and then it proves nobody."""
    subject = claims.values.get("sub")
    return subject if isinstance(subject, str) else ""


def _at(data: Mapping[str, JSON], path: str | None) -> JSON:
    """The claim at a dotted path, `realm_access.roles`; a claim of just that name comes first, since some are URLs."""
    if path is not None and path in data:
        return data[path]
    value: JSON = dict(data)
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value if path else None


def _words(value: JSON) -> frozenset[str]:
    """The words of a claim: a list of strings, or a string of words with spaces between (RFC 8693, section 4.2)."""
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()
