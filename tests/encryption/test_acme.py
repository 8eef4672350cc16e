"""Certificates by ACME, from a real authority (Pebble): asked for, proven, served, renewed; and where that fails."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography import x509

from e2e.e2e_process import serving, until
from encryption.acme_pebble import NAMES, PEBBLE, TERMS, Pebble, pebble
from ringwall.build.renewal import Renewer, due, placed, places
from ringwall.cli import cli
from ringwall.contract.model import Misconfigured
from ringwall.contract.model_tls import Acme, Binding
from ringwall.contract.parse import load
from ringwall.core.ports import Unavailable
from ringwall.state.acme import proof
from ringwall.state.certificates import Leaf, leaf

REQUIRED = os.environ.get("RINGWALL_REQUIRE_SERVERS") == "1"
needed = pytest.mark.skipif(not REQUIRED and not (PEBBLE and NAMES), reason="`make packages` installs pebble")
HOST = "api.clinic.test"
OPENAPI = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}


def contract(root: Path, authority: Pebble, **more: str) -> Path:
    told = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in more.items())
    (root / "openapi.json").write_text(json.dumps(OPENAPI))
    (root / "ringwall.yaml").write_text(
        "ringwall: 1\napi: openapi.json\nlimits: {anonymous_rate: 1000/second}\ntls:\n  acme:\n"
        f"    directory: {authority.directory}\n"
        f"    domains: [{HOST}]\n    contact: ['mailto:ops@clinic.test']\n    ca: {authority.ca}\n{told}"
    )
    return root / "ringwall.yaml"


def shown(port: int, root: str | None = None) -> x509.Certificate:
    """The certificate that a caller is met with; verified, where an authority is given."""
    context = ssl.create_default_context(cadata=root)
    if root is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=HOST) as wrapped,
    ):
        return x509.load_der_x509_certificate(wrapped.getpeercert(True) or b"")


@needed
@pytest.mark.server
def test_a_certificate_is_obtained_served_renewed_and_its_failure_told(tmp_path: Path) -> None:
    with pebble(tmp_path / "pebble", seconds=16) as authority:
        stated = contract(tmp_path, authority, terms=TERMS)
        words = ["http://127.0.0.1:1", "--contract", str(stated), "--workers", "2",
                 "--redirect-http", f"127.0.0.1:{authority.http}"]  # fmt: skip
        with serving(tmp_path, *words) as found:
            root = authority.root()

            def ours() -> bool:
                """Whether each of several connections, to either worker, is met with the authority's."""
                return all("Pebble" in shown(found.port).issuer.rfc4514_string() for _ in range(8))

            assert until(ours, 240), found.output()
            first = shown(found.port, root)
            assert until(lambda: shown(found.port).serial_number != first.serial_number, 240), "it is renewed"
            files = [path for path in found.data.rglob("*") if path.is_file()]
            held = [path.name for path in files if b"PRIVATE KEY" in path.read_bytes()]
            where = places(found.data, authority.directory)
            assert set(held) <= {where.certificate.name, "ca.key", "server.key"}, "the account's key is sealed"
            assert where.certificate.stat().st_mode & 0o077 == 0
            assert list(where.challenges.iterdir()) == []

            authority.process.kill()
            metric = 'ringwall_certificate_renewal_failing{certificate="server"} 1.0'
            with httpx.Client(verify=False, base_url=f"https://localhost:{found.port}") as client:
                assert until(lambda: metric in client.get("/.ringwall/metrics").text, 60), found.output()
            assert shown(found.port), "the one that was there goes on"
            assert "the one that is there goes on" in found.output()
            list_ = ["alerts", "list", "--data", str(found.data), "--json"]
            assert until(lambda: "control-certificate-renewal" in CliRunner().invoke(cli, list_).output, 60)


@contextmanager
def plainly_proving(port: int, challenges: Path) -> Iterator[None]:
    """What the redirect listener does, for a renewer that is tried alone."""
    listener = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            with one:
                path = one.recv(4096).split(b" ")[1].decode()
                told = proof(challenges, path.removeprefix("/.well-known/acme-challenge/")) or b""
                one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(told), told))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@needed
