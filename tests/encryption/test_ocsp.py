"""How the served certificate stands, asked of a real responder (`openssl ocsp`), and answers that are not believed."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from e2e.e2e_process import free_port, serving, until
from encryption.encryption_certs import Authority
from ringwall.cli import cli
from ringwall.state.ocsp import _read, standing

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl on this machine")
OPENAPI = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}


class Known:
    """An authority with a responder, and one certificate that names it."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, free_port()
        self.authority = Authority(root)
        self.url = f"http://127.0.0.1:{self.port}"
        self.leaf, self.key = self.authority.issue("server", ocsp=self.url)
        self.chain = root / "chain.pem"
        self.chain.write_bytes(self.leaf.read_bytes() + self.authority.ca.read_bytes())
        self.signer = self.authority.issue("responder", signs=True)

    def answer(self, asked: bytes, state: str, signer: tuple[Path, Path] | None = None, *more: str) -> bytes:
        """What OpenSSL's responder answers, which knows the certificate as V (valid) or R (revoked), or not at all."""
        one = x509.load_pem_x509_certificate(self.leaf.read_bytes())
        serial, revoked = one.serial_number.to_bytes(20).hex().upper(), "250101000000Z" if state == "R" else ""
        line = f"{state}\t{one.not_valid_after_utc:%y%m%d%H%M%S}Z\t{revoked}\t{serial}\tunknown\t/CN=server\n"
        with tempfile.TemporaryDirectory(dir=self.root) as made:
            index, question, told = (Path(made) / name for name in ("index.txt", "asked.der", "told.der"))
            index.write_text(line if state else "")
            question.write_bytes(asked)
            chain, key = signer or self.signer
            assert OPENSSL is not None
            command = [OPENSSL, "ocsp", "-index", index, "-CA", self.authority.ca, "-rsigner", chain, "-rkey", key,
                       "-reqin", question, "-respout", told, *more]  # fmt: skip
            subprocess.run(command, check=True, capture_output=True)
            return told.read_bytes()

    def responder(self, state: str, signer: tuple[Path, Path] | None = None) -> AbstractContextManager[None]:
        """It, over HTTP."""
        return answering(self.port, lambda asked: self.answer(asked, state, signer))


@contextmanager
def answering(port: int, answer: Callable[[bytes], bytes]) -> Iterator[None]:
    """On loopback alone, which `openssl ocsp -port` is not."""

    class Responder(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Responder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return Known(tmp_path_factory.mktemp("ocsp"))


@pytest.mark.parametrize(("index", "state"), [("V", "good"), ("R", "revoked"), ("", "unknown")])
def test_how_a_certificate_stands_is_as_its_authority_says(known: Known, index: str, state: str) -> None:
    with known.responder(index):
        found = standing(known.chain)
    assert found is not None
    assert found.state == state, found


def test_an_answer_that_is_not_the_authoritys_is_none(known: Known, tmp_path: Path) -> None:
    with known.responder("V", (known.authority.ca, _key_of(known))):
        assert standing(known.chain).state == "good", "the issuer itself may sign"
    stranger = Authority(tmp_path, "stranger")
    for signer in (stranger.issue("other", signs=True), known.authority.issue("plain")):
        with known.responder("V", signer):
            found = standing(known.chain)
        assert (found.state, "not signed by" in found.told) == ("unreachable", True), found
    assert standing(known.chain).state == "unreachable", "nobody is there"
    assert standing(known.leaf).told.endswith("nobody can be asked")
    assert standing(known.authority.issue("silent")[0]) is None


def _key_of(known: Known) -> Path:
    path = known.root / "authority.key"
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(known.authority.key.private_bytes(serialization.Encoding.PEM, form, none))
    return path


def test_answers_altered_in_any_byte_of_another_certificate_or_too_old_are_not_believed(known: Known) -> None:
    one, issuer = x509.load_pem_x509_certificates(known.chain.read_bytes())
    asked = ocsp.OCSPRequestBuilder().add_certificate(one, issuer, hashes.SHA1()).build()
    answer = known.answer(asked.public_bytes(serialization.Encoding.DER), "V", None, "-nmin", "5")
    other = known.authority.issue("second", ocsp=known.url)[0]
    other.write_bytes(other.read_bytes() + known.authority.ca.read_bytes())
    with answering(known.port, lambda asked: answer):
        assert standing(known.chain).state == "good"
        assert "another certificate" in standing(other).told
    now, said = datetime.now(UTC), set()
    for at in range(0, len(answer), 5):
        changed = bytearray(answer)
        changed[at] ^= 0x40
        try:
            said.add(_read(ocsp.load_der_ocsp_response(bytes(changed)), asked, issuer, now).state)
        except ValueError:
            continue
    assert said <= {"good"}, "a byte that is not signed says nothing else"
    with pytest.raises(ValueError, match="it holds from"):
        _read(ocsp.load_der_ocsp_response(answer), asked, issuer, now + timedelta(days=1))


def test_a_revoked_certificate_is_in_the_metrics_and_an_alert(known: Known, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(OPENAPI))
    (tmp_path / "ringwall.yaml").write_text("ringwall: 1\napi: openapi.json\nlimits: {anonymous_rate: 1000/second}\n")
    words = ["http://127.0.0.1:1", "--contract", str(tmp_path / "ringwall.yaml"),
             "--tls", f"{known.chain},{known.key}"]  # fmt: skip
    with known.responder("R"), serving(tmp_path, *words) as found:
        found.ready["ca"] = str(known.authority.ca)
        with found.client() as client:
            metric = 'ringwall_certificate_revocation{certificate="server",status="revoked"} 1.0'
            assert until(lambda: metric in client.get("/.ringwall/metrics").text, 60), found.output()
        list_ = ["alerts", "list", "--data", str(found.data), "--json"]
        assert until(lambda: "control-certificate-standing" in CliRunner().invoke(cli, list_).output, 60)
