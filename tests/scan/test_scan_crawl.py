"""An API without a document: what its pages, scripts and replies name is found, and scanned; nothing else is asked."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from ringwall.contract.openapi import load_api
from ringwall.scan.browser import Browser
from ringwall.scan.client import Client
from ringwall.scan.crawl import MOST, Crawl
from ringwall.scan.model import ANONYMOUS, Call, Reply
from scan.scan_served import served

HOME = """<a href="/shop">shop</a><a href="/account/delete">close</a><a href="https://elsewhere.invalid/x">friends</a>
<script src="/static/app.js"></script><form action="/find"><input name="q"></form>
<form action="/orders" method="post"><input name="street"><input name="town"></form>"""
SCRIPT = """const more = "/api/v1/items";
fetch(`/api/v1/items/${id}`, {method: 'DELETE'});
fetch('/api/v1/session', {method: "POST", body: JSON.stringify({name: a, password})})"""


def shop(asked: list[str]) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.middleware("http")
    async def note(request: Any, follow: Any) -> Any:
        asked.append(f"{request.method} {request.url.path}")
        return await follow(request)

    @app.get("/")
    def home() -> HTMLResponse:
        return HTMLResponse(HOME)

    @app.get("/shop")
    def pages(page: int = 1) -> HTMLResponse:
        return HTMLResponse(f'<a href="/shop?page={page + 1}">next</a>')

    @app.get("/static/app.js")
    def script() -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    @app.get("/api/v1/items")
    def items() -> Any:
        return [{"id": 1, "name": "pen", "links": {"maker": "/api/v1/makers/7"}}]

    @app.get("/api/v1/makers/{number}")
    def maker(number: int) -> Any:
        return {"id": number, "name": "Ann"}

    return app


def test_what_an_api_names_is_found() -> None:
    asked: list[str] = []
    with served(shop(asked)) as url:
        client = Client(url, in_flight=1, rate=0, budget_s=60, tls=None, timeout_s=10)
        made = Crawl(client, ANONYMOUS).run()
        client.close()
    api, _ = load_api(made, "crawled")
    found = {operation.key for operation in api.operations}
    assert {"GET /find", "POST /orders", "GET /api/v1/items", "GET /api/v1/makers/{maker_id}",
            "DELETE /api/v1/items/{item_id}", "POST /api/v1/session", "GET /shop"} >= found - {"GET /"}  # fmt: skip
    assert len(found - {"GET /"}) == 7
    assert all(line.startswith("GET ") for line in asked), "a crawl only reads"
    assert "GET /account/delete" not in asked
    assert len(asked) <= MOST


@pytest.mark.parametrize(
    ("page", "policy", "runs"),
    [
        ("<p>{}</p>", "", True),
        ("<p>{}</p>", "default-src 'self'", False),
        ("<textarea>{}</textarea>", "", False),
        ("<template>{}</template>", "", False),
    ],
)
def test_a_browser_tells_whether_script_runs(page: str, policy: str, runs: bool) -> None:
    body = page.format("<img src=rw onerror=alert('rwword')>").encode()
    headers = {"content-type": "text/html", **({"content-security-policy": policy} if policy else {})}
    with Browser("http://127.0.0.1:9") as browser:
        assert browser.says(Call("POST", "/p", (), b"", ANONYMOUS), Reply(200, headers, body), "rwword") is runs
