"""Whose an object is, by each way in its order, in a running application; and two workers over one store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from flask import Flask, jsonify
from pydantic import BaseModel

from access.access_rig import Protected, gateway, protected, running
from ringwall.build.assemble import prepare
from ringwall.build.load import load_contract
from ringwall.build.runtime import open_runtime
from ringwall.core.ports import Ownership

CONTRACT = """\
ringwall: 1
api: API
authentication: {api_keys: true}
roles: {reader: {}}
resources:
  note: {id: note_id, owner: who, tenant: place}
operations:
  "GET /notes/{note_id}": {allow: [owner, reader]}
  "PUT /notes/{note_id}": {allow: [owner]}
  "POST /notes": {allow: [reader]}
"""
_PATH = [{"name": "note_id", "in": "path", "required": True, "schema": {"type": "string"}}]
_OK: dict[str, Any] = {"responses": {"200": {"description": "."}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/notes": {"post": {**_OK, "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}},
        "/notes/{note_id}": {"get": {"parameters": _PATH, **_OK}, "put": {"parameters": _PATH, **_OK}},
    },
}
ACCOUNTS = {"ann": (), "bob": (), "rea": ("reader",)}
OWNERS = {"1": "ann", "2": "bob"}


def asgi() -> FastAPI:
    """Notes that say nothing of their owners."""
    app = FastAPI(openapi_url=None)

    @app.get("/notes/{note_id}")
    @app.put("/notes/{note_id}")
    def note(note_id: str) -> dict[str, str]:
        return {"text": f"note {note_id}"}

    return app


def wsgi() -> Flask:
    """The same, in the other world."""
    app = Flask("notes")

    @app.route("/notes/<note_id>", methods=["GET", "PUT"])
    def note(note_id: str) -> Any:
        return jsonify({"text": f"note {note_id}"})

    return app


@pytest.fixture(params=["sync", "async", "wsgi"])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Protected]:
    import json

    (tmp_path / "api.json").write_text(json.dumps(DOCUMENT))
    app: Any = wsgi() if request.param == "wsgi" else asgi()
    contract = CONTRACT.replace("API", str(tmp_path / "api.json"))
    with protected(app, contract, ACCOUNTS, "in process", tmp_path, "north") as found:
        threads = set[str]()

        def look_up(note_id: str) -> Ownership | str | None:
            threads.add(threading.current_thread().name)
            if note_id == "broken":
                raise RuntimeError("the database is away")
            if note_id == "wrong":
                return 1.5  # type: ignore[return-value]
            return Ownership(OWNERS[note_id], "north") if note_id in OWNERS else "ann" if note_id == "half" else None

        if request.param == "async":

            @found.wall.owner_of("note")
            async def whose(note_id: str) -> Ownership | str | None:
                return look_up(note_id)
        else:
            found.wall.owner_of("note")(look_up)
        yield found


def test_the_applications_own_word(api: Protected) -> None:
    assert api.said("ann", "PUT", "/notes/1") == "200"
    assert api.said("bob", "PUT", "/notes/1") == "authz.object"
    assert api.said("bob", "PUT", "/notes/2") == "200"
    assert api.said("rea", "GET", "/notes/2") == "200", "a role of its tenant"
    assert api.said("rea", "PUT", "/notes/2") == "authz.object", "which may read and not write"
    assert api.said("ann", "PUT", "/notes/half") == "200", "who owns it is enough, though no tenant is told"
    assert api.said("bob", "PUT", "/notes/half") == "authz.object"


def test_nobodys_and_what_cannot_be_told_refuses(api: Protected) -> None:
    assert api.said("ann", "PUT", "/notes/3") == "authz.object"
    assert api.said("ann", "PUT", "/notes/broken") == "internal.store"
    assert api.said("ann", "PUT", "/notes/wrong") == "internal.store"


def test_memory_goes_first(api: Protected) -> None:
    api.runtime.store.remember("note", "2", "ann", "north")
    assert api.said("ann", "PUT", "/notes/2") == "200"
    assert api.said("bob", "PUT", "/notes/2") == "authz.object"


def test_a_resolver_is_of_a_resource_and_one_of_it(api: Protected) -> None:
    with pytest.raises(LookupError, match="no resource 'nota'; it has note"):
        api.wall.owner_of("nota")
    with pytest.raises(LookupError, match="has a resolver already"):
        api.wall.owner_of("note")(lambda note_id: None)


MADE = """\
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {reader: {}}
resources:
  note: {id: note_id, owner: $creator}
operations:
  "GET /notes/{note_id}": {allow: [owner]}
  "POST /notes": {allow: [reader]}
