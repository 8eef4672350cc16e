"""Chroma's own server behind the gateway, under the contract that `init` drafts, used by Chroma's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from servers.serving import Protected, client, free_port, programs, protected, ringwall, running

pytestmark = pytest.mark.server

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"

CONDITIONS = """
  condition:  # an API with a query language: what stands in these is meant to be operators
    schema: RawWhereFields
    id: where
    fields:
      where: {class: public, format: code}
      where_document: {class: public, format: code}
"""

USE = """
import os, chromadb
from chromadb.config import Settings

c = chromadb.HttpClient(host="127.0.0.1", port=int(os.environ["PORT"]), headers={HEADER: os.environ["KEY"]},
                        settings=Settings(anonymized_telemetry=False))
assert c.heartbeat() > 0
notes = c.create_collection("notes", metadata={"kind": "test", "n": 1})
notes.upsert(ids=["a", "b", "c"], documents=["one", "it's two; and -- three", "<b>drei</b> Übergröße"],
             embeddings=[[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]],
             metadatas=[{"k": 1, "ok": True}, {"k": 2, "ok": False}, {"k": 3, "ratio": 0.5, "name": "x y"}])
notes.add(ids=["d"], embeddings=[[0.1, 0.9]], documents=["four"])
print("QUERY", notes.query(query_embeddings=[[1, 0]], n_results=2)["ids"])
print("COUNT", notes.count())
print("WHERE", sorted(notes.get(where={"k": {"$gt": 1}})["ids"]))
print("BOTH", notes.get(where={"$and": [{"k": {"$gte": 1}}, {"ok": True}]})["ids"])
print("TEXT", notes.get(where_document={"$contains": "Über"}, include=["documents"])["documents"])
notes.update(ids=["a"], metadatas=[{"k": 10}])
print("UPDATED", [sorted(m.items()) for m in notes.get(ids=["a"])["metadatas"]])
notes.delete(where={"k": {"$gt": 2}})
print("LEFT", sorted(notes.get()["ids"]))
notes.modify(name="renamed")
print("NAMES", [each.name for each in c.list_collections()])
c.delete_collection("renamed")
print("GONE", [each.name for each in c.list_collections()])
"""

PRINTED = """QUERY [['a', 'c']]
COUNT 4
WHERE ['b', 'c']
BOTH ['a']
TEXT ['<b>drei</b> Übergröße']
UPDATED [[('k', 10), ('ok', True)]]
LEFT ['b', 'd']
NAMES ['renamed']
GONE []
"""


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    """The server, a contract drafted from its own document, and the gateway in front of it."""
    bin_, home, port = programs("chroma"), tmp_path_factory.mktemp("chroma"), free_port()
    bare = f"http://127.0.0.1:{port}"
    start = [bin_ / "chroma", "run", "--path", home / "db", "--host", "127.0.0.1", "--port", str(port)]
    with running(start, f"{bare}/api/v2/heartbeat", home, {}):
        contract = home / "ringwall.yaml"
        ringwall("init", bare, "--allow", "user", "--out", contract, directory=home)
        text = contract.read_text("utf-8").replace("  user: {}\n", "  user: {}\n  reader: {}\n")
        text = text.replace('"GET /api/v2/version": {allow: [user]}', '"GET /api/v2/version": {allow: [user, reader]}')
        contract.write_text(text.replace("\nresources:\n", f"\nresources:{CONDITIONS}\n"))
        with protected(bare, home, contract) as made:
            yield made


def _used(chroma: Protected, header: str, value: str, url: str) -> str:
    script = USE.replace("HEADER", repr(header))
    settings = {"PORT": url.rpartition(":")[2], "KEY": value, "HOME": str(chroma.directory)}
    return client(programs("chroma") / "python", script, chroma.directory, settings)


def test_the_client_sees_behind_the_gateway_what_it_sees_without(chroma: Protected) -> None:
    assert _used(chroma, "X-Unused", "none", chroma.bare) == PRINTED, "this is what Chroma itself answers"
    assert _used(chroma, "X-API-Key", chroma.key, chroma.url) == PRINTED
    assert _used(chroma, "Authorization", f"Bearer {chroma.key}", chroma.url) == PRINTED
    assert [event for event in chroma.events() if event["decision"] != "allow"] == []


TWINS = [
    # what, method, path, content, as, status, reason
    ("no key", "GET", COLLECTIONS, None, "", 401, "authn.missing"),
    ("a role without the right", "GET", COLLECTIONS, None, "reader", 403, "authz.operation"),
    ("a name of another type", "POST", COLLECTIONS, b'{"name": 7}', "user", 422, "validation.type"),
    ("no name", "POST", COLLECTIONS, b"{}", "user", 422, "validation.required"),
    ("no JSON", "POST", COLLECTIONS, b'{"name"', "user", 400, "validation.json"),
    ("a limit that is no number", "GET", f"{COLLECTIONS}?limit=x", None, "user", 422, "validation.type"),
    (
        "an injection beside a filter",
        "POST",
        f"{COLLECTIONS}/{'0' * 8}-0000-4000-8000-{'0' * 12}/get",
        b'{"where": {"k": {"$eq": "\' OR 1=1 --"}}}',
        "user",
        422,
        "detection.sqli",
    ),
    ("an undeclared operation", "GET", "/api/v2/none", None, "user", 404, "transport.route"),
    ("what stands beside the API", "GET", "/openapi.json", None, "user", 404, "transport.route"),
    ("an undeclared method", "PUT", "/api/v2/version", b"{}", "user", 405, "transport.method.undeclared"),
]


@pytest.mark.parametrize(
    ("method", "path", "content", "who", "status", "reason"), [t[1:] for t in TWINS], ids=[t[0] for t in TWINS]
)
def test_what_the_contract_does_not_allow_is_refused(
    method: str, path: str, content: bytes | None, who: str, status: int, reason: str, chroma: Protected
) -> None:
    key = {"user": chroma.key, "reader": chroma.reader}.get(who)
    reply = chroma.ask(method, path, content, key=key, Content_Type="application/json")
    assert (reply.status, reply.reason) == (status, reason)


def test_beside_each_refusal_the_honest_request_passes(chroma: Protected) -> None:
    assert chroma.ask("GET", "/api/v2/heartbeat").status == 200
    assert chroma.ask("GET", "/api/v2/version", key=chroma.reader).status == 200
    assert chroma.ask("GET", f"{COLLECTIONS}?limit=5", key=chroma.key).status == 200
    made = chroma.ask("POST", COLLECTIONS, b'{"name": "honest"}', key=chroma.key, Content_Type="application/json")
    assert (made.status, json.loads(made.content)["name"]) == (200, "honest")
    assert chroma.ask("DELETE", f"{COLLECTIONS}/honest", key=chroma.key).status == 200


def test_the_journal_holds_it_all_and_proves_it(chroma: Protected) -> None:
    reply = chroma.ask("GET", COLLECTIONS)
    told = next(e for e in chroma.events() if e["id"] == json.loads(reply.content)["request_id"])
    assert (str(told["operation"]).split("/")[-1], told["reason"]) == ("collections", "authn.missing")
    proof = chroma.proved()
    assert (proof["ok"], proof["problem"]) == (True, None)