@pytest.mark.server
def test_terms_accounts_and_proofs_are_told_where_they_lack_and_taken_where_they_are_there(tmp_path: Path) -> None:
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    (tmp_path / "key").write_text(key)
    (tmp_path / "key").chmod(0o600)
    data = tmp_path / "data"
    (data / "tls").mkdir(parents=True)
    (data / "keys").mkdir()
    with pebble(tmp_path / "pebble", bound={"kid-1": key}) as authority:

        def step(**stated: object) -> float:
            acme = Acme(authority.directory, (HOST,), ca=str(authority.ca), **stated)  # type: ignore[arg-type]
            return Renewer(data, acme, tmp_path).step()

        with pytest.raises(Unavailable, match=r"its terms of service are data:text/plain,Do%20what"):
            step()
        with pytest.raises(Unavailable, match="its terms of service are"):
            step(terms="https://other.example/terms")
        with pytest.raises(Unavailable, match="it takes accounts that it knows alone"):
            step(terms=TERMS)
        bound = Binding("kid-1", f"file:{tmp_path / 'key'}")
        with pytest.raises(Unavailable, match=rf"{HOST} was not proven: "):
            step(terms=TERMS, account=bound)
        where = places(data, authority.directory)
        assert not where.certificate.exists()
        placed(data, Acme(authority.directory, (HOST,)))
        with plainly_proving(authority.http, where.challenges):
            assert step() > 3600, "the account is there now, and has agreed"
            first = leaf(where.certificate)
            assert first.names == (HOST,)
            step()
            assert leaf(where.certificate) == first, "it is not asked for again before it is time"
            acme = Acme(authority.directory, (HOST, "www.clinic.test"), ca=str(authority.ca))
            Renewer(data, acme, tmp_path).step()
            assert set(leaf(where.certificate).names) == {HOST, "www.clinic.test"}, "another host, another certificate"
            Renewer(data, acme, tmp_path, lambda: datetime.now(UTC) + timedelta(days=61)).step()
            assert leaf(where.certificate).pem != first.pem


def test_an_authority_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    (tmp_path / "keys").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    acme = Acme(f"https://localhost:{port}/dir", (HOST,))
    chain = placed(tmp_path, acme)
    assert leaf(chain).names == (HOST,), "until then there is one made here"
    with pytest.raises(Unavailable) as told:
        Renewer(tmp_path, acme, tmp_path).step()
    assert "\n" not in str(told.value)


def test_check_tells_what_an_authority_or_callers_would_stumble_on(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(OPENAPI))
    base = "ringwall: 1\napi: openapi.json\nauthentication: {accounts: true, url: 'https://%s'}\ntls:\n  acme:\n    "
    stated = "directory: https://ca.example/dir\n    domains: [api.example.com]\n    "
    (tmp_path / "ca.pem").write_text("")

    def told(url: str, more: str, *words: str) -> str:
        (tmp_path / "ringwall.yaml").write_text(base % url + stated + more + "\n")
        return CliRunner().invoke(cli, ["check", "--contract", str(tmp_path / "ringwall.yaml"), *words]).output

    assert "deployment.acme" not in told("api.example.com", "terms: https://ca.example/terms\n    ca: ca.pem")
    assert "has no file ca2.pem" in told("api.example.com", "terms: https://ca.example/terms\n    ca: ca2.pem")
    assert "no `terms`" in told("api.example.com", "contact: ['mailto:a@example.com']")
    assert "callers use www.example.com" in told("www.example.com", "terms: https://ca.example/terms")
    assert "callers use b.example" in told("api.example.com", "terms: x", "--host", "b.example")
    assert "is not used" in told("api.example.com", "terms: x", "--tls", "off")


def test_when_a_certificate_is_renewed() -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC)

    def life(days: int, suggested: int | None = None) -> float:
        found = Leaf((HOST,), begins, begins + timedelta(days=days), "", "", b"")
        at = due(found, None if suggested is None else begins + timedelta(days=suggested))
        return (at - begins) / timedelta(days=1)

    assert (life(90), life(6)) == (60, 3)
    assert life(90, 3) == 3, "the authority takes it back"
    assert life(90, 300) == 81, "and cannot let it end"


def test_a_proof_is_one_file_and_no_path(tmp_path: Path) -> None:
    (tmp_path / "challenges").mkdir()
    (tmp_path / "challenges" / "abc-_1").write_text("abc-_1.proof")
    (tmp_path / "secret").write_text("secret")
    assert proof(tmp_path / "challenges", "abc-_1") == b"abc-_1.proof"
    for token in ("", ".", "..", "../secret", "%2e%2e/secret", "abc", "abc-_1/", "abc-_1\n", "a" * 300):
        assert proof(tmp_path / "challenges", token) is None, token


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("{directory: 'http://ca.example/dir', domains: [a.example]}", "a URL with https"),
        ("{directory: 'https://ca.example/dir', domains: ['*.example.com']}", "a wildcard takes another kind of proof"),
        ("{directory: 'https://ca.example/dir', domains: [localhost]}", "a host's name such as"),
        ("{directory: 'https://ca.example/dir', domains: []}", "a certificate for nothing"),
        ("{directory: 'https://ca.example/dir', domains: [a.example], contact: [ops@a.example]}", "mailto:"),
        ("{domains: [a.example]}", "directory"),
        ("{directory: 'https://ca.example/dir', domains: [a.example], account: {id: x, key: plain}}", "`env:NAME`"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, stated: str, told: str) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(OPENAPI))
    (tmp_path / "ringwall.yaml").write_text(f"ringwall: 1\napi: openapi.json\ntls:\n  acme: {stated}\n")
    with pytest.raises(Misconfigured) as mistakes:
        load(tmp_path / "ringwall.yaml")
    assert told in str(mistakes.value.problems[0]), mistakes.value.problems
