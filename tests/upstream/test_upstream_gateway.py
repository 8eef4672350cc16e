"""The same behind `ringwall up URL`, as a stranger would: drafted, checked, served by two workers, signed in to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import jwt
import pytest
from click.testing import CliRunner

from e2e.e2e_process import Running, serving
from ringwall.cli import cli
from upstream import apis


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, apis.flask_shop(), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def gateway(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("shop")
    document, contract = directory / "openapi.json", directory / "ringwall.yaml"
    document.write_text(json.dumps(apis.SHOP))
    drafted = CliRunner().invoke(cli, ["init", str(document), "--out", str(contract)])
    assert drafted.exit_code == 0, drafted.output
    text = contract.read_text()
    assert 'login: "POST /users/v1/login"' in text
    fast = "mode: enforce\nstaleness: 0.5\nlimits: {rate: 9000/minute, anonymous_rate: 9000/minute}"
    closed, opened = '# "GET /me": {allow: [admin]}', '"GET /me": {allow: [user]}'
    contract.write_text(text.replace("mode: enforce", fast).replace(closed, opened))
    checked = CliRunner().invoke(cli, ["check", "--contract", str(contract), "--json"])
    assert checked.exit_code == 0, checked.output
    with serving(directory / "run", shop, "--contract", str(contract), "--workers", "2", "--tls", "off") as running:
        yield running


def sign_in(client: httpx.Client, name: str = "ana", password: str = "pass1") -> str:
    reply = client.post("/users/v1/login", json={"username": name, "password": password})
    assert reply.status_code == 200, reply.text
    return str(reply.json()["auth_token"])


def test_a_drafted_contract_wraps_the_login(gateway: Running) -> None:
    with gateway.client() as client:
        token = {"Authorization": f"Bearer {sign_in(client)}"}
        assert client.get("/me", headers=token).json()["data"]["username"] == "ana"
        assert client.get("/users/v1/ana", headers=token).status_code == 200
        assert client.get("/users/v1/root", headers=token).json()["reason"] == "authz.object"
        forged = jwt.encode({"sub": "root", "exp": 9_999_999_999}, apis.WEAK.ljust(32, "!"), "HS256")
        refused = client.get("/me", headers={"Authorization": f"Bearer {forged}"})
        assert (refused.status_code, refused.json()["reason"]) == (401, "authn.upstream.direct")


def test_a_revocation_reaches_every_worker_within_the_bound(gateway: Running) -> None:
    """Each request is a connection of its own, which either worker may take."""
    with gateway.client() as client:
        token = sign_in(client)
    asked = {"Authorization": f"Bearer {token}", "Connection": "close"}

    def statuses(count: int) -> set[int]:
        found = set()
        for _ in range(count):
            with gateway.client() as client:
                found.add(client.get("/me", headers=asked).status_code)
        return found

    assert statuses(20) == {200}, "both know it"
    with gateway.client() as client:
        assert client.post("/.ringwall/oauth/revoke", data={"token": token}).status_code == 200
    time.sleep(0.6)
    assert statuses(20) == {401}


def test_what_a_caller_learns_of_a_wrong_token_is_nothing(gateway: Running) -> None:
    with gateway.client() as client:
        good = sign_in(client)
        told = set()
        for token in (good[:-1], good + "A", "rwu_", "rwu_" + "é" * 5, "rwu_" + "x" * 9000):
            reply = client.get("/me", headers={"Authorization": f"Bearer {token}".encode()})
            assert reply.status_code == 401, token
            told.add((reply.headers["www-authenticate"], reply.json()["reason"], reply.json()["detail"]))
        assert len(told) == 1


def test_nothing_of_the_data_directory_is_in_the_journal(gateway: Running, tmp_path: Path) -> None:
    with gateway.client() as client:
        token = sign_in(client, "root", "pass2")
    files = b"".join(path.read_bytes() for path in (gateway.data / "journal").rglob("*.jsonl"))
    assert token.encode() not in files
    assert b"pass2" not in files
