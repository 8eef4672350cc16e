"""How accounts sign in to what does not tell how: a described sign-in, an OAuth client, and tokens that end."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Form, HTTPException, Request

from ringwall.contract.openapi import load_api
from ringwall.scan import Options, Report, scan
from ringwall.scan.login import Unusable, read_login
from ringwall.scan.signing import account
from ringwall.scan.subject import secured
from scan.scan_served import served

LOGIN = """
operation: POST /enter
body: {who: {handle: "{username}", phrase: "{password}"}}
token: /keys/0/value
header: "X-Pass: pass {token}"
"""


def pantry(lives: int) -> FastAPI:
    """An API with an odd sign-in, whose tokens end after so many uses."""
    app = FastAPI(title="Pantry", docs_url=None, redoc_url=None)
    app.state.made, app.state.left = 0, {}

    def token() -> str:
        made = secrets.token_urlsafe()
        app.state.left[made], app.state.made = lives, app.state.made + 1
        return made

    @app.post("/enter", include_in_schema=False)
    def enter(body: dict[str, Any]) -> Any:
        who = body.get("who", {})
        if who.get("phrase") != f"{who.get('handle')}-pw":
            raise HTTPException(401, "No")
        return {"keys": [{"value": token()}]}

    @app.post("/oauth/token", include_in_schema=False)
    def grant(request: Request, grant_type: Annotated[str, Form()]) -> Any:
        said = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ") or "Og==")
        if grant_type != "client_credentials" or said != b"svc:s3cret-of-svc":
            raise HTTPException(401, "No")
        return {"access_token": token(), "token_type": "Bearer", "expires_in": 60}

    def caller(request: Request) -> None:
        stated = request.headers.get("x-pass") or request.headers.get("authorization") or " "
        word = stated.split(" ")[1]
        if app.state.left.get(word, 0) < 1:
            raise HTTPException(401, "Enter")
        app.state.left[word] -= 1

    @app.get("/jars", openapi_extra={"security": [{"pass": []}]})
    def jars(request: Request, q: str = "") -> list[dict[str, str]]:
        caller(request)
        return [{"label": "plums"}]

    @app.get("/shelves", openapi_extra={"security": [{"pass": []}]})
    def shelves(request: Request, q: str = "") -> list[dict[str, str]]:
        caller(request)
        return [{"label": "top"}]

    return app


def scanned(app: FastAPI, who: str, **options: Any) -> Report:
    document = app.openapi()
    with served(app) as url:
        people = [account(who, {})]
        return scan(url, load_api(document, "x")[0], None, people, Options(seed="1", **options),
                    secured=secured(document))  # fmt: skip


def _tried(report: Report) -> set[str]:
    return {v.operation for v in report.verdicts if (v.kind, v.state) == ("sqli", "refuted")}


@pytest.mark.parametrize(
    ("who", "options"),
    [("ann=login:ann:ann-pw", {"login": read_login(LOGIN.encode(), "login.yaml")}),
     ("svc=client:svc:s3cret-of-svc", {"token_url": "/oauth/token"})],
    ids=["described", "oauth client"],
)  # fmt: skip
def test_a_token_that_ends_is_renewed(who: str, options: dict[str, Any]) -> None:
    app = pantry(lives=40)
    assert _tried(scanned(app, who, **options)) == {"GET /jars", "GET /shelves"}
    assert app.state.made > 1, "the token was to end in mid-scan"


def test_a_token_that_lasts_is_not() -> None:
    app = pantry(lives=10_000)
    scanned(app, "svc=client:svc:s3cret-of-svc", token_url="/oauth/token")
    assert app.state.made == 1


@pytest.mark.parametrize(
    "who", ["ann=login:ann:wrong", "svc=client:svc:wrong-secret", "svc=client:nobody:s3cret-of-svc"]
)
def test_a_credential_that_is_not_taken_is_told_without_showing_it(who: str) -> None:
    login = read_login(LOGIN.encode(), "login.yaml")
    with pytest.raises(Unusable) as told:
        scanned(pantry(lives=10), who, login=login, token_url="/oauth/token")
    assert who.rpartition(":")[2] not in str(told.value)


@pytest.mark.parametrize(
    "text",
    ["operation: enter", "operation: POST /enter\ntoken: keys", "operation: POST /enter\nheader: x", "[]",
     "operation: POST /enter\nsecret: 1"],
)  # fmt: skip
def test_a_description_with_a_mistake_is_refused(text: str) -> None:
    with pytest.raises(Unusable):
        read_login(text.encode(), "login.yaml")


def test_another_hosts_token_endpoint_has_to_be_named_by_the_user(tmp_path: Path) -> None:
    app = pantry(lives=10)
    document = app.openapi()
    flow = {"clientCredentials": {"tokenUrl": "https://elsewhere.invalid/token", "scopes": {}}}
    document["components"] = {"securitySchemes": {"o": {"type": "oauth2", "flows": flow}}}
    with served(app) as url, pytest.raises(Unusable, match="another host's"):
        scan(url, load_api(document, "x")[0], None, [account("svc=client:a:b", {})], Options(seed="1"))
