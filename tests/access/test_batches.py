"""Requests inside a body are refused unless the contract takes them; what only looks a little like it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from access.access_rig import protected
from ringwall.contract.lint import lint
from ringwall.contract.parse import load

_TEXT = {"type": "string"}
_ONE = {"type": "object", "properties": {"method": _TEXT, "path": _TEXT, "body": {}}}
_ROUTE = {"type": "object", "properties": {"http_method": _TEXT, "relative_url": _TEXT}}
BODIES: dict[str, tuple[str, Any, bool]] = {
    "batch": (
        "application/json",
        {"type": "object", "properties": {"requests": {"type": "array", "items": _ONE}}},
        True,
    ),
    "bare": ("application/json", {"type": "array", "items": {"$ref": "#/components/schemas/Route"}}, True),
    "v1/batch": ("application/json", {}, True),
    "odata/$batch": ("multipart/mixed", _TEXT, True),
    "hook": ("application/json", _ONE, False),
    "things": (
        "application/json",
        {"type": "array", "items": {"type": "object", "properties": {"path": _TEXT}}},
        False,
    ),
    "free": ("application/json", {}, False),
    "described/batch": ("application/json", {"type": "object", "properties": {"ids": {"type": "array"}}}, False),
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        f"/{name}": {"post": {"requestBody": {"content": {media: {"schema": schema}}}, "responses": {"200": {}}}}
        for name, (media, schema, _) in BODIES.items()
    },
    "components": {"schemas": {"Route": _ROUTE}},
}
STATED = "ringwall: 1\napi: app\nauthentication: {api_keys: true}\nroles: {user: {}}\noperations:\n"


def contract(more: str = "") -> str:
    return STATED + "".join(f'  "POST /{name}": {{allow: [user]{more}}}\n' for name in BODIES)


def test_they_are_told_by_what_the_body_holds() -> None:
    made = load(contract(), openapi=DOCUMENT)
    assert {o.api.path.strip("/"): o.carries for o in made.operations} == {n: c for n, (_, _, c) in BODIES.items()}


@pytest.mark.parametrize(("more", "refused"), [("", True), (", batch: true", False)])
def test_check_warns_of_those_that_are_open(more: str, refused: bool) -> None:
    found = [f for f in lint(load(contract(more), openapi=DOCUMENT), lambda p: True) if f.id == "contract.batch"]
    assert {f.about for f in found} == {f"POST /{n}" for n, (_, _, c) in BODIES.items() if c}
    assert all(("authz.batch" in f.what) is refused for f in found)
    closed = STATED + '  "POST /batch": {allow: []}\n'
    assert not [f for f in lint(load(closed, openapi=DOCUMENT), lambda p: True) if f.id == "contract.batch"]


def test_one_is_refused_until_the_contract_takes_it(tmp_path: Path) -> None:
    app = FastAPI()
    app.openapi = lambda: DOCUMENT  # type: ignore[method-assign]

    @app.post("/batch")
    @app.post("/hook")
    async def take(asked: Request) -> dict[str, bool]:
        return {"done": True}

    inner = {"requests": [{"method": "DELETE", "path": "/things/1"}]}
    for name, more, said in (("a", "", "authz.batch"), ("b", ", batch: true", "200")):
        with protected(app, contract(more), {"ann": ("user",), "bob": ()}, "in process", tmp_path / name) as api:
            assert api.said("ann", "POST", "/batch", json=inner) == said
            assert api.said("ann", "POST", "/hook", json={"method": "GET", "path": "/x"}) == "200"
            assert api.said("bob", "POST", "/batch", json=inner) == "authz.operation"
