"""A deployment with a console, whose journal and alerts hold hostile values before it starts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson

from accounts.people import Browser, account, next_code
from e2e.e2e_process import Running, serving
from engines.payload import payload_hostile_code as code
from engines.payload import payload_hostile_data as data
from engines.payload import payload_hostile_more as more
from engines.payload import payload_hostile_web as web
from ringwall.build.runtime import open_runtime
from ringwall.core.event import Event
from ringwall.state.alerts import Alert
from ringwall.state.results import Results

CONSOLE = "/.ringwall/console/"
HOSTILE = (*web.XSS, *code.SSTI, *data.SQLI, *code.SSI_XSLT_PROTO_CRLF, *map(str, more.MIXED))
ALERT, NEAR = "a-000000000001", "a-000000000002"
THERE = "127.0.0.2"
CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true, api_keys: true, sessions: true}
roles: {nurse: {}, auditor: {}, guard: {}, chief: {includes: [guard]}}
operations: {"GET /hello": {allow: [nurse]}}
console: {viewer: [auditor], responder: [guard], admin: [chief]}
monitoring: {respond: {never: [acc-boss]}}
"""
APP = """
from fastapi import FastAPI

app = FastAPI(title="Ward <b>7</b>")


@app.get("/hello")
def hello() -> dict[str, bool]:
    return {"hello": True}
"""
RANKS = {"vera": "auditor", "rita": "guard", "ada": "chief", "nora": "nurse"}


@contextmanager
def office(directory: Path) -> Iterator[Running]:
    """The application above, served, with an account for each rank and one without."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "office_app.py").write_text(APP)
    (directory / "ringwall.yaml").write_text(CONTRACT)
    _before(directory / "data")
    with serving(directory, "office_app:app", "--contract", "ringwall.yaml", "--workers", "2") as running:
        for name, role in RANKS.items():
            account(running, name, role)
        yield running


def _before(data: Path) -> None:
    """What earlier days left: records, alerts and keys full of hostile values."""
    runtime, now = open_runtime(data), time.time()
    try:
        for number, value in enumerate(HOSTILE):
            sealed = runtime.persons.sealed(_event(number, value, now))
            runtime.journal.append(orjson.dumps(sealed))
        for number, value in enumerate(web.XSS[:30]):
            runtime.api_keys.issue(value[:100], frozenset({"nurse"}), tenant=value)
            runtime.alerts.add(_alert(f"a-h{number}", value, now, 9))
        for name in ("drill", "scan"):
            Results(runtime.store).keep(name, _result(web.XSS[:30]), now)
        runtime.alerts.add(_alert(ALERT, "203.0.113.9 was refused for 5 reasons", now, 0))
        near = replace(_alert(NEAR, "near", now - 1, 0), client=THERE, principal="acc-boss", rule="flood")
        runtime.alerts.add(near)
    finally:
        runtime.close()


def _result(values: Sequence[str]) -> dict[str, object]:
    """What a drill and a scan found, with hostile values in every place, and with what is no such document."""
    cells = [{"fooled": value, "stopped_by": value} for value in values[:4]]
    attacks = [{"case": v, "class": v, "operation": v, "stopped_by": v, "depth": 1, "cells": cells} for v in values]
    findings = [{"class": v, "operation": v, "where": v, "change": v, "accepted": False} for v in values]
    return {"attacks": [*attacks, 5, {"cells": "none"}], "single_points": list(values), "findings": [*findings, None]}


def _event(number: int, value: str, now: float) -> Event:
    return Event(
        kind="exchange", id=f"{number:024x}", at=now - number % 3000, operation=value, method="GET", path=value,
        client=value, decision="refuse" if number % 3 else "allow", status=400,
        reason="validation.schema" if number % 3 else None, detail=value, principal=value if number % 2 else None,
        roles=(value,), credential=value, objects=(f"patient:{value}",), owners=(None,), faults=(value,),
        notes=(f"validation: {value}",), trace=value, suspects=(value,), facts={"fact": value, value: value},
    )  # fmt: skip


def _alert(identity: str, value: str, now: float, hostile: int) -> Alert:
    who = {"principal": value, "operation": value} if hostile else {"principal": "acc-ana", "operation": "GET /hello"}
    return Alert(
        id=identity, rule=value if hostile else "probing", title=value if hostile else "Probing", level="high",
        first=now - 60, last=now, count=3, group={"client": value if hostile else "203.0.113.9"}, explanation=value,
        client=value if hostile else "203.0.113.9", requests=(f"{1:024x}", f"{2:024x}"), **who,
    )  # fmt: skip


class Person(Browser):
    """Somebody with an authenticator app; `fresh` is a code that was not used."""

    def __init__(self, running: Running, name: str) -> None:
        super().__init__(running)
        self.name = name
        self.sign_in(name)
        self.app, _, self.used = self.enrol()

    def enter(self) -> None:
        """Sign in at the console with both factors."""
        reply = self.sign_in(self.name, then=CONSOLE, acr="mfa")
        assert "/second" in reply.headers.get("location", "") or self.get(CONSOLE).status_code == 200, reply.text
        if self.get(CONSOLE).status_code != 200:
            self.post("/.ringwall/account/second", {"code": self.fresh(), "next": CONSOLE})

    def fresh(self) -> str:
        self.used = next_code(self.app, self.used)
        return self.used
