"""Strict HTTP: hostile heads are refused for their reason, their honest twins pass, and what passes has one meaning.

The independent readers are h11 and httptools (llhttp): both must read an admitted head as `admit` does.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, quote, unquote

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.core.admit import REASONS, Admission, admit, within
from ringwall.core.decode import Undecodable, cookies, decoded, path_segments, query_pairs
from ringwall.core.message import Head, Headers, RawHead
from ringwall.core.verdict import Refuse

HOST = (b"Host", b"api.example")
PROXIES = Admission(trusted=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48")))


def ask(
    target: bytes = b"/a",
    *headers: tuple[bytes, bytes],
    method: bytes = b"GET",
    host: bytes | None = b"api.example",
    peer: str = "203.0.113.9",
    bounds: Admission | None = None,
    version: str = "1.1",
    websocket: bool = False,
) -> Head | Refuse:
    lines = ((b"Host", host), *headers) if host is not None else headers
    raw = RawHead(method, target, lines, peer, secure=False, version=version, websocket=websocket)
    return admit(raw, bounds or Admission(), "rid")


def reason(answer: Head | Refuse) -> str:
    return answer.reason.code.removeprefix("transport.") if isinstance(answer, Refuse) else "admitted"


TARGETS: list[tuple[bytes, str]] = [
    (b"/", "admitted"),
    (b"/a/b", "admitted"),
    (b"/a/b/", "admitted"),
    (b"/a//b", "path"),
    (b"//a", "path"),
    (b"//evil.example/a", "path"),
    (b"/a/../b", "path"),
    (b"/a/..", "path"),
    (b"/..", "path"),
    (b"/a/./b", "path"),
    (b"/.well-known/x", "admitted"),
    (b"/a..b", "admitted"),
    (b"/a/...", "admitted"),
    (b"/a/%2e%2e/b", "path"),
    (b"/a/%2E%2e", "path"),
    (b"/a/.%2e/b", "path"),
    (b"/a%2fb", "path"),
    (b"/a%2Fb", "path"),
    (b"/a%5cb", "path"),
    (b"/a\\b", "target"),
    (b"/a;x=1/b", "path"),
    (b"/a%3bx", "path"),
    (b"/a%00b", "path"),
    (b"/a%0d%0ab", "path"),
    (b"/a%7fb", "path"),
    (b"/a%c2%85b", "path"),
    (b"/a%252e%252e/b", "path"),
    (b"/a%25b", "admitted"),
    (b"/100%25", "admitted"),
    (b"/100%", "encoding"),
    (b"/a%2", "encoding"),
    (b"/a%zz", "encoding"),
    (b"/a%u002f", "encoding"),
    (b"/a%c0%ae%c0%ae/b", "encoding"),
    (b"/a%c0%afb", "encoding"),
    (b"/a%e0%80%af", "encoding"),
    (b"/a%ff", "encoding"),
    (b"/a%ed%a0%80", "encoding"),
    (b"/caf%C3%A9", "admitted"),
    ("/café".encode(), "target"),
    (b"/a b", "target"),
    (b"/a\tb", "target"),
    (b"/a#frag", "target"),
    (b"/a<b>", "target"),
    (b"/a\x00", "target"),
    (b"", "target"),
    (b"*", "target"),
    (b"a/b", "target"),
    (b"?a=b", "target"),
    (b"http://api.example/a", "target"),
    (b"api.example:443", "target"),
    (b"/" + b"a" * 8191, "admitted"),
    (b"/" + b"a" * 8192, "target.size"),
    (b"/a?x=%zz", "encoding"),
    (b"/a?x=%ff", "encoding"),
    (b"/a?x=%00", "query"),
    (b"/a?%00=x", "query"),
    (b"/a?x=%0a", "admitted"),
    (b"/a?x=../..&y=a%2fb", "admitted"),
    (b"/a?x=%252e", "admitted"),
    (b"/a?" + b"&".join([b"x=1"] * 256), "admitted"),
    (b"/a?" + b"&".join([b"x=1"] * 257), "query"),
    (b"/a?" + b"&" * 400, "query"),
]


@pytest.mark.parametrize(("target", "said"), TARGETS, ids=[repr(t[:30]) for t, _ in TARGETS])
def test_targets(target: bytes, said: str) -> None:
    assert reason(ask(target)) == said


METHODS = [
    (b"GET", "admitted"),
    (b"PATCH", "admitted"),
    (b"M-SEARCH", "admitted"),
    (b"get", "method"),
    (b"GET ", "method"),
    (b"G\xc3\x89T", "method"),
    (b"", "method"),
    (b"CONNECT", "method"),
    (b"TRACE", "method"),
    (b"A" * 21, "method"),
    (b"GET\r\nX: y", "method"),
]


@pytest.mark.parametrize(("method", "said"), METHODS)
def test_methods(method: bytes, said: str) -> None:
    assert reason(ask(method=method)) == said


HEADERS: list[tuple[list[tuple[bytes, bytes]], str]] = [
    ([(b"X-Custom", b"fine")], "admitted"),
    ([(b"", b"x")], "header"),
    ([(b" X", b"x")], "header"),
    ([(b"X ", b"x")], "header"),
    ([(b"Transfer-Encoding ", b"chunked")], "header"),
    ([(b"X:Y", b"x")], "header"),
    ([(b"X,Y", b"x")], "header"),
    ([(b"X\x00", b"x")], "header"),
    ([(b"X-\xe9", b"x")], "header"),
    ([(b"X", b"a\r\nSet-Cookie: b")], "header"),
    ([(b"X", b"a\nb")], "header"),
    ([(b"X", b"a\x00b")], "header"),
    ([(b"X", b"a\x7f")], "header"),
    ([(b"X", b"a\tb")], "admitted"),
    ([(b"X", b"caf\xe9")], "admitted"),
    ([(b"X", b"")], "admitted"),
    ([(b"X", b"a" * 16_384)], "admitted"),
    ([(b"X", b"a" * 16_385)], "header.size"),
    ([(b"X%d" % i, b"a") for i in range(99)], "admitted"),
    ([(b"X%d" % i, b"a") for i in range(100)], "header.size"),
    ([(b"X%d" % i, b"a" * 9000) for i in range(8)], "header.size"),
    ([(b"X" * 70_000, b"a")], "header.size"),
    ([(b"Accept", b"a/b"), (b"Accept", b"c/d")], "admitted"),
    ([(b"Authorization", b"Bearer a"), (b"Authorization", b"Bearer b")], "header.duplicate"),
    ([(b"Authorization", b"Bearer a"), (b"authorization", b"Bearer b")], "header.duplicate"),
    ([(b"Content-Type", b"a/b"), (b"Content-Type", b"a/b")], "header.duplicate"),
    ([(b"X-Api-Key", b"a"), (b"X-Api-Key", b"b")], "header.duplicate"),
    ([(b"X-Api-Key", b"a"), (b"X_Api_Key", b"b")], "header.alias"),
    ([(b"X_Api_Key", b"b")], "header.alias"),
    ([(b"Content_Length", b"5")], "header.alias"),
    ([(b"Content-Length", b"5"), (b"Content_Length", b"6")], "header.alias"),
    ([(b"Transfer_Encoding", b"chunked")], "header.alias"),
    ([(b"X_Forwarded_For", b"1.2.3.4")], "header.alias"),
    ([(b"X.Forwarded.For", b"1.2.3.4")], "header.alias"),
    ([(b"X-Forwarded_For", b"1.2.3.4")], "header.alias"),
    ([(b"Ringwall_Assertion", b"x")], "header.alias"),
    ([(b"X-Tenant", b"a"), (b"X_Tenant", b"b")], "header.alias"),
    ([(b"X-Tenant", b"a"), (b"X.Tenant", b"b")], "header.alias"),
    ([(b"X_Tenant", b"b")], "admitted"),
    ([(b"api_key", b"b")], "admitted"),
    ([(b"X-HTTP-Method-Override", b"DELETE")], "override"),
    ([(b"X-Method-Override", b"delete")], "override"),
    ([(b"X-HTTP-Method", b"PUT")], "override"),
    ([(b"X-HTTP-Method-Override", b"GET")], "admitted"),
    ([(b"X-Original-URL", b"/admin")], "override"),
    ([(b"X-Rewrite-URL", b"/admin")], "override"),
    ([(b"X-Original-URL", b"/a")], "admitted"),
    ([(b"Expect", b"100-continue")], "admitted"),
    ([(b"Expect", b"200-maybe")], "expect"),
    ([(b"Host", b"other.example")], "host"),
    ([(b"Content-Length", b"0")], "admitted"),
    ([(b"Content-Length", b"5")], "admitted"),
    ([(b"Content-Length", b" 5 ")], "admitted"),
    ([(b"Content-Length", b"+5")], "framing"),
    ([(b"Content-Length", b"-5")], "framing"),
    ([(b"Content-Length", b"0x5")], "framing"),
    ([(b"Content-Length", b"5.0")], "framing"),
    ([(b"Content-Length", b"5_0")], "framing"),
    ([(b"Content-Length", b"")], "framing"),
    ([(b"Content-Length", b"5, 5")], "framing"),
    ([(b"Content-Length", b"5 5")], "framing"),
    ([(b"Content-Length", b"\xb2")], "framing"),
    ([(b"Content-Length", b"9" * 16)], "framing"),
    ([(b"Content-Length", b"5"), (b"Content-Length", b"5")], "framing"),
    ([(b"Content-Length", b"5"), (b"Content-Length", b"6")], "framing"),
    ([(b"Transfer-Encoding", b"chunked")], "admitted"),
    ([(b"Transfer-Encoding", b"Chunked")], "admitted"),
    ([(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"5")], "framing"),
    ([(b"Transfer-Encoding", b"chunked, chunked")], "framing"),
    ([(b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"chunked")], "framing"),
    ([(b"Transfer-Encoding", b"gzip, chunked")], "framing"),
    ([(b"Transfer-Encoding", b"chunked, identity")], "framing"),
    ([(b"Transfer-Encoding", b"identity")], "framing"),
    ([(b"Transfer-Encoding", b"xchunked")], "framing"),
    ([(b"Transfer-Encoding", b'"chunked"')], "framing"),
    ([(b"Transfer-Encoding", b"\x0bchunked")], "header"),
    ([(b"Transfer-Encoding", b"chunked;q=1")], "framing"),
    ([(b"Transfer-Encoding", b"")], "framing"),
]


@pytest.mark.parametrize(("headers", "said"), HEADERS, ids=[repr(h[-1])[:60] for h, _ in HEADERS])
def test_headers(headers: list[tuple[bytes, bytes]], said: str) -> None:
    assert reason(ask(b"/a", *headers)) == said


HOSTS = [
    (b"api.example", "admitted"),
    (b"api.example:8443", "admitted"),
    (b"127.0.0.1:80", "admitted"),
    (b"[::1]", "admitted"),
    (b"[2001:db8::1]:443", "admitted"),
    (b"api.example:", "host"),
    (b"api.example:99999", "host"),
    (b"api.example:8a", "host"),
    (b"", "host"),
    (b"[:::1]", "host"),
    (b"[fe80::1%25eth0]", "host"),
    (b"a@b", "host"),
    (b"a/b", "host"),
    (b"a,b", "host"),
    (b"a b", "host"),
    (b"a\\b", "host"),
    (b"caf\xe9.example", "host"),
    (b"a?b", "host"),
]


@pytest.mark.parametrize(("host", "said"), HOSTS)
def test_hosts(host: bytes, said: str) -> None:
    assert reason(ask(host=host)) == said


def test_a_host_may_be_missing_only_in_http_1_0_and_chunked_only_in_1_1() -> None:
    assert reason(ask(host=None)) == "host"
    assert reason(ask(host=None, version="1.0")) == "admitted"
    assert reason(ask(b"/a", (b"Transfer-Encoding", b"chunked"), version="1.0")) == "framing"


def client(peer: str, forwarded: str | None, proto: str | None = None) -> tuple[str, bool]:
    headers = [(b"X-Forwarded-For", forwarded.encode())] if forwarded is not None else []
    headers += [(b"X-Forwarded-Proto", proto.encode())] if proto is not None else []
    head = ask(b"/a", *headers, peer=peer, bounds=PROXIES)
    assert isinstance(head, Head)
    return head.client, head.secure


CHAINS = [
    ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
    ("10.0.0.1", None, "10.0.0.1"),
    ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
    ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
    ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
    ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
    ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
    ("10.0.0.1", "nonsense, 10.2.2.2", "10.2.2.2"),
    ("10.0.0.1", "", "10.0.0.1"),
    ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
    ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
    ("10.0.0.1", "2001:DB8:0:0::7", "2001:db8::7"),
    ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
    ("10.0.0.1", "198.51.100.1, ::ffff:10.2.2.2", "198.51.100.1"),
    ("10.0.0.1", "fe80::1%secret-words", "10.0.0.1"),
    ("10.0.0.1", "127.0.0.1", "127.0.0.1"),
    ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
    ("::ffff:203.0.113.9", "198.51.100.1", "203.0.113.9"),
    ("2001:db8:1::1", "198.51.100.1", "198.51.100.1"),
    ("2001:db8:2::1", "198.51.100.1", "2001:db8:2::1"),
    ("fe80::1%eth0", "198.51.100.1", "fe80::1"),
    ("", "198.51.100.1", ""),
    ("testclient", "198.51.100.1", "testclient"),
]


@pytest.mark.parametrize(("peer", "forwarded", "said"), CHAINS)
def test_forwarded_addresses_count_only_from_trusted_proxies(peer: str, forwarded: str | None, said: str) -> None:
    assert client(peer, forwarded)[0] == said


def test_forwarded_protocol_counts_only_from_trusted_proxies() -> None:
    assert client("10.0.0.1", "198.51.100.1", "https")[1]
    assert not client("203.0.113.9", "198.51.100.1", "https")[1]
    assert not client("10.0.0.1", "198.51.100.1", "http, https")[1]


def test_only_a_handshake_of_the_adapter_is_an_upgrade() -> None:
    upgrade = (b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")
    plain, shaking = ask(b"/a", *upgrade), ask(b"/a", *upgrade, websocket=True)
    assert isinstance(plain, Head)
    assert not plain.upgrade
    assert isinstance(shaking, Head)
    assert shaking.upgrade


def test_media_types_and_charsets_are_read_once() -> None:
    def of(value: bytes) -> tuple[str, str]:
        head = ask(b"/a", (b"Content-Type", value))
        assert isinstance(head, Head)
        return head.media_type, head.charset

    assert of(b"Application/JSON; charset=UTF-8") == ("application/json", "utf-8")
    assert of(b"application/json , text/html") == ("malformed", "")
    assert of(b"json") == ("malformed", "")
    assert of(b"application/vnd.api+json") == ("application/vnd.api+json", "")


def test_every_reason_of_a_head_is_met_here() -> None:
    """What only an adapter can see (lines, chunks, versions, connections) is tested beside the gateway."""
    met = {said for _, said in [*TARGETS, *METHODS, *HEADERS, *HOSTS]}
    elsewhere = {"syntax", "version", "line", "fold", "chunk", "connections"}
    assert {r.code.removeprefix("transport.") for r in REASONS} == (met - {"admitted"}) | elsewhere


# Properties

_header_bytes = st.binary(max_size=12) | st.sampled_from(
    [b"Host", b"Content-Length", b"Transfer-Encoding", b"Cookie", b"chunked", b"5", b"X_Y", b"X-Forwarded-For", b"::"]
)
_raw = st.builds(
    RawHead,
    method=st.sampled_from([b"GET", b"POST"]) | st.binary(max_size=8),
    target=st.binary(max_size=40) | st.binary(max_size=20).map(lambda b: b"/" + b),
    headers=st.lists(st.tuples(_header_bytes, _header_bytes), max_size=6).map(lambda h: (HOST, *h)),
    peer=st.text(max_size=8) | st.sampled_from(["10.0.0.1", "::1", "::ffff:10.0.0.1"]),
    secure=st.booleans(),
    version=st.sampled_from(["1.0", "1.1", "2", ""]),
    websocket=st.booleans(),
)


@given(_raw)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_an_answer(raw: RawHead) -> None:
    answer = admit(raw, PROXIES, "rid")
    assert isinstance(answer, (Head, Refuse))
    if isinstance(answer, Head):
        assert not any(s in (".", "..") or set(s) & set("/\\;\0\r\n") for s in answer.segments)
        assert all(not value.startswith((" ", "\t")) for value in answer.headers.values())


_token = st.text("abcXYZ09-", min_size=1, max_size=8)
_value = st.text("abc XYZ,;=\"'\té09", max_size=10).map(lambda s: s.strip(" \t"))
_segment = st.text("aZ09-._~!$&'()*+,=:@é/%;.", max_size=6)
_targets = st.builds(
    lambda parts, pairs: (
        "/"
        + "/".join(quote(p, safe="!$&'()*+,=:@;") for p in parts)
        + ("?" + "&".join(f"{quote(n)}={quote(v)}" for n, v in pairs) if pairs else "")
    ).encode(),
    st.lists(_segment, max_size=4),
    st.lists(st.tuples(_token, _segment), max_size=3),
)
_framing = st.sampled_from(
    [(), ((b"Content-Length", b"5"),), ((b"Transfer-Encoding", b"chunked"),), ((b"Content-Length", b"0"),)]
)


class _Llhttp:
    def __init__(self) -> None:
        self.target, self.headers = b"", list[tuple[bytes, bytes]]()

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))


@given(
    st.sampled_from([b"GET", b"POST", b"DELETE"]),
    _targets,
    st.lists(
        st.tuples(_token.map(lambda n: b"x-" + n.encode()), _value.map(lambda v: v.encode("latin-1"))), max_size=4
    ),
    _framing,
)
@settings(max_examples=150, deadline=None)
def test_what_is_admitted_is_read_alike_by_others(
    method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], framing: Headers
) -> None:
    raw = RawHead(method, target, (HOST, *headers, *framing), "203.0.113.9", secure=False)
    head = admit(raw, Admission(), "rid")
    if isinstance(head, Refuse):
        return
    wire = b"%s %s HTTP/1.1\r\n" % (method, target)
    wire += b"".join(b"%s: %s\r\n" % h for h in raw.headers) + b"\r\n"

    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(wire)
    event = theirs.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method.decode(), event.target) == (head.method, head.target)
    joined: dict[str, str] = {}
    for name, value in event.headers:
        key, text = name.decode(), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    assert joined == dict(head.headers)
    lengths = [int(v) for k, v in event.headers if k == b"content-length"]
    assert lengths == ([head.length] if head.length is not None else [])
    assert head.has_body == (head.chunked or bool(lengths and lengths[0]))

    seen = _Llhttp()
    httptools.HttpRequestParser(seen).feed_data(wire)
    assert seen.target == target
    assert [(n.lower(), v.strip(b" \t")) for n, v in seen.headers] == [
        (n.lower(), v.strip(b" \t")) for n, v in raw.headers
    ]
    url = httptools.parse_url(target)
    assert unquote(url.path.decode()) == head.path
    assert (url.query or b"") == target.partition(b"?")[2]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=6), st.text(max_size=6)), max_size=5))
def test_queries_decode_as_urllib_decodes_them(pairs: list[tuple[str, str]]) -> None:
    pairs = [(n.replace("\0", ""), v.replace("\0", "")) for n, v in pairs]
    try:
        wire = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs)
    except UnicodeEncodeError:
        return
    ours = query_pairs(wire.encode(), 256)
    assert ours is not None
    theirs = parse_qsl(wire, keep_blank_values=True, separator="&") if wire else []
    assert [(p.name, p.value) for p in ours] == theirs


@given(st.binary(max_size=30).map(lambda b: b"/" + bytes(c for c in b if c < 128)))
def test_segments_hold_nothing_that_reads_twice(path: bytes) -> None:
    try:
        segments = path_segments(path)
    except Undecodable:
        return
    if segments is not None:
        for segment in segments:
            assert decoded(quote(segment).encode()) == segment
            assert unquote(segment) == segment
            assert not set(segment) & set("/\\;")
            assert segment not in (".", "..")


def test_cookies_keep_their_order_and_copies() -> None:
    assert cookies("a=1; b=2; a=3; flag; c=x=y") == (("a", "1"), ("b", "2"), ("a", "3"), ("c", "x=y"))
    assert cookies("\xa0a=1") == (("\xa0a", "1"),)


def test_an_address_lies_in_networks_whichever_way_it_is_written() -> None:
    assert within("::ffff:10.1.2.3", PROXIES.trusted)
    assert within("10.1.2.3", PROXIES.trusted)
    assert not within("11.1.2.3", PROXIES.trusted)
    assert not within("10.1.2.3.evil", PROXIES.trusted)
