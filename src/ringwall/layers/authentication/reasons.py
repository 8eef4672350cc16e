"""The reasons of this layer, and the challenges that go with them (RFC 9110, section 11.6.1)."""

from __future__ import annotations

from ringwall.core.message import Header
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import Refuse
from ringwall.engines.tokens import SENTENCES, Flaw
from ringwall.layers.authentication.proof_reasons import REASONS as BOUND

LAYER = Layer.AUTHENTICATION

BEARER: Header = (b"www-authenticate", b'Bearer realm="ringwall"')
INVALID: Header = (b"www-authenticate", b'Bearer realm="ringwall", error="invalid_token"')
BASIC: Header = (b"www-authenticate", b'Basic realm="ringwall", charset="UTF-8"')


def _reason(what: str, title: str, caller: str, operator: str, status: int = 401) -> Reason:
    return Reason(f"authn.{what}", status, title, caller, operator)


MISSING = _reason(
    "missing",
    "Authentication required",
    "Send a credential: a bearer token or an API key.",
    "The operation is not open to anyone and no credential came.",
)
AMBIGUOUS = _reason(
    "ambiguous",
    "More than one credential",
    "Send one credential.",
    "The request carried several credentials; which one would count is not to be guessed.",
    400,
)
SCHEME = _reason(
    "scheme",
    "Authentication required",
    "Use a scheme that WWW-Authenticate names.",
    "The Authorization scheme is unknown, or the contract does not take it.",
)
KEY = _reason(
    "key",
    "Invalid credential",
    "Check the API key.",
    "The API key is malformed, unknown, expired or revoked.",
)
KEY_ADDRESS = Reason(
    "authn.key.address",
    401,
    "Invalid credential",
    "Check the API key.",
    "A good API key from an address that it is not for: stolen, or its `--from` is out of date.",
    shown="authn.key",
)
PASSWORD = _reason(
    "password",
    "Invalid credential",
    "Check the name and the password.",
    "Basic credentials were wrong, or guessing is being held back.",
)
REVOKED = _reason(
    "token.revoked",
    "Invalid credential",
    "Sign in again.",
    "The token, its subject's tokens or its account were revoked or disabled.",
)
ISSUER_KEYS = _reason(
    "token.issuer_keys",
    "Temporarily unavailable",
    "Try again later.",
    "The issuer's key set could not be had yet, so its tokens cannot be judged.",
    503,
)
CERTIFICATE_UNKNOWN = _reason(
    "certificate.unknown",
    "Invalid credential",
    "Call with a certificate that the API knows.",
    "The client's certificate has no name of `authentication.certificates.subjects`, two, or is not valid now.",
)
UPSTREAM_SESSION = _reason(
    "upstream.session",
    "Invalid credential",
    "Sign in again.",
    "The token stands for no session with the application's login: unknown, over, signed out or revoked.",
)
UPSTREAM_DIRECT = _reason(
    "upstream.direct",
    "Invalid credential",
    "Sign in, and send the token that the reply holds.",
    "A token that ringwall did not issue: the application's own is never taken from a caller, who should not have it.",
)
UPSTREAM_WAIT = _reason(
    "upstream.wait",
    "Too many tries",
    "Wait as long as Retry-After says.",
    "Guessing at the application's sign-in is being held back, by account, by network and by both.",
    429,
)
UPSTREAM_REPLY = _reason(
    "upstream.reply",
    "Bad gateway",
    "Try again later.",
    "The reply of the application's login cannot be read, or holds no usable token where the contract says it does.",
    502,
)
UPSTREAM_PROFILE = _reason(
    "upstream.profile",
    "Bad gateway",
    "Try again later.",
    "The application signed the caller in, but its profile operation does not tell who it is. Check `profile`,"
    " `subject` and how the token is sent (`header`, `scheme`, `cookie`).",
    502,
)
SESSION = _reason(
    "session",
    "Authentication required",
    "Sign in again.",
    "The session is unknown, over its time, ended, used from two places at once, or its account is disabled.",
)
SESSION_ORIGIN = _reason(
    "session.origin",
    "Origin not allowed",
    "Call from a page of this origin.",
    "A session's cookie came with a request that a page of another origin made, or that does not say who made it.",
    403,
)
TOKEN: dict[Flaw, Reason] = {
    flaw: Reason(flaw.value, 401, "Invalid credential", "Get a fresh token.", sentence)
    for flaw, sentence in SENTENCES.items()
}
UPSTREAM = (UPSTREAM_SESSION, UPSTREAM_DIRECT, UPSTREAM_WAIT, UPSTREAM_REPLY, UPSTREAM_PROFILE)
REASONS = (
    *BOUND,
    MISSING,
    AMBIGUOUS,
    SCHEME,
    KEY,
    KEY_ADDRESS,
    PASSWORD,
    REVOKED,
    ISSUER_KEYS,
    SESSION,
    SESSION_ORIGIN,
    CERTIFICATE_UNKNOWN,
    *UPSTREAM,
    *TOKEN.values(),
)


def invalid(reason: Reason, detail: str = "") -> Refuse:
    """A refused credential, with the challenge of RFC 6750, section 3."""
    return Refuse(reason, headers=(INVALID,), detail=detail)
