"""`ringwall bench`: what each layer costs on this machine, on this contract."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ringwall.adapters.asgi import AsgiWall
from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.protect import wrap
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.cli._contracts import contract_option, subject
from ringwall.cli._measure import BATCHES, Case, Figures, Meter, Unfit, measure, one_core
from ringwall.cli._problems import fail, plainly
from ringwall.contract.model import Contract, Operation, Rate
from ringwall.core.ports import Account
from ringwall.examples.clinic import ACCOUNTS, CONTRACT, SEED, create_app

ROUNDS = 50
PAGE = 100
MOST = 6
_UNLIMITED = Rate(10**9, 1.0)


@click.command(
    epilog="""\b
Examples:
  ringwall bench
  ringwall bench --json
  ringwall bench --contract ringwall.yaml --app shop.main:app
Of an application of your own, the GETs that need no parameter are measured, and are really called."""
)
@contract_option
@click.option("--openapi", help="The OpenAPI document: a path or a URL.")
@click.option("--app", "target", metavar="MODULE:APP", help="The ASGI application to measure.  [default: the clinic]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(contract: Path | None, openapi: str | None, target: str | None, as_json: bool) -> None:
    """Measure what each layer costs here: the bare and the protected application in turns, in one process."""
    if target is None and contract is not None and contract.resolve() != CONTRACT:
        raise click.UsageError("--app names the application of that contract, which has to run to be measured")
    with plainly(), tempfile.TemporaryDirectory(prefix="ringwall-bench-") as scratch, one_core() as where:
        figures = _clinic(Path(scratch)) if target is None else _other(contract, openapi, target, Path(scratch))
    if as_json:
        click.echo(json.dumps({"cases": [each.document() for each in figures]}, indent=1))
        return
    click.echo(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {where}; "
        f"medians of {ROUNDS} rounds, the quietest of {BATCHES} batches, in microseconds of processor time"
    )
    for each in figures:
        for line in _table(each):
            click.echo(line)


def _clinic(scratch: Path) -> list[Figures]:
    """The clinic with a page of patients."""
    rows = tuple({**SEED.patients[0], "full_name": f"Patient {n}"} for n in range(PAGE))
    app = create_app(scratch / "clinic", replace(SEED, patients=rows))
    contract = subject(CONTRACT, None, None, scratch / "other").contract

    return _figures(app, contract, clinic_cases, scratch, skip=False)


def clinic_cases(runtime: Runtime) -> list[Case]:
    """What is measured of the clinic, by a nurse and a doctor of it."""
    people = {a.name: Account(a.subject, a.name, frozenset(a.roles), a.tenant) for a in ACCOUNTS}
    nurse, doctor = (_bearer(runtime, people[name]) for name in ("nora", "dara"))
    return [
        Case("GET one object, bearer token", "GET", "/patients/1", nurse),
        Case(f"GET a page of {PAGE} objects", "GET", "/patients", nurse),
        Case("POST 300 bytes", "POST", "/forms", (*nurse, _JSON), _padded(_FORM)),
        Case("POST 300 bytes, three fields encrypted", "POST", "/patients", (*doctor, _JSON), _padded(_PATIENT)),
        Case(
            "POST 300 bytes, the owner read from the application first",
            "POST",
            "/patients/1/visits",
            (*doctor, _JSON),
            _padded(_VISIT),
        ),
    ]


_JSON = (b"content-type", b"application/json")


_PATIENT = ("notes", {
    "account_id": "acc-new", "clinic_id": "north", "full_name": "Ana Marsh", "city": "York",
    "email": "ana@mail.example", "phone": "+44 1632 960001", "diagnosis": "Asthma",
})  # fmt: skip
_FORM = ("content", {"name": "consent.txt"})
_VISIT = ("reason", {
    "account_id": "acc-ana", "clinic_id": "north", "day": "2026-05-04", "findings": "Lungs clear.",
})  # fmt: skip
_WORDS = "Has been coughing for three weeks, mostly at night; no fever, sleeps badly, asks about the inhaler. "


def _padded(draft: tuple[str, dict[str, str]], size: int = 300) -> bytes:
    """A body of exactly so many bytes: an object with one member filled up with free text."""
    member, values = draft
    room = size - len(json.dumps({**values, member: ""}))
    return json.dumps({**values, member: (_WORDS * 4)[: room - 1].strip().ljust(room, ".")}).encode()


def _other(contract: Path | None, openapi: str | None, target: str, scratch: Path) -> list[Figures]:
    found = subject(contract, openapi, target, scratch)
    operations = [operation for operation in found.contract.operations if _callable(operation)][:MOST]
    if not operations:
        fail("no GET of this contract can be called without parameters", 1)
    everything = Account("bench", "bench", frozenset(found.contract.roles), None)

    def cases(runtime: Runtime) -> list[Case]:
        token = _bearer(runtime, everything) if found.contract.authentication.accounts else ()
        return [Case(op.key, "GET", op.base_path + op.api.path, token) for op in operations]

    return _figures(found.app, found.contract, cases, scratch, skip=True)


def _callable(operation: Operation) -> bool:
    """Whether it is a read that needs nothing but a caller."""
    api = operation.api
    needs = any(p.required for p in api.parameters) or "{" in api.path
    return api.method == "GET" and not api.websocket and operation.rule is not None and not needs


def _bearer(runtime: Runtime, account: Account) -> tuple[tuple[bytes, bytes]]:
    token = runtime.tokens.issue(account, amr=("pwd", "otp"), lifetime_s=86_400)
    return ((b"authorization", f"Bearer {token}".encode()),)


def _figures(app: Any, contract: Contract, cases: Any, scratch: Path, *, skip: bool) -> list[Figures]:
    """Every case's figures; one that cannot be measured ends the run, or is skipped with a word."""
    runtime, meter = open_runtime(scratch / "data"), Meter()
    try:
        wall = wrap(app, prepare(unlimited(contract)), runtime, Circumstances())
        if not isinstance(wall, AsgiWall):
            fail("only ASGI applications can be measured in process")
        wall.wall = meter.timing(wall.wall)
        with asyncio.Runner() as runner:
            return list(_measured(runner, app, wall, cases(runtime), meter, skip=skip))
    finally:
        runtime.close()


