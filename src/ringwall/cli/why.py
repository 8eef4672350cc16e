"""`ringwall why`: the story of one request as the journal has it. It only reads, also while a server writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from ringwall.build.advice import Advice, Refused, advice
from ringwall.build.catalogue import reasons
from ringwall.cli._contracts import contract_option, document_near
from ringwall.cli._data import data_option, json_option
from ringwall.cli._problems import plainly, shown
from ringwall.cli._recorded import Record, records_of
from ringwall.contract.document import Document
from ringwall.contract.model import Misconfigured
from ringwall.core.reasons import Layer, Reason


@click.command(
    epilog="""\b
Examples:
  ringwall why 4f1c2a9e7b3d5f6081a2c3d4
  ringwall why 4f1c2a --json
The id is in the reply's Ringwall-Request-Id header and in a refusal's body; its beginning does where it is unique."""
)
@click.argument("request_id")
@contract_option
@data_option
@json_option
def command(request_id: str, contract: Path | None, data: Path, as_json: bool) -> None:
    """Tell what became of one request: each layer's decision, and what to change if it was wrong."""
    if not request_id or not request_id.isprintable() or len(request_id) > 200:
        raise click.UsageError("a request id is what a reply's Ringwall-Request-Id header says")
    with plainly():
        story = _story(records_of(data / "journal", request_id), _written(contract, data))
    if as_json:
        click.echo(json.dumps(story.document(), indent=1))
        return
    for line in _told(story):
        click.echo(line)


@dataclass(frozen=True, slots=True)
class Said:
    """What one layer did: its word, how long it took (us), its reason and what it rewrote."""

    layer: str
    said: str
    us: float | None
    reason: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One request: its record, the layers in order, the reason that decided, and what could be changed."""

    record: Record
    sequels: tuple[Record, ...]
    layers: tuple[Said, ...]
    reason: Reason | None
    line: str | None
    advice: tuple[Advice, ...]

    def document(self) -> dict[str, object]:
        """As `why --json` prints it."""
        reason = self.reason
        return {
            "record": self.record,
            "sequels": list(self.sequels),
            "layers": [
                {"layer": s.layer, "said": s.said, "us": s.us, "reason": s.reason, "notes": list(s.notes)}
                for s in self.layers
            ],
            "reason": {
                "code": reason.code, "title": reason.title, "caller": reason.caller, "operator": reason.operator,
            } if reason else None,
            "line": self.line,
            "advice": [{"text": a.text, "line": a.line} for a in self.advice],
        }  # fmt: skip


# Understanding


def _written(contract: Path | None, data: Path) -> Document | None:
    """The contract's text, where one is near; one that nobody named and that cannot be read is no matter here."""
    try:
        return document_near(contract, data)
    except Misconfigured:
        if contract is not None:
            raise
        return None


def _story(records: list[Record], written: Document | None) -> Story:
    record, *sequels = records
    code = record.get("reason") or next((s.get("reason") for s in sequels if s.get("reason")), None)
    known = {reason.code: reason for reason in reasons()}
    return Story(
        record,
        tuple(sequels),
        tuple(_layers(record)),
        known.get(str(code)),
        _line(record, written),
        advice(_refused(record, str(code), written)) if code else (),
    )


def _layers(record: Record) -> Iterator[Said]:
    """Each layer in the order in which a request meets them, also those that it never came to."""
    took, verdicts = record.get("layers"), record.get("verdicts")
    times = took if isinstance(took, dict) else {}
    came_to = max((n for n, layer in enumerate(_WAY) if layer in times), default=-1)
    spoken = [v for v in verdicts if isinstance(v, dict)] if isinstance(verdicts, list) else []
    for number, layer in enumerate(Layer):
        said = [verdict for verdict in spoken if verdict.get("layer") == layer]
        reason = next((str(v["reason"]) for v in said if v.get("reason")), None)
        if reason is None and record.get("layer") == layer and record.get("decision") == "refuse":
            reason = str(record.get("reason"))
        notes = tuple(n.partition(": ")[2] for n in _texts(record.get("notes")) if n.startswith(f"{layer}: "))
        word = (
            str(said[0].get("verdict"))
            if said
            else "refuse"
            if reason
            else "rewrote"
            if any(not n.startswith("permitted by") for n in notes)
            else "pass"
        )
        us = times.get(layer.value)
        if us is None and not said and reason is None:
            ended = record.get("decision") == "refuse" and number > came_to
            word = "not reached" if ended else "nothing to judge"
        yield Said(layer.value, word, float(us) if isinstance(us, (int, float)) else None, reason, notes)


_WAY = tuple(layer for layer in Layer if layer is not Layer.MONITORING)
"""The layers as a request comes to them; monitoring has the first guard and the last word."""


