"""A small API with sign-up, sign-in and tokens, whose flaws are switched one by one; without any it is hardened.

It holds look-alikes in both builds: a 204 that changes only its caller, a 200 with nothing of the victim's, shared
objects, a search that reacts to words, a page that escapes, a calculator, an echo.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import sqlite3
import threading
import time
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

FLAWS = {
    *("read", "write", "delete", "password", "function", "create", "assign", "weak-key", "none", "unsigned", "debug"),
    *("sqli", "enumerate", "guess", "open", "trace", "markup", "docs", "old"),
}
"""Beside them `soft`, which is no flaw: a wrong password is answered with 200 and a word."""
STRONG = "q7Zt0vXn4mB2c8RkL1yHs6Wd9fGj3pEu"
EXPECTED = {
    ("authentication", "GET /v2/notes/{note_id}"),
    ("function", "GET /v2/users"),
    ("function", "POST /v2/articles"),
    ("object-read", "GET /v2/users/{username}"),
    ("object-read", "GET /v2/notes/{note_id}"),
    ("object-write", "PUT /v2/users/{username}/email"),
    ("object-write", "PUT /v2/users/{username}/password"),
    ("object-write", "DELETE /v2/users/{username}"),
    ("object-write", "PATCH /v2/notes/{note_id}"),
    ("object-write", "DELETE /v2/notes/{note_id}"),
    ("mass-assignment", "POST /v2/register"),
    ("mass-assignment", "POST /v2/notes"),
    ("mass-assignment", "PATCH /v2/notes/{note_id}"),
    ("data-exposure", "GET /v2/users"),
    ("sqli", "GET /v2/search"),
    ("xss", "GET /v2/hello"),
    ("errors", "GET /v2/search"),
    ("enumeration", "POST /v2/login"),
    ("rate-limit", "POST /v2/login"),
    ("inventory", "(service)"),
    ("headers", "(service)"),
}
CONTRACT = """
ringwall: 1
api: openapi.json
authentication: {accounts: true}
roles: {user: {}, admin: {}}
resources:
  user: {schema: User, id: username, owner: username}
  note: {schema: Note, id: note_id, owner: owner}
  article: {schema: Article, id: article_id}
operations:
  "POST /v2/register": {allow: anyone}
  "POST /v2/login": {allow: anyone}
  "GET /v2/me": {allow: [user]}
  "GET /v2/users": {allow: [admin]}
  "GET /v2/users/{username}": {allow: [owner, admin]}
  "PUT /v2/users/{username}/email": {allow: [owner]}
  "PUT /v2/users/{username}/password": {allow: [owner]}
  "PUT /v2/users/{username}/nickname": {allow: [owner]}
  "DELETE /v2/users/{username}": {allow: [owner, admin]}
  "GET /v2/notes": {allow: [user], filter: owner}
  "POST /v2/notes": {allow: [user]}
  "GET /v2/notes/{note_id}": {allow: [owner]}
  "PATCH /v2/notes/{note_id}": {allow: [owner]}
  "DELETE /v2/notes/{note_id}": {allow: [owner]}
  "GET /v2/notes/{note_id}/state": {allow: [owner]}
  "GET /v2/articles": {allow: [user]}
  "POST /v2/articles": {allow: [admin]}
  "GET /v2/articles/{article_id}": {allow: [user]}
  "GET /v2/search": {allow: [user]}
  "GET /v2/words": {allow: [user]}
  "GET /v2/report": {allow: [admin]}
  "GET /v2/sum": {allow: [user]}
  "GET /v2/hello": {allow: anyone}
