"""Prefect's own server behind the gateway, under the contract that `init` drafts, used by Prefect's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.serving import Protected, client, free_port, programs, protected, ringwall, running

pytestmark = pytest.mark.server

SOCKETS = '  "WS /events/in": {allow: [user]}\n  "WS /events/out": {allow: [user]}\n  "WS /logs/out": {allow: [user]}\n'

FLOW = """
import asyncio
from prefect import flow, task
from prefect.events import emit_event
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter

@task
def add(a, b):
    return a + b

@flow(log_prints=True)
def total(n: int = 3):
    parts = [add.submit(i, 1) for i in range(n)]
    print("so many:", n)
    emit_event("ringwall.seen", resource={"prefect.resource.id": "ringwall.test"})
    return sum(part.result() for part in parts)

async def run():
    wanted = EventFilter(event=EventNameFilter(name=["ringwall.seen"]))
    async with get_events_subscriber(filter=wanted) as subscriber:
        print("RESULT", await asyncio.to_thread(total, 4))
        async for event in subscriber:
            print("EVENT", event.event, event.resource.id)
            return

asyncio.run(asyncio.wait_for(run(), 60))
"""

STATES = """
import asyncio
from prefect import get_client

async def run():
    async with get_client() as client:
        for run in await client.read_flow_runs():
            print("FLOW", run.state.name, run.parameters)
        print("TASKS", sorted(run.state.name for run in await client.read_task_runs()))

asyncio.run(run())
"""


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    """The server, a contract drafted from its own document, and the gateway in front of it."""
    bin_, home, port = programs("prefect"), tmp_path_factory.mktemp("prefect"), free_port()
    bare = f"http://127.0.0.1:{port}"
    settings = {
        "PREFECT_HOME": str(home / "server"),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    start = [bin_ / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-services"]
    with running(start, f"{bare}/api/health", home, settings):
        contract = home / "ringwall.yaml"
        ringwall("init", bare, "--allow", "user", "--out", contract, directory=home)
        text = contract.read_text("utf-8")
        text = text.replace("  user: {}\n", "  user: {}\n  reader: {}\n").replace(
            "\noperations:\n", f"\noperations:\n{SOCKETS}"
        )
        contract.write_text(text.replace('"GET /version": {allow: [user]}', '"GET /version": {allow: [user, reader]}'))
        with protected(bare, home, contract) as made:
            yield made


def _settings(prefect: Protected, key: str) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(prefect.directory / "client"),
        "PREFECT_API_URL": f"{prefect.url}/api",
        "PREFECT_API_KEY": key,
        "PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps({"X-API-Key": key}),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    }


def _python() -> Path:
    return programs("prefect") / "python"


def test_init_finds_the_base_path_that_the_document_does_not_name(prefect: Protected) -> None:
    contract = (prefect.directory / "ringwall.yaml").read_text("utf-8")
    assert 'base_path: "/api"' in contract
    assert contract.count("{allow:") > 180


def test_a_flow_runs_to_its_end_and_nothing_of_it_is_refused(prefect: Protected) -> None:
    before = len(prefect.events())
    printed = client(_python(), FLOW, prefect.directory, _settings(prefect, prefect.key))
    assert "RESULT 10" in printed
    assert "EVENT ringwall.seen ringwall.test" in printed, "what went in by one WebSocket comes out by another"
    states = client(_python(), STATES, prefect.directory, _settings(prefect, prefect.key))
    assert "FLOW Completed {'n': 4}" in states
    events = prefect.events()[before:]
    assert [event for event in events if event["decision"] != "allow"] == []
    operations = {event["operation"] for event in events}
    assert operations >= {"POST /flow_runs/", "POST /flow_runs/{id}/set_state", "WS /events/in", "WS /events/out"}


def test_the_client_with_a_wrong_key_gets_nowhere(prefect: Protected) -> None:
    wrong = prefect.key[:-4] + ("AAAA" if prefect.key[-4:] != "AAAA" else "BBBB")
    script = STATES.replace(
        "asyncio.run(run())", "import sys\ntry:\n asyncio.run(run())\nexcept Exception as e: print(e)"
    )
    printed = client(_python(), script, prefect.directory, _settings(prefect, wrong))
    assert "401" in printed
    assert "FLOW" not in printed


TWINS = [
    # what, method, path, content, as, status, reason
    ("no key", "POST", "/api/flows/filter", b"{}", "", 401, "authn.missing"),
    ("a role without the right", "POST", "/api/flows/filter", b"{}", "reader", 403, "authz.operation"),
    (
        "a property of no schema",
        "POST",
        "/api/flows/",
        b'{"name": "a", "admin": true}',
        "user",
        422,
        "validation.unknown",
    ),
    ("a value of another type", "POST", "/api/flows/", b'{"name": 1}', "user", 422, "validation.type"),
    ("no JSON", "POST", "/api/flows/", b'{"name": ', "user", 400, "validation.json"),
    ("an undeclared operation", "GET", "/api/none", None, "user", 404, "transport.route"),
    ("what stands beside the API", "GET", "/docs", None, "user", 404, "transport.route"),
    ("an undeclared method", "PUT", "/api/flows/filter", b"{}", "user", 405, "transport.method.undeclared"),
]


@pytest.mark.parametrize(
    ("method", "path", "content", "who", "status", "reason"), [t[1:] for t in TWINS], ids=[t[0] for t in TWINS]
)
def test_what_the_contract_does_not_allow_is_refused(
    method: str, path: str, content: bytes | None, who: str, status: int, reason: str, prefect: Protected
) -> None:
    key = {"user": prefect.key, "reader": prefect.reader}.get(who)
    reply = prefect.ask(method, path, content, key=key, Content_Type="application/json")
    assert (reply.status, reply.reason) == (status, reason)


def test_beside_each_refusal_the_honest_request_passes(prefect: Protected) -> None:
    as_json = {"Content_Type": "application/json"}
    assert prefect.ask("GET", "/api/health").content == b"true"
    assert prefect.ask("GET", "/api/version", key=prefect.reader).status == 200
    assert prefect.ask("POST", "/api/flows/filter", b"{}", key=prefect.key, **as_json).status == 200
    assert prefect.ask("POST", "/api/flows/", b'{"name": "honest"}', key=prefect.key, **as_json).status == 201


def test_a_websocket_is_opened_by_those_alone_who_may(prefect: Protected) -> None:
    def shaken(key: str | None) -> tuple[int, str | None]:
        reply = prefect.ask(
            "GET", "/api/events/out", key=key, Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13",
            Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Protocol="prefect",
        )  # fmt: skip
        return reply.status, reply.headers.get("sec-websocket-protocol")

    assert shaken(None) == (401, None)
    assert shaken(prefect.reader) == (403, None)
    assert shaken(prefect.key) == (101, "prefect")


def test_the_journal_holds_it_all_and_proves_it(prefect: Protected) -> None:
    reply = prefect.ask("POST", "/api/flows/filter", b"{}", Content_Type="application/json")
    told = next(e for e in prefect.events() if e["id"] == json.loads(reply.content)["request_id"])
    assert (told["operation"], told["reason"]) == ("POST /flows/filter", "authn.missing")
    proof = prefect.proved()
    assert (proof["ok"], proof["problem"]) == (True, None)
