"""A second small API: form sign-in, roles in a ladder, owners by number while one signs in by name, and operations that
act on the caller's own account or on one that their body names. `flawed` has a hole in each; without it is hardened."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from pydantic import BaseModel, ConfigDict

CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true}
roles: {customer: {}, baker: {includes: [customer]}, master: {includes: [baker]}}
resources:
  person: {schema: Person, id: login, owner: login, fields: {rank: {class: identifier, write: [master]}}}
  order: {schema: Order, id: id, owner: person_id}
  bread: {schema: Bread, id: id}
operations:
  "POST /sign-up": {allow: anyone}
  "POST /token": {allow: anyone}
  "POST /recover": {allow: anyone}
  "GET /me": {allow: [customer]}
  "PATCH /me": {allow: [customer]}
  "PUT /card": {allow: [owner]}
  "PUT /staff/rank": {allow: [master]}
  "GET /orders": {allow: [customer], filter: owner}
  "POST /orders": {allow: [customer]}
  "GET /orders/{order_id}": {allow: [owner]}
  "GET /orders/{order_id}/state": {allow: [owner]}
  "GET /breads": {allow: anyone}
  "PUT /breads": {allow: [baker]}
  "DELETE /breads/{number}": {allow: [baker]}
"""
EXPECTED = {
    ("object-read", "GET /orders/{order_id}"),
    ("sqli", "GET /orders/{order_id}/state"),
    ("mass-assignment", "PATCH /me"),
    ("object-write", "PUT /card"),
    ("function", "PUT /staff/rank"),
    ("function", "DELETE /breads/{number}"),
    ("authentication", "DELETE /breads/{number}"),
    ("rate-limit", "POST /recover"),
    ("rate-limit", "POST /token"),
}


class SignUp(BaseModel):
    login: str
    password: str
    town: str


class Person(BaseModel):
    login: str
    town: str
    rank: str


class Change(BaseModel):
    model_config = ConfigDict(extra="allow")
    town: str


class Card(BaseModel):
    login: str
    town: str


class Rank(BaseModel):
    login: str
    rank: str


class Recovery(BaseModel):
    login: str
    code: str
    password: str


class NewOrder(BaseModel):
    street: str


class Order(BaseModel):
    id: int
    person_id: int
    street: str


class NewBread(BaseModel):
    name: str


class Bread(BaseModel):
    id: int
    name: str


Row = dict[str, Any]