"""


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Library:
    """The state and the rules; `flaws` says which are missing."""

    def __init__(self, flaws: frozenset[str]) -> None:
        self.flaws = flaws
        self.key = b"secret" if "weak-key" in flaws else STRONG.encode()
        self.lock = threading.Lock()
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.executescript(
            "CREATE TABLE users (username TEXT PRIMARY KEY, password TEXT, email TEXT, role TEXT, nickname TEXT);"
            "CREATE TABLE notes (note_id INTEGER PRIMARY KEY, owner TEXT, title TEXT, text TEXT, pinned INTEGER);"
            "CREATE TABLE articles (article_id INTEGER PRIMARY KEY, title TEXT);"
            "INSERT INTO articles (title) VALUES ('Opening hours'), ('House rules'), ('How to borrow');"
        )
        self.wrong: dict[str, int] = {}
        for name in ("alice", "bob"):
            self.run("INSERT INTO users VALUES (?, ?, ?, 'user', '')", name, f"{name}-pw-1", f"{name}@example.org")
            self.run(
                "INSERT INTO notes (owner, title, text, pinned) VALUES (?, ?, ?, 0)", name, "diary", f"dear {name}"
            )
        self.run("INSERT INTO users VALUES ('root', 'r00t-of-all', 'root@example.org', 'admin', '')")

    def run(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with self.lock:
            cursor = self.database.execute(statement, values)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] or (
                [{"id": cursor.lastrowid}] if not names else []
            )

    def user(self, name: str) -> dict[str, Any]:
        rows = self.run("SELECT * FROM users WHERE username = ?", name)
        if not rows:
            raise HTTPException(404, "Not found")
        return rows[0]

    def issue(self, name: str) -> str:
        claims = {"sub": name, "exp": int(time.time()) + 3600}
        text = ".".join(_coded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return f"{text}.{_coded(hmac.digest(self.key, text.encode(), hashlib.sha256))}"

    def caller(self, request: Request) -> dict[str, Any]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        text, _, signature = token.rpartition(".")
        try:
            head, claims = (json.loads(base64.urlsafe_b64decode(p + "==")) for p in text.split("."))
        except ValueError:
            raise HTTPException(401, "Sign in") from None
        good = hmac.compare_digest(_coded(hmac.digest(self.key, text.encode(), hashlib.sha256)), signature)
        trusted = good or ("none" in self.flaws and head["alg"] == "none") or "unsigned" in self.flaws
        rows = self.run("SELECT * FROM users WHERE username = ?", claims.get("sub"))
        if not trusted or claims["exp"] < time.time() or not rows:
            raise HTTPException(401, "Sign in")
        return rows[0]

    def own(self, request: Request, name: str, flaw: str) -> dict[str, Any]:
        """The caller, who must be the one named unless the flaw is there; else as if there were nothing."""
        caller = self.caller(request)
        if flaw not in self.flaws and name != caller["username"] and caller["role"] != "admin":
            raise HTTPException(404, "Not found")
        return caller


def library(flaws: frozenset[str] = frozenset()) -> FastAPI:
    """The API as an application."""
    state = Library(flaws)
    docs = "docs" in flaws
    app = FastAPI(title="Library", docs_url="/docs" if docs else None, redoc_url=None,
                  openapi_url="/openapi.json" if docs else None)  # fmt: skip

    @app.middleware("http")
    async def dressed(request: Request, following: Any) -> Response:
        try:
            reply: Response = await following(request)
        except Exception as error:
            told = f'Traceback (most recent call last):\n  File "app.py", line 1, in x\n{error!r}'
            reply = JSONResponse({"detail": told if "trace" in flaws else "An error"}, 500)
        reply.headers.update(
            {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY"}
        )
        if "markup" not in flaws:
            reply.headers["Content-Security-Policy"] = "default-src 'none'"
        return reply

    app.state.library = state
    _people(app, state)
    _notes(app, state)
    _others(app, state)
    return app


def _strings(body: Any, *names: str) -> dict[str, str]:
    if not isinstance(body, dict) or not all(isinstance(body.get(n), str) for n in names):
        raise HTTPException(422, "Not valid")
    return body


async def _body(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        raise HTTPException(400, "Not JSON") from None


def _people(app: FastAPI, state: Library) -> None:
    flaws = state.flaws

    @app.post("/v2/register")
    async def register(request: Request) -> JSONResponse:
        body = _strings(await _body(request), "username", "password", "email")
        if state.run("SELECT 1 FROM users WHERE username = ?", body["username"]):
            raise HTTPException(409, "Taken")
        role = body.get("role", "user") if "assign" in flaws else "user"
        state.run("INSERT INTO users VALUES (?, ?, ?, ?, '')", body["username"], body["password"], body["email"], role)
        return JSONResponse({"username": body["username"], "email": body["email"]}, 201)

    @app.post("/v2/login")
    async def login(request: Request) -> JSONResponse:
        body = _strings(await _body(request), "username", "password")
        name = body["username"]
        rows = state.run("SELECT * FROM users WHERE username = ?", name)
        if "guess" not in flaws and state.wrong.get(name, 0) >= 8:
            raise HTTPException(429, "Later")
        if not rows or rows[0]["password"] != body["password"]:
            state.wrong[name] = state.wrong.get(name, 0) + 1
            told = f"Wrong name or password for {name}"
            if "enumerate" in flaws:
                told = f"Wrong password for {name}" if rows else f"No user {name}"
            if "soft" in flaws:
                return JSONResponse({"status": "fail", "message": told})
            raise HTTPException(401, told)
        return JSONResponse({"access_token": state.issue(name), "token_type": "bearer"})

    @app.get("/v2/me")
    def me(request: Request) -> JSONResponse:
        caller = state.caller(request)
        return JSONResponse({n: caller[n] for n in ("username", "email", "role", "nickname")})

    @app.get("/v2/users")
    def users(request: Request) -> JSONResponse:
        if state.caller(request)["role"] != "admin" and not {"function", "debug"} & flaws:
            raise HTTPException(403, "Administrators only")
        names = ("username", "email", "role") + (("password",) if "debug" in flaws else ())
        return JSONResponse([{n: row[n] for n in names} for row in state.run("SELECT * FROM users")])

    @app.get("/v2/users/{username}")
    def user(username: str, request: Request) -> JSONResponse:
        state.own(request, username, "read")
        return JSONResponse({n: state.user(username)[n] for n in ("username", "email", "nickname")})

    @app.put("/v2/users/{username}/email", status_code=204)
    async def email(username: str, request: Request) -> Response:
        state.own(request, username, "write")
        body = _strings(await _body(request), "email")
        state.run("UPDATE users SET email = ? WHERE username = ?", body["email"], state.user(username)["username"])
        return Response(status_code=204)

    @app.put("/v2/users/{username}/password", status_code=204)
    async def password(username: str, request: Request) -> Response:
        state.own(request, username, "password")
        body = _strings(await _body(request), "password")
        state.run(
            "UPDATE users SET password = ? WHERE username = ?", body["password"], state.user(username)["username"]
        )
        return Response(status_code=204)

    @app.put("/v2/users/{username}/nickname", status_code=204)
    async def nickname(username: str, request: Request) -> Response:
        """A look-alike: whoever is named, only the caller's own is set."""
        caller = state.caller(request)
        body = _strings(await _body(request), "nickname")
        state.run("UPDATE users SET nickname = ? WHERE username = ?", body["nickname"], caller["username"])
        return Response(status_code=204)

    @app.delete("/v2/users/{username}", status_code=204)
    def remove(username: str, request: Request) -> Response:
        state.own(request, username, "delete")
        state.run("DELETE FROM users WHERE username = ?", state.user(username)["username"])
        return Response(status_code=204)


