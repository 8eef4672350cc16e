"""The claims of a JWT (RFC 7519, section 4.1): what is expected of them, and whether they meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ringwall.engines.tokens.encoding import Json
from ringwall.engines.tokens.flaws import Flaw, Refused
from ringwall.engines.tokens.header import Header

_TIMES: Final = ("exp", "nbf", "iat")
_NAMES: Final = ("iss", "sub", "jti")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a verifier expects. `exp` is always required; times are epoch seconds.

    `issuer` None takes any issuer. `audience` None takes only a token that names no audience at all, as RFC 7519,
    section 4.1.3, demands of one who is not named. `typ` holds media types in lower case without `application/`
    (RFC 7515, section 4.1.9); None takes any, or none. `leeway_s` forgives clocks that differ.
    """

    issuer: str | None = None
    audience: str | None = None
    typ: frozenset[str] | None = None
    leeway_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a token that was verified. Holding one is the proof. `expires` is `exp`, in epoch seconds."""

    values: Mapping[str, Json]
    expires: float
    header: Header

    @property
    def subject(self) -> str | None:
        """`sub`, where there is one."""
        sub = self.values.get("sub")
        return sub if isinstance(sub, str) else None


def media_type(typ: str) -> str:
    """A `typ` in the form that is compared: lower case, without its optional `application/`."""
    return typ.lower().removeprefix("application/")


def check_typ(header: Header, expect: Expectation) -> Refused | None:
    """Whether the header's `typ` is one that is expected (RFC 8725, section 3.11)."""
    if expect.typ is None:
        return None
    if header.typ is None:
        return Refused(Flaw.TYP, "no typ")
    return None if media_type(header.typ) in expect.typ else Refused(Flaw.TYP)


def check(values: dict[str, Json], expect: Expectation, now: float) -> float | Refused:
    """The `exp` of claims that meet the expectation at `now`, or the first flaw."""
    for name in _TIMES:
        if name in values and not _is_number(values[name]):
            return Refused(Flaw.CLAIMS, f"{name} is not a number")
    for name in _NAMES:
        if name in values and not isinstance(values[name], str):
            return Refused(Flaw.CLAIMS, f"{name} is not a string")
    expires = values.get("exp")
    if not isinstance(expires, int | float):
        return Refused(Flaw.EXP_MISSING)
    flaw = _check_times(values, expires, expect.leeway_s, now) or _check_parties(values, expect)
    return flaw if flaw is not None else expires


def _check_times(values: Mapping[str, Json], expires: float, leeway: float, now: float) -> Refused | None:
    if not now - leeway < expires:  # said so that a time that is not a number refuses
        return Refused(Flaw.EXPIRED, f"exp {expires}, now {now:.0f}")
    for name in ("nbf", "iat"):
        since = values.get(name)
        if isinstance(since, int | float) and not since <= now + leeway:
            return Refused(Flaw.NOT_YET, f"{name} {since}, now {now:.0f}")
    return None


def _check_parties(values: Mapping[str, Json], expect: Expectation) -> Refused | None:
    if expect.issuer is not None and values.get("iss") != expect.issuer:
        return Refused(Flaw.ISSUER, "another issuer" if "iss" in values else "no iss")
    audience = values.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if "aud" in values and not (isinstance(named, list) and all(isinstance(name, str) for name in named)):
        return Refused(Flaw.CLAIMS, "aud is neither a string nor a list of strings")
    if expect.audience is None:
        return Refused(Flaw.AUDIENCE, "no audience is expected") if "aud" in values else None
    if not isinstance(named, list):
        return Refused(Flaw.AUDIENCE, "no aud")
    return None if expect.audience in named else Refused(Flaw.AUDIENCE, "another audience")


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
