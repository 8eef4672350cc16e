"""Who calls, told to an application behind the gateway, which verifies it by the guide's own lines and PyJWT."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest

from e2e.e2e_process import Running, ringwall, serving

GUIDE = Path(__file__).parents[3] / "docs" / "identity-for-the-application.md"
CONTRACT = """
ringwall: 1
api: openapi.json
identity_headers: true
authentication: {api_keys: true}
roles: {reader: {}, writer: {includes: [reader]}}
operations: {"GET /seen": {allow: anyone}}
"""
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "seen", "version": "1"},
    "paths": {"/seen": {"get": {"responses": {"200": {"description": "ok"}}}}},
}


class Seen(BaseHTTPRequestHandler):
    """Answers with the headers that it got."""

    def do_GET(self) -> None:
        body = json.dumps([[name.lower(), value] for name, value in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Seen)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def gateway(application: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("identity")
    (directory / "openapi.json").write_text(json.dumps(DOCUMENT))
    (directory / "ringwall.yaml").write_text(CONTRACT)
    with serving(directory / "run", application, "--contract", str(directory / "ringwall.yaml")) as running:
        yield running


@pytest.fixture(scope="module")
def key(gateway: Running) -> str:
    contract, tenant = str(gateway.directory.parent / "ringwall.yaml"), 'nörd, "x"'
    issued = ringwall("apikeys", "issue", "--name", "Zoë", "--role", "writer", "--tenant", tenant, "--scope", "a",
                      "--scope", "b", "--contract", contract, "--data", str(gateway.data))  # fmt: skip
    assert issued.returncode == 0, issued.stderr
    return issued.stdout.strip()


@pytest.fixture(scope="module")
def guide(gateway: Running, application: str) -> dict[str, Any]:
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for shown, here in (("https://localhost:8443", gateway.url), ("http://127.0.0.1:9000", application)):
        assert shown in block
        block = block.replace(shown, here)
    names: dict[str, Any] = {}
    exec(block.replace('"ca.pem"', repr(gateway.ready["ca"])), names)
    return names


def seen(gateway: Running, **headers: str) -> dict[str, str]:
    with gateway.client() as client:
        reply = client.get("/seen", headers=headers)
    assert reply.status_code == 200, reply.text
    pairs = [tuple(pair) for pair in reply.json()]
    assert len({name for name, _ in pairs if name.startswith("ringwall")}) == sum(
        name.startswith("ringwall") for name, _ in pairs
    ), "each once"
    return dict(pairs)


def test_the_guides_own_lines_tell_who_calls(gateway: Running, key: str, guide: dict[str, Any]) -> None:
    told = guide["who_calls"](seen(gateway, **{"X-API-Key": key})["ringwall-assertion"])
    assert told["sub"].startswith("key-")
    assert (told["roles"], told["scope"], told["tenant"]) == (["reader", "writer"], "a b", 'nörd, "x"')
    assert (told["method"], told["mfa"], told["exp"] - told["iat"]) == ("api_key", False, 60)
    assert guide["who_calls"](seen(gateway).get("ringwall-assertion")) is None


def test_plain_headers_say_the_same(gateway: Running, key: str) -> None:
    told = seen(gateway, **{"X-API-Key": key})
    assert told["ringwall-subject"].startswith("key-")
    assert (told["ringwall-roles"], told["ringwall-scopes"]) == ("reader,writer", "a b")
    assert told["ringwall-tenant"] == "n%C3%B6rd%2C %22x%22"
    assert "x-api-key" not in told


@pytest.mark.parametrize("name", ["Ringwall-Assertion", "rINGWALL-SUBJECT", "ringwall-roles", "Ringwall-Anything-New"])
def test_what_a_caller_writes_under_these_names_is_taken_out(gateway: Running, key: str, name: str) -> None:
    assert "mine" not in seen(gateway, **{name: "mine"}).values()
    assert "mine" not in seen(gateway, **{name: "mine", "X-API-Key": key}).values()


@pytest.mark.parametrize("name", ["Ringwall_Assertion", "RINGWALL.SUBJECT", "ringwall-assertion_", "ringwall~roles"])
def test_a_name_that_is_read_as_one_of_them_is_no_way_in(gateway: Running, name: str) -> None:
    with gateway.client() as client:
        reply = client.get("/seen", headers={name: "mine"})
    assert "mine" not in reply.text
    if reply.status_code != 200:
        assert reply.json()["reason"] == "transport.header.alias"


def test_an_assertion_is_for_one_application_and_no_other_purpose(
    gateway: Running, key: str, guide: dict[str, Any]
) -> None:
    assertion = seen(gateway, **{"X-API-Key": key})["ringwall-assertion"]
    public = guide["KEYS"].get_signing_key_from_jwt(assertion)
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(assertion, public, algorithms=["EdDSA"], audience="http://127.0.0.1:1")
    forged = jwt.encode({"sub": "root"}, "k" * 32, "HS256", headers={"kid": "x", "typ": "ringwall-assertion+jwt"})
    with pytest.raises(jwt.PyJWTError):
        guide["who_calls"](forged)
    with gateway.client() as client:
        refused = client.get("/seen", headers={"Authorization": f"Bearer {assertion}"})
    assert "ringwall-assertion" not in refused.text, "it is no credential for ringwall itself"
