"""What authorization costs here: `python bench/authorization.py`. Figures depend on the machine; read the ratios.

A decision is what the guards of one operation say: roles as they stand, the rule, the object whose owner is remembered.
"""

from __future__ import annotations

import resource as usage
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from ringwall.build.answers import answers
from ringwall.build.runtime import open_runtime
from ringwall.build.settings import stated
from ringwall.contract.model import Contract
from ringwall.contract.parse import load
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known, Principal
from ringwall.core.message import RawHead, Response
from ringwall.core.ports import Answers
from ringwall.core.verdict import Ask, Learned, Refuse, Rewritten
from ringwall.layers import authorization, disclosure
from ringwall.state.grants import Grants

ROLES, GRANTS, OWNERS = 1_000, 10_000, 1_000_000
_TEXT = {"type": "string"}
_THING = {
    "type": "object",
    "properties": dict.fromkeys(("thing_id", "owner", "place", "name", "secret", "card"), _TEXT),
}
_GET = [{"name": "thing_id", "in": "path", "required": True, "schema": _TEXT}]


def reply(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": ".", "content": {"application/json": {"schema": schema}}}}


REF = {"$ref": "#/components/schemas/Thing"}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/things": {"get": {"responses": reply({"type": "array", "items": REF})}},
        "/things/{thing_id}": {"get": {"parameters": _GET, "responses": reply(REF)}},
    },
    "components": {"schemas": {"Thing": _THING}},
}


def contract(roles: int) -> Contract:
    """A contract with so many roles, each of which includes one before it, up to ten deep."""
    listed = {f"r{i}": {"includes": [f"r{i - 1}"] if i % 10 else []} for i in range(roles)}
    made = {
        "ringwall": 1, "api": "x", "authentication": {"api_keys": True}, "roles": listed,
        "resources": {"thing": {
            "schema": "Thing", "id": "thing_id", "owner": "owner", "tenant": "place",
            "fields": {
                "secret": {"class": "health", "read": ["owner"]},
                "card": {"class": "cardholder", "mask": "last4", "read": ["owner"]},
            },
        }},
        "operations": {
            "GET /things": {"allow": ["r0"], "filter": "tenant"},
            "GET /things/{thing_id}": {"allow": ["owner", "r0"]},
        },
    }  # fmt: skip
    return load("\n" + orjson.dumps(made).decode(), openapi=DOCUMENT)


def best(do: Callable[[], object], count: int = 5000, rounds: int = 9) -> float:
    """Microseconds of the processor for one call, the best of several rounds."""
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(count):
            do()
        took.append((time.process_time() - begun) / count * 1e6)
    return min(took)


def decide(guards: Any, head: Any, known: Known, ports: Answers) -> None:
    """Walk the guards as an exchange does, answering what they ask."""
    for guard in guards:
        verdict = guard.check(head, known)
        while isinstance(verdict, Ask):
            verdict = verdict.then(ports[type(verdict.question)](verdict.question))
        if isinstance(verdict, Refuse):
            raise RuntimeError(verdict.reason.code)  # noqa: TRY004 - not a wrong type
        if isinstance(verdict, Learned):
            known = verdict.known


def decision(made: Contract, ports: Answers, roles: frozenset[str], thing: str) -> float:
    key = "GET /things/{thing_id}"
    given = stated(made)
    operation = next(o for o in made.operations if o.key == key)
    guards = authorization.forge(operation, given.authorization).head
    caller = Principal("s7", roles, "issuer", "north", granted=roles)  # of ours, the store would be asked too
    known = Known(key, time.time(), {"thing_id": thing}, "203.0.113.1", "r", caller)
    head = admit(RawHead(b"GET", b"/x", ((b"host", b"a"),), "203.0.113.1", secure=True), Admission(), "r")
    return best(lambda: decide(guards, head, known, ports))


def page(made: Contract, runtime: Any, items: int) -> tuple[float, float]:
    """Filtering and masking a page, half of it foreign; and reading and writing its JSON, which is not counted in."""
    operation = next(o for o in made.operations if o.key == "GET /things")
    guards = disclosure.forge(operation, stated(made).disclosure).reply
    chosen = [guard for guard in guards if guard.name in ("objects", "fields")]
    rows = [
        {"thing_id": str(i), "owner": "s7" if i % 10 == 0 else "s8", "place": ("north", "south")[i % 2], "name": "n",
         "secret": "s", "card": "4111111111111111"}
        for i in range(items)
    ]  # fmt: skip
    body = orjson.dumps(rows)
    caller = Principal("s7", frozenset({"r0"}), "api_key", "north")
    known = Known("GET /things", time.time(), {}, "203.0.113.1", "r", caller)

    def parse() -> Response:
        return Response(200, ((b"content-type", b"application/json"),), body, orjson.loads(body), parsed=True)

    def judged() -> None:
        message = parse()
        for guard in chosen:
            verdict = guard.check(message, known)
            if isinstance(verdict, Rewritten):
                message = verdict.message  # type: ignore[assignment]
        orjson.dumps(message.data)

    parsing = best(lambda: orjson.dumps(parse().data), 300)
    return best(judged, 300) - parsing, parsing


def main() -> None:
    """Print every figure beside its goal."""
    with tempfile.TemporaryDirectory() as scratch:
        runtime = open_runtime(Path(scratch) / "small")
        small = contract(10)
        ports = answers(runtime, small, None)
        runtime.store.remember("thing", "1", "s7", "north")
        print(
            f"decision from memory, 10 roles             {decision(small, ports, frozenset(), '1'):8.2f} us   (goal 3)"
        )
        for items, goal in ((100, "goal 300"), (1000, "ten times that")):
            took, parsing = page(small, runtime, items)
            print(f"filtering and masking {items:>5} items          {took:8.0f} us   ({goal}; its JSON {parsing:.0f})")
        runtime.close()
        large(Path(scratch) / "large")


def large(place: Path) -> None:
    """The same with a thousand roles, ten thousand grants and a million owners, in a store that is there already."""
    runtime = open_runtime(place)
    grants = Grants(runtime.store)
    with runtime.store.transaction():
        for i in range(GRANTS):
            grants.add(f"s{i}", f"r{i % ROLES}", "grant", "", "bench", at=0.0, until=None)
        runtime.store._db.executemany(
            "INSERT INTO owner VALUES ('thing', ?, ?, ?)", ((str(i), f"s{i % 5000}", "north") for i in range(OWNERS))
        )
    runtime.close()
    begun = time.process_time()
    runtime = open_runtime(place)
    made = contract(ROLES)
    ports = answers(runtime, made, None)
    stated(made)
    took = time.process_time() - begun
    print(f"start, {ROLES} roles, {GRANTS} grants, {OWNERS} owners {took:8.2f} s    (goal 2)")
    print(f"decision from memory, {ROLES} roles           {decision(made, ports, frozenset(), '7'):8.2f} us   (flat)")
    thing = iter(range(7, OWNERS, 5000))

    cold = best(lambda: runtime.store.owner_of("thing", str(next(thing))), 10, 9)
    print(f"an owner read from the store for the first time {cold:8.1f} us")
    most = usage.getrusage(usage.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at most                              {most:8.0f} MB   (goal 300)")
    runtime.close()


if __name__ == "__main__":
    sys.exit(main())
