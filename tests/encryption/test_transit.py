"""Encryption in transit, graded by outside tools and tried with wrong certificates, hosts and schemes."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.e2e_process import Running, serving, until
from encryption.encryption_certs import Authority
from ringwall.core.message import Head, Response
from ringwall.core.ports import Unavailable
from ringwall.layers import transport
from ringwall.state.certificates import LiveCertificate, flaws
from ringwall.state.journal_files import read
from ringwall.state.tls import server_context

SSLYZE = Path(__file__).parents[2] / ".servers" / "sslyze" / "bin" / "sslyze"
TESTSSL = shutil.which("testssl") or shutil.which("testssl.sh")
REQUIRED = os.environ.get("RINGWALL_REQUIRE_SERVERS") == "1"


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, int]]:
    """The clinic over TLS with a certificate made locally, and the port of its plain listener."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        plain = probe.getsockname()[1]
    root = tmp_path_factory.mktemp("transit")
    with serving(root, "--redirect-http", f"127.0.0.1:{plain}") as found:
        yield found, plain


@pytest.mark.server
@pytest.mark.skipif(not REQUIRED and not SSLYZE.exists(), reason="`make servers` installs sslyze")
def test_sslyze_has_no_finding(clinic: tuple[Running, int]) -> None:
    found, _ = clinic
    ca = found.ready["ca"]
    command = [SSLYZE, "--mozilla_config", "intermediate", "--certinfo_ca_file", ca, f"localhost:{found.port}"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    findings = re.findall(r"^ {8}\* (.+)$", told.partition("COMPLIANCE AGAINST")[2], re.MULTILINE)
    assert findings == [], told
    assert "COMPLIANCE AGAINST" in told, told
    assert re.search(r"Supplied CA file CA Store .*OK - Certificate is trusted", told), told
    assert not re.search(r"(?<!Not )VULNERABLE", told), told


@pytest.mark.server
@pytest.mark.skipif(not REQUIRED and TESTSSL is None, reason="testssl is not installed (Debian: testssl.sh)")
def test_testssl_has_no_finding(clinic: tuple[Running, int], tmp_path: Path) -> None:
    found, _ = clinic
    out = tmp_path / "testssl.json"
    assert TESTSSL is not None
    command = [TESTSSL, "--quiet", "--warnings", "batch", "--color", "0", "--severity", "LOW", "--add-ca",
               found.ready["ca"], "--jsonfile", out, "-p", "-s", f"localhost:{found.port}"]  # fmt: skip
    subprocess.run(command, capture_output=True, timeout=200)
    grave = {f["id"]: f["finding"] for f in json.loads(out.read_text()) if f["severity"] not in ("OK", "INFO", "WARN")}
    local = {"cert_revocation", "DNS_CAArecord"}  # an authority of this machine has no revocation and no DNS
    assert not grave.keys() - local, grave


def with_curve(context: ssl.SSLContext, chosen: str) -> bool:
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_ecdh_curve(chosen)
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    return shaken(client.wrap_bio(here, there), context.wrap_bio(there, here, server_side=True))


def test_servers_agree_on_the_stated_groups_alone_and_others_of_the_process_stay_as_they_are(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("here")
    ours = server_context(*pair)
    application = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    application.load_cert_chain(*pair)
    for curve, agreed in (("X25519", True), ("prime256v1", True), ("secp384r1", True), ("secp521r1", False),
                          ("X448", False)):  # fmt: skip
        assert with_curve(ours, curve) is agreed, curve
        assert with_curve(application, curve), curve


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_protocols_are_not_spoken(clinic: tuple[Running, int], version: ssl.TLSVersion) -> None:
    found, _ = clinic
    context = ssl.create_default_context(cafile=found.ready["ca"])
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", found.port)) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname="localhost")


def plainly(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(request)
        found = b""
        while part := raw.recv(4096):
            found += part
        return found


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_plain_reading_is_sent_to_https(clinic: tuple[Running, int], method: bytes) -> None:
    found, plain = clinic
    reply = plainly(plain, method + b" /patients?x=%20 HTTP/1.1\r\nHost: localhost:80\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 308 ")
    assert f"Location: https://localhost:{found.port}/patients?x=%20\r\n".encode() in reply


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /patients HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=1",
        b"GET /patients HTTP/1.1\r\n\r\n",
        b"GET /patients HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /patients HTTP/1.1\r\nHost: evil.example/x?\r\n\r\n",
        b"GET /patients HTTP/1.1\r\nHost: a@evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /a\x0bb HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_what_came_in_clear_and_is_no_plain_reading_is_refused(clinic: tuple[Running, int], request_: bytes) -> None:
    _, plain = clinic
    reply = plainly(plain, request_)
    assert reply.startswith(b"HTTP/1.1 403 "), reply
    assert b'"reason": "transport.tls"' in reply
    assert b"evil" not in reply


def test_a_flood_in_clear_is_cut_off_and_refusals_are_in_the_journal(clinic: tuple[Running, int]) -> None:
    found, plain = clinic
    with contextlib.suppress(ConnectionError):
        assert plainly(plain, b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000) == b""
    plainly(plain, b"PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    reasons = [json.loads(record).get("reason") for _, record in read(found.data / "journal")]
    assert "transport.tls" in reasons


# Mutual TLS on both sides, and certificates that change


class Upstream(http.server.BaseHTTPRequestHandler):
    """An application that tells what certificate it was shown."""

    def do_GET(self) -> None:
        shown = self.connection.getpeercert() or {}
        body = json.dumps({"shown": str(shown.get("subject"))}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


OPENAPI = {
    "openapi": "3.1.0", "info": {"title": "x", "version": "1"},
    "paths": {"/x": {"get": {"responses": {"200": {"description": "x", "content": {"application/json": {
        "schema": {"type": "object", "properties": {"shown": {"type": "string"}}}}}}}}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Authority, Path]]:
    """A gateway that asks callers for a certificate, before an upstream that asks it for one."""
    root = tmp_path_factory.mktemp("mutual")
    ours, theirs = Authority(root, "ours"), Authority(root, "theirs")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*theirs.issue("upstream"))
    context.load_verify_locations(theirs.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (root / "openapi.json").write_text(json.dumps(OPENAPI))
    (root / "ringwall.yaml").write_text('ringwall: 1\napi: openapi.json\noperations: {"GET /x": {allow: anyone}}\n')
    chain, key = ours.issue("gateway")
    words = [f"https://localhost:{server.server_port}", "--contract", str(root / "ringwall.yaml"),
             "--tls", f"{chain},{key}", "--client-ca", str(ours.ca), "--upstream-ca", str(theirs.ca),
             "--upstream-cert", ",".join(map(str, theirs.issue("us")))]  # fmt: skip
    with serving(root, *words) as found:
        yield found, ours, root
    server.shutdown()
    server.server_close()


def asked(found: Running, ours: Authority, who: tuple[Path, Path] | None) -> tuple[int, bytes, str]:
    """Status, body and the serial number of the server's certificate."""
    context = ssl.create_default_context(cafile=ours.ca)
    if who is not None:
        context.load_cert_chain(*who)
    connection = http.client.HTTPSConnection("localhost", found.port, context=context, timeout=10)
    try:
        connection.connect()
        serial = str(connection.sock.getpeercert()["serialNumber"])
        connection.request("GET", "/x")
        reply = connection.getresponse()
        return reply.status, reply.read(), serial
    finally:
        connection.close()


def test_callers_and_the_upstream_are_known_by_certificates(both: tuple[Running, Authority, Path]) -> None:
    found, ours, root = both
    status, body, _ = asked(found, ours, ours.issue("caller"))
    assert (status, "us" in json.loads(body)["shown"]) == (200, True)
    with pytest.raises(OSError):
        asked(found, ours, None)
    stranger = Authority(root, "stranger")
    with pytest.raises(OSError):
        asked(found, ours, stranger.issue("caller-of-a-stranger"))


def test_a_changed_certificate_is_served_and_a_wrong_one_is_not(both: tuple[Running, Authority, Path]) -> None:
    found, ours, root = both
    caller = ours.issue("caller")
    _, _, before = asked(found, ours, caller)
    good = [path.read_bytes() for path in (root / "gateway.pem", root / "gateway.key")]
    Authority(root, "other").issue("wrong")
    (root / "gateway.key").write_bytes((root / "wrong.key").read_bytes())
    threading.Event().wait(2.5)
    assert asked(found, ours, caller)[2] == before, "a key that is not the certificate's is not taken"
    for path, content in zip((root / "gateway.pem", root / "gateway.key"), good, strict=True):
        path.write_bytes(content)
    ours.issue("gateway", days=20, begin=-70)
    assert until(lambda: asked(found, ours, caller)[2] != before)
    context = ssl.create_default_context(cafile=ours.ca)
    context.load_cert_chain(*caller)
    connection = http.client.HTTPSConnection("localhost", found.port, context=context, timeout=10)

    def warned() -> bool:
        connection.request("GET", "/.ringwall/metrics")
        return b'ends_soon{certificate="server"} 1.0' in connection.getresponse().read()

    assert until(warned)
    connection.close()


def test_an_upstream_with_a_strangers_certificate_is_not_spoken_to(tmp_path: Path) -> None:
    from ringwall.adapters.gateway import Upstream as Address

    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(*stranger.issue("upstream"))
    for ca, refused in ((ours.ca, True), (stranger.ca, False)):
        context = Address("https://localhost:1", ca=ca).context()
        assert context is not None
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(here, there, server_hostname="localhost")
        server = server_side.wrap_bio(there, here, server_side=True)
        assert shaken(client, server) is not refused


def shaken(client: ssl.SSLObject, server: ssl.SSLObject) -> bool:
    for _ in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


# What certificates are not served


def test_what_is_wrong_with_a_certificate_is_told_and_not_served(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    good = authority.issue("good")
    assert flaws(*good, "localhost") == []
    assert LiveCertificate(*good).context
    for made, word in (
        (authority.issue("weak", bits=1024), "1024 bits"),
        (authority.issue("old", days=-1, begin=-30), "valid from"),
        (authority.issue("young", begin=5), "valid from"),
        (authority.issue("nameless", names=False), "names no host"),
        ((good[0], authority.issue("other")[1]), "not the certificate's"),
    ):
        found = flaws(*made)
        assert any(word in flaw.what and flaw.fatal for flaw in found), (made, found)
        with pytest.raises(Unavailable, match=word):
            LiveCertificate(*made)
    assert [f.fatal for f in flaws(*authority.issue("soon", days=10, begin=-80))] == [False]
    assert any("not for shop.example" in f.what for f in flaws(*good, "shop.example"))
    for junk in (b"", b"no pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / "junk").write_bytes(junk)
        with pytest.raises(Unavailable):
            flaws(tmp_path / "junk", good[1])
        with pytest.raises(Unavailable):
            flaws(good[0], tmp_path / "junk")


# What would lead back into the clear


def dressed(
    headers: list[tuple[bytes, bytes]], *, secure: bool, host: str = "shop.example"
) -> dict[bytes, list[bytes]]:
    head = Head.__new__(Head)
    for name, value in {"secure": secure, "host": "shop.example", "request_id": "r", "headers": {}}.items():
        object.__setattr__(head, name, value)
    reply = transport.dresser(transport.Settings(None, True))(head, Response(200, tuple(headers), b""))
    found: dict[bytes, list[bytes]] = {}
    for name, value in reply.headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def test_cookies_and_links_do_not_lead_back_into_the_clear() -> None:
    given = [
        (b"Set-Cookie", b"id=1; HttpOnly"), (b"set-cookie", b"id=2; SECURE; Path=/"), (b"Set-Cookie", b"secure=1"),
        (b"Location", b"http://shop.example/next"), (b"Refresh", b"0; url=HTTP://Shop.example/x"),
        (b"Link", b"<http://shop.example/a>; rel=next, <http://shop.example.evil/b>; rel=x"),
        (b"Content-Location", b"/relative"),
    ]  # fmt: skip
    found = dressed(given, secure=True)
    assert found[b"set-cookie"] == [b"id=1; HttpOnly; Secure", b"id=2; SECURE; Path=/", b"secure=1; Secure"]
    assert found[b"location"] == [b"https://shop.example/next"]
    assert found[b"refresh"] == [b"0; url=https://shop.example/x"]
    assert found[b"link"] == [b"<https://shop.example/a>; rel=next, <http://shop.example.evil/b>; rel=x"]
    assert found[b"content-location"] == [b"/relative"]
    assert b"max-age=" in found[b"strict-transport-security"][0]
    clear = dressed(given, secure=False)
    assert clear[b"location"] == [b"http://shop.example/next"]
    assert b"strict-transport-security" not in clear