def _notes(app: FastAPI, state: Library) -> None:
    def note_of(request: Request, note_id: int, flaw: str) -> dict[str, Any]:
        rows = state.run("SELECT * FROM notes WHERE note_id = ?", note_id) if abs(note_id) < 2**62 else []
        if not rows:
            state.caller(request)
            raise HTTPException(404, "Not found")
        if not ("open" in state.flaws and flaw == "read" and "authorization" not in request.headers):
            state.own(request, rows[0]["owner"], flaw)
        return {**rows[0], "pinned": bool(rows[0]["pinned"])}

    @app.get("/v2/notes")
    def notes(request: Request) -> JSONResponse:
        name = state.caller(request)["username"]
        return JSONResponse(state.run("SELECT note_id, owner, title FROM notes WHERE owner = ?", name))

    @app.post("/v2/notes")
    async def add(request: Request) -> JSONResponse:
        name = state.caller(request)["username"]
        body = _strings(await _body(request), "title", "text")
        pinned = bool(body.get("pinned")) and "assign" in state.flaws
        made = state.run("INSERT INTO notes (owner, title, text, pinned) VALUES (?, ?, ?, ?)",
                         name, body["title"], body["text"], int(pinned))  # fmt: skip
        return JSONResponse(note_of(request, made[0]["id"], "x"), 201)

    @app.get("/v2/notes/{note_id}")
    def note(note_id: int, request: Request) -> JSONResponse:
        return JSONResponse(note_of(request, note_id, "read"))

    @app.patch("/v2/notes/{note_id}")
    async def change(note_id: int, request: Request) -> JSONResponse:
        held = note_of(request, note_id, "write")
        body = await _body(request)
        if not isinstance(body, dict) or not all(isinstance(v, str) for n, v in body.items() if n in ("title", "text")):
            raise HTTPException(422, "Not valid")
        pinned = bool(body.get("pinned", held["pinned"])) if "assign" in state.flaws else held["pinned"]
        state.run("UPDATE notes SET title = ?, text = ?, pinned = ? WHERE note_id = ?",
                  body.get("title", held["title"]), body.get("text", held["text"]), int(pinned), note_id)  # fmt: skip
        return JSONResponse({"done": True})

    @app.delete("/v2/notes/{note_id}", status_code=204)
    def shred(note_id: int, request: Request) -> Response:
        note_of(request, note_id, "delete")
        state.run("DELETE FROM notes WHERE note_id = ?", note_id)
        return Response(status_code=204)

    @app.get("/v2/notes/{note_id}/state")
    def state_of(note_id: int, request: Request) -> JSONResponse:
        """A look-alike: everyone is told the same, whoever's note it is."""
        state.caller(request)
        return JSONResponse({"service": "notes", "state": "available"})


