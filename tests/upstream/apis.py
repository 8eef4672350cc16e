"""Small APIs with logins of their own, each flawed in another way, as teams write them; none knows of ringwall."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Annotated, Any
from urllib.parse import parse_qs

import jwt
from fastapi import Body, Cookie, Depends, FastAPI, Form, Header, HTTPException, Response
from fastapi.security import OAuth2PasswordBearer
from flask import Flask, jsonify, request

WEAK = "random"


def flask_shop() -> Flask:
    """JSON login with `auth_token`; a weak secret, an endless lifetime, no logout; failures answer 200."""
    app = Flask("shop")
    users = {
        "ana": {"password": "pass1", "email": "ana@mail.test", "admin": False},
        "root": {"password": "pass2", "email": "root@mail.test", "admin": True},
    }

    def token_of(name: str) -> str:
        return jwt.encode({"sub": name, "iat": 1, "exp": 9_999_999_999}, WEAK.ljust(32, "!"), "HS256")

    def caller() -> str | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            return str(jwt.decode(token, WEAK.ljust(32, "!"), ["HS256"])["sub"]) if scheme == "Bearer" else None
        except jwt.PyJWTError:
            return None

    @app.post("/users/v1/login")
    def login() -> Any:
        body = request.get_json()
        user = users.get(body["username"])
        if user is None or user["password"] != body["password"]:
            return jsonify(status="fail", message="Password is not correct for the given username.")
        reply = jsonify(status="success", message="Successfully logged in.", auth_token=token_of(body["username"]))
        reply.set_cookie("tracking", "t-" + body["username"])
        return reply

    @app.post("/users/v1/register")
    def register() -> Any:
        body = request.get_json()
        users[body["username"]] = {"password": body["password"], "email": body["email"], "admin": False}
        return jsonify(status="success", message="Successfully registered. Login to receive an auth token.")

    @app.get("/me")
    def me() -> Any:
        name = caller()
        if name is None:
            return jsonify(status="fail", message="Invalid token"), 401
        user = users[name]
        return jsonify(data={"username": name, "email": user["email"], "admin": user["admin"]}, status="success")

    @app.get("/echo")
    def echo() -> Any:
        return jsonify(authorization=request.headers.get("Authorization"), cookie=request.headers.get("Cookie"))

    @app.get("/users/v1/<name>")
    def user(name: str) -> Any:
        if name not in users:
            return jsonify(status="fail"), 404
        return jsonify(username=name, email=users[name]["email"])

    @app.put("/users/v1/<name>/password")
    def password(name: str) -> Any:
        users[name]["password"] = request.get_json()["password"]  # of anyone: the id in the path decides
        return "", 204

    return app


TEXT = {"type": "string"}


def _object(*names: str, **more: Any) -> dict[str, Any]:
    properties = {**dict.fromkeys(names, TEXT), **more}
    return {"type": "object", "properties": properties, "required": list(names)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _ok(schema: dict[str, Any] | None = None, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "ok", **(_json(schema) if schema else {})}}


SHOP: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "shop", "version": "1"},
    "components": {
        "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        "schemas": {"User": _object("username", "email")},
    },
    "paths": {
        "/users/v1/login": {
            "post": {
                "requestBody": {"required": True, **_json(_object("username", "password"))},
                "responses": _ok(
                    {"type": "object", "properties": {"auth_token": TEXT, "message": TEXT, "status": TEXT}}
                ),
            }
        },
        "/users/v1/register": {
            "post": {
                "requestBody": {"required": True, **_json(_object("username", "password", "email"))},
                "responses": _ok({"type": "object", "properties": {"message": TEXT, "status": TEXT}}),
            }
        },
        "/me": {
            "get": {
                "responses": _ok(
                    _object(
                        "status",
                        data={
                            "type": "object",
                            "properties": {"admin": {"type": "boolean"}, "email": TEXT, "username": TEXT},
                        },
                    )
                )
            }
        },
        "/echo": {"get": {"responses": _ok({"type": "object"})}},
        "/users/v1/{username}": {
            "parameters": [{"name": "username", "in": "path", "required": True, "schema": TEXT}],
            "get": {"responses": _ok({"$ref": "#/components/schemas/User"})},
        },
        "/users/v1/{username}/password": {
            "parameters": [{"name": "username", "in": "path", "required": True, "schema": TEXT}],
            "put": {
                "requestBody": {"required": True, **_json(_object("password"))},
                "responses": {"204": {"description": "changed"}},
            },
        },
    },
}
SHOP_CONTRACT = """
ringwall: 1
api: openapi.json
authentication:
  upstream:
    login: POST /users/v1/login
    token: /auth_token
    profile: GET /me
    subject: /data/username
    roles: /data/admin
    grant: [user]
roles: {user: {}, admin: {includes: [user]}}
resources:
  user: {schema: User, id: username, owner: username}
operations:
  "POST /users/v1/register": {allow: anyone}
  "GET /me": {allow: [user]}
  "GET /echo": {allow: anyone}
  "GET /users/v1/{username}": {allow: [owner, admin]}
  "PUT /users/v1/{username}/password": {allow: [owner]}
