"""Somebody's application, with no security of its own: notes that anyone reads, removes and searches by pasted SQL."""

import sqlite3
import threading
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true}
roles: {customer: {}, clerk: {includes: [customer]}}
resources: {note: {schema: Note, id: id, owner: owner}}
operations:
  "GET /notes": {allow: [customer], filter: owner}
  "POST /notes": {allow: [customer]}
  "GET /notes/{note_id}": {allow: [owner]}
  "DELETE /notes/{note_id}": {allow: [owner]}
  "GET /search": {allow: [clerk]}
"""


class NewNote(BaseModel):
    owner: str
    text: str


class Note(BaseModel):
    id: int
    owner: str
    text: str


def notes() -> FastAPI:
    app, lock = FastAPI(docs_url=None, redoc_url=None), threading.Lock()
    database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    database.row_factory = sqlite3.Row

    def run(statement: str, *values: object) -> list[dict[str, Any]]:
        with lock:
            return [dict(row) for row in database.execute(statement, values).fetchall()]

    run("CREATE TABLE note (id INTEGER PRIMARY KEY, owner TEXT, text TEXT)")
    for owner in ("17", "18"):
        run("INSERT INTO note (owner, text) VALUES (?, ?)", owner, f"dear {owner}")

    @app.get("/notes", response_model=list[Note])
    def every() -> Any:
        return run("SELECT * FROM note")

    @app.post("/notes", response_model=Note, status_code=201)
    def add(note: NewNote) -> Any:
        run("INSERT INTO note (owner, text) VALUES (?, ?)", note.owner, note.text)
        return run("SELECT * FROM note ORDER BY id DESC LIMIT 1")[0]

    @app.get("/notes/{note_id}", response_model=Note)
    def one(note_id: int) -> Any:
        found = run("SELECT * FROM note WHERE id = ?", note_id) if abs(note_id) < 2**62 else []
        if not found:
            raise HTTPException(404, "Not found")
        return found[0]

    @app.delete("/notes/{note_id}", status_code=204)
    def remove(note_id: int) -> None:
        run("DELETE FROM note WHERE id = ?", note_id if abs(note_id) < 2**62 else 0)

    @app.get("/search", response_model=list[Note])
    def search(word: str) -> Any:
        try:
            return run(f"SELECT * FROM note WHERE text LIKE '%{word}%'")
        except sqlite3.Error:
            raise HTTPException(500, "Failed") from None

    return app
