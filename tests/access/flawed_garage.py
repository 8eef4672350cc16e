"""An API of vehicles, orders and posts with ids of other kinds: UUIDs, numbers in the query, objects in objects, owners
that only the reply tells, and coupons of which nothing says whose they are. Flask; knows nothing of ringwall."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, Response, jsonify, request

VEHICLES = {n: str(uuid.UUID(int=i)) for i, n in enumerate(("ann", "bob"), 0xABC)}
_OBJECT = {"application/json": {"schema": {"type": "object"}}}


def make() -> Flask:
    """The API with its rows."""
    app = Flask("garage")
    vehicles = {
        v: {"uuid": v, "vin": f"VIN-{n}", "owner": {"email": f"{n}@cars.example"}, "owner_id": n, "pin": "1234"}
        for n, v in VEHICLES.items()
    }
    services = {
        i: {"id": i, "vehicle": VEHICLES[n], "mechanic": "m", "owner_id": n} for i, n in ((1, "ann"), (2, "bob"))
    }
    orders = {
        i: {"id": i, "user": n, "status": "paid", "product": "seat", "refund": 0} for i, n in ((1, "ann"), (2, "bob"))
    }
    coupons: dict[int, dict[str, Any]] = {}
    app.config["ROWS"] = {"vehicles": vehicles, "orders": orders, "coupons": coupons, "services": services}

    def shown(found: Any) -> Any:
        return (jsonify(found), 200) if found is not None else (jsonify({"message": "none"}), 404)

    @app.get("/openapi.json")
    def openapi() -> Any:
        return jsonify(DOCUMENT)

    @app.get("/vehicles")
    def every() -> Any:
        return jsonify({"vehicles": list(vehicles.values()), "meta": {"total": len(vehicles)}})

    @app.get("/vehicles/<vehicle_id>/location")
    def location(vehicle_id: str) -> Any:
        found = vehicles.get(vehicle_id)
        return shown(found and {"vehicle_id": vehicle_id, "lat": 1.5, "lon": 2.5, "owner_id": found["owner_id"]})

    @app.get("/vehicles/<vehicle_id>")
    def vehicle(vehicle_id: str) -> Any:
        return shown(vehicles.get(vehicle_id))

    @app.get("/vehicles/<vehicle_id>/services/<int:service_id>")
    def service(vehicle_id: str, service_id: int) -> Any:
        return shown(services.get(service_id))

    @app.get("/orders/<int:order_id>")
    def order(order_id: int) -> Any:
        found = orders.get(order_id)
        return shown(found and {"order": found})

    @app.put("/orders/<int:order_id>")
    def change(order_id: int) -> Any:
        orders[order_id].update(request.get_json())
        return shown({"order": orders[order_id]})

    @app.post("/orders/return")
    def give_back() -> Any:
        order_id = int(request.args["order_id"])
        orders[order_id]["status"] = "returned"
        return shown({"order": orders[order_id]})

    @app.post("/orders/cancel")
    def cancel() -> Any:
        for each in request.get_json()["orders"]:
            orders[each["id"]]["status"] = "cancelled"
        return jsonify({"done": True})

    @app.post("/coupons")
    def add() -> Any:
        number = len(coupons) + 1
        coupons[number] = {"coupon_id": number, "code": request.get_json()["code"]}
        reply: Response = jsonify({"message": "made"})
        reply.status_code, reply.headers["Location"] = 201, f"/coupons/{number}"
        return reply

    @app.get("/coupons")
    def all_coupons() -> Any:
        return jsonify({"items": list(coupons.values()), "count": len(coupons), "total_pages": 1})

    @app.get("/coupons/<int:coupon_id>")
    def coupon(coupon_id: int) -> Any:
        return shown(coupons.get(coupon_id))

    @app.delete("/coupons/<int:coupon_id>")
    def drop(coupon_id: int) -> Any:
        coupons.pop(coupon_id, None)
        return "", 204

    return app


def _one(name: str, status: str = "200") -> dict[str, Any]:
    return {
        status: {
            "description": ".",
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
        }
    }


def _in(where: str, name: str, kind: str = "integer") -> dict[str, Any]:
    return {"name": name, "in": where, "required": True, "schema": {"type": kind}}


def _body(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_T, _N = {"type": "string"}, {"type": "integer"}
_V = [_in("path", "vehicle_id", "string")]
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Garage", "version": "1"},
    "paths": {
        "/vehicles": {"get": {"responses": _one("Vehicles")}},
        "/vehicles/{vehicle_id}": {"get": {"parameters": _V, "responses": _one("Vehicle")}},
        "/vehicles/{vehicle_id}/location": {
            "get": {"parameters": _V, "responses": {"200": {"description": ".", "content": _OBJECT}}}
        },
        "/vehicles/{vehicle_id}/services/{service_id}": {
            "get": {"parameters": [*_V, _in("path", "service_id")], "responses": _one("Service")}
        },
        "/orders/{order_id}": {
            "get": {"parameters": [_in("path", "order_id")], "responses": _one("Wrapped")},
            "put": {
                "parameters": [_in("path", "order_id")],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": _one("Wrapped"),
            },
        },
        "/orders/return": {"post": {"parameters": [_in("query", "order_id")], "responses": _one("Wrapped")}},
        "/orders/cancel": {
            "post": {
                "requestBody": _body(orders={"type": "array", "items": {"$ref": "#/components/schemas/OrderRef"}}),
                "responses": {"200": {"description": "."}},
            }
        },
        "/coupons": {
            "get": {"responses": _one("Coupons")},
            "post": {"requestBody": _body(code=_T), "responses": {"201": {"description": "."}}},
        },
        "/coupons/{coupon_id}": {
            "get": {"parameters": [_in("path", "coupon_id")], "responses": _one("Coupon")},
            "delete": {"parameters": [_in("path", "coupon_id")], "responses": {"204": {"description": "."}}},
        },
    },
    "components": {
        "schemas": {
            "Vehicle": _object(uuid=_T, vin=_T, owner=_object(email=_T), owner_id=_T, pin=_T),
            "Vehicles": _object(
                vehicles={"type": "array", "items": {"$ref": "#/components/schemas/Vehicle"}}, meta=_object(total=_N)
            ),
            "Service": _object(id=_N, vehicle=_T, mechanic=_T, owner_id=_T),
            "Order": _object(id=_N, user=_T, status=_T, product=_T, refund=_N),
            "OrderRef": _object(id=_N, status=_T),
            "Wrapped": _object(order={"$ref": "#/components/schemas/Order"}),
            "Coupon": _object(coupon_id=_N, code=_T),
            "Coupons": _object(
                items={"type": "array", "items": {"$ref": "#/components/schemas/Coupon"}}, count=_N, total_pages=_N
            ),
        }
    },
}
CONTRACT = """\
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {driver: {}, mechanic: {}}
resources:
  vehicle:
    schema: Vehicle
    id: uuid
    owner: owner_id
    fields: {pin: {class: secret, read: [owner]}}
  service: {schema: Service, id: id, owner: owner_id}
  order:
    schema: Order
    id: id
    owner: user
    fields:
      status: {write: [mechanic]}
      refund: {write: []}
  coupon: {schema: Coupon, id: coupon_id, owner: $creator}
operations:
  "GET /vehicles": {allow: [driver], filter: owner}
  "GET /vehicles/{vehicle_id}": {allow: [owner, mechanic]}
  "GET /vehicles/{vehicle_id}/location": {allow: [owner]}
  "GET /vehicles/{vehicle_id}/services/{service_id}": {allow: [owner]}
  "GET /orders/{order_id}": {allow: [owner]}
  "PUT /orders/{order_id}": {allow: [owner, mechanic]}
  "POST /orders/return": {allow: [owner], resource: order}
  "POST /orders/cancel": {allow: [owner], resource: order}
  "GET /coupons": {allow: [driver], filter: owner}
  "POST /coupons": {allow: [driver]}
  "GET /coupons/{coupon_id}": {allow: [owner]}
  "DELETE /coupons/{coupon_id}": {allow: [owner]}
"""
ACCOUNTS = {"ann": ("driver",), "bob": ("driver",), "mo": ("mechanic",)}
