"""Whatever comes as a credential: an answer of the 400s with one reason, a challenge with each 401, and never a 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.adapters.asgi import AsgiWall
from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import open_runtime
from ringwall.core.ports import Account
from ringwall.engines.tokens.encoding import encode
from upstream import apis

OWN = """
ringwall: 1
api: app
authentication:
  accounts: true
  api_keys: true
  basic: true
  sessions: true
  certificates: {header: Client-Cert, subjects: {"dns:lab": {roles: [reader]}}}
  issuers: [{issuer: "https://login.example.test", audience: api, roles: roles}]
trusted_proxies: [127.0.0.1]
roles: {reader: {}, writer: {includes: [reader]}}
operations: {"GET /notes": {allow: [reader]}}
staleness: 0
"""


@pytest.fixture(scope="module", params=[OWN, apis.NOTES_CONTRACT], ids=["its own", "a wrapped login"])
def wall(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsgiWall]:
    directory, app = tmp_path_factory.mktemp("bad"), apis.fast_notes()
    (directory / "ringwall.yaml").write_text(request.param)
    runtime = open_runtime(directory / "data")
    made = protected_asgi(app, prepare(load_contract(directory / "ringwall.yaml", app=app)), runtime, Circumstances())
    made.good = [  # type: ignore[attr-defined]
        runtime.tokens.issue(Account("acc-x", "x", frozenset(), None)),
        runtime.api_keys.issue("k", frozenset())[0],
        "rwu_" + "A" * 43,
    ]
    yield made
    runtime.close()


def ask(wall: Any, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    async def go() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(wall), base_url="http://x") as client:
            return await client.get("/notes", headers=headers)

    return asyncio.run(go())


def parts(value: object) -> str:
    return encode(json.dumps(value).encode())


SMALL = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=60)
ALGS, TYPES = st.sampled_from(["EdDSA", "none", "HS256", 7, None, "ES256"]), st.sampled_from(["at+jwt", 1])
JOSE = st.fixed_dictionaries({}, optional={"alg": ALGS, "kid": TEXT | st.none() | st.integers(), "typ": TYPES,
                                           "crit": st.just(["b64"]), "jwk": st.just({})})  # fmt: skip
CLAIMS = st.fixed_dictionaries({}, optional={"iss": st.sampled_from(["https://login.example.test", 5, None]),
                                             "exp": st.integers() | st.just(1e308) | st.none(), "sub": TEXT,
                                             "aud": st.just("api") | st.just([1])})  # fmt: skip
TOKENS = st.builds(lambda h, c, s: f"{parts(h)}.{parts(c)}.{s}", JOSE, CLAIMS, TEXT)
SCHEMES = st.sampled_from(["Bearer ", "bearer  ", "DPoP ", "Basic ", "Digest ", "Token ", "", "Bearer", "Bearer\t"])


@SMALL
@given(SCHEMES, TEXT | TOKENS, st.sampled_from(["authorization", "x-api-key", "cookie", "client-cert", "dpop"]))
def test_no_credential_makes_it_fail_or_tells_more_than_one_reason(
    wall: AsgiWall, scheme: str, text: str, name: str
) -> None:
    value = f"__Host-ringwall={text}" if name == "cookie" else f"{scheme}{text}" if name == "authorization" else text
    reply = ask(wall, [(name.encode(), value.encode("latin-1"))])
    held(reply)


@SMALL
@given(st.data())
def test_a_good_one_with_one_bit_changed_is_refused_alike(wall: AsgiWall, data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(wall.good))  # type: ignore[attr-defined]
    place = data.draw(st.integers(0, len(good) - 1))
    changed = good[:place] + data.draw(st.sampled_from("aZ0-_.=")) + good[place + 1 :]
    if changed != good:
        held(ask(wall, [(b"authorization", b"Bearer " + changed.encode())]))


def held(reply: httpx.Response) -> None:
    told = reply.json()
    if told["reason"] != "authn.token.issuer_keys":  # well-formed, and of an issuer that nobody can reach
        assert 400 <= reply.status_code < 500, (reply.status_code, reply.text)
    assert told["reason"].startswith(("authn.", "transport.", "authz.issued")), told
    assert "errors" not in told
    assert set(told) == {"type", "title", "status", "detail", "reason", "request_id"}
    if reply.status_code == 401:
        assert reply.headers["www-authenticate"].startswith(("Bearer ", "DPoP ", "Basic "))
