"""What the application is told of who calls, in process. It is a value made after the guards have passed."""

from __future__ import annotations

from dataclasses import dataclass

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
    """Headers without the one that carried a credential of ringwall's own: the application has no use for it.

    A cookie header stays, since it also holds the application's own cookies.
    """
    header = caller.principal.header if caller.principal else None
    if header is None or header.lower() == "cookie":
        return headers
    name = header.lower().encode("latin-1")
    return tuple([pair for pair in headers if pair[0].lower() != name])
