"""`ringwall explain`: the plan of one operation, guard by guard, with the contract's line behind each."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from ringwall.build.assemble import assemble, prepare
from ringwall.build.explain import PHASES, Explanation, explain
from ringwall.build.runtime import open_runtime
from ringwall.cli._contracts import contract_option, nearest, subject
from ringwall.cli._problems import fail, plainly, shown
from ringwall.contract.document import parse
from ringwall.contract.model import Contract, Operation
from ringwall.contract.parse import read
from ringwall.core.message import Head, RawHead
from ringwall.core.plan import Plan, Wall

_TITLES = {
    "head": "before a byte of the body is read",
    "body": "on the whole request",
    "sink": "on what the application does meanwhile",
    "reply": "on the reply",
}


@click.command(
    epilog="""\b
Examples:
  ringwall explain                                    every operation and who may call it
  ringwall explain "GET /patients/{patient_id}"
  ringwall explain "GET /patients/17" --json          a real path finds its operation
  ringwall explain --contract ringwall.yaml --app shop.main:app"""
)
@click.argument("operation", required=False)
@contract_option
@click.option("--openapi", help="The OpenAPI document: a path or a URL.  [default: what the contract's `api` says]")
@click.option(
    "--app", "target", metavar="MODULE:APP", help="The application to ask, where the contract says `api: app`."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    operation: str | None, contract: Path | None, openapi: str | None, target: str | None, as_json: bool
) -> None:
    """Explain OPERATION's plan: each guard in order and the line behind it. Without one, list all.

    Without --contract it is ./ringwall.yaml, else the bundled clinic's. Nothing is served and no data is touched.
    """
    with plainly(), tempfile.TemporaryDirectory(prefix="ringwall-explain-") as scratch:
        found = subject(contract, openapi, target, Path(scratch)).contract
        if operation is None:
            _list(found, as_json=as_json)
            return
        told = _explained(operation, found, Path(scratch))
    if as_json:
        click.echo(json.dumps(told.document(), indent=1))
        return
    for line in _story(told):
        click.echo(line)


def _explained(asked: str, contract: Contract, scratch: Path) -> Explanation:
    runtime = open_runtime(scratch / "data")
    try:
        wall = assemble(prepare(contract), runtime)
    finally:
        runtime.close()
    operation, plan = _found(asked, contract, wall)
    return explain(operation, plan, contract, parse(read(Path(contract.file)), contract.file))


def _found(asked: str, contract: Contract, wall: Wall) -> tuple[Operation, Plan]:
    """The operation of that name, or the one that a request for that path would be."""
    pairs = list(zip(contract.operations, wall.plans, strict=True))
    name = _canonical(asked)
    plan = next((plan for operation, plan in pairs if operation.key == name), None) or _routed(name, wall)
    found = next((pair for pair in pairs if pair[1] is plan), None)
    if found is None:
        fail(f"no operation is {shown(asked)!r}{nearest(name, (op.key for op in contract.operations))}", 1)
    return found


def _canonical(asked: str) -> str:
    """A method in capitals, a space, a path; GET where only a path was given."""
    method, _, path = asked.strip().partition(" ")
    return f"GET {method}" if not path and method.startswith("/") else f"{method.upper()} {path.strip()}"


def _routed(name: str, wall: Wall) -> Plan | None:
    method, _, path = name.partition(" ")
    raw = RawHead(
        b"GET" if method == "WS" else method.encode("ascii", "replace"),
        path.encode("ascii", "replace"),
        ((b"host", b"localhost"),),
        "127.0.0.1",
        secure=True,
        websocket=method == "WS",
    )
    head = wall.admit(raw, "explain")
    return wall.route(head)[0] if isinstance(head, Head) else None


def _list(contract: Contract, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_line(operation) for operation in contract.operations], indent=1))
        return
    width = max((len(operation.key) for operation in contract.operations), default=0)
    for operation in contract.operations:
        rule = operation.rule
        if rule is None or not rule.allow or operation.api.flaw:
            told, where = click.style("closed", fg="yellow"), ""
        else:
            told, where = ", ".join(rule.allow), _line_of(str(rule.at))
        click.echo(f"{shown(operation.key):<{width}}  {told}{where}")


def _line(operation: Operation) -> dict[str, object]:
    rule = operation.rule
    return {
        "operation": operation.key,
        "allow": list(rule.allow) if rule and not operation.api.flaw else [],
        "rule": rule.key if rule else None,
        "at": str(rule.at) if rule else None,
    }


def _story(told: Explanation) -> Iterator[str]:
    yield click.style(shown(told.operation), bold=True) + (f"   {told.at}" if told.at else "")
    if told.rule is not None and told.rule != told.operation:
        yield f"  decided by the rule {shown(told.rule)!r}"
    yield "\nWho may call it"
    yield from (f"  {shown(sentence)}" for sentence in told.who)
    if told.observes:
        yield f"\nOnly watching, refusing nothing: {', '.join(told.observes)}"
    yield "\nLimits"
    size = "none is taken" if told.body == "none" else f"at most {told.limits['body']:.0f} bytes, {_BODY[told.body]}"
    yield f"  body   {size}"
    yield f"  reply  {_REPLY[told.reply].format(told.limits['reply'])}"
    yield f"  time   {told.limits['seconds']:g} s for the application's answer"
    for phase in PHASES:
        if told.phases[phase]:
            yield f"\nGuards {_TITLES[phase]}"
            for line in told.phases[phase]:
                because = "its rule" if line.because in (told.rule, told.operation) else shown(line.because) or "always"
                yield f"  {line.layer:<15} {line.guard:<11} {because}{_line_of(line.at)}"
    for owned in told.objects:
        yield f"\nWhose the {owned.resource} is that {{{owned.parameter}}} names"
        yield from (f"  {number}. {way}" for number, way in enumerate(owned.ways, 1))
    if told.fields:
        yield "\nProperties"
        for each in told.fields:
            yield f"  {shown(f'{each.resource}.{each.field}'):<24} {each.rule}{_line_of(each.at)}"


def _line_of(at: str | None) -> str:
    """`   line 77`: every place is in the one contract."""
    return f"   line {at.split(':')[-2]}" if at else ""


_BODY = {"whole": "read whole before the guards judge it", "stream": "streamed past, not judged"}
_REPLY = {"whole": "judged whole up to {:.0f} bytes, where its type can be read", "stream": "streamed past"}
