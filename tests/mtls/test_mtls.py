"""Client certificates: whom each speaks for, at ringwall's own TLS in both shapes, and by the word of a proxy."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from adapters.gateway.test_gateway_identity import DOCUMENT, Seen
from e2e.e2e_process import Running, serving
from mtls.authority import Authority, Issued
from ringwall.contract.logins import Certificates, Holder
from ringwall.contract.model import Misconfigured
from ringwall.contract.parse import load
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead
from ringwall.core.peer import handed_on, thumbprint
from ringwall.core.verdict import PASS, Learned, Refuse
from ringwall.engines.policy import Roles
from ringwall.layers.authentication.certificates import certificate_verdict
from ringwall.layers.authentication.settings import Settings

CLIENTS, OTHERS = Authority(), Authority("others")
LAB = CLIENTS.issue("lab", x509.DNSName("lab.clinic.test"), x509.UniformResourceIdentifier("spiffe://clinic/lab"))
ROLES = Roles({"reader": frozenset()}, frozenset())
HOLDER = Holder("lab-1", frozenset({"reader"}), frozenset({"a"}), "north")


def judge(issued: Issued | bytes, names: dict[str, Holder], *, public: bool = False) -> object:
    der = issued if isinstance(issued, bytes) else issued.der
    settings = Settings(None, {}, api_keys=True, basic=False, roles=ROLES, staleness_s=5.0)
    known = Known("GET /x", time.time(), {}, "127.0.0.1", "r")
    return certificate_verdict(der, known, settings, Certificates("ca.pem", None, names), public=public)


@pytest.mark.parametrize("name", ["dns:lab.clinic.test", "uri:spiffe://clinic/lab", "O=Clinic,CN=lab"])
def test_a_certificate_speaks_for_whom_the_contract_says(name: str) -> None:
    verdict = judge(LAB, {name: HOLDER, "dns:other": Holder("x", frozenset(), frozenset(), None)})
    assert isinstance(verdict, Learned)
    who = verdict.known.principal
    assert who is not None
    assert (who.subject, who.roles, who.scopes, who.tenant, who.method) == ("lab-1", {"reader"}, {"a"}, "north",
                                                                           "certificate")  # fmt: skip


@pytest.mark.parametrize(
    ("issued", "names"),
    [
        (LAB, {"dns:elsewhere": HOLDER}),
        (LAB, {"dns:lab.clinic.test": HOLDER, "O=Clinic,CN=lab": Holder("b", frozenset(), frozenset(), None)}),
        (CLIENTS.issue("lab", ends=timedelta(minutes=-1)), {"O=Clinic,CN=lab": HOLDER}),
        (CLIENTS.issue("lab", begins=timedelta(hours=12)), {"O=Clinic,CN=lab": HOLDER}),
        (CLIENTS.issue("lab", server=True), {"O=Clinic,CN=lab": HOLDER}),
        (b"", {"O=Clinic,CN=lab": HOLDER}),
        (LAB.der[:-1], {"O=Clinic,CN=lab": HOLDER}),
    ],
)
def test_any_other_is_nobody(issued: Issued | bytes, names: dict[str, Holder]) -> None:
    verdict = judge(issued, names)
    assert isinstance(verdict, Refuse)
    assert (verdict.reason.code, verdict.reason.status) == ("authn.certificate.unknown", 401)
    assert judge(issued, names, public=True) is PASS


@given(st.binary(max_size=200) | st.just(LAB.der).flatmap(lambda der: st.integers(0, len(der) - 1).map(
    lambda place: der[:place] + bytes([der[place] ^ 1]) + der[place + 1 :])))  # fmt: skip
def test_no_bytes_make_it_fail(der: bytes) -> None:
    verdict = judge(der, {"sha256:" + "0" * 64: HOLDER})
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == "authn.certificate.unknown"


def head_of(peer: str, *headers: tuple[bytes, bytes], shown: bytes | None = None) -> Head:
    import ipaddress

    bounds = Admission(trusted=(ipaddress.ip_network("10.0.0.0/8"),), certificate="client-cert")
    raw = RawHead(b"GET", b"/x", ((b"Host", b"x"), *headers), peer, True, certificate=shown)
    head = admit(raw, bounds, "r")
    assert isinstance(head, Head), head
    return head


def test_a_proxys_word_counts_from_a_trusted_proxy_alone() -> None:
    said = (b"Client-Cert", b":" + base64.b64encode(LAB.der) + b":")
    escaped = (b"Client-Cert", quote(LAB.pem.decode()).encode())
    own = OTHERS.issue("proxy").der
    assert head_of("10.1.2.3", said).certificate == LAB.der
    assert head_of("10.1.2.3", escaped).certificate == LAB.der
    assert head_of("10.1.2.3", said, shown=own).certificate == LAB.der
    assert head_of("10.1.2.3", shown=own).certificate is None, "the proxy's own is not its caller's"
    assert head_of("192.0.2.1", said).certificate is None
    assert head_of("192.0.2.1", said, shown=own).certificate == own
    assert thumbprint(head_of("10.1.2.3", said)) == thumbprint(head_of("192.0.2.1", shown=LAB.der))
    twice = admit(RawHead(b"GET", b"/x", ((b"Host", b"x"), said, said), "10.1.2.3", True), Admission(), "r")
    assert isinstance(twice, Refuse)


@given(st.text(max_size=80))
def test_no_header_makes_it_fail(text: str) -> None:
    assert handed_on(text) is None or text.strip(" ").startswith(":")


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("{subjects: {'dns:a': {}}}", "certificates from nowhere"),
        ("{header: Client-Cert, subjects: {'dns:a': {}}}", "a header that nobody may send"),
        ("{ca: c.pem, subjects: {'dns:a': {roles: [writer]}}}", "the unknown role 'writer'"),
        ("{ca: c.pem}", "no `subjects`"),
        ("{ca: c.pem, subjects: {lab: {}}}", "'lab'"),
    ],
)
def test_mistakes_are_told(stated: str, found: str) -> None:
    text = f"ringwall: 1\napi: x\nroles: {{reader: {{}}}}\nauthentication:\n  certificates: {stated}\n"
    with pytest.raises(Misconfigured) as told:
        load(text, openapi=DOCUMENT)  # type: ignore[arg-type]
    assert found in [problem.found for problem in told.value.problems]


CONTRACT = """
ringwall: 1
api: openapi.json
identity_headers: true
authentication:
  certificates: {ca: clients.pem, subjects: {"dns:lab.clinic.test": {subject: lab-1, roles: [reader]}}}
