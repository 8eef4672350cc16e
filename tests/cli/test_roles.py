"""`ringwall roles`, `who-can` and `diff` as an operator meets them, and what a grant does to a running wall."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from click.testing import CliRunner, Result

from access.access_rig import protected, running
from ringwall.cli import cli
from ringwall.cli._persons import reader
from ringwall.state.grants import Grants
from ringwall.state.journal_files import read
from ringwall.state.sqlite import Store

PASSWORD = "four words that nobody guesses"
CONTRACT = """\
ringwall: 1
api: openapi.json
authentication: {accounts: true, api_keys: true}
roles: {nurse: {}, doctor: {includes: [nurse]}, clerk: {}, auditor: {}}
never: [clerk, auditor]
resources:
  patient:
    id: patient_id
    owner: account_id
    tenant: clinic_id
    fields:
      diagnosis: {class: health, encrypt: true, read: [doctor], write: [doctor]}
operations:
  "GET /patients":              {allow: [nurse], filter: tenant}
  "GET /patients/{patient_id}": {allow: [owner, nurse]}
  "POST /patients":             {allow: [doctor, clerk]}
"""
_OBJECT = {
    "type": "object",
    "properties": {n: {"type": "string"} for n in ("patient_id", "account_id", "clinic_id", "diagnosis")},
}
_OK = {"200": {"description": ".", "content": {"application/json": {"schema": _OBJECT}}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/patients": {"get": {"responses": {"200": {"description": "."}}}, "post": {"responses": _OK}},
        "/patients/{patient_id}": {
            "get": {
                "parameters": [{"name": "patient_id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": _OK,
            }
        },
    },
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    assert (
        ringwall(
            "users", "add", "nora", "--password-stdin", "--tenant", "north", "--subject", "acc-n", given=PASSWORD
        ).exit_code
        == 0
    )
    return tmp_path


def ringwall(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=given)


def acts() -> list[dict[str, Any]]:
    """The acts as an operator reads them, who has the keys."""
    with reader(Path("ringwall-data")) as persons:
        return [persons.opened(orjson.loads(record)) for _, record in read(Path("ringwall-data/journal/admin"))]


def granted(now: float) -> frozenset[str]:
    store = Store(Path("ringwall-data/state.db"))
    try:
        return Grants(store).granted("acc-n", now).roles
    finally:
        store.close()


def test_a_grant_for_a_time_by_whom_and_why(here: Path) -> None:
    done = ringwall("roles", "grant", "Nora", "doctor", "--for", "8h", "--reason", "on call")
    assert done.exit_code == 0, done.output
    now = time.time()
    assert granted(now) == {"doctor"}
    assert granted(now + 8 * 3600 + 1) == frozenset()
    act = acts()[-1]
    assert (act["operation"], act["objects"], act["granted"]) == ("roles.grant", ["subject:acc-n"], ["doctor"])
    assert act["principal"].startswith("local:")
    told = json.loads(ringwall("roles", "show", "doctor", "--json").output)
    (holder,) = told["holders"]
    assert (holder["kind"], holder["name"], holder["reason"]) == ("grant", "nora", "on call")
    assert holder["by"].startswith("local:")
    assert holder["until"] > holder["since"]
    assert "on call" in ringwall("roles", "show", "doctor").output


def test_a_grant_is_ended(here: Path) -> None:
    ringwall("roles", "grant", "nora", "doctor")
    assert ringwall("roles", "revoke", "nora", "doctor").exit_code == 0
    assert granted(time.time()) == frozenset()
    again = ringwall("roles", "revoke", "nora", "doctor")
    assert (again.exit_code, "was not granted" in again.output) == (1, True)
    assert acts()[-1]["operation"] == "roles.revoke"


def test_breaking_the_glass_takes_a_reason_and_an_hour(here: Path) -> None:
    assert ringwall("roles", "break-glass", "nora", "doctor").exit_code == 2
    assert ringwall("roles", "break-glass", "nora", "doctor", "--reason", " ").exit_code == 2
    assert ringwall("roles", "break-glass", "nora", "doctor", "--reason", "x", "--for", "25h").exit_code == 2
    assert granted(time.time()) == frozenset()
    assert ringwall("roles", "break-glass", "nora", "doctor", "--reason", "ward 3").exit_code == 0
    assert granted(time.time() + 3599) == {"doctor"}
    assert granted(time.time() + 3601) == frozenset()
    assert (acts()[-1]["operation"], acts()[-1]["reason_given"]) == ("roles.break-glass", "ward 3")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("nora", "docter"), 2, "did you mean 'doctor'?"),
        (("nobody", "doctor"), 1, "no account is named 'nobody'"),
        (("nora", "doctor", "--until", "2001-01-01"), 2, "is over already"),
        (("nora", "doctor", "--until", "soon"), 2, "is no time"),
        (("nora", "doctor", "--until", "2100-01-01", "--for", "1h"), 2, "not both"),
    ],
)
def test_what_is_no_grant_is_said(here: Path, arguments: tuple[str, ...], status: int, told: str) -> None:
    done = ringwall("roles", "grant", *arguments)
    assert (done.exit_code, told in done.output) == (status, True), done.output
    assert granted(time.time()) == frozenset()


def test_duties_stay_apart(here: Path) -> None:
    assert ringwall("roles", "grant", "nora", "clerk").exit_code == 0
    done = ringwall("roles", "grant", "nora", "auditor")
    assert (done.exit_code, "auditor and clerk, which nobody may hold together" in done.output) == (1, True)
    assert granted(time.time()) == {"clerk"}


def test_a_role_and_what_it_may(here: Path) -> None:
    told = json.loads(ringwall("roles", "show", "doctor", "--json").output)
    assert {o["operation"]: o["by"] for o in told["operations"]} == {
        "GET /patients": "nurse",
        "GET /patients/{patient_id}": "nurse",
        "POST /patients": "doctor",
    }
    assert told["fields"][0] | {"at": ""} == {
        "resource": "patient", "field": "diagnosis", "read": "yes", "write": "yes", "at": "",
    }  # fmt: skip
    assert json.loads(ringwall("roles", "show", "nurse", "--json").output)["fields"][0]["read"] == "no"
    assert len(json.loads(ringwall("roles", "show", "--json").output)) == 4
    assert "did you mean 'nurse'" in ringwall("roles", "show", "nurze").output


def test_who_can_by_the_contract_and_by_name(here: Path) -> None:
    ringwall("apikeys", "issue", "--name", "ward", "--role", "doctor", "--tenant", "north")
    ringwall("apikeys", "issue", "--name", "away", "--role", "doctor", "--tenant", "south")
    store = Store(Path("ringwall-data/state.db"))
    store.remember("patient", "42", "acc-n", "north")
    store.close()
    told = json.loads(ringwall("who-can", "GET /patients/{patient_id}", "patient:42", "--json").output)
    assert told["objects"] == {"patient": {"owner": "acc-n", "tenant": "north"}}
    assert {h["name"]: h["by"] for h in told["holders"]} == {"nora": "owner", "ward": "nurse"}
    assert [w["who"] for w in told["ways"]] == ["subject acc-n", "role nurse", "role doctor"]
    other = ("who-can", "get /patients/{patient_id}", "patient:43", "--owner", "x", "--tenant", "south", "--json")
    assert [h["name"] for h in json.loads(ringwall(*other).output)["holders"]] == ["away"]
    assert ringwall("who-can", "GET /patient").exit_code == 1
    assert ringwall("who-can", "GET /patients/{patient_id}", "patent:1").exit_code == 2


WIDER = {
    "a role more": ("{allow: [doctor, clerk]}", "{allow: [doctor, clerk, nurse]}", "POST /patients"),
    "no filter": ("{allow: [nurse], filter: tenant}", "{allow: [nurse]}", "GET /patients"),
    "anyone": ("{allow: [owner, nurse]}", "{allow: anyone}", "GET /patients/{patient_id}"),
    "inclusion": ("clerk: {}", "clerk: {includes: [nurse]}", "role clerk"),
    "a field": ("read: [doctor]", "read: [doctor, owner]", "patient.diagnosis"),
    "a field for all": (", write: [doctor]", "", "patient.diagnosis"),
    "no ciphertext": ("encrypt: true, ", "", "patient.diagnosis"),
    "duties": ("never: [clerk, auditor]\n", "", "never [auditor, clerk]"),
    "no tenant": ("    tenant: clinic_id\n", "", "patient"),
    "basic": ("accounts: true,", "accounts: true, basic: true,", "settings"),
    "observe": ("api: openapi.json\n", "api: openapi.json\nmode: observe\n", "settings"),
}


@pytest.mark.parametrize("name", WIDER)
def test_what_widens_fails_a_review_and_its_reverse_does_not(here: Path, name: str) -> None:
    before, after, about = WIDER[name]
    old, new = CONTRACT, CONTRACT.replace(before, after)
    if name == "no tenant":
        old, new = (text.replace(", filter: tenant", "") for text in (old, new))
    assert old != new
    (here / "old.yaml").write_text(old)
    (here / "new.yaml").write_text(new)
    done = ringwall("diff", "old.yaml", "new.yaml", "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["widened"]) == (1, True)
    assert about in {c["about"] for c in told["changes"] if c["way"] == "opened"}
    back = ringwall("diff", "new.yaml", "old.yaml", "--json")
    assert (back.exit_code, json.loads(back.output)["widened"]) == (0, False), back.output
    assert about in {c["about"] for c in json.loads(back.output)["changes"]}
    assert ringwall("diff", "old.yaml", "old.yaml").output == "nothing that decides who may do what changed\n"


def test_a_diff_tells_lines_and_signs(here: Path) -> None:
    (here / "new.yaml").write_text(CONTRACT.replace("[doctor, clerk]", "[clerk, nurse]"))
    done = ringwall("diff", "ringwall.yaml", "new.yaml")
    assert done.output.splitlines() == [
        "+ POST /patients: may call it: nurse   new.yaml:16:3",
    ]


def app(scope: Any = None) -> Any:
    """An application that answers every GET with an empty list."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            head = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
            await send(head)
            await send({"type": "http.response.body", "body": b"[]"})

    return asgi


