"""An API whose lists are long: every form in which a list is sent, none of them filtered by the API itself."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

from flask import Flask, request
from flask import Response as FlaskResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

OWNERS = ("ann", "bob", "cyd")
COLUMNS = ("id", "owner", "name", "pin", "card", "note")
STACK = "Traceback (most recent call last): File"

_TEXT = {"type": "string"}
_ROW = {"type": "object", "properties": {"id": {"type": "integer"}, **dict.fromkeys(COLUMNS[1:], _TEXT)}}
_REF = {"$ref": "#/components/schemas/Row"}
_MANY = {"type": "array", "items": _REF}
_WRAPPED = {
    "type": "object",
    "properties": {"total": {"type": "integer"}, "data": {"type": "object", "properties": {"rows": _MANY}},
                   "after": {"type": "object", "properties": {"count": {"type": "integer"}}}},
}  # fmt: skip
_KEYED = {"type": "object", "additionalProperties": _REF}
FORMS = {
    "array": ("application/json", _MANY),
    "wrapped": ("application/json", _WRAPPED),
    "keyed": ("application/json", _KEYED),
    "lines": ("application/x-ndjson", _REF),
    "table": ("text/csv", _TEXT),
    "vague": ("application/json", {}),
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "exports", "version": "1"},
    "paths": {
        f"/rows/{form}": {
            "get": {
                "parameters": [
                    {"name": name, "in": "query", "schema": {"type": kind}}
                    for name, kind in (("n", "integer"), ("spoil", "string"), ("zip", "string"))
                ],
                "responses": {"200": {"description": ".", "content": {media: {"schema": schema}}}},
            }
        }
        for form, (media, schema) in FORMS.items()
    },
    "components": {"schemas": {"Row": _ROW}},
}
CONTRACT = """
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {staff: {}, clerk: {}}
resources:
  row:
    schema: Row
    id: id
    owner: owner
    fields:
      pin: {class: secret, read: [owner]}
      card: {class: cardholder, encrypt: false, mask: last4, read: [staff]}
operations:
""" + "".join(f'  "GET /rows/{form}": {{allow: [owner, staff], filter: owner, resource: row}}\n' for form in FORMS)
OPEN = CONTRACT.replace("filter: owner, ", "")


def row(number: int, spoil: str = "") -> dict[str, Any]:
    """The row of a number; a spoilt one is a row of ann's with something in it that no reply may hold."""
    owner = "ann" if spoil == "stack" else OWNERS[number % 3]
    note = STACK if spoil == "stack" else 'said "x}, {y]", then\nleft \\'
    return {"id": number, "owner": owner, "name": f"Näme {number}", "pin": "1234", "card": f"411111111111{number:04}",
            "note": note, "hidden": "h"}  # fmt: skip


def parts(form: str, n: int, spoil: str) -> Iterator[bytes]:
    """A list of `n` rows as it is sent. `spoil` puts its kind of spoiling into the last but one."""
    rows = (row(i, spoil if i == n - 2 else "") for i in range(n))
    if form == "table":
        yield ",".join((*COLUMNS, "hidden")).encode() + b"\r\n"
        for one in rows:
            out = io.StringIO(newline="")
            csv.writer(out).writerow(one.values())
            yield out.getvalue().encode()
        return
    if form == "lines":
        yield from (json.dumps(one).encode() + b"\n" for one in rows)
        return
    begin, end = _AROUND.get(form, ("[", "]"))
    yield begin.replace("N", str(n)).encode()
    for one in rows:
        key = json.dumps(str(one["id"])) + ":" if form == "keyed" else ""
        comma = "," if one["id"] else ""
        broken = "{no json" if spoil == "broken" and one["id"] == n - 2 else json.dumps(one)
        yield f"{comma}\n  {key}{broken}".encode()
    yield end.replace("N", str(n)).encode()


_AROUND = {
    "wrapped": ('{"total": N, "data": {"rows": [', ']}, "after": {"count": N}}'),
    "keyed": ("{", "}"),
    "vague": ('{"rows": [', '], "total": N}'),
}


def sent(form: str, n: int, spoil: str, packed: str) -> Iterator[bytes]:
    """The same, in pieces of about 8 KiB, packed if asked."""
    kept = b""
    for part in (gzip.compress(b"".join(parts(form, n, spoil))),) if packed else parts(form, n, spoil):
        kept += part
        if len(kept) > 8000:
            yield kept
            kept = b""
    yield kept


def headers(form: str, n: int, packed: str) -> dict[str, str]:
    """What is said of the list in its head."""
    coding = {"content-encoding": "gzip"} if packed else {}
    return {"content-type": FORMS[form][0], "x-total-count": str(n), "etag": '"e"', "accept-ranges": "bytes", **coding}


def asgi() -> Starlette:
    """The API in Starlette."""

    async def rows(asked: Request) -> StreamingResponse:
        form, query = asked.url.path.rpartition("/")[2], asked.query_params
        n, packed = int(query.get("n", "9")), query.get("zip", "")
        return StreamingResponse(sent(form, n, query.get("spoil", ""), packed), headers=headers(form, n, packed))

    async def document(asked: Request) -> JSONResponse:
        return JSONResponse(DOCUMENT)

    return Starlette(routes=[Route("/openapi.json", document), *(Route(f"/rows/{form}", rows) for form in FORMS)])


def wsgi() -> Flask:
    """The API in Flask."""
    app = Flask("exports")

    @app.get("/openapi.json")
    def document() -> Any:
        return DOCUMENT

    @app.get("/rows/<form>")
    def rows(form: str) -> FlaskResponse:
        n, packed = int(request.args.get("n", "9")), request.args.get("zip", "")
        body = sent(form, n, request.args.get("spoil", ""), packed)
        return FlaskResponse(body, headers=headers(form, n, packed))

    return app