def _others(app: FastAPI, state: Library) -> None:
    @app.get("/v2/articles")
    def articles(request: Request) -> JSONResponse:
        state.caller(request)
        return JSONResponse(state.run("SELECT * FROM articles"))

    @app.post("/v2/articles")
    async def publish(request: Request) -> JSONResponse:
        if state.caller(request)["role"] != "admin" and "create" not in state.flaws:
            raise HTTPException(403, "Administrators only")
        body = _strings(await _body(request), "title")
        made = state.run("INSERT INTO articles (title) VALUES (?)", body["title"])
        return JSONResponse({"article_id": made[0]["id"], "title": body["title"]}, 201)

    @app.get("/v2/articles/{article_id}")
    def article(article_id: int, request: Request) -> JSONResponse:
        """A look-alike: shared by all who have signed in."""
        state.caller(request)
        rows = state.run("SELECT * FROM articles WHERE article_id = ?", article_id) if abs(article_id) < 2**62 else []
        if not rows:
            raise HTTPException(404, "Not found")
        return JSONResponse(rows[0])

    @app.get("/v2/search")
    def search(q: str, request: Request) -> JSONResponse:
        state.caller(request)
        if "sqli" in state.flaws:
            return JSONResponse(state.run(f"SELECT * FROM articles WHERE title LIKE '%{q}%'"))
        return JSONResponse(state.run("SELECT * FROM articles WHERE title LIKE ?", f"%{q}%"))

    @app.get("/v2/words")
    def words(q: str, request: Request) -> JSONResponse:
        """A look-alike: any word of the query counts, quotes are ignored, and a failed parse is an error."""
        state.caller(request)
        if q.count("'") % 2:
            raise HTTPException(500, "Search failed")
        wanted = set(q.lower().replace("'", " ").replace("%", " ").split())
        rows = state.run("SELECT * FROM articles")
        return JSONResponse([r for r in rows if wanted & set(r["title"].lower().split()) or wanted & {"a", "or"}])

    @app.get("/v2/report")
    def report(request: Request) -> JSONResponse:
        """A look-alike: a refusal dressed as a success."""
        if state.caller(request)["role"] != "admin":
            return JSONResponse({"status": "error", "message": "Administrators only, please"})
        return JSONResponse({"total": 3})

    @app.get("/v2/sum")
    def total(first: int, second: int, request: Request) -> JSONResponse:
        """A look-alike: it does compute, which is what it is for."""
        state.caller(request)
        return JSONResponse({"sum": first + second, "product": first * second})

    @app.get("/v2/hello", response_class=HTMLResponse)
    def hello(name: str = "you") -> str:
        shown = name if "markup" in state.flaws else html.escape(name)
        return f"<!doctype html><title>{html.escape(name)}</title><p>Hello {shown}</p><textarea>{shown}</textarea>"

    if "old" in state.flaws:

        @app.get("/v1/articles", include_in_schema=False)
        def old() -> JSONResponse:
            return JSONResponse(state.run("SELECT * FROM articles"))