class Bakery:
    """Its state; one connection for all threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.database.row_factory = sqlite3.Row
        self.tokens: dict[str, int] = {}
        self.wrong: dict[str, int] = {}
        self.run("CREATE TABLE person (id INTEGER PRIMARY KEY, login TEXT UNIQUE, password TEXT, town TEXT, rank TEXT)")
        self.run("CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER, street TEXT, state TEXT)")
        self.run("CREATE TABLE bread (id INTEGER PRIMARY KEY, name TEXT)")
        for login, rank in (("mia", "master"), ("alice", "customer"), ("bob", "customer")):
            self.add(login, f"{login}-pw-1", "York", rank)
            self.run(
                "INSERT INTO orders (person_id, street, state) SELECT max(id), ? || ' street', 'open' FROM person",
                login,
            )
        self.run("INSERT INTO bread (name) VALUES ('rye')")

    def add(self, *person: str) -> None:
        self.run("INSERT INTO person (login, password, town, rank) VALUES (?, ?, ?, ?)", *person)

    def run(self, statement: str, *values: object) -> list[Row]:
        with self.lock:
            cursor = self.database.execute(statement, values)
            return [dict(row) for row in cursor.fetchall()] or [{"id": cursor.lastrowid}] * (not cursor.description)

    def one(self, statement: str, *values: object) -> Row:
        rows = self.run(statement, *values)
        if not rows:
            raise HTTPException(404, "Not found")
        return rows[0]

    def caller(self, request: Request) -> Row:
        number = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if number is None:
            raise HTTPException(401, "Sign in")
        return self.one("SELECT * FROM person WHERE id = ?", number)


def _caller(request: Request) -> Row:
    bakery: Bakery = request.app.state.bakery
    return bakery.caller(request)


Caller = Annotated[Row, Depends(_caller)]


def _baker(caller: Caller) -> None:
    if caller["rank"] == "customer":
        raise HTTPException(403, "Bakers only")


def bakery(*, flawed: bool) -> FastAPI:
    """The API as an application."""
    app, state = FastAPI(title="Bakery", docs_url=None, redoc_url=None), Bakery()
    app.state.bakery = state
    _people(app, state, flawed=flawed)
    _things(app, state, flawed=flawed)
    return app


def _people(app: FastAPI, state: Bakery, *, flawed: bool) -> None:
    @app.post("/sign-up", status_code=201, response_model=Person)
    def sign_up(body: SignUp) -> Row:
        if state.run("SELECT 1 FROM person WHERE login = ?", body.login):
            raise HTTPException(409, "Taken")
        state.add(body.login, body.password, body.town, "customer")
        return state.one("SELECT * FROM person WHERE login = ?", body.login)

    def slowed(name: str) -> None:
        state.wrong[name] = state.wrong.get(name, 0) + 1
        if not flawed and state.wrong[name] > 8:
            raise HTTPException(429, "Later")

    @app.post("/token")
    def token(login: Annotated[str, Form()], password: Annotated[str, Form()]) -> Row:
        slowed(f"token {login}")
        rows = state.run("SELECT id FROM person WHERE login = ? AND password = ?", login, password)
        if not rows:
            raise HTTPException(401, "Wrong name or password")
        state.wrong.pop(f"token {login}")
        made = secrets.token_urlsafe()
        state.tokens[made] = rows[0]["id"]
        return {"access_token": made}

    @app.post("/recover")
    def recover(body: Recovery) -> Row:
        slowed(f"recover {body.login}")
        raise HTTPException(400, "Wrong code")

    @app.get("/me", response_model=Person)
    def me(caller: Caller) -> Row:
        return caller

    @app.patch("/me", response_model=Person)
    def change(body: Change, caller: Caller) -> Row:
        rank = (body.model_extra or {}).get("rank", caller["rank"]) if flawed else caller["rank"]
        state.run("UPDATE person SET town = ?, rank = ? WHERE id = ?", body.town, rank, caller["id"])
        return state.one("SELECT * FROM person WHERE id = ?", caller["id"])

    @app.put("/card", response_model=Person)
    def card(body: Card, caller: Caller) -> Row:
        login = body.login if flawed else caller["login"]
        state.run("UPDATE person SET town = ? WHERE login = ?", body.town, login)
        return state.one("SELECT * FROM person WHERE login = ?", login)

    @app.put("/staff/rank")
    def rank(body: Rank, caller: Caller) -> Row:
        if not flawed and caller["rank"] != "master":
            raise HTTPException(403, "Masters only")
        if body.rank not in ("customer", "baker"):
            raise HTTPException(422, "No such rank")
        state.run("UPDATE person SET rank = ? WHERE login = ?", body.rank, body.login)
        return {"done": True}


def _things(app: FastAPI, state: Bakery, *, flawed: bool) -> None:
    def whose(order_id: int, caller: Row) -> Row:
        order = state.one("SELECT * FROM orders WHERE id = ?", order_id) if abs(order_id) < 2**62 else None
        if order is None or (not flawed and order["person_id"] != caller["id"]):
            raise HTTPException(404, "Not found")
        return order

    @app.get("/orders", response_model=list[Order])
    def orders(caller: Caller) -> list[Row]:
        return state.run("SELECT * FROM orders WHERE person_id = ?", caller["id"])

    @app.post("/orders", status_code=201, response_model=Order)
    def order(body: NewOrder, caller: Caller) -> Row:
        made = state.run(
            "INSERT INTO orders (person_id, street, state) VALUES (?, ?, 'open')", caller["id"], body.street
        )
        return state.one("SELECT * FROM orders WHERE id = ?", made[0]["id"])

    @app.get("/orders/{order_id}", response_model=Order)
    def shown(order_id: int, caller: Caller) -> Row:
        return whose(order_id, caller)

    @app.get("/orders/{order_id}/state")
    def state_of(order_id: str, caller: Caller) -> str:
        if flawed:
            try:
                return str(state.one(f"SELECT state FROM orders WHERE id = {order_id}")["state"])
            except sqlite3.Error:
                raise HTTPException(500, "An error") from None
        return str(whose(int(order_id) if order_id.isdecimal() else 0, caller)["state"])

    @app.get("/breads", response_model=list[Bread])
    def breads() -> list[Row]:
        return state.run("SELECT * FROM bread")

    @app.put("/breads", status_code=201, response_model=Bread, dependencies=[Depends(_baker)])
    def bread(body: NewBread) -> Row:
        return {"id": state.run("INSERT INTO bread (name) VALUES (?)", body.name)[0]["id"], "name": body.name}

    @app.delete("/breads/{number}", status_code=204, dependencies=[] if flawed else [Depends(_baker)])
    def sold(number: int) -> None:
        state.run("DELETE FROM bread WHERE id = ?", number if abs(number) < 2**62 else 0)