def _refused(record: Record, code: str, written: Document | None) -> Refused:
    pointers = [fault.partition(" ")[0] for fault in _texts(record.get("faults"))]
    names = [pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~") for pointer in pointers]
    objects = [o.partition(":")[0] for o in _texts(record.get("objects"))]
    return Refused(
        code,
        str(record.get("operation") or "OPERATION"),
        objects[-1] if objects else _resource(str(record.get("operation")), written),
        tuple(name for name in names if name and not name.isdigit()),
        tuple(_texts(record.get("roles"))),
    )


def _resource(operation: str, written: Document | None) -> str | None:
    """The resource whose id the operation's path names last."""
    stated = written.data.get("resources") if written and isinstance(written.data, dict) else None
    found = [
        (operation.rfind(f"{{{each['id']}}}"), name)
        for name, each in (stated.items() if isinstance(stated, dict) else ())
        if isinstance(each, dict) and f"{{{each.get('id')}}}" in operation
    ]
    return max(found)[1] if found else None


def _line(record: Record, written: Document | None) -> str | None:
    """Where the contract speaks of the operation by its own name: the rule that decided on it."""
    operation, data = record.get("operation"), written.data if written else None
    rules = data.get("operations") if isinstance(data, dict) else None
    if written is None or not isinstance(operation, str) or not isinstance(rules, dict) or operation not in rules:
        return None
    return f"{written.at(('operations', operation), key=True)}: {json.dumps(operation)}: {json.dumps(rules[operation])}"


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


# Telling

_COLOURS = {"refuse": "red", "observe": "yellow", "pass": "green", "rewrote": "cyan"}
_WORDS = {"refuse": "refused", "observe": "would refuse", "pass": "passed"}


def _told(story: Story) -> Iterator[str]:
    record = story.record
    decision = str(record.get("decision", "-"))
    told = click.style({"allow": "allowed", "refuse": "refused"}.get(decision, decision), bold=True)
    yield f"{_value(record, 'id')}  {_value(record, 'at')}"
    status = f", status {_value(record, 'status')}" if record.get("status") else ""
    yield f"{_value(record, 'operation', 'no operation')} was {told}{status}"
    yield from _caller(record)
    if record.get("kind") != "admin":
        yield "\nLayers, in order"
        yield from _walk(story)
    yield from _reason(story)
    for sequel in story.sequels:
        yield f"\nThen: {_value(sequel, 'kind')} at {_value(sequel, 'at')}, {_value(sequel, 'reason', 'as it should')}"
    if story.line:
        yield f"\nThe line behind it\n  {shown(story.line)}"
    if story.advice:
        yield "\nIf that was wrong"
        for each in story.advice:
            yield f"  - {shown(each.text)}" + (f"\n      {shown(each.line)}" if each.line else "")


def _caller(record: Record) -> Iterator[str]:
    roles = ", ".join(_texts(record.get("roles"))) or "no roles"
    who = f"{_value(record, 'principal')} ({shown(roles)}), by {_value(record, 'credential')}"
    yield f"  who      {who if record.get('principal') else 'nobody known'}, from {_value(record, 'client')}"
    if _texts(record.get("objects")):
        yield f"  objects  {shown(', '.join(_texts(record.get('objects'))))}"
    if record.get("us") is not None:
        took = record.get("app_us")
        app = f"; the application took {shown(took)} us" if took else "; the application was not asked"
        yield f"  time     {_value(record, 'us')} us in ringwall{app if record.get('kind') == 'exchange' else ''}"


def _walk(story: Story) -> Iterator[str]:
    for said in story.layers:
        word = f"{_WORDS.get(said.said, said.said):<16}"
        why = f" {said.reason}" if said.reason else ""
        took = f"{said.us:8.1f} us" if said.us is not None else " " * 11
        notes = f"  ({'; '.join(said.notes)})" if said.notes else ""
        yield shown_styled(f"  {said.layer:<15}{took}  ", word, _COLOURS.get(said.said), f"{why}{notes}")


def shown_styled(before: str, word: str, colour: str | None, after: str) -> str:
    """A line with one coloured word; the rest cannot colour or move anything."""
    return f"{shown(before)}{click.style(shown(word), fg=colour)}{shown(after)}".rstrip()


def _reason(story: Story) -> Iterator[str]:
    if story.reason is None:
        return
    yield f"\nWhy: {click.style(story.reason.code, bold=True)} - {story.reason.title}"
    yield f"  for you         {story.reason.operator}"
    yield f"  for the caller  {story.reason.caller}"
    for fault in _texts(story.record.get("faults")):
        yield f"  at              {shown(fault)}"
    if story.record.get("detail"):
        yield f"  detail          {_value(story.record, 'detail')}"


def _value(record: Record, name: str, absent: str = "-") -> str:
    found = record.get(name)
    return absent if found is None else shown(found)
