"""Patterns that backtrack: proved where it is asked for, beside a look-alike that is linear."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from ringwall.contract.openapi import load_api
from ringwall.scan import Options, Report, scan
from ringwall.scan.signing import account
from scan.scan_served import served


def shop() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/slow")
    def slow(code: str) -> dict[str, bool]:
        return {"known": bool(re.fullmatch(r"(?:[a-z]+)+", code[:40]))}

    @app.get("/quick")
    def quick(code: str) -> dict[str, bool]:
        return {"known": bool(re.fullmatch(r"[a-z]+", code))}

    return app


def scanned(*, costly: bool) -> Report:
    app = shop()
    api, _ = load_api(app.openapi(), "openapi.json")
    with served(app) as url:
        return scan(url, api, None, [account("ana=bearer:some-token", {})], Options(seed="1", costly=costly))


def test_a_pattern_that_backtracks_is_proved_and_a_linear_one_is_not() -> None:
    report = scanned(costly=True)
    assert [(f.operation, f.where) for f in report.findings if f.kind == "cost"] == [("GET /slow", "code")]
    states = {v.operation: v.state for v in report.verdicts if v.kind == "cost"}
    assert (states["GET /slow"], states["GET /quick"]) == ("proved", "refuted")


def test_it_is_not_tried_unless_it_is_asked_for() -> None:
    report = scanned(costly=False)
    assert {v.why for v in report.verdicts if v.kind == "cost"} == {"not asked for (--cost)"}


@pytest.mark.parametrize("line", ["--cost", "--no-cost"])
def test_the_command_takes_it(line: str) -> None:
    from ringwall.cli.scan import command

    assert line in [name for option in command.params for name in (*option.opts, *option.secondary_opts)]
