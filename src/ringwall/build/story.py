"""The story of one request as its records tell it: each layer's word, the reason, and what could be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringwall.build.advice import Advice, Refused, advice
from ringwall.build.catalogue import reasons
from ringwall.contract.document import Document
from ringwall.core.reasons import Layer, Reason

Record = Mapping[str, object]


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


def story_of(records: list[Record], written: Document | None) -> Story:
    """What became of one request: its records, the exchange itself first. `written` is the contract's text."""
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
        notes = tuple(n.partition(": ")[2] for n in texts(record.get("notes")) if n.startswith(f"{layer}: "))
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
    pointers = [fault.partition(" ")[0] for fault in texts(record.get("faults"))]
    names = [pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~") for pointer in pointers]
    objects = [o.partition(":")[0] for o in texts(record.get("objects"))]
    return Refused(
        code,
        str(record.get("operation") or "OPERATION"),
        objects[-1] if objects else _resource(str(record.get("operation")), written),
        tuple(name for name in names if name and not name.isdigit()),
        tuple(texts(record.get("roles"))),
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


def texts(value: object) -> list[str]:
    """The texts of a list; nothing where it is none."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
