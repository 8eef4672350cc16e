"""The same server behind the gateway and around a WSGI application: other adapters, the same answers."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from e2e.e2e_process import end
from oauth.oauth_proofs import Holder
from oauth.oauth_world import BACK, OAUTH, Pkce, World, answer, error, world

FLASK = """
from flask import Flask, jsonify

app = Flask(__name__)
for path in ("notes", "jobs", "own", "vault", "fresh", "keep"):
    app.add_url_rule(f"/{path}", path, lambda path=path: jsonify({path: 1}), methods=["GET", "POST"])
"""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application in a process of its own."""
    place = tmp_path_factory.mktemp("upstream")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    from oauth.oauth_world import APP

    (place / "notes.py").write_text(APP)
    command = [sys.executable, "-m", "uvicorn", "notes:app", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, cwd=place)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{port}/notes", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


@pytest.fixture(scope="module", params=["gateway", "wsgi"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp(request.param)
    if request.param == "gateway":
        target = str(request.getfixturevalue("upstream"))
        with world(place, target=target) as made:
            yield made
        return
    document = place.parent / f"{place.name}.json"
    write_document(document)
    with world(place, "--openapi", str(document), target="flasked:app", more={"flasked.py": FLASK}) as made:
        yield made


def write_document(path: Path) -> None:
    import json

    reply = {"responses": {"200": {"description": "d"}}}
    paths = {f"/{name}": {"get": reply} for name in ("notes", "jobs", "own", "vault", "fresh", "keep")}
    paths["/notes"]["post"] = reply
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "n", "version": "1"}, "paths": paths}))


def test_the_whole_way_by_another_adapter(behind: World) -> None:
    app, pkce = behind.register()[0], Pkce()
    code = behind.code(app, pkce, scope="notes.read openid")
    found = behind.redeem(code, pkce, app).json()
    assert behind.get("/notes", found["access_token"]).json() == {"notes": 1}
    assert behind.get("/own", found["access_token"]).json()["reason"] == "authz.scope"
    assert behind.get(f"{OAUTH}/userinfo", found["access_token"]).json()["sub"] == behind.people["ana"].subject
    again = behind.refresh(found["refresh_token"], app)
    assert again.status_code == 200
    assert error(behind.refresh(found["refresh_token"], app)) == "invalid_grant"
    assert behind.get("/notes", again.json()["access_token"]).status_code == 401
    assert answer(behind.ask(behind.sign_in(), client_id="portal", response_type="token"))["error"]
    assert behind.ask(behind.sign_in(), client_id="portal", redirect_uri=BACK + "x").status_code == 400


def test_dpop_by_another_adapter(behind: World) -> None:
    client_id, secret = behind.register(
        proof="secret", bound="dpop", grants=frozenset({"client_credentials"}), scopes=frozenset({"jobs.run"})
    )
    holder = Holder(behind)
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": str(secret)}
    token = holder.token(data).json()["access_token"]
    assert holder.call("/jobs", token).json() == {"jobs": 1}
    assert behind.get("/jobs", token).json()["reason"] == "authn.proof.missing"
