"""A third small API, with the habits of the RealWorld specification: bodies nested under one word, a token in
`Authorization: Token …`, slugs, comments numbered within their article. `flawed` has a hole in each place."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict

AT = "@example.org"
CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true}
roles: {writer: {}, admin: {includes: [writer]}}
resources:
  article: {schema: Article, id: slug, owner: author}
operations:
  "POST /api/users": {allow: anyone}
  "POST /api/users/login": {allow: anyone}
  "GET /api/user": {allow: [writer]}
  "PUT /api/user": {allow: [writer]}
  "GET /api/articles": {allow: anyone}
  "POST /api/articles": {allow: [writer]}
  "GET /api/articles/{slug}": {allow: anyone}
  "PUT /api/articles/{slug}": {allow: [owner]}
  "DELETE /api/articles/{slug}": {allow: [owner]}
  "GET /api/articles/{slug}/draft": {allow: [owner]}
  "POST /api/articles/{slug}/favorite": {allow: [writer]}
  "GET /api/articles/{slug}/comments": {allow: anyone}
  "POST /api/articles/{slug}/comments": {allow: [writer]}
  "GET /api/admin/members": {allow: [admin]}
"""
EXPECTED = {
    ("object-write", "PUT /api/articles/{slug}"),
    ("object-write", "DELETE /api/articles/{slug}"),
    ("object-read", "GET /api/articles/{slug}/draft"),
    ("function", "GET /api/admin/members"),
    ("mass-assignment", "POST /api/users"),
    ("mass-assignment", "PUT /api/user"),
    ("rate-limit", "POST /api/users/login"),
    ("enumeration", "POST /api/users/login"),
    ("token", "GET /api/user"),
}


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class NewUser(_Open):
    username: str
    email: str
    password: str


class SignUp(BaseModel):
    user: NewUser


class Credentials(BaseModel):
    email: str
    password: str


class SignIn(BaseModel):
    user: Credentials


class Changes(_Open):
    bio: str | None = None
    image: str | None = None


class Change(BaseModel):
    user: Changes


class Words(BaseModel):
    title: str
    body: str


class NewArticle(BaseModel):
    article: Words


class Remark(BaseModel):
    body: str


class NewComment(BaseModel):
    comment: Remark


class Article(BaseModel):
    slug: str
    title: str
    body: str
    author: str
    favorites: int


class OneArticle(BaseModel):
    article: Article


class Articles(BaseModel):
    articles: list[Article]
    articlesCount: int


Row = dict[str, Any]
SCHEME = APIKeyHeader(name="Authorization", auto_error=False)


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Gazette:
    """Its state and its tokens (JWS by hand, so that a hole may be made in it)."""

    def __init__(self, *, flawed: bool) -> None:
        self.flawed = flawed
        self.key = b"secret" if flawed else b"a-long-random-key-that-no-list-has-4711"
        self.users: dict[str, Row] = {}
        self.articles: dict[str, Row] = {}
        self.comments: dict[str, list[Row]] = {}
        self.wrong: dict[str, int] = {}
        self.numbers = itertools.count(1)
        for name in ("alice", "bob"):
            self.add({"username": name, "email": f"{name}@example.org", "password": f"{name}-pw-1"})
            self.write(name, f"Story of {name}", f"{name} was here")

    def add(self, said: Row) -> Row:
        made = {"username": said["username"], "email": said["email"], "password": said["password"],
                "bio": said.get("bio", ""), "image": said.get("image", ""), "admin": False}  # fmt: skip
        if self.flawed and "admin" in said:
            made["admin"] = said["admin"]
        self.users[said["username"]] = made
        return made

    def write(self, author: str, title: str, body: str) -> Row:
        slug = f"{title.lower().replace(' ', '-')}-{next(self.numbers)}"
        self.articles[slug] = {"slug": slug, "title": title, "body": body, "author": author, "favorites": 0,
                               "draft": f"first thoughts of {author} on {slug}"}  # fmt: skip
        return self.articles[slug]

    def token(self, username: str) -> str:
        head, said = b'{"alg":"HS256","typ":"JWT"}', json.dumps({"sub": username}).encode()
        text = f"{_coded(head)}.{_coded(said)}"
        return f"{text}.{_coded(hmac.digest(self.key, text.encode(), hashlib.sha256))}"

    def caller(self, stated: str | None) -> Row:
        scheme, _, token = (stated or "").partition(" ")
        text, _, signature = token.rpartition(".")
        good = hmac.compare_digest(_coded(hmac.digest(self.key, text.encode(), hashlib.sha256)), signature)
        if scheme != "Token" or not good:
            raise HTTPException(403, "Not authenticated")
        middle = text.partition(".")[2]
        said = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        if said.get("sub") not in self.users:
            raise HTTPException(403, "Not authenticated")
        return self.users[said["sub"]]

    def article(self, slug: str) -> Row:
        if slug not in self.articles:
            raise HTTPException(404, "No such article")
        return self.articles[slug]

    def own(self, slug: str, caller: Row) -> Row:
        found = self.article(slug)
        if not self.flawed and found["author"] != caller["username"]:
            raise HTTPException(403, "Not yours")
        return found


