"""Clients that prove themselves by their TLS certificate, and tokens bound to it (RFC 8705)."""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from mtls.authority import Authority, Issued
from oauth.oauth_world import BACK, CONTRACT, OAUTH, Pkce, World, claims, error, world

CLIENTS = Authority()
LAB, OTHER = (CLIENTS.issue(n, x509.DNSName(f"{n}.example")) for n in ("lab", "other"))
STATED = CONTRACT.replace(
    "  accounts: true\n", '  accounts: true\n  certificates: {ca: clients.pem, subjects: {"dns:nobody.example": {}}}\n'
)


def thumbprint(issued: Issued) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(issued.der).digest()).rstrip(b"=").decode()


@dataclass
class Caller:
    """Whoever holds a certificate, or none."""

    there: World
    place: Path
    issued: Issued | None = None

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        context = ssl.create_default_context(cafile=self.there.running.ready["ca"])
        if self.issued is not None:
            context.load_cert_chain(self.issued.file(self.place / "client.pem"))
        with httpx.Client(base_url=self.there.url, verify=context, trust_env=False, timeout=20.0) as client:
            return client.request(method, path, **options)

    def token(self, data: dict[str, str]) -> httpx.Response:
        return self.send("POST", f"{OAUTH}/token", data=data)

    def get(self, path: str, token: str) -> httpx.Response:
        return self.send("GET", path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mtls")


@pytest.fixture(scope="module")
def trusting(place: Path) -> Iterator[World]:
    more = {"clients.pem": CLIENTS.pem().decode()}
    with world(place / "there", contract=STATED, more=more) as made:
        yield made


@pytest.fixture(scope="module")
def lab(trusting: World) -> str:
    return trusting.register(
        proof="certificate", thumbprint=thumbprint(LAB), bound="mtls", redirect_uris=(),
        grants=frozenset({"client_credentials"}), scopes=frozenset({"jobs.run"}),
    )[0]  # fmt: skip


def test_a_client_proves_itself_by_its_certificate_and_its_token_opens_with_it_alone(
    trusting: World, place: Path, lab: str
) -> None:
    holder, thief, nobody = (Caller(trusting, place, issued) for issued in (LAB, OTHER, None))
    data = {"grant_type": "client_credentials", "client_id": lab}
    for other in (thief, nobody):
        refused = other.token(data)
        assert (refused.status_code, error(refused)) == (401, "invalid_client")
    meta = trusting.get("/.well-known/oauth-authorization-server").json()
    assert meta["tls_client_certificate_bound_access_tokens"] is True
    assert "tls_client_auth" in meta["token_endpoint_auth_methods_supported"]
    token = holder.token(data).json()["access_token"]
    assert claims(token)["cnf"] == {"x5t#S256": thumbprint(LAB)}
    assert holder.get("/jobs", token).json() == {"jobs": 1}
    for other in (thief, nobody):
        refused = other.get("/jobs", token)
        assert (refused.status_code, refused.json()["reason"]) == (401, "authn.certificate")
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_a_certificate_is_no_proof_for_a_client_with_another(trusting: World, place: Path) -> None:
    client_id, secret = trusting.register(
        proof="secret", redirect_uris=(), grants=frozenset({"client_credentials"}), scopes=frozenset({"jobs.run"})
    )
    holder = Caller(trusting, place, LAB)
    data = {"grant_type": "client_credentials", "client_id": client_id}
    assert error(holder.token(data)) == "invalid_client"
    token = holder.token({**data, "client_secret": str(secret)}).json()["access_token"]
    assert "cnf" not in claims(token), "it did not ask for a bound token"
    assert Caller(trusting, place).get("/jobs", token).status_code == 200


def test_a_public_client_s_tokens_are_bound_where_it_is_registered_so(trusting: World, place: Path) -> None:
    app, pkce = trusting.register(bound="mtls")[0], Pkce()
    data = {"grant_type": "authorization_code", "redirect_uri": BACK, "client_id": app, "code_verifier": pkce.verifier}
    bare = Caller(trusting, place).token({**data, "code": trusting.code(app, pkce)})
    assert error(bare) == "invalid_request"
    holder, thief = Caller(trusting, place, LAB), Caller(trusting, place, OTHER)
    found = holder.token({**data, "code": trusting.code(app, pkce, scope="notes.read")}).json()
    assert holder.get("/notes", found["access_token"]).status_code == 200
    assert thief.get("/notes", found["access_token"]).status_code == 401
    again = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"], "client_id": app}
    assert error(thief.token(again)) == "invalid_grant"
    assert holder.token(again).status_code == 200
