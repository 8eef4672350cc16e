"""Objects that change hands, and JSON Patch: what is sealed follows its owner, or the request is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

from access.access_rig import Protected, protected

CONTRACT = """\
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {clerk: {}, guest: {}}
resources:
  note:
    schema: Note
    id: note_id
    owner: owner_id
    tenant: house
    fields:
      text: {class: health, encrypt: true}
      pin: {class: secret, encrypt: true}
      tag: {class: contact, encrypt: searchable}
operations:
  "POST /notes": {allow: [clerk]}
  "GET /notes/{note_id}": {allow: [owner, clerk]}
  "PATCH /notes/{note_id}": {allow: [owner, clerk]}
  "PUT /notes/{note_id}": {allow: [owner, clerk]}
  "PATCH /notes/{note_id}/label": {allow: [owner, clerk]}
"""


class New(BaseModel):
    owner_id: str
    house: str = "north"
    title: str = ""
    text: str | None = None
    pin: str | None = None
    tag: str | None = None


class Note(New):
    note_id: str


class Change(BaseModel):
    owner_id: str | None = None
    house: str | None = None
    title: str | None = None
    text: str | None = None
    pin: str | None = None
    tag: str | None = None


class Label(BaseModel):
    owner_id: str | None = None
    title: str | None = None


def notes() -> tuple[FastAPI, dict[str, dict[str, Any]]]:
    """An ordinary application, and what it keeps."""
    app, kept = FastAPI(), {}

    def one(note_id: str) -> dict[str, Any]:
        if note_id not in kept:
            raise HTTPException(404)
        return kept[note_id]

    @app.post("/notes", status_code=201)
    def make(new: New) -> Note:
        note = {"note_id": f"n{len(kept) + 1}", **new.model_dump()}
        kept[note["note_id"]] = note
        return Note(**note)

    @app.get("/notes/{note_id}")
    def read(note_id: str) -> Note:
        return Note(**one(note_id))

    @app.put("/notes/{note_id}")
    def put(note_id: str, new: New) -> Note:
        one(note_id).update(new.model_dump())
        return Note(**one(note_id))

    step = {"op": {"type": "string"}, "path": {"type": "string"}, "from": {"type": "string"}, "value": {}}
    steps = {"type": "array", "items": {"type": "object", "properties": step}}
    patch = {
        "application/json": {"schema": Change.model_json_schema()},
        "application/json-patch+json": {"schema": steps},
    }

    @app.patch("/notes/{note_id}", openapi_extra={"requestBody": {"required": True, "content": patch}})
    async def change(note_id: str, request: Request) -> Note:
        note, body = one(note_id), await request.json()
        if isinstance(body, list):
            for step in body:
                name = step["path"][1:]
                if step["op"] in ("move", "copy"):
                    note[name] = note[step["from"][1:]]
                else:
                    note[name] = step["value"]
        else:
            note.update(body)
        return Note(**note)

    @app.patch("/notes/{note_id}/label")
    def label(note_id: str, label: Label) -> Note:
        one(note_id).update(label.model_dump(exclude_unset=True))
        return Note(**one(note_id))

    return app, kept


@pytest.fixture(scope="module", params=["in process", "gateway"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Protected, dict]]:
    app, kept = notes()
    people = {"carl": ("clerk",), "ana": ("guest",), "bo": ("guest",)}
    with protected(app, CONTRACT, people, request.param, tmp_path_factory.mktemp("notes"), "north") as found:
        key, _ = found.runtime.api_keys.issue("root", frozenset({"clerk"}), subject="root", tenant="*")
        yield replace(found, keys={**found.keys, "root": key}), kept


def made(api: tuple[Protected, dict], **more: str) -> str:
    note = {"owner_id": "ana", "text": "private", "pin": "4711", "tag": "blue", **more}
    reply = api[0].ask("carl", "POST", "/notes", json=note)
    assert reply.status_code == 201, reply.text
    found = str(reply.json()["note_id"])
    assert api[1][found]["text"].startswith("rw1.")
    return found


def seen(api: tuple[Protected, dict], who: str, note: str) -> tuple[Any, ...]:
    reply = api[0].ask(who, "GET", f"/notes/{note}")
    assert reply.status_code == 200, reply.text
    found = reply.json()
    return tuple(found[name] for name in ("owner_id", "text", "pin", "tag"))


def test_a_patch_of_the_owner_takes_what_is_sealed_along(api: tuple[Protected, dict]) -> None:
    note = made(api)
    before = dict(api[1][note])
    assert api[0].said("carl", "PATCH", f"/notes/{note}", json={"owner_id": "bo", "pin": "0815"}) == "200"
    assert seen(api, "bo", note) == ("bo", "private", "0815", "blue")
    after = api[1][note]
    assert after["text"].startswith("rw1.")
    assert after["text"] != before["text"], "it is sealed anew, for bo"
    assert after["tag"] == before["tag"], "what is found by equality is the tenant's"
    assert api[0].said("carl", "PATCH", f"/notes/{note}", json={"owner_id": "bo", "title": "x"}) == "200"
    assert api[1][note]["text"] == after["text"], "the same owner again touches nothing"


def test_a_patch_of_the_tenant_takes_what_is_found_by_equality_along_too(api: tuple[Protected, dict]) -> None:
    note = made(api)
    before = dict(api[1][note])
    assert api[0].said("root", "PATCH", f"/notes/{note}", json={"house": "south"}) == "200"
    assert api[1][note]["tag"] not in (before["tag"], "blue")
    assert api[1][note]["house"] == "south"
    assert seen(api, "ana", note) == ("ana", "private", "4711", "blue")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"owner_id": "bo", "house": "north", "text": "private"}),
        ("PATCH", "/label", {"owner_id": "bo"}),
    ],
)
def test_what_would_leave_a_value_behind_is_refused(
    api: tuple[Protected, dict], method: str, path: str, body: dict[str, Any]
) -> None:
    note = made(api)
    before = dict(api[1][note])
    assert api[0].said("carl", method, f"/notes/{note}{path}", json=body) == "encryption.handover"
    assert api[1][note] == before
    assert seen(api, "ana", note) == ("ana", "private", "4711", "blue")
    honest = {**body, "owner_id": "ana"} if path else {**body, "pin": None, "tag": "red"}
    assert api[0].said("carl", method, f"/notes/{note}{path}", json=honest) == "200"


def patched(api: tuple[Protected, dict], note: str, *steps: dict[str, Any]) -> str:
    import json

    headers = {"content-type": "application/json-patch+json"}
    return api[0].said("carl", "PATCH", f"/notes/{note}", content=json.dumps(steps), headers=headers)


def test_json_patch_is_sealed_step_by_step(api: tuple[Protected, dict]) -> None:
    note = made(api)
    assert patched(api, note, {"op": "replace", "path": "/text", "value": "changed"}) == "200"
    assert api[1][note]["text"].startswith("rw1.")
    assert seen(api, "ana", note)[1] == "changed"
    assert patched(api, note, {"op": "replace", "path": "/owner_id", "value": "bo"},
                   {"op": "add", "path": "/tag", "value": "green"}) == "200"  # fmt: skip
    assert seen(api, "bo", note) == ("bo", "changed", "4711", "green")


@pytest.mark.parametrize(
    "step",
    [
        {"op": "copy", "from": "/text", "path": "/title"},
        {"op": "move", "from": "/title", "path": "/text"},
        {"op": "replace", "path": "/text/0", "value": "x"},
    ],
)
def test_json_patch_moves_nothing_out_of_or_into_what_is_sealed(
    api: tuple[Protected, dict], step: dict[str, Any]
) -> None:
    note = made(api)
    before = dict(api[1][note])
    assert patched(api, note, step) in ("encryption.step", "authz.field", "validation.path")
    assert api[1][note] == before
    assert patched(api, note, {"op": "replace", "path": "/title", "value": "open"}) == "200"


def test_a_sealed_text_from_elsewhere_is_refused_in_a_patch_too(api: tuple[Protected, dict]) -> None:
    note, other = made(api), made(api)
    stolen = api[1][other]["text"]
    assert patched(api, note, {"op": "replace", "path": "/text", "value": stolen}) == "encryption.forged"
