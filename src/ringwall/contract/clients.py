"""OAuth clients that the contract registers (`authentication.clients`), and what a second factor is required for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ringwall.contract.api import JSON
from ringwall.contract.redirects import flaw, resource_flaw
from ringwall.contract.shapes import Either, Flag, Listing, Number, Path, Record, Report, Table, Text, Word, is_text
from ringwall.contract.stated import Requirement, StatedClient

PROOFS: Final = ("none", "secret", "key", "certificate")
GRANTS: Final = ("authorization_code", "refresh_token", "client_credentials", "device_code")
_URI: Final = Text(r"[^\x00-\x20]{1,2000}", "a URI")
_NAME: Final = Text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "a client's id of letters, digits, `.`, `_` and `-`")
_SCOPE: Final = Text(r"[!#-\[\]-~]{1,200}", "a scope's name, without `scope:`")
_WORD: Final = Text(r"[^\x00-\x1f]{1,500}", "a text")
_ROLE: Final = Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "a role's name")

REQUIRES: Final = Either(
    is_text,
    Word(("mfa",)),
    Record(
        "how the caller must have signed in",
        {"mfa": Flag(), "max_age": Number(1, high=86_400)},
        notes={
            "mfa": "With a second factor.",
            "max_age": "At most so many seconds ago.",
        },
    ),
)
CLIENTS: Final = Table(
    _NAME,
    Record(
        "an OAuth client",
        {
            "name": _WORD,
            "proof": Word(PROOFS),
            "first_party": Flag(),
            "redirect_uris": Listing(_URI),
            "logout_uris": Listing(_URI),
            "grants": Listing(Word(GRANTS)),
            "scopes": Listing(_SCOPE),
            "resources": Listing(_URI),
            "roles": Listing(_ROLE),
            "tenant": _WORD,
            "keys": _WORD,
            "thumbprint": Text(r"[A-Za-z0-9_-]{43}", "the SHA-256 of a certificate in base64url"),
            "bound": Word(("no", "dpop", "mtls")),
            "pushed": Flag(),
            "introspects": Flag(),
        },
        notes={
            "name": "What people are shown.",
            "proof": "How it proves itself: none, a secret, a signed assertion (private_key_jwt), a TLS certificate.",
            "first_party": "The API's owner's own: people are not asked for consent.",
            "redirect_uris": "Where people are sent back to, compared letter by letter.",
            "logout_uris": "Where people may be sent to after signing out.",
            "grants": "authorization_code where nothing is stated.",
            "scopes": "The contract's scopes that it may ask for.",
            "resources": "Other audiences that it may have tokens for.",
            "roles": "Its own roles, where it speaks for itself (client_credentials).",
            "tenant": "Its own tenant.",
            "keys": "A file with its public JWK Set, for `proof: key`.",
            "thumbprint": "Of its certificate, for `proof: certificate`.",
            "bound": "Tokens have to be bound to a DPoP key or to its certificate.",
            "pushed": "Authorization requests have to be pushed.",
            "introspects": "It may ask about any token of its audiences, as a resource server does.",
        },
    ),
)


def requirement(value: JSON) -> Requirement | None:
    """`requires` of an operation."""
    if value == "mfa":
        return Requirement(mfa=True, max_age=None)
    if not isinstance(value, dict):
        return None
    age = value.get("max_age")
    return Requirement(value.get("mfa") is True, float(age) if isinstance(age, (int, float)) else None)


def clients(
    value: JSON, roles: Mapping[str, object], scopes: Iterable[str], report: Report
) -> tuple[StatedClient, ...]:
    """The clients that are stated; each mistake is told."""
    known = frozenset(scopes)
    made = []
    for client_id, stated in (value if isinstance(value, dict) else {}).items():
        if isinstance(stated, dict):
            client = _client(client_id, stated)
            made.append(client)
            _check(client, ("authentication", "clients", client_id), frozenset(roles), known, report)
    return tuple(made)


def _client(client_id: str, stated: Mapping[str, JSON]) -> StatedClient:
    def listed(name: str) -> tuple[str, ...]:
        found = stated.get(name)
        return tuple(str(item) for item in found) if isinstance(found, list) else ()

    def text(name: str) -> str | None:
        found = stated.get(name)
        return found if isinstance(found, str) else None

    return StatedClient(
        client_id=client_id,
        name=text("name") or client_id,
        proof=text("proof") or "none",  # type: ignore[arg-type] # one of four words, by the grammar
        first_party=stated.get("first_party") is True,
        redirect_uris=listed("redirect_uris"),
        logout_uris=listed("logout_uris"),
        grants=frozenset(listed("grants") or ("authorization_code",)),
        scopes=frozenset(listed("scopes")),
        resources=frozenset(listed("resources")),
        roles=frozenset(listed("roles")),
        tenant=text("tenant"),
        keys=text("keys"),
        thumbprint=text("thumbprint"),
        bound=text("bound") or "no",  # type: ignore[arg-type] # one of three words, by the grammar
        pushed=stated.get("pushed") is True,
        introspects=stated.get("introspects") is True,
    )


def _check(client: StatedClient, path: Path, roles: frozenset[str], scopes: frozenset[str], report: Report) -> None:
    for found, expected in faults(client):
        report(path, found, expected, key=True)
    for role in sorted(client.roles - roles):
        report((*path, "roles"), f"the unknown role {role!r}", "a role of the contract")
    for scope in sorted(client.scopes - scopes):
        report((*path, "scopes"), f"the scope {scope!r}, which no rule names", "one that an `allow` has as scope:NAME")


def faults(client: StatedClient) -> Iterable[tuple[str, str]]:
    """What is wrong with a client by itself: what was found, and what was expected."""
    for uri in (*client.redirect_uris, *client.logout_uris):
        if (why := flaw(uri)) is not None:
            yield f"the redirect URI {uri[:100]!r}", why
    for uri in sorted(client.resources):
        if (why := resource_flaw(uri)) is not None:
            yield f"the resource {uri[:100]!r}", why
    if "authorization_code" in client.grants and not client.redirect_uris:
        yield "a client for authorization codes without `redirect_uris`", "at least one"
    if client.grants == {"refresh_token"}:
        yield "refresh tokens alone", "a grant that they come of"
    if "client_credentials" in client.grants and client.proof == "none":
        yield "a client that speaks for itself and proves nothing", "`proof`: secret, key or certificate"
    if client.introspects and client.proof == "none":
        yield "a client that introspects and proves nothing", "`proof`: secret, key or certificate"
    if client.roles and "client_credentials" not in client.grants:
        yield "roles of a client that never speaks for itself", "the grant client_credentials, or no roles"
    if (client.proof == "key") != (client.keys is not None):
        yield "`keys` without `proof: key`, or that without them", "both together"
    if (client.proof == "certificate") != (client.thumbprint is not None):
        yield "`thumbprint` without `proof: certificate`, or that without it", "both together"