def _caller(request: Request, stated: Annotated[str | None, Depends(SCHEME)]) -> Row:
    gazette: Gazette = request.app.state.gazette
    return gazette.caller(stated)


Caller = Annotated[Row, Depends(_caller)]


def _shown(user: Row, token: str) -> Row:
    return {"user": {**{n: v for n, v in user.items() if n != "password"}, "token": token}}


def gazette(*, flawed: bool) -> FastAPI:
    """The API as an application."""
    app, state = FastAPI(title="Gazette", docs_url=None, redoc_url=None), Gazette(flawed=flawed)
    app.state.gazette = state
    _people(app, state)
    _articles(app, state)
    return app


def _people(app: FastAPI, state: Gazette) -> None:
    @app.post("/api/users", status_code=201)
    def sign_up(body: SignUp) -> Row:
        taken = any(u["email"] == body.user.email for u in state.users.values())
        if taken or body.user.username in state.users:
            raise HTTPException(400, "Taken")
        user = state.add(body.user.model_dump())
        return _shown(user, state.token(user["username"]))

    @app.post("/api/users/login")
    def login(body: SignIn) -> Any:
        email = body.user.email
        if not state.flawed and state.wrong.get(email, 0) > 8:
            raise HTTPException(429, "Later")
        user = next((u for u in state.users.values() if u["email"] == email), None)
        if user and user["password"] == body.user.password:
            return _shown(user, state.token(user["username"]))
        state.wrong[email] = state.wrong.get(email, 0) + 1
        said = "wrong password" if user and state.flawed else "incorrect email or password"
        return JSONResponse({"errors": [said]}, 400)

    @app.get("/api/user")
    def me(caller: Caller) -> Row:
        return _shown(caller, state.token(caller["username"]))

    @app.put("/api/user")
    def change(body: Change, caller: Caller) -> Row:
        said = body.user.model_dump(exclude_none=True)
        names = ("bio", "image", "admin") if state.flawed else ("bio", "image")
        caller.update({n: said[n] for n in names if n in said})
        return _shown(caller, state.token(caller["username"]))

    @app.get("/api/admin/members")
    def members(caller: Caller) -> Row:
        if not state.flawed and not caller["admin"]:
            raise HTTPException(403, "Admins only")
        return {"members": [{"username": u["username"], "email": u["email"]} for u in state.users.values()]}


def _articles(app: FastAPI, state: Gazette) -> None:
    @app.get("/api/articles")
    def articles(limit: int = 20, offset: int = 0) -> Articles:
        found = list(state.articles.values())[max(0, offset) :][: max(0, limit)]
        return Articles(articles=[Article(**a) for a in found], articlesCount=len(state.articles))

    @app.post("/api/articles", status_code=201, response_model=OneArticle)
    def write(body: NewArticle, caller: Caller) -> Row:
        return {"article": state.write(caller["username"], body.article.title, body.article.body)}

    @app.get("/api/articles/{slug}", response_model=OneArticle)
    def article(slug: str) -> Row:
        return {"article": state.article(slug)}

    @app.put("/api/articles/{slug}", response_model=OneArticle)
    def rewrite(slug: str, body: NewArticle, caller: Caller) -> Row:
        state.own(slug, caller).update(body.article.model_dump())
        return {"article": state.article(slug)}

    @app.delete("/api/articles/{slug}", status_code=204)
    def remove(slug: str, caller: Caller) -> None:
        state.own(slug, caller)
        del state.articles[slug]

    @app.get("/api/articles/{slug}/draft")
    def draft(slug: str, caller: Caller) -> Row:
        return {"draft": {"slug": slug, "text": state.own(slug, caller)["draft"]}}

    @app.post("/api/articles/{slug}/favorite", response_model=OneArticle)
    def favorite(slug: str, caller: Caller) -> Row:
        state.article(slug)["favorites"] += 1
        return {"article": state.article(slug)}

    @app.get("/api/articles/{slug}/comments")
    def comments(slug: str) -> Row:
        return {"comments": state.comments.get(slug, [])}

    @app.post("/api/articles/{slug}/comments", status_code=201)
    def comment(slug: str, body: NewComment, caller: Caller) -> Row:
        state.article(slug)
        made = {"id": next(state.numbers), "body": body.comment.body, "author": caller["username"]}
        state.comments.setdefault(slug, []).append(made)
        return {"comment": made}
