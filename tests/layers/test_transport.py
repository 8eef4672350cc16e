"""Origins of writes, TLS, what is not declared, and the headers that every reply carries."""

from __future__ import annotations

import pytest

from layers.policy_world import operation
from ringwall.contract.model import Cors
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known
from ringwall.core.message import Head, Headers, RawHead, Request, Response
from ringwall.core.plan import Guards
from ringwall.core.verdict import Refuse
from ringwall.layers.transport import Settings, dresser, forge, preflight, refuse_route

SHOP = Cors(("https://shop.example",), credentials=True, headers=("x-a",), expose=("x-b",), max_age=60)
ALL = Cors(("*",), credentials=False, headers=(), expose=(), max_age=60)
KNOWN = Known("x", 0.0, {}, "", "r")


def head(*headers: tuple[bytes, bytes], secure: bool = True, host: bytes = b"api.example") -> Head:
    found = admit(RawHead(b"POST", b"/a", ((b"Host", host), *headers), "", secure), Admission(), "rid")
    assert isinstance(found, Head)
    return found


def said(guards: Guards, asked: Head) -> str:
    for guard in guards.head:
        verdict = guard.check(asked, KNOWN)
        if isinstance(verdict, Refuse):
            return verdict.reason.code
    return "passes"


DEEP = [
    (b"[" * 1001 + b"]" * 1001, "transport.depth"),
    (b'{"a":' * 1001 + b"1" + b"}" * 1001, "transport.depth"),
    (b"[" * 100_000, "transport.depth"),
    (b'["' + b"[" * 1500 + b'",' + b"[" * 1001, "transport.depth"),
    (b"[" * 1000 + b"]" * 1000, "passes"),
    (b"[" + b"[{}]," * 2000 + b"1]", "passes"),
    (b'{"art": "' + b"[{" * 2000 + b'\\"[["}', "passes"),
    (b"", "passes"),
    (None, "passes"),
]


@pytest.mark.parametrize(("content", "expected"), DEEP)
def test_content_made_to_exhaust_a_parser_reaches_none(content: bytes | None, expected: str) -> None:
    (guard,) = forge(operation("POST /a", ["x"], None, body={}), Settings(None, https=False)).body
    asked = head((b"Content-Type", b"application/json"))
    verdict = guard.check(Request(asked, asked.raw_headers, content), KNOWN)
    assert (verdict.reason.code if isinstance(verdict, Refuse) else "passes") == expected
    other = head((b"Content-Type", b"application/octet-stream"))
    assert not isinstance(guard.check(Request(other, other.raw_headers, content), KNOWN), Refuse)


ORIGINS = [
    (None, [], "passes"),
    (None, [(b"Origin", b"https://api.example")], "passes"),
    (None, [(b"Origin", b"http://api.example")], "transport.origin"),
    (None, [(b"Origin", b"https://api.example.evil")], "transport.origin"),
    (None, [(b"Origin", b"https://evil.example")], "transport.origin"),
    (None, [(b"Origin", b"null")], "transport.origin"),
    (None, [(b"Origin", b"")], "transport.origin"),
    (None, [(b"Sec-Fetch-Site", b"cross-site")], "transport.origin"),
    (None, [(b"Sec-Fetch-Site", b"same-origin")], "passes"),
    (SHOP, [(b"Origin", b"https://shop.example")], "passes"),
    (SHOP, [(b"Origin", b"https://shop.example:8443")], "transport.origin"),
    (SHOP, [(b"Origin", b"https://SHOP.example")], "transport.origin"),
    (SHOP, [(b"Origin", b"null")], "transport.origin"),
    (ALL, [(b"Origin", b"https://anybody.example")], "passes"),
    (ALL, [(b"Origin", b"null")], "transport.origin"),
]


