"""Each flaw of the market's API is real when bare, and out of reach of a second account behind its contract."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import httpx
import pytest

from access.access_rig import Protected, protected, running
from access.flawed_market import ACCOUNTS, ANN, BOB, EVE, make

CONTRACT = """
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {seller: {}}
resources:
  order:
    schema: Order
    id: id
    owner: user.email
    fields:
      price: {class: financial, write: [seller]}
      status: {class: public, write: [seller]}
  post: {schema: Post, id: slug, owner: author.email}
operations:
  "GET /orders": {allow: [owner, seller], filter: owner}
  "POST /orders/search": {allow: [owner], filter: owner}
  "GET /orders/export": {allow: [owner], filter: owner, resource: order}
  "GET /order": {allow: [owner, seller]}
  "GET /receipt": {allow: [owner], resource: order}
  "GET /orders/{order_id}": {allow: [owner, seller]}
  "PATCH /orders/{order_id}": {allow: [owner, seller]}
  "PATCH /orders": {allow: [owner, seller]}
  "POST /orders/delete": {allow: [owner], resource: order}
  "DELETE /orders": {allow: [owner], resource: order}
  "POST /gifts": {allow: [owner]}
  "GET /posts/{slug}": {allow: [owner]}
  "PUT /posts/{slug}": {allow: [owner]}
"""
GONE = ("authz.object", "404")


@pytest.fixture(params=["in process", "gateway"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    with protected(make(), CONTRACT, ACCOUNTS, request.param, tmp_path_factory.mktemp("market")) as found:
        yield found


def test_bare_everything_is_everyones() -> None:
    with running(make()) as url, httpx.Client(base_url=url, trust_env=False) as bare:
        assert bare.get("/orders/2").json()["user"]["email"] == BOB
        assert bare.patch("/orders/2", json={"price": 0}).json()["price"] == 0
        assert bare.post("/gifts", json={"order_id": 2, "to": ANN}).json()["user"]["email"] == ANN
        assert bare.put("/posts/hello", json={"text": "mine"}).json()["author"]["email"] == BOB
        assert bare.request("DELETE", "/orders", params={"ids": [4]}).json() == {"deleted": 1}


def test_the_owner_is_told_inside_an_object(api: Protected) -> None:
    assert api.said(ANN, "GET", "/orders/1") == "200"
    assert api.said(ANN, "GET", "/orders/2") == "authz.object"
    assert api.said(ANN, "GET", "/orders/9") == "authz.object"
    assert api.said(EVE, "GET", "/orders/2") == "200"


def test_lists_searches_and_exports_are_ones_own(api: Protected) -> None:
    for method, path in (("GET", "/orders"), ("POST", "/orders/search")):
        told = api.ask(ANN, method, path, **({"json": {"text": "x"}} if method == "POST" else {})).json()
        assert ([o["id"] for o in told["results"]], told["count"]) == ([1, 3], 2)
    table = list(csv.DictReader(io.StringIO(api.ask(ANN, "GET", "/orders/export").text)))
    assert [row["id"] for row in table] == ["1", "3"]


def test_ids_in_a_query_and_a_header(api: Protected) -> None:
    assert api.said(ANN, "GET", "/order?order_id=1") == "200"
    assert api.said(ANN, "GET", "/order?order_id=2") in GONE
    assert api.said(ANN, "GET", "/receipt", headers={"x-order-id": "1"}) == "200"
    assert api.said(ANN, "GET", "/receipt", headers={"x-order-id": "2"}) == "authz.object"


def test_what_may_be_written(api: Protected) -> None:
    lines = [{"product": "horn", "count": 2}]
    assert api.said(ANN, "PATCH", "/orders/1", json={"lines": lines}) == "200"
    assert api.said(ANN, "PATCH", "/orders/2", json={"lines": lines}) == "authz.object"
    assert api.said(ANN, "PATCH", "/orders/1", json={"price": 0}) == "authz.field"
    assert api.said(ANN, "PATCH", "/orders/1", json={"user": {"email": BOB}}) == "authz.claim"
    assert api.said(EVE, "PATCH", "/orders/2", json={"price": 5}) == "200"


def test_many_at_once_are_each_ones_own(api: Protected) -> None:
    lines = [{"product": "horn", "count": 2}]
    assert api.said(ANN, "PATCH", "/orders", json=[{"id": 1, "lines": lines}, {"id": 3, "lines": lines}]) == "200"
    assert (
        api.said(ANN, "PATCH", "/orders", json=[{"id": 1, "lines": lines}, {"id": 2, "lines": lines}]) == "authz.object"
    )
    assert api.said(ANN, "PATCH", "/orders", json=[{"id": 1, "status": "paid"}]) == "authz.field"
    assert api.said(ANN, "POST", "/orders/delete", json={"order_ids": [1, 2]}) == "authz.object"
    assert api.said(ANN, "POST", "/orders/delete", json={"order_ids": [1]}) == "200"
    assert set(api.app.state.orders) == {2, 3, 4}


def test_a_bulk_delete_by_query_names_what_it_deletes(api: Protected) -> None:
    assert api.said(ANN, "DELETE", "/orders?status=new") == "authz.object"
    assert api.said(ANN, "DELETE", "/orders?ids=3&ids=4") == "authz.object"
    assert api.said(ANN, "DELETE", "/orders") == "authz.object"
    assert api.said(ANN, "DELETE", "/orders?ids=3&status=new") == "authz.field"
    assert api.said(ANN, "DELETE", "/orders?ids=3") == "200"
    assert set(api.app.state.orders) == {1, 2, 4}


def test_ones_own_alone_is_given_away_and_is_gone_then(api: Protected) -> None:
    assert api.said(ANN, "POST", "/gifts", json={"order_id": 2, "to": ANN}) == "authz.object"
    assert api.app.state.orders[2].user.email == BOB
    api.said(ANN, "POST", "/gifts", json={"order_id": 1, "to": BOB})
    assert api.said(ANN, "GET", "/orders/1") == "authz.object"
    assert api.said(BOB, "GET", "/orders/1") == "200"


def test_an_upsert_does_not_write_over_anothers(api: Protected) -> None:
    assert api.said(ANN, "PUT", "/posts/hello", json={"text": "mine"}) == "authz.object"
    assert api.app.state.posts["hello"].text == "a draft of Bob's"
    assert api.said(BOB, "PUT", "/posts/hello", json={"text": "better"}) == "200"


def test_a_method_is_not_overridden(api: Protected) -> None:
    for name in ("x-http-method-override", "x-method-override"):
        assert api.said(ANN, "POST", "/orders/search", json={}, headers={name: "DELETE"}) not in ("200", "500")
