"""The scan of APIs of different habits: every hole of the flawed build is proved, the repaired one has none."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from ringwall.contract.parse import load
from ringwall.scan import Options, Report, scan
from ringwall.scan.signing import account
from ringwall.scan.subject import secured
from scan.scan_served import served

SERVICE = ("headers", "inventory")
HABITS = {"gazette": "@example.org", "garage": "@cars.example", "school": ""}
"""Each application with what stands after a name where one signs in."""


def scanned(name: str, *, flawed: bool, browser: bool = False) -> tuple[Any, Report]:
    module = import_module(f"scan.scan_{name}")
    app = getattr(module, name)(flawed=flawed)
    document = app.openapi()
    stated = load(module.CONTRACT, openapi=document)
    people = [account(f"{who}=login:{who}{HABITS[name]}:{who}-pw-1", {}) for who in ("alice", "bob")]
    with served(app) as url:
        return module, scan(url, stated.api, stated, people, Options(seed="1", browser=browser),
                            secured=secured(document))  # fmt: skip


@pytest.mark.parametrize("name", HABITS)
def test_every_hole_is_proved_and_nothing_else(name: str) -> None:
    module, report = scanned(name, flawed=True)
    found = [(f.kind, f.operation) for f in report.findings if f.kind not in SERVICE]
    assert set(found) == module.EXPECTED
    assert len(found) == len(module.EXPECTED), "a cause is told once"
    assert report.requests <= 1500


@pytest.mark.parametrize("name", HABITS)
def test_the_repaired_build_has_none(name: str) -> None:
    _, report = scanned(name, flawed=False)
    assert [(f.kind, f.operation, f.evidence) for f in report.findings if f.kind not in SERVICE] == []
    assert report.ended is None


def test_in_a_browser_script_has_to_run() -> None:
    module, report = scanned("school", flawed=True, browser=True)
    told = {f.operation: f.evidence for f in report.findings if f.kind == "xss"}
    assert set(told) == {operation for kind, operation in module.EXPECTED if kind == "xss"}
    assert all("ran in Chromium" in evidence for evidence in told.values())
