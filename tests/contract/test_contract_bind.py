"""What operations act on: by reply, by body, by path; and what of it they list or make."""

from __future__ import annotations

from typing import Any

import pytest

from ringwall.contract.model import Operation
from ringwall.contract.parse import load


def _bound(key: str, reply: object = None, body: object = None, resources: str = "", extra: str = "") -> Operation:
    method, path = key.split(" ")
    operation: dict[str, Any] = {"responses": {"200": {"description": "", "content": {}}}}
    if reply is not None:
        operation["responses"]["200"]["content"]["application/json"] = {"schema": reply}
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    names = [part[1:-1] for part in path.replace(":", "/").split("/") if part.startswith("{")]
    operation["parameters"] = [{"name": n, "in": "path", "required": True, "schema": {}} for n in names]
    order = {"type": "object", "properties": {"id": {}, "who": {}, "lines": {"type": "array", "items": {"$ref": LINE}}}}
    schemas = {
        "Order": order,
        "OrderLine": {"type": "object", "properties": {"line_id": {}}},
        "Special": {"allOf": [{"$ref": ORDER}, {"properties": {"extra": {}}}]},
    }
    document = {"openapi": "3.1.0", "paths": {path: {method.lower(): operation}}, "components": {"schemas": schemas}}
    stated = resources or "order: {schema: Order, id: id, owner: who}\n  order_line: {schema: OrderLine, id: line_id}"
    return load(f"ringwall: 1\napi: x\nresources:\n  {stated}\n{extra}", openapi=document).operations[0]


ORDER, LINE = "#/components/schemas/Order", "#/components/schemas/OrderLine"
REF, LIST = {"$ref": ORDER}, {"type": "array", "items": {"$ref": ORDER}}


@pytest.mark.parametrize(
    ("key", "reply", "resource", "objects", "lists", "creates"),
    [
        ("GET /orders/{id}", REF, "order", [("id", "order")], False, False),
        ("GET /orders/{orderId}", None, "order", [("orderId", "order")], False, False),
        (
            "GET /orders/{order_id}/lines/{line_id}",
            {"$ref": LINE},
            "order_line",
            [("order_id", "order"), ("line_id", "order_line")],
            False,
            False,
        ),
        ("GET /orders", LIST, "order", [], True, False),
        ("GET /orders", {"type": "object", "properties": {"items": LIST, "total": {}}}, "order", [], True, False),
        (
            "GET /orders",
            {"type": "object", "properties": {"data": {"type": "object", "properties": {"items": LIST}}}},
            "order",
            [],
            True,
            False,
        ),
        ("POST /orders", REF, "order", [], False, True),
        ("POST /orders", {"$ref": "#/components/schemas/Special"}, "order", [], False, True),
        ("POST /orders/{id}/cancel", REF, "order", [("id", "order")], False, False),
        ("POST /orders/{id}:cancel", REF, "order", [("id", "order")], False, False),
        ("DELETE /orders/{id}", None, "order", [("id", "order")], False, False),
        ("GET /orders", None, "order", [], False, False),
        ("GET /orders/{id}", {"anyOf": [REF, {"type": "null"}]}, "order", [("id", "order")], False, False),
        ("GET /things/{id}", {"type": "object"}, None, [], False, False),
        ("GET /orders/{format}", None, "order", [], False, False),
        ("POST /search", LIST, "order", [], False, False),
    ],
)
def test_resource_objects_lists_and_creates(
    key: str, reply: object, resource: str | None, objects: list[tuple[str, str]], lists: bool, creates: bool
) -> None:
    made = _bound(key, reply)
    assert (made.resource.name if made.resource else None) == resource
    assert list(made.objects) == objects
    assert (made.lists, made.creates) == (lists, creates)


def test_a_body_tells_where_the_reply_does_not() -> None:
    made = _bound("POST /import", None, REF)
    assert made.resource is not None
    assert made.resource.name == "order"


def test_a_rule_may_name_the_resource() -> None:
    rule = 'operations:\n  "GET /mine": {allow: [owner], resource: order, filter: owner}\n'
    made = _bound("GET /mine", extra=rule)
    assert made.resource is not None
    assert made.resource.name == "order"


def test_an_id_that_two_resources_share_is_told_by_its_segment() -> None:
    both = "order: {schema: Order, id: id}\n  order_line: {schema: OrderLine, id: id}"
    document = "GET /orders/{id}/order-lines/{id2}"
    made = _bound(
        document.replace("{id2}", "{uuid}"),
        resources=both.replace("line: {schema: OrderLine, id: id}", "line: {schema: OrderLine, id: line_id}"),
    )
    assert list(made.objects) == [("id", "order"), ("uuid", "order_line")]
