"""An outside issuer that rotates its keys, is down, slow, huge, or lies: what its tokens are judged by meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from ringwall.build import issuers
from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.issuers import IssuerKeys
from ringwall.build.load import load_contract
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import open_runtime
from ringwall.contract.model import Issuer
from ringwall.core.ports import KeysAtHand, KeysOf
from ringwall.engines.tokens import KeySet, SigningKey, jwks, sign


@dataclass
class Provider:
    """An issuer on loopback whose answers a test sets by path; `asked` are the paths that were asked for."""

    url: str = ""
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def says(self, path: str, value: Any, *, status: int = 200, **headers: str) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, content in headers.items():
                handler.send_header(name.replace("_", "-"), content)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = answer

    def publishes(self, *keys: SigningKey, **headers: str) -> None:
        self.says("/.well-known/openid-configuration", {"issuer": self.url, "jwks_uri": f"{self.url}/keys"})
        self.says("/keys", jwks(keys), **headers)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            made.answers.get(self.path, lambda handler: handler.send_error(404))(self)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


OLD, NEW = SigningKey.generate(), SigningKey.generate()


def keys_of(provider: Provider, clock: Clock | None = None, jwks_at: str | None = None) -> IssuerKeys:
    return IssuerKeys((Issuer(provider.url, "api", None, None, jwks_at),), ticks=clock or Clock())


def names(found: object) -> set[str] | None:
    return set(found.named) if isinstance(found, KeySet) else None


def until(condition: Callable[[], bool]) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_discovery_is_followed_once_and_the_keys_are_at_hand_then(provider: Provider) -> None:
    provider.publishes(OLD)
    keys = keys_of(provider)
    assert keys.at_hand(KeysAtHand(provider.url)) is None, "nobody waits who did not ask to"
    assert names(keys.answer(KeysOf(provider.url))) == {OLD.kid}
    assert names(keys.at_hand(KeysAtHand(provider.url))) == {OLD.kid}
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_rotation_is_noticed_in_the_background_before_the_old_set_ends(provider: Provider) -> None:
    clock = Clock()
    provider.publishes(OLD, Cache_Control="public, max-age=100")
    keys = keys_of(provider, clock)
    keys.answer(KeysOf(provider.url))
    provider.publishes(OLD, NEW)
    clock.now += 79.0
    assert names(keys.at_hand(KeysAtHand(provider.url))) == {OLD.kid}
    assert len(provider.asked) == 2
    clock.now += 2.0
    assert names(keys.at_hand(KeysAtHand(provider.url))) == {OLD.kid}, "it does not wait"
    assert until(lambda: names(keys.at_hand(KeysAtHand(provider.url))) == {OLD.kid, NEW.kid})
    assert len(provider.asked) == 4


def test_an_unknown_key_makes_the_set_be_fetched_but_not_by_each_token(provider: Provider) -> None:
    clock = Clock()
    provider.publishes(OLD)
    keys = keys_of(provider, clock)
    keys.answer(KeysOf(provider.url))
    provider.publishes(NEW)
    clock.now += 11.0
    assert names(keys.answer(KeysOf(provider.url))) == {NEW.kid}
    for _ in range(50):
        assert names(keys.answer(KeysOf(provider.url))) == {NEW.kid}
    assert len(provider.asked) == 4, "made-up key ids are no way to flood an issuer"


def test_those_who_come_during_a_fetch_get_its_answer_and_few_wait(provider: Provider) -> None:
    provider.publishes(OLD)
    honest, gate = provider.answers["/keys"], threading.Event()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        gate.wait(5)
        honest(handler)

    provider.answers["/keys"] = slowly
    keys, found = keys_of(provider), list[object]()
    asking = [threading.Thread(target=lambda: found.append(names(keys.answer(KeysOf(provider.url))))) for _ in range(6)]
    for thread in asking:
        thread.start()
    assert until(lambda: found.count(None) == 3), "three wait, the others are told to come again"
    gate.set()
    for thread in asking:
        thread.join(5)
    assert found.count({OLD.kid}) == 3  # type: ignore[arg-type]
    assert provider.asked.count("/keys") == 1


def test_an_issuer_that_is_down_leaves_its_last_keys_for_a_day(provider: Provider) -> None:
    clock = Clock()
    provider.publishes(OLD)
    keys = keys_of(provider, clock)
    keys.answer(KeysOf(provider.url))
    provider.answers.clear()
    clock.now += 80_000.0
    assert names(keys.at_hand(KeysAtHand(provider.url))) == {OLD.kid}
    assert names(keys.answer(KeysOf(provider.url))) == {OLD.kid}
    clock.now += 7_000.0
    assert keys.at_hand(KeysAtHand(provider.url)) is None
    assert keys.answer(KeysOf(provider.url)) is None


@pytest.mark.parametrize(
    ("path", "value", "headers"),
    [
        ("/.well-known/openid-configuration", {"issuer": "https://other.test", "jwks_uri": "{}/keys"}, {}),
        ("/.well-known/openid-configuration", {"issuer": "{}", "jwks_uri": "file:///etc/hostname"}, {}),
        ("/.well-known/openid-configuration", {"issuer": "{}", "jwks_uri": "http://192.0.2.1/keys"}, {}),
        ("/.well-known/openid-configuration", {"issuer": "{}"}, {}),
        ("/.well-known/openid-configuration", [1], {}),
        ("/.well-known/openid-configuration", b"[" * 100_000, {}),
        ("/keys", {"keys": [{"kty": "oct", "k": "A" * 43, "kid": "x"}]}, {}),
        ("/keys", {"keys": []}, {}),
        ("/keys", {"keys": "none"}, {}),
        ("/keys", b"<html>", {}),
        ("/keys", b"\xff\xfe", {}),
        ("/keys", b" " * (2 << 20), {}),
        ("/keys", {"keys": []}, {"status": 302, "Location": "/elsewhere"}),
    ],
)
def test_what_is_no_key_set_of_this_issuer_is_none(
    provider: Provider, path: str, value: Any, headers: dict[str, Any]
) -> None:
    provider.publishes(OLD)
    provider.says("/elsewhere", jwks([NEW]))
    if isinstance(value, dict):
        value = {n: v.replace("{}", provider.url) if isinstance(v, str) else v for n, v in value.items()}
    provider.says(path, value, **headers)
    assert keys_of(provider).answer(KeysOf(provider.url)) is None
    assert "/elsewhere" not in provider.asked


def test_a_dripping_issuer_is_given_up(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "PATIENCE_S", 0.3)
    provider.publishes(OLD)

    def drips(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(12):
                time.sleep(0.1)
                handler.wfile.write(b" ")
                handler.wfile.flush()

    provider.answers["/keys"] = drips
    assert keys_of(provider).answer(KeysOf(provider.url)) is None


def test_tokens_of_an_issuer_that_rotates_its_keys_pass_without_an_outage(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "AGAIN_S", 0.0)
    provider.publishes(OLD)
    app = FastAPI()

    @app.get("/me")
    async def me(request: Request) -> dict[str, Any]:
        return {"who": request.state.ringwall.subject, "tenant": request.state.ringwall.principal.tenant}

    (tmp_path / "ringwall.yaml").write_text(
        "ringwall: 1\napi: app\nroles: {reader: {}}\noperations: {'GET /me': {allow: [reader]}}\nauthentication:\n"
        f"  issuers: [{{issuer: '{provider.url}', audience: api, roles: realm_access.roles, tenant: org}}]\n"
    )
    runtime = open_runtime(tmp_path / "data")
    prepared = prepare(load_contract(tmp_path / "ringwall.yaml", app=app))
    wall = protected_asgi(app, prepared, runtime, Circumstances())

    async def ask(key: SigningKey, **claims: Any) -> httpx.Response:
        now = int(time.time())
        said = {"iss": provider.url, "aud": "api", "sub": "u-1", "iat": now, "exp": now + 60, "org": "north",
                "realm_access": {"roles": ["reader"]}, **claims}  # fmt: skip
        headers = {"Authorization": f"Bearer {sign(said, key, typ='JWT')}"}
        transport = httpx.ASGITransport(wall)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/me", headers=headers)

    async def rotate() -> list[int]:
        first = [(await ask(OLD)).status_code]
        provider.publishes(OLD, NEW)
        many = await asyncio.gather(*(ask(NEW, n=n) for n in range(3)))
        stranger = await ask(SigningKey.generate())
        assert stranger.json()["reason"] == "authn.token.key_unknown"
        assert (await ask(NEW)).json() == {"who": "u-1", "tenant": "north"}
        runtime.store.revoke("subject", "u-1", time.time() + 1, time.time() + 60)
        assert (await ask(NEW, n=9)).json()["reason"] == "authn.token.revoked", "an admin may end an issuer's too"
        return [*first, *(each.status_code for each in many)]

    try:
        assert asyncio.run(rotate()) == [200] * 4
    finally:
        runtime.close()
