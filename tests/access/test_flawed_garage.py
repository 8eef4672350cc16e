"""Each flaw of the garage's API is real when bare, and out of reach of a second account behind its contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from access.access_rig import Protected, protected
from access.flawed_garage import ACCOUNTS, CONTRACT, VEHICLES, make

ANNS, BOBS = VEHICLES["ann"], VEHICLES["bob"]


@pytest.fixture(params=["in process", "gateway"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    with protected(make(), CONTRACT, ACCOUNTS, request.param, tmp_path_factory.mktemp("garage")) as found:
        yield found


def test_bare_everything_is_everyones() -> None:
    bare = make().test_client()
    assert bare.get(f"/vehicles/{BOBS}").json["pin"] == "1234"
    assert bare.put("/orders/2", json={"status": "free"}).json["order"]["status"] == "free"
    assert bare.get(f"/vehicles/{ANNS}/services/2").json["owner_id"] == "bob"


def test_anothers_vehicle_by_its_uuid(api: Protected) -> None:
    assert api.ask("ann", "GET", f"/vehicles/{ANNS}").json()["pin"] == "1234"
    assert api.said("ann", "GET", f"/vehicles/{BOBS}") == "authz.object"
    assert api.said("ann", "GET", f"/vehicles/{BOBS.upper()}") == "authz.object"
    assert api.said("ann", "GET", f"/vehicles/{ANNS}/location") == "200"
    assert api.said("ann", "GET", f"/vehicles/{BOBS}/location") == "authz.object"
    repaired = api.ask("mo", "GET", f"/vehicles/{BOBS}").json()
    assert (repaired["vin"], "pin" in repaired) == ("VIN-bob", False)


def test_a_list_of_ones_own_vehicles(api: Protected) -> None:
    listed = api.ask("ann", "GET", "/vehicles").json()
    assert [v["uuid"] for v in listed["vehicles"]] == [ANNS]
    assert listed["meta"]["total"] == 1


def test_services_need_every_link(api: Protected) -> None:
    assert api.said("ann", "GET", f"/vehicles/{ANNS}/services/1") == "200"
    assert api.said("ann", "GET", f"/vehicles/{ANNS}/services/2") == "authz.object"
    assert api.said("ann", "GET", f"/vehicles/{BOBS}/services/2") == "authz.object"
    assert api.said("ann", "GET", f"/vehicles/{BOBS}/services/1") == "authz.object"


def test_orders_and_what_may_be_written_of_them(api: Protected) -> None:
    assert api.said("ann", "GET", "/orders/1") == "200"
    assert api.said("ann", "GET", "/orders/2") == "authz.object"
    assert api.said("ann", "PUT", "/orders/1", json={"product": "wheel"}) == "200"
    assert api.said("ann", "PUT", "/orders/1", json={"status": "delivered"}) == "authz.field"
    assert api.said("ann", "PUT", "/orders/1", json={"refund": 100}) == "authz.field"
    assert api.said("ann", "PUT", "/orders/1", json={"user": "bob"}) == "authz.claim"
    assert api.said("ann", "PUT", "/orders/1", json={"id": 2, "product": "x"}) == "authz.object"
    assert api.said("ann", "PUT", "/orders/2", json={"product": "x"}) == "authz.object"
    assert api.said("mo", "PUT", "/orders/2", json={"status": "delivered"}) == "200"
    assert api.app.config["ROWS"]["orders"][1] == {
        "id": 1,
        "user": "ann",
        "status": "paid",
        "product": "wheel",
        "refund": 0,
    }


def test_an_order_named_by_the_query_and_in_a_body(api: Protected) -> None:
    rows = api.app.config["ROWS"]["orders"]
    assert api.said("ann", "POST", "/orders/return?order_id=2") == "authz.object"
    assert api.said("ann", "POST", "/orders/cancel", json={"orders": [{"id": 1}, {"id": 2}]}) == "authz.object"
    assert {o["status"] for o in rows.values()} == {"paid"}
    assert api.said("ann", "POST", "/orders/return?order_id=1") == "200"
    assert api.said("ann", "POST", "/orders/cancel", json={"orders": [{"id": 1}]}) == "200"


def test_coupons_are_whose_they_were_made_by(api: Protected) -> None:
    for who in ("ann", "bob", "ann"):
        made = api.ask(who, "POST", "/coupons", json={"code": f"of {who}"})
        assert (made.status_code, made.headers["location"]) == (
            201,
            f"/coupons/{len(api.app.config['ROWS']['coupons'])}",
        )
    assert api.ask("ann", "GET", "/coupons/1").json()["code"] == "of ann"
    assert api.said("bob", "GET", "/coupons/1") == "authz.object"
    assert api.said("bob", "DELETE", "/coupons/1") == "authz.object"
    assert api.said("bob", "GET", "/coupons/9") == "authz.object"
    listed = api.ask("ann", "GET", "/coupons").json()
    assert ([c["coupon_id"] for c in listed["items"]], listed["count"], listed.get("total_pages")) == ([1, 3], 2, None)
    assert [c["coupon_id"] for c in api.ask("bob", "GET", "/coupons").json()["items"]] == [2]
    assert api.said("ann", "DELETE", "/coupons/3") == "204"
