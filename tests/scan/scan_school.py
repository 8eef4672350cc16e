"""A fifth small API: a session cookie with a token against forgery, pages of HTML for errors, slugs and numbers within
them, files, XML, a way back, PUT that makes. `flawed` has a hole in each place; most calls of it are plain forms."""

from __future__ import annotations

import secrets
import urllib.request
from contextlib import suppress
from html import escape
from typing import Annotated, Any
from xml.etree import ElementTree

from fastapi import Depends, FastAPI, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.security import APIKeyCookie
from pydantic import BaseModel

CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true}
roles: {pupil: {}, teacher: {includes: [pupil]}}
resources:
  essay: {schema: Essay, id: slug, owner: pupil}
  mark: {schema: Mark, id: number}
operations:
  "POST /session": {allow: anyone}
  "GET /whoami": {allow: [pupil]}
  "GET /essays": {allow: [pupil], filter: owner}
  "PUT /essays/{slug}": {allow: [owner]}
  "GET /essays/{slug}": {allow: [owner]}
  "DELETE /essays/{slug}": {allow: [owner]}
  "GET /essays/{slug}/page": {allow: [owner]}
  "GET /marks": {allow: [pupil]}
  "POST /marks": {allow: [teacher]}
  "GET /files": {allow: [pupil]}
  "POST /files": {allow: [pupil]}
  "POST /import": {allow: [pupil]}
  "GET /leave": {allow: anyone}
  "GET /greet": {allow: anyone}