staleness: 0
"""


def fast_notes() -> FastAPI:
    """The OAuth 2 password form of the tutorial, with refresh and logout; the signature is never checked."""
    app = FastAPI(title="notes")
    bearer = OAuth2PasswordBearer(tokenUrl="token")
    passwords = {"mia": "pw-mia", "leo": "pw-leo"}
    refreshes: dict[str, str] = {}

    def token_of(name: str) -> str:
        return jwt.encode({"sub": name, "n": secrets.token_hex(4)}, "x" * 32, "HS256")

    def caller(token: str = Depends(bearer)) -> str:
        try:
            name = str(jwt.decode(token, options={"verify_signature": False})["sub"])
        except jwt.PyJWTError as flaw:
            raise HTTPException(401) from flaw
        if name not in passwords:
            raise HTTPException(401)
        return name

    @app.post("/token")
    def login(username: str = Form(), password: str = Form()) -> dict[str, str]:
        if passwords.get(username) != password:
            raise HTTPException(400, "Incorrect username or password")
        refresh = secrets.token_hex(16)
        refreshes[refresh] = username
        return {"access_token": token_of(username), "token_type": "bearer", "refresh_token": refresh}

    @app.post("/refresh")
    def refresh(refresh_token: str = Body(embed=True)) -> dict[str, str]:
        name = refreshes.pop(refresh_token, None)
        if name is None:
            raise HTTPException(401)
        again = secrets.token_hex(16)
        refreshes[again] = name
        return {"access_token": token_of(name), "token_type": "bearer", "refresh_token": again}

    @app.get("/users/me")
    def me(name: str = Depends(caller), authorization: str = Header()) -> dict[str, Any]:
        return {"id": 7, "login": name, "roles": [{"authority": "ROLE_WRITER" if name == "mia" else "ROLE_READER"}],
                "seen": authorization}  # fmt: skip

    @app.get("/notes")
    def notes(name: str = Depends(caller)) -> dict[str, str]:
        return {"of": name}

    @app.post("/logout")
    def logout(name: str = Depends(caller)) -> dict[str, str]:
        return {"message": "bye"}  # and nothing ends

    app.state.token_of = token_of
    return app


NOTES_CONTRACT = """
ringwall: 1
api: app
authentication:
  upstream:
    login: POST /token
    token: /access_token
    profile: GET /users/me
    subject: /login
    roles: /roles/*/authority
    map: {ROLE_WRITER: writer, ROLE_READER: reader}
    refresh: POST /refresh
    refresh_token: /refresh_token
    logout: POST /logout
roles: {reader: {}, writer: {includes: [reader]}}
operations:
  "GET /users/me": {allow: [reader]}
  "GET /notes": {allow: [writer]}
staleness: 0
"""


def cookie_desk() -> FastAPI:
    """A login that answers with a cookie alone, signed with a guessable key, which each reply renews."""
    app = FastAPI(title="desk")

    def sealed(name: str) -> str:
        body = base64.urlsafe_b64encode(json.dumps([name, secrets.token_hex(4)]).encode()).decode().rstrip("=")
        return f"{body}.{hmac.new(b'secret', body.encode(), hashlib.sha256).hexdigest()}"

    def opened(value: str | None) -> str:
        body, _, mac = (value or "").partition(".")
        if not hmac.compare_digest(mac, hmac.new(b"secret", body.encode(), hashlib.sha256).hexdigest()):
            raise HTTPException(401)
        return str(json.loads(base64.urlsafe_b64decode(body + "=="))[0])

    @app.post("/session")
    def login(response: Response, body: Annotated[dict[str, str], Body()]) -> dict[str, Any]:
        if body.get("pin") != "0000":
            raise HTTPException(403)
        response.set_cookie("sid", sealed(body["number"]), max_age=60, httponly=True)
        response.set_cookie("csrf", "c-" + body["number"])
        return {"number": body["number"], "level": 2}

    @app.get("/desk")
    def desk(response: Response, sid: str | None = Cookie(None), csrf: str | None = Cookie(None)) -> dict[str, Any]:
        name = opened(sid)
        response.set_cookie("sid", sealed(name), max_age=60)
        return {"of": name, "csrf": csrf, "sid": sid}

    @app.delete("/session")
    def logout() -> dict[str, str]:
        return {}

    app.state.sealed = sealed
    return app


DESK_CONTRACT = """
ringwall: 1
api: app
authentication:
  upstream:
    login: POST /session
    token: cookie sid
    subject: /number
    roles: /level
    map: {"2": clerk}
    logout: DELETE /session
    lifetime: 600
roles: {clerk: {}}
operations:
  "GET /desk": {allow: [clerk]}
staleness: 0
"""


async def raw_parcels(scope: Any, receive: Any, send: Any) -> None:
    """A bare ASGI application: the token is the reply itself, is expected in `X-Token`, and changes with each use."""
    if scope["type"] != "http":
        return
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    status, extra, content = 200, [], b"{}"
    path = scope["path"]
    if path == "/login":
        form = parse_qs(body.decode())
        good = form.get("code") == ["1234"]
        status = 200 if good else 401
        extra = [(b"x-token", f"tok.{form['who'][0]}.0".encode())] if good else []
    else:
        kind, _, rest = headers.get("x-token", "").partition(".")
        name, _, count = rest.partition(".")
        if kind != "tok":
            status = 401
        else:
            extra = [(b"x-token", f"tok.{name}.{int(count or 0) + 1}".encode())]
            content = json.dumps({"who": name, "count": int(count or 0), "at": time.time()}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": content})


PARCELS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "parcels", "version": "1"},
    "paths": {
        "/login": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/x-www-form-urlencoded": {"schema": _object("who", "code")}},
                },
                "responses": _ok({"type": "object"}),
            }
        },
        "/whoami": {"get": {"responses": _ok({"type": "object", "properties": {"who": TEXT}})}},
        "/parcels": {
            "get": {"responses": _ok({"type": "object", "properties": {"who": TEXT, "count": {"type": "integer"}}})}
        },
    },
}
PARCELS_CONTRACT = """
ringwall: 1
api: openapi.json
authentication:
  api_keys: true
  upstream:
    login: POST /login
    token: header X-Token
    header: X-Token
    account: /who
    profile: GET /whoami
    subject: /who
    grant: [sender]
roles: {sender: {}}
operations:
  "GET /parcels": {allow: [sender]}
staleness: 0
"""
