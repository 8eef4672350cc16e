"""Accounts as the user states them, signed in: credentials into headers, and whose they are."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urljoin

from ringwall.contract.api import Api
from ringwall.contract.guess import spoken
from ringwall.scan.client import Client
from ringwall.scan.jwt import bearer, claims
from ringwall.scan.login import Login, Unusable, grant_call, token_url
from ringwall.scan.model import AGENT, ANONYMOUS, Account, Call, Headers, Reply
from ringwall.scan.pool import objects
from ringwall.scan.subject import Aim, Subject, login_names
from ringwall.scan.values import Dice, Maker

TOKENS = ("access token", "accesstoken", "auth token", "authtoken", "token", "access", "id token", "jwt", "jwt token",
          "session token", "session id", "sessionid", "api key", "apikey", "bearer", "key")  # fmt: skip
"""What sign-ins call the token, in words."""


@dataclass(frozen=True, slots=True)
class About:
    """What the user says of an account beside its credential."""

    roles: frozenset[str] | None = None
    subject: str | None = None
    tenant: str | None = None


def account(stated: str, about: Mapping[str, About]) -> Account:
    """`NAME=bearer:TOKEN`, `key:KEY`, `basic:USER:PASSWORD`, `header:Name: value`, `login:USER:PASSWORD` or
    `client:ID:SECRET`.

    Raises Unusable."""
    name, equals, credential = stated.partition("=")
    scheme, colon, value = credential.partition(":")
    if not equals or not colon or not name.replace("-", "").replace("_", "").isalnum():
        raise Unusable(f"--as is NAME=SCHEME:VALUE, not {name[:40]!r}…")
    known = about.get(name, About())
    made = Account(name, _headers(name, scheme, value), subject=known.subject, tenant=known.tenant, roles=known.roles)
    if scheme in ("basic", "login", "client"):
        user, _, password = value.partition(":")
        made = replace(made, username=user, password=password, client=scheme == "client")
    return _told(made)


def _headers(name: str, scheme: str, value: str) -> tuple[tuple[str, str], ...]:
    header, _, rest = value.partition(":")
    made: dict[str, tuple[tuple[str, str], ...]] = {
        "bearer": (("Authorization", f"Bearer {value}"),),
        "key": (("X-API-Key", value),),
        "basic": (("Authorization", f"Basic {base64.b64encode(value.encode()).decode()}"),),
        "header": ((header.strip(), rest.strip()),),
        "login": (),
        "client": (),
    }
    found = made.get(scheme)
    if found is None or not value:
        raise Unusable(f"--as {name}: the scheme is bearer, key, basic, header, login or client")
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
    if account.client:
        return _granted(account, subject, client)
    if subject.login is not None:
        return _as_described(account, subject.login, subject, client)
    aim = subject.sign_in()
    names = login_names(subject, aim) if aim else None
    if aim is None or names is None:
        raise Unusable(f"--as {account.name}: the document has no operation to sign in at; describe it (--login)")
    reply = client.send(sign_in_call(aim, names, account, subject, dice))
    if not reply.fine:
        raise Unusable(f"--as {account.name}: signing in at {aim.key} answers {reply.status or 'nothing'}")
    given = list(credentials_in(reply, subject.api))
    if not given:
        raise Unusable(f"--as {account.name}: {aim.key} answers with neither a token nor a cookie")
    return _told(replace(account, headers=_taken(given, subject, client)))


def _as_described(account: Account, login: Login, subject: Subject, client: Client) -> Account:
    reply = client.send(login.call(account))
    stated = login.credential(reply)
    given = [stated] if stated else list(credentials_in(reply, subject.api)) if not login.token else []
    if not given:
        raise Unusable(
            f"--as {account.name}: {login.method} {login.path} answers {reply.status} and gives no credential"
        )
    return _told(replace(account, headers=_taken(given, subject, client)))


def _granted(account: Account, subject: Subject, client: Client) -> Account:
    """An OAuth client's token, from this host, or from the one that the user named."""
    url = subject.token_url or token_url(subject.api)
    if url is None:
        raise Unusable(f"--as {account.name}: the document names no token endpoint for clients (--token-url)")
    whole = urljoin(client.url + "/", url)
    if not whole.startswith(client.url + "/") and subject.token_url is None:
        raise Unusable(f"--as {account.name}: the token endpoint is another host's, {whole}: name it (--token-url)")
    reply = client.elsewhere(whole).send(grant_call(whole, account))
    given = credential_in(reply)
    if not given:
        raise Unusable(f"--as {account.name}: {whole} answers {reply.status or 'nothing'} and gives no token")
    return _told(replace(account, headers=given))