"""
EXPECTED = {
    ("object-read", "GET /essays/{slug}"),
    ("object-write", "PUT /essays/{slug}"),
    ("object-write", "DELETE /essays/{slug}"),
    ("object-read", "GET /essays/{slug}/page"),
    ("xss", "GET /essays/{slug}/page"),
    ("function", "POST /marks"),
    ("path", "GET /files"),
    ("xxe", "POST /import"),
    ("redirect", "GET /leave"),
    ("xss", "GET /greet"),
    ("rate-limit", "POST /session"),
    ("errors", "GET /marks"),
}


class NewEssay(BaseModel):
    title: str
    text: str


class Essay(BaseModel):
    slug: str
    title: str
    text: str
    pupil: str


class NewMark(BaseModel):
    subject: str
    grade: int


class Mark(BaseModel):
    number: int
    subject: str
    grade: int


Row = dict[str, Any]
SESSION = APIKeyCookie(name="session", auto_error=False)
TRACE = 'Traceback (most recent call last):\n  File "/srv/school.py", line 7, in marks\nKeyError'


class Refused(Exception):
    """With a page of HTML, as browsers want it."""


class School:
    """Its state."""

    def __init__(self, *, flawed: bool) -> None:
        self.flawed = flawed
        self.words = {"alice": "alice-pw-1", "bob": "bob-pw-1"}
        self.sessions: dict[str, tuple[str, str]] = {}
        self.wrong: dict[str, int] = {}
        self.essays = {f"summer-of-{p}": self._essay(f"summer-of-{p}", p, "Summer", f"{p} swam") for p in self.words}
        self.marks: list[Row] = [{"number": 1, "subject": "biology", "grade": 2}]

    @staticmethod
    def _essay(slug: str, pupil: str, title: str, text: str) -> Row:
        return {"slug": slug, "pupil": pupil, "title": title, "text": text}

    def put(self, slug: str, pupil: str, title: str, text: str) -> Row:
        found = self.essays.setdefault(slug, self._essay(slug, pupil, title, text))
        self.own(slug, pupil).update(title=title, text=text)
        return found

    def own(self, slug: str, pupil: str) -> Row:
        found = self.essays.get(slug)
        if found is None or (not self.flawed and found["pupil"] != pupil):
            raise Refused("<h1>404</h1>")
        return found

    def caller(self, request: Request, session: str | None) -> str:
        name, word = self.sessions.get(session or "", ("", ""))
        if not name:
            raise Refused("<h1>Sign in</h1>")
        if request.method != "GET" and request.headers.get("x-csrftoken") != word:
            raise Refused("<h1>CSRF</h1>")
        return name


def _caller(request: Request, session: Annotated[str | None, Depends(SESSION)]) -> str:
    school: School = request.app.state.school
    return school.caller(request, session)


Caller = Annotated[str, Depends(_caller)]


def school(*, flawed: bool) -> FastAPI:
    """The API as an application."""
    app, state = FastAPI(title="School", docs_url=None, redoc_url=None), School(flawed=flawed)
    app.state.school = state

    @app.exception_handler(Refused)
    def refused(request: Request, error: Exception) -> HTMLResponse:
        return HTMLResponse(str(error), 404 if "404" in str(error) else 403)

    _people(app, state)
    _essays(app, state)
    _rest(app, state)
    return app


def _people(app: FastAPI, state: School) -> None:
    @app.post("/session")
    def sign_in(login: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
        locked = not state.flawed and state.wrong.get(login, 0) > 8
        if locked or state.words.get(login) != password:
            state.wrong[login] = state.wrong.get(login, 0) + 1
            return HTMLResponse("<p>No such name or password</p>", 401)
        session, word = secrets.token_urlsafe(), secrets.token_urlsafe()
        state.sessions[session] = (login, word)
        reply = JSONResponse({"welcome": login})
        reply.set_cookie("session", session, httponly=True)
        reply.set_cookie("csrftoken", word)
        return reply

    @app.get("/whoami")
    def whoami(caller: Caller) -> Row:
        return {"login": caller, "school": "Riverside"}

    @app.get("/leave")
    def leave(next: str = "/") -> RedirectResponse:  # noqa: A002
        return RedirectResponse(next if state.flawed or (next[:1] == "/" and next[1:2] not in "/\\") else "/")

    @app.get("/greet")
    def greet(name: str) -> HTMLResponse:
        return HTMLResponse(f"<p>Hello {name if state.flawed else escape(name)}</p>")


def _essays(app: FastAPI, state: School) -> None:
    @app.get("/essays", response_model=list[Essay])
    def essays(caller: Caller) -> list[Row]:
        return [e for e in state.essays.values() if e["pupil"] == caller]

    @app.put("/essays/{slug}", response_model=Essay)
    def put(slug: str, body: NewEssay, caller: Caller) -> Row:
        return state.put(slug, caller, body.title, body.text)

    @app.get("/essays/{slug}", response_model=Essay)
    def essay(slug: str, caller: Caller) -> Row:
        return state.own(slug, caller)

    @app.delete("/essays/{slug}", status_code=204)
    def remove(slug: str, caller: Caller) -> None:
        del state.essays[state.own(slug, caller)["slug"]]

    @app.get("/essays/{slug}/page")
    def page(slug: str, caller: Caller) -> HTMLResponse:
        found = state.own(slug, caller)
        shown = found["text"] if state.flawed else escape(found["text"])
        return HTMLResponse(f"<h1>{escape(found['title'])}</h1><article>{shown}</article>")


def _rest(app: FastAPI, state: School) -> None:
    @app.get("/marks", response_model=list[Mark])
    def marks(caller: Caller, page: str = "1") -> Any:
        if not page.isdecimal():
            return HTMLResponse(TRACE if state.flawed else "<h1>Wrong page</h1>", 500 if state.flawed else 400)
        return state.marks

    @app.post("/marks", status_code=201, response_model=Mark)
    def mark(body: NewMark, caller: Caller) -> Row:
        if not state.flawed:
            raise Refused("<h1>Teachers only</h1>")
        state.marks.append({"number": len(state.marks) + 1, **body.model_dump()})
        return state.marks[-1]

    @app.get("/files")
    def files(caller: Caller, filename: str = "rules.txt") -> Response:
        if state.flawed and "passwd" in filename and "/etc/" in filename:
            with suppress(OSError), open("/" + filename.lstrip("./")) as file:
                return Response(file.read(), media_type="text/plain")
        known = {"rules.txt": "Be kind."}
        return Response(known.get(filename, "none"), 200 if filename in known else 404, media_type="text/plain")

    @app.post("/files", status_code=201)
    def upload(caller: Caller, title: Annotated[str, Form()], file: UploadFile) -> Row:
        return {"title": title, "size": file.size}

    @app.post("/import", openapi_extra={"requestBody": {"content": {"application/xml": {"schema": {
        "type": "object", "properties": {"essay": {"type": "string"}}}}}}})  # fmt: skip
    async def imported(request: Request, caller: Caller) -> Response:
        text = (await request.body()).decode()
        if state.flawed and 'SYSTEM "' in text:
            with suppress(OSError):
                urllib.request.urlopen(text.partition('SYSTEM "')[2].partition('"')[0], timeout=2).read(9)
        try:
            return JSONResponse({"words": len(ElementTree.fromstring(text).findtext("essay") or "")})
        except ElementTree.ParseError:
            return HTMLResponse("<h1>Not XML</h1>", 400)
