"""OAuth clients and sign-in requirements as the contract states them. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Requirement:
    """How a caller must have signed in: with a second factor (`mfa`), and at most `max_age` seconds ago."""

    mfa: bool
    max_age: float | None


@dataclass(frozen=True, slots=True)
class StatedClient:
    """A client as stated; see `core.oauth.Client`. `keys` is the path of a file."""

    client_id: str
    name: str
    proof: Literal["none", "secret", "key", "certificate"]
    first_party: bool
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...]
    grants: frozenset[str]
    scopes: frozenset[str]
    resources: frozenset[str]
    roles: frozenset[str]
    tenant: str | None
    keys: str | None
    thumbprint: str | None
    bound: Literal["no", "dpop", "mtls"]
    pushed: bool
    introspects: bool
