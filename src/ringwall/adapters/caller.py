"""What the application is told of who calls, in process. It is a value made after the guards have passed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ringwall.core.exchange import Exchange
from ringwall.core.known import Principal
from ringwall.core.message import Header, Headers
from ringwall.core.value import quick
from ringwall.engines.crypto.apikeys import PREFIX
from ringwall.layers.authentication.credential import SESSION_COOKIE

_OWN: Final = SESSION_COOKIE.encode("ascii")
_KEY: Final = PREFIX.encode("ascii")


@quick
@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `principal` is None for an operation that is open to anyone. `request_id` is the journal's."""

    principal: Principal | None
    request_id: str

    @property
    def roles(self) -> frozenset[str]:
        """Effective roles, inclusion worked out; empty for an anonymous caller."""
        return self.principal.roles if self.principal else frozenset()

    @property
    def subject(self) -> str | None:
        """The authenticated subject, or None for an anonymous caller."""
        return self.principal.subject if self.principal else None


def caller_of(exchange: Exchange) -> Caller:
    """The caller of an admitted exchange."""
    known = exchange.known
    return Caller(known.principal, known.request_id)


def without_credential(headers: Headers, caller: Caller) -> Headers:
    """Headers without what proves the caller to ringwall: the application has no use for it, and what it had could be
    used in the caller's name. Of cookies only ringwall's own go; the others are the application's. Nor does it see what
    looks as if ringwall had written it, however that is spelled: the caller wrote it.
    """
    header = caller.principal.header if caller.principal else None
    name = header.lower().encode("latin-1") if header is not None and header.lower() != "cookie" else None
    names = [given.lower() for given, _ in headers]
    if _SUSPECT.search(b"\n".join(names)) is None:  # nothing of ours, and no cookie: as in most
        pairs = zip(headers, names, strict=True)
        return tuple([pair for pair, given in pairs if given != name and not pair[1].startswith(_KEY)])
    kept = [_without_own(pair) for pair in headers if pair[0].lower() != name and not _looks_ours(pair[0])]
    return tuple([pair for pair in kept if pair is not None])


def _without_own(header: Header) -> Header | None:
    """A header, unless it is a key of ringwall's; a cookie's without the pairs of ringwall's own, or None where nothing
    else is in it."""
    name, value = header
    if value.startswith(_KEY):
        return None  # a key that came twice
    if _OWN not in value or name.lower() != b"cookie":
        return header
    pairs = [pair for pair in value.split(b";") if not pair.strip(b" \t").startswith(_OWN)]
    return (name, b";".join(pairs).strip(b" \t")) if pairs else None


def _looks_ours(name: bytes) -> bool:
    return name[:_LONG].lower().startswith(_OURS)


_OURS: Final = (*(b"ringwall" + bytes([mark]) for mark in b"!#$%&'*+-.^_`|~"), b"client-cert")
"""How the names of ringwall's own headers begin, also as those read them who fold every mark into one; and what a proxy
says of a certificate, which was for ringwall (RFC 9440, section 2.4)."""
_LONG: Final = len(b"client-cert")
_SUSPECT: Final = re.compile(b"ringwall|client-cert|cookie")
