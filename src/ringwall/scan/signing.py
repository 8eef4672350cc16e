"""Accounts as the user states them, signed in: credentials into headers, and whose they are."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from ringwall.scan.client import Client
from ringwall.scan.compose import AGENT, written
from ringwall.scan.jwt import bearer, claims
from ringwall.scan.model import ANONYMOUS, Account, Call, Reply
from ringwall.scan.pool import objects
from ringwall.scan.subject import Aim, Subject, login_names, schema_of_body
from ringwall.scan.values import Dice, Maker

TOKENS = ("access_token", "accesstoken", "auth_token", "authtoken", "token", "id_token", "jwt", "session_token")


class Unusable(Exception):
    """A credential that cannot be used; says which and why, without showing it."""


@dataclass(frozen=True, slots=True)
class About:
    """What the user says of an account beside its credential."""

    roles: frozenset[str] | None = None
    subject: str | None = None
    tenant: str | None = None


def account(stated: str, about: Mapping[str, About]) -> Account:
    """`NAME=bearer:TOKEN`, `key:KEY`, `basic:USER:PASSWORD`, `header:Name: value` or `login:USER:PASSWORD`.

    Raises Unusable."""
    name, equals, credential = stated.partition("=")
    scheme, colon, value = credential.partition(":")
    if not equals or not colon or not name.replace("-", "").replace("_", "").isalnum():
        raise Unusable(f"--as is NAME=SCHEME:VALUE, not {name[:40]!r}…")
    known = about.get(name, About())
    made = Account(name, _headers(name, scheme, value), subject=known.subject, tenant=known.tenant, roles=known.roles)
    if scheme in ("basic", "login"):
        user, _, password = value.partition(":")
        made = replace(made, username=user, password=password)
    return _told(made)


def _headers(name: str, scheme: str, value: str) -> tuple[tuple[str, str], ...]:
    header, _, rest = value.partition(":")
    made: dict[str, tuple[tuple[str, str], ...]] = {
        "bearer": (("Authorization", f"Bearer {value}"),),
        "key": (("X-API-Key", value),),
        "basic": (("Authorization", f"Basic {base64.b64encode(value.encode()).decode()}"),),
        "header": ((header.strip(), rest.strip()),),
        "login": (),
    }
    found = made.get(scheme)
    if found is None or not value:
        raise Unusable(f"--as {name}: the scheme is bearer, key, basic, header or login")
    if scheme == "header" and not (header.strip().replace("-", "").replace("_", "").isalnum() and rest.strip()):
        raise Unusable(f"--as {name}: a header is 'NAME: VALUE'")
    if any(ord(c) < 32 or ord(c) > 255 for pair in found for part in pair for c in part) or any(
        not n for n, _ in found
    ):
        raise Unusable(f"--as {name}: the credential cannot stand in a header")
    return found


def _told(account: Account) -> Account:
    """What a JWT says of its holder, where the user said nothing."""
    token = bearer(account)
    said = claims(token) if token else {}
    roles = _roles(said)
    subject = account.subject or _text(said.get("sub")) or account.username
    tenant = account.tenant or _text(said.get("tenant")) or _text(said.get("tenant_id"))
    return replace(account, subject=subject, tenant=tenant, roles=account.roles if account.roles is not None else roles)


def _roles(said: Mapping[str, object]) -> frozenset[str] | None:
    realm = said.get("realm_access")
    nested = realm.get("roles") if isinstance(realm, dict) else None
    for value in (said.get("roles"), said.get("role"), nested):
        if isinstance(value, str):
            return frozenset(value.split())
        if isinstance(value, list):
            return frozenset(str(v) for v in value)
    return None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int)) and value != "" else None


def signed_in(accounts: Iterable[Account], subject: Subject, client: Client, dice: Dice) -> tuple[Account, ...]:
    """The accounts with a credential each; those with a name and password alone are signed in. Raises Unusable."""
    return tuple(a if a.headers else _signed_in(a, subject, client, dice) for a in accounts)


def _signed_in(account: Account, subject: Subject, client: Client, dice: Dice) -> Account:
    aim = subject.sign_in()
    names = login_names(subject, aim) if aim else None
    if aim is None or names is None:
        raise Unusable(f"--as {account.name}: the document has no operation to sign in at")
    reply = client.send(sign_in_call(aim, names, account, subject, dice))
    if not reply.fine:
        raise Unusable(f"--as {account.name}: signing in at {aim.key} answers {reply.status or 'nothing'}")
    headers = credential_in(reply)
    if not headers:
        raise Unusable(f"--as {account.name}: {aim.key} answers with neither a token nor a cookie")
    return _told(replace(account, headers=headers))


def credential_in(reply: Reply) -> tuple[tuple[str, str], ...]:
    """The headers that a successful sign-in gives, from a token in its reply or its cookies. Nothing where it gives
    none: many APIs say that a password is wrong with status 200."""
    if not reply.fine:
        return ()
    for entry in objects(reply.document):
        for name, value in entry.items():
            if name.lower().replace("-", "_") in TOKENS and isinstance(value, str) and value:
                return (("Authorization", f"Bearer {value}"),)
    cookies = [line.partition(";")[0] for line in reply.headers.get("set-cookie", "").split("\n") if "=" in line]
    return (("Cookie", "; ".join(cookies)),) if cookies else ()


def sign_in_call(aim: Aim, names: tuple[str, str], account: Account, subject: Subject, dice: Dice) -> Call:
    """The request that signs an account in."""
    media, schema = schema_of_body(aim.op.api)
    maker = Maker(subject.api.schemas, dice, lambda word: f"{quote(word)}")
    body = maker.make(schema, "body", "sign-in", lambda name, flat: None, full=False)
    held = body if isinstance(body, dict) else {}
    held = {**held, names[0]: account.username, names[1]: account.password}
    headers = (AGENT, ("Accept", "*/*"), ("Content-Type", media))
    return Call(aim.method, aim.path, headers, written(media, json.loads(json.dumps(held))), ANONYMOUS)
