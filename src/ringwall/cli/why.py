"""`ringwall why`: the story of one request as the journal has it. It only reads, also while a server writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from ringwall.build.story import Story, story_of, texts
from ringwall.cli._contracts import contract_option, document_near
from ringwall.cli._data import data_option, json_option
from ringwall.cli._problems import plainly, shown
from ringwall.cli._recorded import operation_of, records_of
from ringwall.contract.document import Document
from ringwall.contract.model import Misconfigured


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
        story = story_of(records_of(data / "journal", request_id), _written(contract, data))
    if as_json:
        click.echo(json.dumps(story.document(), indent=1))
        return
    for line in _told(story):
        click.echo(line)


def _written(contract: Path | None, data: Path) -> Document | None:
    """The contract's text, where one is near; one that nobody named and that cannot be read is no matter here."""
    try:
        return document_near(contract, data)
    except Misconfigured:
        if contract is not None:
            raise
        return None


# Telling

_COLOURS = {"refuse": "red", "observe": "yellow", "pass": "green", "rewrote": "cyan"}
_WORDS = {"refuse": "refused", "observe": "would refuse", "pass": "passed"}


def _told(story: Story) -> Iterator[str]:
    record = story.record
    decision = str(record.get("decision", "-"))
    told = click.style({"allow": "allowed", "refuse": "refused"}.get(decision, decision), bold=True)
    yield f"{_value(record, 'id')}  {_value(record, 'at')}"
    status = f", status {_value(record, 'status')}" if record.get("status") else ""
    yield f"{operation_of(record) or 'no operation'} was {told}{status}"
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


def _caller(record: Mapping[str, object]) -> Iterator[str]:
    roles = ", ".join(texts(record.get("roles"))) or "no roles"
    who = f"{_value(record, 'principal')} ({shown(roles)}), by {_value(record, 'credential')}"
    yield f"  who      {who if record.get('principal') else 'nobody known'}, from {_value(record, 'client')}"
    if texts(record.get("objects")):
        yield f"  objects  {shown(', '.join(texts(record.get('objects'))))}"
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
    for fault in texts(story.record.get("faults")):
        yield f"  at              {shown(fault)}"
    if story.record.get("detail"):
        yield f"  detail          {_value(story.record, 'detail')}"


def _value(record: Mapping[str, object], name: str, absent: str = "-") -> str:
    found = record.get(name)
    return absent if found is None else shown(found)
