"""Content that an operation does not declare: refused, or, where validation only watches, recorded and passed on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import ringwall

API = {
    "openapi": "3.1.0",
    "info": {"title": "x", "version": "1"},
    "paths": {"/ping": {"post": {"responses": {"200": {"description": "ok"}}}}},
}


async def echo(scope: Any, receive: Any, send: Any) -> None:
    got = (await receive()).get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"got " + got})


def post(tmp_path: Path, contract: str, body: bytes) -> tuple[int, bytes]:
    (tmp_path / "openapi.json").write_text(json.dumps(API))
    (tmp_path / "ringwall.yaml").write_text(
        f'ringwall: 1\napi: openapi.json\noperations: {{"POST /ping": {{allow: anyone}}}}\n{contract}'
    )
    app = ringwall.protect(echo, contract=tmp_path / "ringwall.yaml", data=tmp_path / "data")
    headers = [(b"host", b"a"), (b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "https"}
    scope |= {
        "path": "/ping",
        "raw_path": b"/ping",
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 9),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


def test_undeclared_content_is_refused(tmp_path: Path) -> None:
    status, body = post(tmp_path, "", b"x")
    assert (status, json.loads(body)["reason"]) == (400, "validation.body.unexpected")


@pytest.mark.parametrize("contract", ["observe: [validation]", "mode: observe"])
def test_where_validation_only_watches_it_goes_on(tmp_path: Path, contract: str) -> None:
    assert post(tmp_path, contract, b"x") == (200, b"got x")


def test_it_is_bounded_all_the_same(tmp_path: Path) -> None:
    status, body = post(tmp_path, "observe: [validation]\nlimits: {body: 10}", b"x" * 11)
    assert (status, json.loads(body)["status"]) == (413, 413)


def test_no_content_passes_in_every_mode(tmp_path: Path) -> None:
    assert post(tmp_path, "", b"")[0] == 200
