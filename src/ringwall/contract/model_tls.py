"""What `tls:` states, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Binding:
    """An account that the authority knows already (external account binding, RFC 8555, section 7.3.4): its name there,
    and where its key comes from (`env:NAME` or `file:PATH`)."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Acme:
    """An authority that gives certificates by ACME (RFC 8555), and what for.

    `terms` is the address of the terms of service that are agreed to; `ca` a file of the authorities that the
    directory's own certificate is under, named from the contract's directory.
    """

    directory: str
    domains: tuple[str, ...]
    contact: tuple[str, ...] = ()
    terms: str | None = None
    ca: str | None = None
    account: Binding | None = None
