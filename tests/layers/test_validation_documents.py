"""The layer over documents as frameworks write them: FastAPI's own, through the contract's reader."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
import pytest
from fastapi import Cookie, FastAPI, File, Form, Header, Query, UploadFile
from pydantic import BaseModel, EmailStr, Field

from ringwall.contract.model import Operation
from ringwall.contract.openapi import load_api
from ringwall.core.admit import Admission, admit
from ringwall.core.judge import judge
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request
from ringwall.core.verdict import Learned, Refuse
from ringwall.layers.validation import Settings, forge, problems


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool | None = None


class Owner(BaseModel):
    name: str = Field(max_length=20)
    mail: EmailStr | None = None
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    labels: dict[str, int] = {}
    boss: Owner | None = None


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/owners")
    def owners(owner: Owner, dry: bool = False) -> Owner:
        return owner

    @app.get("/find")
    def find(
        tag: Annotated[list[str] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 10,
        x_trace: Annotated[str | None, Header()] = None,
        session: Annotated[str | None, Cookie()] = None,
    ) -> list[Owner]:
        return []

    @app.post("/files")
    def files(title: Annotated[str, Form()], photo: Annotated[UploadFile | None, File()] = None) -> None:
        return None

    return app


API, _ = load_api(application().openapi(), "app")
SETTINGS = Settings(API.schemas)
OPERATIONS = {o.key: Operation(o, "", None, None, (), lists=False, creates=False) for o in API.operations}


def outcome(key: str, target: bytes, body: bytes = b"", media: bytes = b"application/json") -> object:
    """The reason of a refusal, or the typed input's body and query."""
    headers = ((b"host", b"a"), (b"content-type", media), (b"content-length", b"%d" % len(body))) if body else ()
    head = admit(RawHead(b"POST", target, headers or ((b"host", b"a"),), "::1", secure=True), Admission(), "r")
    assert isinstance(head, Head)
    check = forge(OPERATIONS[key], SETTINGS).body[-1]
    verdict = judge(check, Request(head, head.raw_headers, body), Known("op", 0.0, {}, "::1", "r"))
    if isinstance(verdict, Refuse):
        return verdict.reason.code
    assert isinstance(verdict, Learned)
    assert verdict.known.input is not None
    return verdict.known.input.body if body else dict(verdict.known.input.query)


def test_no_operation_is_closed() -> None:
    assert [problems(operation, SETTINGS) for operation in OPERATIONS.values()] == [()] * 3


GOOD = [
    {"name": "a"},
    {"name": "a", "mail": None, "pets": [{"kind": "cat", "lives": 1}, {"kind": "dog"}], "labels": {"any": 1}},
    {"name": "a", "boss": {"name": "b", "boss": {"name": "c", "mail": "c@d.org"}}},
]
BAD = [
    ({"name": "a", "role": "admin"}, "validation.unknown"),
    ({"name": "a", "boss": {"name": "b", "role": "admin"}}, "validation.unknown"),
    ({"name": "a", "pets": [{"kind": "cat", "barks": True}]}, "validation.unknown"),
    ({"name": "a", "pets": [{"kind": "cow"}]}, "validation.oneof"),
    ({"name": "a", "labels": {"any": "x"}}, "validation.type"),
    ({"name": "a", "mail": "not mail"}, "validation.format"),
    ({"name": "x" * 21}, "validation.length"),
    ([], "validation.type"),
]


@pytest.mark.parametrize("body", GOOD)
def test_models_take_what_they_declare(body: object) -> None:
    assert outcome("POST /owners", b"/owners?dry=true", orjson.dumps(body)) == body


@pytest.mark.parametrize(("body", "code"), BAD)
def test_models_refuse_the_rest(body: object, code: str) -> None:
    assert outcome("POST /owners", b"/owners", orjson.dumps(body)) == code


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"tag=a&tag=b&limit=5", {"tag": ["a", "b"], "limit": 5}),
        (b"", {}),
        (b"limit=0", "validation.range"),
        (b"limit=5;drop", "validation.type"),
        (b"limit=5&limit=6", "validation.repeated"),
        (b"admin=1", "validation.query.unknown"),
    ],
)
def test_a_query_is_held_to_its_annotations(query: bytes, expected: object) -> None:
    assert outcome("GET /find", b"/find?" + query) == expected


def test_an_upload_is_read() -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n'
    photo = b'--B\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    media = b"multipart/form-data; boundary=B"
    good, bad = photo + b"\x89PNG\r\n\x1a\n\r\n--B--\r\n", photo + b"<script>\r\n--B--\r\n"
    assert outcome("POST /files", b"/files", head + good, media) == {"title": "x", "photo": ""}
    assert outcome("POST /files", b"/files", head + bad, media) == "validation.file.type"
