"""What validation costs here: `python bench/validation.py`. Figures depend on the machine; read the ratios."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import orjson

from ringwall.contract.api import JSON, ApiOperation, Body, MediaType, Parameter, Schema
from ringwall.contract.model import Operation
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request
from ringwall.engines.schema import Bounds, Decoded, decode, pruner
from ringwall.layers.validation import Settings, forge

PREFIX = "#/components/schemas/"
SCHEMAS: dict[str, Schema] = {
    "Item": {
        "type": "object",
        "required": ["sku"],
        "properties": {
            "sku": {"type": "string", "maxLength": 20},
            "quantity": {"type": "integer", "minimum": 0},
            "when": {"type": "string", "format": "date-time"},
            "note": {"type": "string"},
        },
    },
    "Order": {
        "type": "object",
        "properties": {
            "patient_id": {"type": "string", "format": "uuid"},
            "name": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": PREFIX + "Item"}},
            "remark": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    },
}


def best(do: Callable[[], object], count: int = 2000, rounds: int = 7) -> float:
    """Microseconds of one call, the best of several rounds."""
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(count):
            do()
        took.append((time.perf_counter() - begun) / count * 1e6)
    return min(took)


def order(items: int) -> bytes:
    """A nested body of about 90 bytes an item."""
    each = {"sku": "a17", "quantity": 3, "when": "2026-01-02T03:04:05Z", "note": "by hand: fragile"}
    whole = {"patient_id": "123e4567-e89b-12d3-a456-426614174000", "name": "Ada Byron", "items": [each] * items}
    return orjson.dumps({**whole, "remark": "leave it at the second door on the left, please"})


def guard_cost(body: bytes) -> float:
    """The whole guard: parameters, content, schema, canonical text, and the texts for detection."""
    parameters = (
        Parameter("id", "path", True, "simple", False, {"type": "integer"}),
        Parameter("q", "query", False, "form", True, {"type": "string"}),
    )
    content = Body(True, {"application/json": MediaType({"$ref": PREFIX + "Order"}, {})})
    api = ApiOperation("POST", "/orders/{id}", None, (), parameters, content, {}, 1)
    check = forge(Operation(api, "", None, None, (), lists=False, creates=True), Settings(SCHEMAS)).body[-1].check
    length = (b"content-length", b"%d" % len(body))
    headers = ((b"host", b"a"), (b"content-type", b"application/json"), length)
    head = admit(RawHead(b"POST", b"/orders/5?q=x", headers, "::1", secure=True), Admission(), "r")
    if not isinstance(head, Head):
        raise SystemExit("the bench's own request was refused")
    request, known = Request(head, headers, body), Known("op", 0.0, {"id": "5"}, "::1", "r")
    return best(lambda: check(request, known))


def by_pairs(content: bytes) -> object:
    """The reader that `decode` is measured against: the standard library, every pair seen."""

    def distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError
        return made

    return json.loads(content, object_pairs_hook=distinct)


def start_cost(components: int, operations: int) -> float:
    """Seconds to make an API of many components and operations ready."""
    dice = random.Random(1)  # noqa: S311 - a shape to measure, not a secret
    schemas: dict[str, Schema] = {}
    for n in range(components):
        kinds: list[Schema] = [{"type": "string", "description": "x" * 60}, {"type": "integer"}]
        kinds.append({"$ref": f"{PREFIX}C{min(components - 1, n + dice.randrange(1, 9))}"})
        schemas[f"C{n}"] = {"type": "object", "properties": {f"p{i}": dice.choice(kinds) for i in range(12)}}
    begun = time.perf_counter()
    settings = Settings(schemas)
    for n in range(operations):
        content = Body(True, {"application/json": MediaType({"$ref": f"{PREFIX}C{n % components}"}, {})})
        api = ApiOperation("POST", f"/x{n}", None, (), (), content, {}, 1)
        forge(Operation(api, "", None, None, (), lists=False, creates=True), settings)
    return time.perf_counter() - begun


def main() -> None:
    """Prints one figure a line."""
    large, small = order(9), order(1)
    page: list[JSON] = [
        {"sku": f"a{n}", "quantity": n, "when": "2026-01-02T03:04:05Z", "note": "x"} for n in range(100)
    ]
    prune = pruner({"type": "array", "items": {"$ref": PREFIX + "Item"}}, SCHEMAS)
    if not isinstance(decode(large, Bounds()), Decoded):
        raise SystemExit("the bench's own body was refused")
    print(f"decode, {len(large)} B: {best(lambda: decode(large, Bounds())):.1f} us")
    print(f"  orjson alone: {best(lambda: orjson.loads(large)):.1f} us")
    print(f"  json by pairs: {best(lambda: by_pairs(large)):.1f} us")
    print(f"whole guard, {len(large)} B: {guard_cost(large):.1f} us")
    print(f"whole guard, {len(small)} B: {guard_cost(small):.1f} us")
    print(f"prune a page of 100 items: {best(lambda: prune(page)):.1f} us")
    print(f"start, 1,500 components and 1,000 operations: {start_cost(1500, 1000):.2f} s")


if __name__ == "__main__":
    main()