@pytest.mark.parametrize(("cors", "headers", "expected"), ORIGINS)
def test_writes_come_from_allowed_origins(cors: Cors | None, headers: list[tuple[bytes, bytes]], expected: str) -> None:
    write, read = operation("POST /a", ["anyone"], None), operation("GET /a", ["anyone"], None)
    assert said(forge(write, Settings(cors, https=False)), head(*headers)) == expected
    assert said(forge(read, Settings(cors, https=False)), head(*headers)) == "passes"


def test_tls_where_it_is_demanded() -> None:
    op = operation("GET /a", ["anyone"], None)
    assert said(forge(op, Settings(None, https=True)), head(secure=False)) == "transport.tls"
    assert said(forge(op, Settings(None, https=True)), head()) == "passes"
    assert said(forge(op, Settings(None, https=False)), head(secure=False)) == "passes"


def test_what_is_not_declared() -> None:
    assert said(refuse_route(()), head()) == "transport.route"
    refused = refuse_route(("GET", "PUT")).head[0].check(head(), KNOWN)
    assert isinstance(refused, Refuse)
    assert (refused.reason.status, refused.headers) == (405, ((b"allow", b"GET, PUT"),))


def dressed(
    cors: Cors | None, *headers: tuple[bytes, bytes], origin: bytes | None = None, secure: bool = True
) -> Headers:
    asked = head((b"Origin", origin), secure=secure) if origin is not None else head(secure=secure)
    return dresser(Settings(cors, https=False))(asked, Response(200, headers, b"")).headers


def test_every_reply_is_dressed_once() -> None:
    plain = dict(dressed(None))
    assert plain[b"x-content-type-options"] == b"nosniff"
    assert plain[b"content-security-policy"].startswith(b"default-src 'none'")
    assert b"strict-transport-security" in plain
    assert b"strict-transport-security" not in dict(dressed(None, secure=False))
    own = dressed(None, (b"X-Content-Type-Options", b"sniff"), (b"Strict-Transport-Security", b"max-age=1"),
                  (b"Cache-Control", b"max-age=60"), (b"Server", b"App/1.0"), (b"X-Powered-By", b"x"))  # fmt: skip
    names = [name.lower() for name, _ in own]
    assert len(names) == len(set(names))
    assert dict(own)[b"x-content-type-options"] == b"nosniff"
    assert dict(own)[b"Cache-Control"] == b"max-age=60"
    assert b"server" not in names
    assert b"x-powered-by" not in names
    page = dict(dressed(None, (b"Content-Type", b"text/html")))
    assert page[b"content-security-policy"].startswith(b"default-src 'self'")


def test_cors_is_said_by_the_contract_alone() -> None:
    reflected = (b"Access-Control-Allow-Origin", b"*"), (b"access-control-allow-credentials", b"true")
    assert not any(
        n.lower().startswith(b"access-control") for n, _ in dressed(None, *reflected, origin=b"https://evil")
    )
    assert not any(
        n.lower().startswith(b"access-control") for n, _ in dressed(SHOP, *reflected, origin=b"https://evil")
    )
    granted = dict(dressed(SHOP, *reflected, origin=b"https://shop.example"))
    assert granted[b"access-control-allow-origin"] == b"https://shop.example"
    assert granted[b"access-control-allow-credentials"] == b"true"
    anyone = dict(dressed(ALL, origin=b"https://any.example"))
    assert b"access-control-allow-credentials" not in anyone
    assert b"access-control-allow-origin" not in dict(dressed(ALL, origin=b"null"))
    # a cache must not give one origin's reply to another
    for origin in (None, b"https://evil", b"https://shop.example"):
        assert dict(dressed(SHOP, origin=origin))[b"vary"] == b"Origin", (
            "a cache must not give one origin's reply to another"
        )


def test_a_preflight_is_answered_from_the_contract() -> None:
    reply = preflight(SHOP, ("GET", "PUT"))(Request(head(), (), b""), KNOWN)
    assert (reply.status, reply.get(b"access-control-allow-methods")) == (204, b"GET, PUT")
    assert reply.get(b"access-control-allow-headers") == b"x-a"
