"""A contract with Cedar policies: they decide beside roles and owners, by the same facts, and the journal has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from access.access_rig import Protected, protected
from ringwall.cli import cli
from ringwall.contract.model import Misconfigured


class Account(BaseModel):
    """Somebody's money."""

    account_id: str
    owner: str
    balance: int


class Transfer(BaseModel):
    """Money on its way."""

    account_id: str
    amount: int


def make() -> FastAPI:
    """An API of accounts that moves whatever it is told to."""
    app = FastAPI()
    rows = {n: Account(account_id=n, owner=n[:3], balance=100) for n in ("ann-1", "bob-1")}

    @app.get("/accounts/{account_id}")
    def account(account_id: str) -> Account:
        if account_id not in rows:
            raise HTTPException(404)
        return rows[account_id]

    @app.delete("/accounts/{account_id}", status_code=204)
    def close(account_id: str) -> None:
        rows.pop(account_id, None)

    @app.post("/transfers", tags=["money"])
    def transfer(given: Transfer) -> dict[str, int]:
        return {"moved": given.amount}

    @app.get("/reports", tags=["money"])
    def reports() -> list[str]:
        return []

    return app


POLICIES = """\
// Money is moved by whoever has the role, up to an amount, and never by a machine.
@id("small transfers")
permit(principal in Role::"teller", action == Action::"POST /transfers", resource)
when { context.input.body.amount <= 500 };

@id("no machines")
forbid(principal, action in Action::"tag:money", resource)
when { principal.subject like "bot-*" };

@id("own accounts")
permit(principal, action == Action::"DELETE /accounts/{account_id}", resource is Account)
when { resource.owner == principal || principal.roles.contains("chief") };

@id("from here")
permit(principal, action == Action::"GET /reports", resource)
when { context.ip.isLoopback() && context.now > 1700000000 };
"""
CONTRACT = """\
ringwall: 1
api: app
policies: policies.cedar
authentication: {api_keys: true}
roles: {teller: {}, chief: {}, clerk: {}}
resources:
  account: {schema: Account, id: account_id, owner: owner}
operations:
  "GET /accounts/{account_id}":    {allow: [owner, chief]}
  "DELETE /accounts/{account_id}": {allow: [owner, chief, clerk], policy: true}
  "POST /transfers":               {allow: [teller, clerk], policy: true}
  "GET /reports":                  {allow: [teller], policy: true}
"""
ACCOUNTS = {"ann": ("teller",), "bob": ("clerk",), "bot-1": ("teller",), "cleo": ("chief",)}


@pytest.fixture(scope="module", params=["in process", "gateway"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    place = tmp_path_factory.mktemp("policies")
    (place / "policies.cedar").write_text(POLICIES)
    with protected(make(), CONTRACT, ACCOUNTS, request.param, place) as found:
        yield found


def details(api: Protected) -> list[Any]:
    records = max((api.runtime.directory / "journal").rglob("*.jsonl")).read_text().splitlines()
    return [json.loads(records[-1])["record"].get(key) for key in ("detail", "notes")]


def test_an_amount_of_the_body_and_the_policy_in_the_journal(api: Protected) -> None:
    order = {"account_id": "x", "amount": 500}
    assert api.said("ann", "POST", "/transfers", json=order) == "200"
    assert details(api)[1] == ["authorization: permitted by policy small transfers"]
    assert api.said("ann", "POST", "/transfers", json={**order, "amount": 501}) == "authz.policy"
    assert details(api)[0] == "no policy permits it"
    assert api.said("bot-1", "POST", "/transfers", json={**order, "amount": 1}) == "authz.policy"
    assert details(api)[0] == "forbidden by no machines"
    assert api.said("bob", "POST", "/transfers", json=order) == "authz.policy", "allowed, but no policy is for a clerk"
    assert api.said("cleo", "POST", "/transfers", json=order) == "authz.operation", "no policy opens what is closed"


def test_whose_an_account_is_decides_in_a_policy_too(api: Protected) -> None:
    assert api.said("bob", "DELETE", "/accounts/ann-1") == "authz.policy", "a clerk is allowed, but owns it not"
    assert api.said("bob", "DELETE", "/accounts/none") == "authz.policy"
    assert api.said("ann", "DELETE", "/accounts/bob-1") == "authz.object"
    assert api.said("cleo", "DELETE", "/accounts/ann-1") == "204"
    assert api.said("bob", "DELETE", "/accounts/bob-1") == "204"


def test_address_and_time(api: Protected) -> None:
    assert api.said("ann", "GET", "/reports") == "200"
    assert api.said("bot-1", "GET", "/reports") == "authz.policy"


def test_why_tells_the_policy(api: Protected) -> None:
    reply = api.ask("bot-1", "GET", "/reports")
    data = str(api.runtime.directory)
    told = CliRunner().invoke(cli, ["why", reply.json()["request_id"], "--data", data])
    assert "forbidden by no machines" in told.output, told.output


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("permit(principal,", "premit(principal,", 11, "premit"),
        ('"DELETE /accounts/{account_id}"', '"DELETE /account/{account_id}"', 10, "'DELETE /account/{account_id}'"),
        ("tag:money", "tag:mony", 6, "tag:mony"),
        ("context.ip.isLoopback() &&", "context.ip.isLoopback() &", 14, "invalid token"),
    ],
)
def test_a_file_with_a_mistake_never_starts(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    (tmp_path / "policies.cedar").write_text(POLICIES.replace(old, new, 1))
    with pytest.raises(Misconfigured) as mistakes, protected(make(), CONTRACT, ACCOUNTS, "in process", tmp_path):
        pass
    (problem,) = mistakes.value.problems
    assert (problem.at.file, problem.at.line) == (str(tmp_path / "policies.cedar"), line), str(problem)
    assert said in str(problem)