def _measured(
    runner: asyncio.Runner, app: Any, wall: AsgiWall, cases: Sequence[Case], meter: Meter, *, skip: bool
) -> Iterator[Figures]:
    for number, case in enumerate(cases, 1):
        if sys.stderr.isatty():
            click.echo(f"\r\033[K[{number}/{len(cases)}] {case.name}", err=True, nl=number == len(cases))
        try:
            yield runner.run(measure(app, wall, case, meter, ROUNDS))
        except Unfit as why:
            if not skip:
                fail(str(why), 1)
            click.echo(f"not measured: {why}", err=True)


def unlimited(contract: Contract) -> Contract:
    """The same contract with every rate beyond reach: its guards run, and never refuse."""
    limits = contract.limits
    rates = replace(
        limits,
        rate=_UNLIMITED if limits.rate else None,
        anonymous_rate=_UNLIMITED if limits.anonymous_rate else None,
    )
    operations = tuple(
        replace(op, rule=replace(op.rule, rate=_UNLIMITED)) if op.rule and op.rule.rate else op
        for op in contract.operations
    )
    return replace(contract, limits=rates, operations=operations)


def _table(figures: Figures) -> Iterator[str]:
    added = click.style(f"{figures.added_us:.0f} added", bold=True)
    yield f"\n{figures.name}: {figures.bare_us:.0f} bare, {figures.protected_us:.0f} protected, {added}"
    whole = max(figures.added_us, 1e-9)
    for name, us in figures.layers.items():
        yield f"  {name:<12} {us:7.1f}  {us / whole:5.0%}"
    rest = figures.added_us - sum(figures.layers.values())
    yield f"  {'between':<12} {rest:7.1f}  {rest / whole:5.0%}  (pipeline, adapter, what the application feels of it)"
