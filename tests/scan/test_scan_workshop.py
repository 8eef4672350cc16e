"""The scan of an API whose document describes no reply, with a contract and without one."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from ringwall.contract.parse import load
from ringwall.scan import Options, Report, scan
from ringwall.scan.signing import account
from scan.scan_served import served
from scan.scan_workshop import CONTRACT, EXPECTED, WITHOUT_A_CONTRACT, workshop

SERVICE = ("headers", "inventory")


def scanned(app: FastAPI, *, contract: bool = True) -> Report:
    document = app.openapi()
    for schema in document["components"]["schemas"].values():
        schema.pop("additionalProperties", None)  # as most documents: nothing is said of what else a body may hold
    stated = load(CONTRACT, openapi=document)
    people = [account(f"{name}=login:{name}@x.test:{name}-pw-1", {}) for name in ("alice", "bob")]
    with served(app) as url:
        return scan(url, stated.api, stated if contract else None, people, Options(seed="1"))


def told(report: Report) -> set[tuple[str, str]]:
    return {(f.kind, f.operation) for f in report.findings if f.kind not in SERVICE}


@pytest.fixture(scope="module")
def flawed() -> tuple[FastAPI, Report]:
    app = workshop(flawed=True)
    return app, scanned(app)


def test_every_flaw_is_proved(flawed: tuple[FastAPI, Report]) -> None:
    assert told(flawed[1]) == EXPECTED


def test_nothing_is_told_of_the_hardened_build() -> None:
    assert told(scanned(workshop(flawed=False))) == set()


def test_without_a_contract_what_lists_and_answers_tell_is_proved() -> None:
    assert told(scanned(workshop(flawed=True), contract=False)) == WITHOUT_A_CONTRACT
    assert told(scanned(workshop(flawed=False), contract=False)) == set()


def test_nothing_of_the_given_accounts_is_changed(flawed: tuple[FastAPI, Report]) -> None:
    shop = flawed[0].state.workshop
    assert {m: p["password"] for m, p in shop.people.items() if m.startswith(("alice", "bob"))} == {
        "alice@x.test": "alice-pw-1",
        "bob@x.test": "bob-pw-1",
    }
    assert [shop.clips[n] for n in (1, 2)] == [
        {"id": 1, "owner": "alice@x.test", "name": "clip 1", "codec": "h264 -v"},
        {"id": 2, "owner": "bob@x.test", "name": "clip 2", "codec": "h264 -v"},
    ]