def _object(name: str, **properties: object) -> dict[str, Any]:
    return {name: {"type": "object", "properties": properties, "required": [*properties]}}


_TEXT = {"type": "string"}
SCHEMAS: dict[str, Any] = {
    **_object("SignUp", username=_TEXT, password=_TEXT, email={"type": "string", "format": "email"}),
    **_object("SignIn", username=_TEXT, password=_TEXT),
    **_object("User", username=_TEXT, email=_TEXT),
    **_object("Email", email={"type": "string", "format": "email"}),
    **_object("Password", password=_TEXT),
    **_object("Nickname", nickname=_TEXT),
    **_object("NewNote", title=_TEXT, text=_TEXT),
    **_object("Note", note_id={"type": "integer"}, owner=_TEXT, title=_TEXT, text=_TEXT, pinned={"type": "boolean"}),
    **_object("NewArticle", title=_TEXT),
    **_object("Article", article_id={"type": "integer"}, title=_TEXT),
}
_ASKS = {
    "POST /v2/register": ("SignUp", "User"),
    "POST /v2/login": ("SignIn", None),
    "GET /v2/me": (None, "User"),
    "GET /v2/users": (None, ["User"]),
    "GET /v2/users/{username}": (None, "User"),
    "PUT /v2/users/{username}/email": ("Email", None),
    "PUT /v2/users/{username}/password": ("Password", None),
    "PUT /v2/users/{username}/nickname": ("Nickname", None),
    "GET /v2/notes": (None, ["Note"]),
    "POST /v2/notes": ("NewNote", "Note"),
    "GET /v2/notes/{note_id}": (None, "Note"),
    "PATCH /v2/notes/{note_id}": ("NewNote", None),
    "GET /v2/articles": (None, ["Article"]),
    "POST /v2/articles": ("NewArticle", "Article"),
    "GET /v2/articles/{article_id}": (None, "Article"),
    "GET /v2/search": (None, ["Article"]),
    "GET /v2/words": (None, ["Article"]),
}


def document() -> dict[str, Any]:
    """The OpenAPI document, as a team would write it beside the code."""
    made = library().openapi()
    made["components"] = {
        "schemas": {**made["components"]["schemas"], **SCHEMAS},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    for path, item in made["paths"].items():
        for method, operation in item.items():
            asked, shown = _ASKS.get(f"{method.upper()} {path}", (None, None))
            open_ones = ("/v2/register", "/v2/login", "/v2/hello")
            operation["security"] = [] if path in open_ones else [{"token": []}]
            if asked:
                content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{asked}"}}}
                operation["requestBody"] = {"required": True, "content": content}
            if shown:
                ref = {"$ref": f"#/components/schemas/{shown if isinstance(shown, str) else shown[0]}"}
                schema = ref if isinstance(shown, str) else {"type": "array", "items": ref}
                operation["responses"] = {
                    "200": {"description": "", "content": {"application/json": {"schema": schema}}}
                }
    return made
