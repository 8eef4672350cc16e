"""Which credential a request brings: a key wherever the clients of an API put theirs, and never one of two."""

from __future__ import annotations

import pytest

from ringwall.build.settings import key_places
from ringwall.contract.parse import load
from ringwall.core.admit import Admission, admit
from ringwall.core.message import Head, RawHead
from ringwall.core.verdict import Refuse
from ringwall.layers.authentication.credential import Credential, credential_of

KEY = "rw_nUxd7bSs_secret"
PLACES = ("x-chroma-token", "private-token")


def head(**headers: str) -> Head:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    found = admit(RawHead(b"GET", b"/", ((b"Host", b"a"), *raw), "", secure=True), Admission(), "r")
    assert isinstance(found, Head)
    return found


@pytest.mark.parametrize(
    ("headers", "kind", "place"),
    [
        ({"X_API_Key": KEY}, "key", "x-api-key"),
        ({"Authorization": f"Bearer {KEY}"}, "key", "authorization"),
        ({"Authorization": f"Token {KEY}"}, "key", "authorization"),
        ({"Authorization": f"ApiKey {KEY}"}, "key", "authorization"),
        ({"Authorization": KEY}, "key", "authorization"),
        ({"Authorization": f"Token {KEY}", "X_API_Key": KEY}, "key", "authorization"),
        ({"X_Chroma_Token": KEY}, "key", "x-chroma-token"),
        ({"X_Chroma_Token": KEY, "Private_Token": KEY}, "key", "private-token"),
        ({"X_Chroma_Token": "the API's own", "X_API_Key": KEY}, "key", "x-api-key"),
        ({"Authorization": "Token other"}, "other", "authorization"),
        ({"Authorization": "Bearer eyJ.x.y"}, "token", "authorization"),
    ],
)
def test_a_key_is_known_by_how_it_begins(headers: dict[str, str], kind: str, place: str) -> None:
    found = credential_of(head(**headers), tuple(sorted(PLACES)))
    assert isinstance(found, Credential)
    assert (found.kind, found.header) == (kind, place)
    assert found.text == KEY or kind != "key"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Token {KEY}", "X_API_Key": "rw_other"},
        {"Authorization": "Bearer eyJ.x.y", "X_Chroma_Token": KEY},
        {"X_API_Key": "rw_other", "X_Chroma_Token": KEY},
        {"Private_Token": "rw_other", "X_Chroma_Token": KEY},
        {"Authorization": "Token other", "X_API_Key": KEY},
    ],
)
def test_two_credentials_are_none(headers: dict[str, str]) -> None:
    found = credential_of(head(**headers), PLACES)
    assert isinstance(found, Refuse)
    assert found.reason.code == "authn.ambiguous"


@pytest.mark.parametrize("headers", [{}, {"X_Chroma_Token": "the API's own"}, {"X_Other": KEY}])
def test_elsewhere_nothing_is_a_credential(headers: dict[str, str]) -> None:
    assert credential_of(head(**headers), PLACES) is None


def test_the_places_are_those_of_the_document() -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {},
        "components": {
            "securitySchemes": {
                "a": {"type": "apiKey", "in": "header", "name": "PRIVATE-TOKEN"},
                "b": {"type": "apiKey", "in": "header", "name": "Authorization"},
                "c": {"type": "apiKey", "in": "query", "name": "key"},
                "d": {"type": "apiKey", "in": "cookie", "name": "session"},
                "e": {"type": "http", "scheme": "bearer"},
                "f": "none",
            }
        },
    }
    assert key_places(load("ringwall: 1\napi: app\n", openapi=document)) == ("private-token",)