"""


def made() -> FastAPI:
    """Notes that are made here, and never say whose they are."""
    app = FastAPI()
    notes: dict[str, str] = {}

    @app.post("/notes", status_code=201)
    def add() -> dict[str, str]:
        notes[str(len(notes) + 1)] = ""
        return {"note_id": str(len(notes))}

    @app.get("/notes/{note_id}")
    def note(note_id: str) -> dict[str, str]:
        if note_id not in notes:
            raise HTTPException(404)
        return {"note_id": note_id}

    return app


def test_what_one_worker_remembers_another_knows_at_once_and_after_a_restart(tmp_path: Path) -> None:
    contract = tmp_path / "ringwall.yaml"
    contract.write_text(MADE)
    app = made()
    prepared = prepare(load_contract(contract, app=app))
    first, second = open_runtime(tmp_path / "data"), open_runtime(tmp_path / "data", log="w2")
    keys = {n: first.api_keys.issue(n, frozenset({"reader"}), subject=n)[0] for n in ("ann", "bob")}
    with running(app) as url, gateway(prepared, first, url) as one, gateway(prepared, second, url) as other:
        a, b = (Protected(each, keys, app, None, first) for each in (one, other))
        assert a.said("ann", "GET", "/notes/1") == b.said("ann", "GET", "/notes/1") == "authz.object"
        assert a.said("ann", "POST", "/notes") == "201"
        assert b.said("ann", "GET", "/notes/1") == "200"
        assert b.said("bob", "GET", "/notes/1") == a.said("bob", "GET", "/notes/1") == "authz.object"
    first.close()
    second.close()
    third = open_runtime(tmp_path / "data")
    with running(app) as url, gateway(prepared, third, url) as one:
        again = Protected(one, keys, app, None, third)
        assert (again.said("ann", "GET", "/notes/1"), again.said("bob", "GET", "/notes/1")) == ("200", "authz.object")
    third.close()


REUSED = MADE + '  "DELETE /notes/{note_id}": {allow: [owner]}\n'


def reused() -> FastAPI:
    """Notes whose ids are taken again once they are free."""
    app = FastAPI()
    notes: set[int] = set()

    @app.post("/notes", status_code=201)
    def add() -> dict[str, str]:
        free = next(i for i in range(1, 99) if i not in notes)
        notes.add(free)
        return {"note_id": str(free)}

    @app.get("/notes/{note_id}")
    def note(note_id: str) -> dict[str, str]:
        if int(note_id) not in notes:
            raise HTTPException(404)
        return {"note_id": note_id}

    @app.delete("/notes/{note_id}", status_code=204)
    def remove(note_id: str) -> None:
        notes.discard(int(note_id))

    return app


@pytest.mark.parametrize("mode", ["in process", "gateway"])
def test_an_id_that_is_taken_again_is_whose_it_is_now(mode: str, tmp_path: Path) -> None:
    accounts = {"ann": ("reader",), "bob": ("reader",)}
    with protected(reused(), REUSED, accounts, mode, tmp_path) as api:
        for mine, others in (("ann", "bob"), ("bob", "ann"), ("ann", "bob")):
            assert api.ask(mine, "POST", "/notes").json() == {"note_id": "1"}
            assert api.said(mine, "GET", "/notes/1") == "200"
            assert api.said(others, "GET", "/notes/1") == api.said(others, "DELETE", "/notes/1") == "authz.object"
            assert api.said(mine, "DELETE", "/notes/1") == "204"
            assert api.said(mine, "GET", "/notes/1") == "authz.object"


GIVEN = """\
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {clerk: {}}
resources:
  case: {schema: Case, id: id, owner: owner, fields: {owner: {read: [clerk]}}}
operations:
  "POST /cases": {allow: [owner, clerk]}
  "GET /cases/{id}": {allow: [owner, clerk]}
  "PATCH /cases/{id}": {allow: [owner, clerk]}
  "PUT /cases/{id}": {allow: [owner, clerk]}
"""


class Case(BaseModel):
    id: int
    owner: str
    text: str = ""


class CaseChange(BaseModel):
    owner: str | None = None
    text: str | None = None


def given_away() -> FastAPI:
    """Cases that change hands: by a reply that says so (PATCH), and by one that says nothing (PUT)."""
    app = FastAPI()
    cases: dict[int, Case] = {}

    @app.post("/cases", status_code=201)
    def add(case: Case) -> Case:
        cases[case.id] = case
        return case

    @app.get("/cases/{id}")
    def read(id: int) -> Case:  # noqa: A002 - the parameter's name in the path
        if id not in cases:
            raise HTTPException(404)
        return cases[id]

    @app.patch("/cases/{id}")
    def change(id: int, changed: CaseChange) -> Case:  # noqa: A002
        cases[id] = cases[id].model_copy(update=changed.model_dump(exclude_none=True))
        return cases[id]

    @app.put("/cases/{id}", status_code=204)
    def put(id: int, changed: CaseChange) -> None:  # noqa: A002
        cases[id] = cases[id].model_copy(update=changed.model_dump(exclude_none=True))

    return app


@pytest.mark.parametrize("mode", ["in process", "gateway"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_is_given_away_is_the_other_ones(mode: str, method: str, tmp_path: Path) -> None:
    accounts: dict[str, tuple[str, ...]] = {"ann": (), "bob": (), "cleo": ("clerk",)}
    done = {"PATCH": "200", "PUT": "204"}[method]
    with protected(given_away(), GIVEN, accounts, mode, tmp_path) as api:
        assert api.said("ann", "POST", "/cases", json={"id": 1, "owner": "ann"}) == "201"
        assert api.said("ann", method, "/cases/1", json={"text": "mine"}) == done
        assert api.said("bob", method, "/cases/1", json={"text": "x"}) == "authz.object"
        assert api.said("ann", method, "/cases/1", json={"owner": "bob"}) == "authz.claim"
        assert api.said("cleo", method, "/cases/1", json={"owner": "bob"}) == done
        assert api.said("bob", method, "/cases/1", json={"text": "thanks"}) == done
        assert api.said("ann", method, "/cases/1", json={"text": "x"}) == "authz.object"
        assert api.said("ann", "GET", "/cases/1") == "authz.object"
