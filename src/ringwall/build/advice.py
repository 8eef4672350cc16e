"""What to change when a decision was wrong: for each family of reason codes, in sentences and in the contract's lines.

A line is a whole fragment of `ringwall.yaml`, to be merged into what is there. Nothing here changes anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ringwall.build.remedies import BY_FAMILY


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as the journal has it. `fields` are the last names of the pointers at fault, `roles` the caller's."""

    reason: str
    operation: str
    resource: str | None = None
    fields: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do, and the contract's line that does it (None: nothing in the contract)."""

    text: str
    line: str | None = None


def advice(refused: Refused) -> tuple[Advice, ...]:
    """What could be changed, most likely first; by the longest family that the reason code is of."""
    family = refused.reason
    while family and family not in BY_FAMILY:
        family = family.rpartition(".")[0]
    return tuple(_made(refused, family)) if family else ()


def _made(refused: Refused, family: str) -> Iterator[Advice]:
    words = {
        "operation": json.dumps(refused.operation),
        "resource": yaml_name(refused.resource or "RESOURCE"),
        "field": yaml_name(refused.fields[0] if refused.fields else "FIELD"),
        "role": yaml_name(refused.roles[0] if refused.roles else "ROLE"),
    }
    for text, line in BY_FAMILY[family]:
        told = text.replace("{operation}", words["operation"]).replace("{field}", words["field"])
        yield Advice(told, line.format(**words) if line else None)


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def yaml_name(text: str) -> str:
    """A name as YAML takes it; one that came with a request may hold anything."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text)


_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