roles: {reader: {}}
operations: {"GET /seen": {allow: [reader]}}
"""
APPLICATION = """
from fastapi import FastAPI, Request
app = FastAPI()

@app.get("/seen")
async def seen(request: Request):
    return {"ringwall-subject": request.state.ringwall.subject}
"""


@pytest.fixture(scope="module", params=["gateway", "in process"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    from http.server import ThreadingHTTPServer

    directory = tmp_path_factory.mktemp("mtls")
    (directory / "openapi.json").write_text(json.dumps(DOCUMENT))
    (directory / "ringwall.yaml").write_text(CONTRACT)
    (directory / "clients.pem").write_bytes(CLIENTS.pem())
    (directory / "seen_app.py").write_text(APPLICATION)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Seen)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    target = f"http://127.0.0.1:{server.server_port}" if request.param == "gateway" else "seen_app:app"
    with serving(directory / "run", target, "--contract", str(directory / "ringwall.yaml"), cwd=directory) as running:
        yield running
    server.shutdown()
    server.server_close()


def ask(served: Running, issued: Issued | None, tmp_path: Path, **headers: str) -> httpx.Response:
    context = served.trust()
    assert isinstance(context, ssl.SSLContext)
    if issued is not None:
        context.load_cert_chain(issued.file(tmp_path / "client.pem"))
    with httpx.Client(base_url=served.url, verify=context, trust_env=False) as client:
        return client.get("/seen", headers=headers)


def test_who_shows_a_certificate_is_known_and_nobody_else(served: Running, tmp_path: Path) -> None:
    reply = ask(served, LAB, tmp_path)
    assert reply.status_code == 200, reply.text
    told = dict(tuple(pair) for pair in reply.json()) if isinstance(reply.json(), list) else reply.json()
    assert told["ringwall-subject"] == "lab-1"
    assert ask(served, None, tmp_path).json()["reason"] == "authn.missing"
    assert ask(served, CLIENTS.issue("guest"), tmp_path).json()["reason"] == "authn.certificate.unknown"
    said = f":{base64.b64encode(LAB.der).decode()}:"
    assert ask(served, None, tmp_path, **{"Client-Cert": said}).json()["reason"] == "authn.missing"


def test_a_certificate_of_another_authority_is_not_let_in(served: Running, tmp_path: Path) -> None:
    with pytest.raises(httpx.TransportError):
        ask(served, OTHERS.issue("lab", x509.DNSName("lab.clinic.test")), tmp_path)