def test_a_grant_counts_at_once_ends_and_its_lack_of_use_is_told(here: Path) -> None:
    contract = CONTRACT.replace("api: openapi.json", f"api: {here / 'openapi.json'}\nstaleness: 0")
    data = here / "served"
    with protected(app(), contract, {"acc-n": ()}, "gateway", data) as api:
        store = api.runtime.store
        key = api.runtime.api_keys.issue("n", frozenset(), subject="acc-n", tenant="north")[0]

        def said() -> int:
            with running(app()), httpx.Client(base_url=api.url, trust_env=False) as client:
                return client.get("/patients", headers={"x-api-key": key}).status_code

        assert said() == 403
        grants, now = Grants(store), time.time()
        grants.add("acc-n", "doctor", "grant", "", "test", at=now, until=now + 3600)
        assert said() == 200
        grants.end("acc-n", "doctor", "test", time.time())
        assert said() == 403
        grants.add("acc-n", "clerk", "grant", "", "test", at=now, until=None)
        grants.add("acc-n", "nurse", "grant", "", "test", at=now, until=None)
        assert said() == 200
        grants.add("acc-n", "auditor", "grant", "", "test", at=now, until=None)
        assert said() == 200, "only the two that exclude each other are gone"
    told = ringwall("roles", "unused", "--data", str(data / "data"), "--json")
    assert told.exit_code == 1
    assert {u["rule"]: (u["unused"], u["never"]) for u in json.loads(told.output)} == {
        "GET /patients/{patient_id}": (["owner", "nurse"], True),
        "POST /patients": (["doctor", "clerk"], True),
    }
    narrowed = ringwall("roles", "unused", "--data", str(data / "data"))
    assert '"POST /patients": {allow: []}' in narrowed.output
    assert "ringwall.yaml:16:3" in narrowed.output
