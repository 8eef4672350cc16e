"""The scan of an API whose operations name accounts in their bodies: holes behind a raised role are reached too."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from ringwall.contract.parse import load
from ringwall.scan import Options, Report, scan
from ringwall.scan.signing import account
from scan.scan_bakery import CONTRACT, EXPECTED, bakery
from scan.scan_served import served

SERVICE = ("headers", "inventory")


def scanned(app: FastAPI) -> Report:
    stated = load(CONTRACT, openapi=app.openapi())
    people = [account(f"{name}=login:{name}:{name}-pw-1", {}) for name in ("alice", "bob")]
    with served(app) as url:
        return scan(url, stated.api, stated, people, Options(seed="1"))


@pytest.fixture(scope="module")
def flawed() -> tuple[FastAPI, Report]:
    app = bakery(flawed=True)
    return app, scanned(app)


@pytest.fixture(scope="module")
def hardened() -> tuple[FastAPI, Report]:
    app = bakery(flawed=False)
    return app, scanned(app)


def test_every_flaw_is_proved(flawed: tuple[FastAPI, Report]) -> None:
    found = {(f.kind, f.operation) for f in flawed[1].findings if f.kind not in SERVICE}
    assert found == EXPECTED


def test_nothing_is_told_of_the_hardened_build(hardened: tuple[FastAPI, Report]) -> None:
    assert [(f.kind, f.operation, f.evidence) for f in hardened[1].findings if f.kind not in SERVICE] == []
    verdicts = {(v.kind, v.operation): v.state for v in hardened[1].verdicts}
    assert {key: verdicts[key] for key in EXPECTED if "breads" not in key[1]} == {
        key: "refuted" for key in EXPECTED if "breads" not in key[1]
    }


@pytest.mark.parametrize("build", ["flawed", "hardened"])
def test_nobody_who_was_there_is_changed(build: str, request: pytest.FixtureRequest) -> None:
    state = request.getfixturevalue(build)[0].state.bakery
    people = state.run(
        "SELECT login, password, town, rank FROM person WHERE login IN ('alice', 'bob', 'mia') ORDER BY id"
    )
    assert [tuple(p.values()) for p in people] == [
        ("mia", "mia-pw-1", "York", "master"),
        ("alice", "alice-pw-1", "York", "customer"),
        ("bob", "bob-pw-1", "York", "customer"),
    ]
    assert state.run("SELECT name FROM bread WHERE id = 1") == [{"name": "rye"}]
