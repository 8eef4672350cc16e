"""What the contract declares as honey, as Sigma rules: whoever touches it raises a critical alert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ringwall.contract.model_monitoring import Honey

Document = dict[str, Any]


def honey_rules(honey: Honey) -> Iterator[Document]:
    """One rule for each kind of honey there is."""
    if honey.keys:
        yield _rule("honey-key", "A planted key was used", {"credential": [f"key:{key}" for key in honey.keys]})
    if honey.objects:
        yield _rule("honey-object", "A planted object was touched", {"objects": list(honey.objects)})
    if honey.fields:
        told = {"faults|contains": [f"/{name} " for name in honey.fields]}
        yield _rule("honey-field", "A planted field was sent", told)
    if honey.operations:
        yield _rule("honey-operation", "A planted operation was called", {"operation": list(honey.operations)})


def _rule(name: str, title: str, selection: Document) -> Document:
    return {
        "title": title,
        "name": name,
        "description": "Declared in the contract under monitoring.honey.",
        "logsource": {"product": "ringwall"},
        "detection": {"selection": {"kind": "exchange", **selection}, "condition": "selection"},
        "level": "critical",
    }
