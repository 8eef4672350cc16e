"""What the application is told of who calls, in process. It is a value made after the guards have passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ringwall.core.exchange import Exchange
from ringwall.core.known import Principal
from ringwall.core.message import Headers


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
    """Headers without the one that carried a credential of ringwall's own, which the application has no use for, and
    without those that look as if ringwall had written them, however they are spelled: a caller wrote them.

    A cookie header stays, since it also holds the application's own cookies.
    """
    header = caller.principal.header if caller.principal else None
    name = header.lower().encode("latin-1") if header is not None and header.lower() != "cookie" else b""
    return tuple([pair for pair in headers if pair[0].lower() not in (name, *_PROOFS) and not _looks_ours(pair[0])])


def _looks_ours(name: bytes) -> bool:
    return name[:_LONG].lower().startswith(_OURS)


_OURS: Final = tuple(b"ringwall" + mark for mark in (b"-", b"_", b".", b"~", b"+", b"!", b"#", b"$", b"%", b"&", b"'",
                                                     b"*", b"^", b"`", b"|"))  # fmt: skip
"""How the names of ringwall's own headers begin, also as those read them who fold every mark into one."""
_LONG: Final = len(b"ringwall-")
_PROOFS: Final = (b"client-cert", b"client-cert-chain")
"""What a proxy says of a certificate was for ringwall (RFC 9440, section 2.4)."""
