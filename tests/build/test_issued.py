"""The ledger behind authentication: what was never issued proves nobody, however well it is signed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.core.known import Known, Principal
from ringwall.core.message import Head
from ringwall.core.ports import Account, IssuedTo
from ringwall.core.reasons import Layer
from ringwall.core.verdict import PASS, Ask, Refuse, Verdict
from ringwall.drill.fool import fooled
from ringwall.identity.tokens import TYP
from ringwall.layers.authorization.issued import Issuance, issued_guard

CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true, api_keys: true}
roles: {reader: {}}
operations: {"GET /me": {allow: [reader]}}
staleness: 0
"""
ANA = Account("acc-ana", "ana", frozenset({"reader"}), None)
BEN = Principal("acc-ben", frozenset({"reader"}), "token")


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = open_runtime(tmp_path / "data")
    made.accounts.create("ana", "correct horse battery staple", ANA.roles, None, "acc-ana")
    yield made
    made.close()


@pytest.fixture
def wall(runtime: Runtime, tmp_path: Path) -> Any:
    app = FastAPI()

    @app.get("/me")
    async def me(request: Request) -> dict[str, str]:
        return {"who": request.state.ringwall.subject}

    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    return protected_asgi(app, prepare(load_contract(tmp_path / "ringwall.yaml", app=app)), runtime, Circumstances())


def ask(wall: Any, **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(wall), base_url="http://x") as client:
            return await client.get("/me", headers=headers)

    return asyncio.run(go())


def test_a_token_that_was_issued_is_good_and_one_made_with_a_stolen_key_is_not(runtime: Runtime, wall: Any) -> None:
    honest = runtime.tokens.issue(ANA)
    assert ask(wall, Authorization=f"Bearer {honest}").json() == {"who": "acc-ana"}
    now = int(time.time())
    claims = {"aud": runtime.tokens.audience, "sub": "acc-ana", "client_id": "acc-ana", "iat": now, "exp": now + 60,
              "jti": "forged", "roles": ["reader"], "amr": ["pwd"]}  # fmt: skip
    forged = runtime.tokens.signed(claims, TYP)
    refused = ask(wall, Authorization=f"Bearer {forged}")
    assert (refused.status_code, refused.json()["reason"]) == (401, "authz.issued")
    assert refused.headers["www-authenticate"].startswith("Bearer ")


def test_keys_are_in_the_ledger_too(runtime: Runtime, wall: Any) -> None:
    key, record = runtime.api_keys.issue("k", frozenset({"reader"}))
    assert ask(wall, **{"X-API-Key": key}).json() == {"who": record.subject}
    assert ask(wall, Authorization=f"Bearer {key}").json() == {"who": record.subject}


def test_who_is_taken_for_another_by_a_fooled_authentication_gets_nowhere(runtime: Runtime, wall: Any) -> None:
    wall.wall = fooled(wall.wall, frozenset({Layer.AUTHENTICATION}), lambda head: BEN)
    own = runtime.tokens.issue(ANA)
    for headers in ({}, {"Authorization": f"Bearer {own}"}, {"Authorization": "Bearer made.up.it"}, {"X-API-Key": "x"}):
        assert ask(wall, **headers).json()["reason"] == "authz.issued"
    theirs = runtime.tokens.issue(Account("acc-ben", "ben", frozenset({"reader"}), None))
    assert ask(wall, Authorization=f"Bearer {theirs}").json() == {"who": "acc-ben"}


def judged(issued: dict[str, str], *, elsewhere: bool, **headers: str) -> Verdict:
    import hashlib

    ledger = {hashlib.sha256(text.encode()).digest(): frozenset({who}) for text, who in issued.items()}
    guard = issued_guard(Issuance(("authorization", "x-api-key"), frozenset({"sid"}), elsewhere, 5.0))
    head = Head("GET", "/x", ("x",), (), headers, (("sid", headers.pop("sid")),) if "sid" in headers else (), "", "",
                None, False, "x", "127.0.0.1", True, False, "r", b"/x", ())  # fmt: skip
    verdict = guard(head, Known("GET /x", 1.0, {}, "127.0.0.1", "r", BEN))
    while isinstance(verdict, Ask):
        assert isinstance(verdict.question, IssuedTo)
        verdict = verdict.then(ledger.get(verdict.question.digest, frozenset()))
    return verdict


def test_what_others_issue_passes_only_where_the_contract_takes_it() -> None:
    assert judged({}, elsewhere=True, authorization="Bearer theirs") is PASS
    assert isinstance(judged({}, elsewhere=False, authorization="Bearer theirs"), Refuse)
    assert isinstance(judged({"ours": "acc-ana"}, elsewhere=True, authorization="Bearer ours"), Refuse)
    assert judged({"ours": "acc-ben"}, elsewhere=False, sid="ours") is PASS
    assert judged({"a": "acc-ana", "b": "acc-ben"}, elsewhere=False, authorization="Bearer a", sid="b") is PASS
