"""Each flaw of the books' API is real when it stands bare, and out of reach of a second account behind its contract."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from access.access_rig import Protected, protected, running
from access.flawed_books import ACCOUNTS, CONTRACT, make


@pytest.fixture(params=["in process", "gateway"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    with protected(make(), CONTRACT, ACCOUNTS, request.param, tmp_path_factory.mktemp("books")) as found:
        yield found


def test_bare_everything_is_everyones() -> None:
    with running(make()) as url, httpx.Client(base_url=url, trust_env=False) as bare:
        assert "pw-bob" in bare.get("/users/v1/_debug").text
        assert bare.patch("/users/v1/bob", json={"admin": True}).json()["admin"]
        assert "secret of bob" in bare.get("/books/v1/bob-1").text
        assert bare.get("/users/v1/ann/loans/2").json()["username"] == "bob"


def test_another_reader_by_name_and_by_mail(api: Protected) -> None:
    mine = {"username": "ann", "email": "ann@books.example"}
    assert api.ask("ann", "GET", "/users/v1/ann").json() == mine
    for name in ("bob", "Bob", "bob%20", "nobody", "ann%2f..%2fbob", "%62ob"):
        reply = api.ask("ann", "GET", f"/users/v1/{name}")
        assert reply.status_code in (400, 404), name
        assert "bob@" not in reply.text, name
    assert api.said("ann", "GET", "/users/v1/bob") == api.said("ann", "GET", "/users/v1/nobody") == "authz.object"
    assert api.said("ann", "GET", "/users/v1/lookup?email=ann@books.example") == "200"
    assert api.said("ann", "GET", "/users/v1/lookup?email=bob@books.example") == "authz.object"
    assert api.said("ann", "GET", "/users/v1/lookup?email=no@books.example") == "authz.object"
    assert api.said("ann", "GET", "/users/v1") == "authz.operation"
    assert api.said("root", "GET", "/users/v1/_debug") == "authz.operation"


def test_passwords_leave_for_nobody(api: Protected) -> None:
    for who, path in (("ann", "/users/v1/ann"), ("root", "/users/v1/bob"), ("root", "/users/v1")):
        reply = api.ask(who, "GET", path)
        assert reply.status_code == 200
        assert "pw-" not in reply.text
    assert "bob@books.example" in api.ask("root", "GET", "/users/v1").text


def test_nobody_makes_themselves_an_admin(api: Protected) -> None:
    assert api.said("ann", "PATCH", "/users/v1/ann", json={"email": "new@books.example"}) == "200"
    refused = api.ask("ann", "PATCH", "/users/v1/ann", json={"admin": True})
    assert (refused.status_code, refused.json()["errors"]) == (
        403,
        [{"pointer": "/body/admin", "reason": "authz.field"}],
    )
    again = {"username": "bob", "email": "e@books.example", "password": "x"}
    assert api.said(None, "POST", "/users/v1/register", json=again) == "authz.object", "there is a bob"
    assert api.app.state.users["bob"].email == "bob@books.example"
    register = {"username": "eve", "email": "e@books.example", "password": "x", "admin": True}
    assert api.said(None, "POST", "/users/v1/register", json=register) == "authz.field"
    assert api.said(None, "POST", "/users/v1/register", json={**register, "admin": False}) == "authz.field"
    del register["admin"]
    made = api.ask(None, "POST", "/users/v1/register", json=register)
    assert made.status_code == 201, made.text
    assert api.said("root", "PATCH", "/users/v1/ann", json={"admin": True}) == "200"
    assert not api.app.state.users["eve"].admin


def test_writes_to_another_reader(api: Protected) -> None:
    assert api.said("bob", "PUT", "/users/v1/ann/email", json={"email": "mine@x.example"}) == "authz.object"
    assert api.said("bob", "PATCH", "/users/v1/ann", json={"password": "mine"}) == "authz.object"
    assert api.said("bob", "DELETE", "/users/v1/ann") == "authz.operation"
    assert api.app.state.users["ann"].email == "ann@books.example"
    assert api.said("ann", "PUT", "/users/v1/ann/email", json={"email": "a@x.example"}) == "204"


def test_a_shelf_of_ones_own_with_its_own_count(api: Protected) -> None:
    shelf = api.ask("ann", "GET", "/books/v1").json()
    assert [b["book_title"] for b in shelf["books"]] == ["ann-1", "ann-2"]
    assert (shelf["total"], shelf.get("pages")) == (2, None)
    assert api.ask("bob", "GET", "/books/v1?page=2").json()["books"][0]["book_title"] == "bob-2"


def test_secrets_are_their_owners(api: Protected) -> None:
    assert api.ask("ann", "GET", "/books/v1/ann-1").json()["secret"] == "secret of ann"
    theirs = api.ask("ann", "GET", "/books/v1/bob-1").json()
    assert (theirs["owner"], "secret" in theirs) == ("bob", False)


def test_nobody_makes_a_book_over_anothers(api: Protected) -> None:
    assert api.said("ann", "POST", "/books/v1", json={"book_title": "bob-1", "secret": "mine"}) == "authz.object"
    assert api.app.state.books["bob-1"].secret == "secret of bob"
    planted = {"book_title": "planted", "secret": "his?"}
    assert api.said("ann", "POST", "/books/v1?owner=bob", json=planted) == "authz.field"
    assert api.said("ann", "POST", "/books/v1", json={"book_title": "ann-3", "secret": "mine"}) == "201"
    assert api.said("ann", "POST", "/books/v1", json={"book_title": "ann-3", "secret": "again"}) == "201"
    assert api.said("bob", "POST", "/books/v1", json={"book_title": "ann-3", "secret": "his"}) == "authz.object"


def test_a_loan_below_oneself_is_ones_own(api: Protected) -> None:
    assert api.said("ann", "GET", "/users/v1/ann/loans/1") == "200"
    assert api.said("ann", "GET", "/users/v1/ann/loans/2") == "authz.object"
    assert api.said("ann", "GET", "/users/v1/bob/loans/2") == "authz.object"
    assert api.said("ann", "GET", "/users/v1/bob/loans/1") == "authz.object"


def test_a_bulk_of_loans_is_decided_loan_by_loan(api: Protected) -> None:
    assert api.said("ann", "POST", "/loans/return", json={"loan_ids": [1, 2]}) == "authz.object"
    assert set(api.app.state.loans) == {1, 2, 3}
    assert api.said("ann", "POST", "/loans/return", json={"loan_ids": [1, 3]}) == "200"
    assert set(api.app.state.loans) == {2}