def _taken(given: list[Headers], subject: Subject, client: Client) -> Headers:
    """The first form of a credential that the API takes: tried at operations that refuse whoever has none."""
    if len(given) == 1:
        return given[0]
    for aim in asking(subject):
        call = Call("GET", aim.path, (AGENT, ("Accept", "*/*")), b"", ANONYMOUS)
        nobody = client.send(call)
        if nobody.status not in (401, 403) and not (nobody.fine and nobody.document):
            continue
        for headers in given:
            reply = client.send(replace(call, account=Account("candidate", headers)))
            if reply.fine and reply.body != nobody.body:
                return headers
    return given[0]


def asking(subject: Subject) -> list[Aim]:
    """Operations that show whether a credential is taken: those that read, name no object, and are not open to all."""
    plain = [a for a in subject.aims if a.method == "GET" and not a.slots and not a.held and not a.public
             and "{" not in a.path and not any(p.required for p in a.op.api.parameters)]  # fmt: skip
    return sorted(plain, key=lambda a: a.public is None)[:4]


def credential_in(reply: Reply) -> Headers:
    """The headers that a successful sign-in gives, in the likeliest form; nothing where it gives none: many APIs say
    that a password is wrong with status 200."""
    return next(credentials_in(reply, None), ())


def credentials_in(reply: Reply, api: Api | None) -> Iterator[Headers]:
    """Every form that the credential of a sign-in may be meant in: the token as the document's schemes say, as RFC 6750
    does, under the words that are usual; else cookies, with the word against forgery that came beside them."""
    if not reply.fine:
        return
    token = next((value for entry in objects(reply.document) for name, value in entry.items()
                  if spoken(name) in TOKENS and isinstance(value, str) and value), None)  # fmt: skip
    if token is not None:
        bare = token.partition(" ")[2] if token.lower().startswith(("bearer ", "token ")) else token
        yield from dict.fromkeys(_forms(bare, _stated_headers(api)))
        return
    cookies = [line.partition(";")[0] for line in reply.headers.get("set-cookie", "").split("\n") if "=" in line]
    if cookies:
        yield (("Cookie", "; ".join(cookies)), *_against_forgery(reply, cookies))


def _forms(token: str, stated: tuple[str, ...]) -> Iterator[Headers]:
    if not stated or "Authorization" in stated:
        yield (("Authorization", f"Bearer {token}"),)
    for name in (n for n in stated if n != "Authorization"):
        yield ((name, token),)
        yield ((name, f"Bearer {token}"),)
    yield (("Authorization", f"Token {token}"),)
    yield (("Authorization", token),)
    yield (("Authorization", f"JWT {token}"),)
    yield (("X-Access-Token", token),)
    yield (("X-Auth-Token", token),)


def _stated_headers(api: Api | None) -> tuple[str, ...]:
    """The headers that the document's security schemes name."""
    found = []
    for scheme in api.security.values() if api else ():
        name = scheme.get("name") if isinstance(scheme, dict) and scheme.get("in") == "header" else None
        found.append(str(name).title() if str(name).lower() == "authorization" else str(name or "Authorization"))
    return tuple(dict.fromkeys(found))


def _against_forgery(reply: Reply, cookies: list[str]) -> Headers:
    """The token that a session's writes have to repeat in a header: from a cookie, as Django and Angular have it, or
    from the reply's body."""
    pairs = [cookie.split("=", 1) for cookie in cookies]
    shown = [(n, v) for entry in objects(reply.document) for n, v in entry.items() if isinstance(v, str)]
    word = next((value for name, value in (*pairs, *shown) if re.search("csrf|xsrf", name, re.IGNORECASE)), None)
    return tuple((name, word) for name in ("X-CSRF-Token", "X-CSRFToken", "X-XSRF-TOKEN")) if word else ()


def sign_in_call(aim: Aim, names: tuple[str, str], account: Account, subject: Subject, dice: Dice) -> Call:
    """The request that signs an account in."""
    form = subject.form(aim)
    maker = Maker(subject.api.schemas, dice, lambda word: f"{quote(word)}")
    body = maker.make(form.schema, "body", "sign-in", lambda name, flat: None, full=False)
    held = body if isinstance(body, dict) else {}
    held = {**held, names[0]: account.username, names[1]: account.password}
    headers = (AGENT, ("Accept", "*/*"), ("Content-Type", form.content_type))
    return Call(aim.method, aim.path, headers, form.write(json.loads(json.dumps(held))), ANONYMOUS)
