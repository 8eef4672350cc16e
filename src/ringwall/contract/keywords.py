"""The keywords of JSON Schema 2020-12 and what each takes; the small dialect changes of OpenAPI 3.0. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ringwall.contract.api import JSON

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})


def kind(value: JSON) -> str:
    """A value's JSON type, for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{value}".lower()
    if isinstance(value, (int, float)):
        return f"the number {str(value)[:40]}"
    if isinstance(value, str):
        return f"{value if len(value) <= 60 else value[:57] + '...'!r}"
    return "a list" if isinstance(value, list) else "a mapping"


def _number(value: JSON) -> JSON:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _positive(value: JSON) -> JSON:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 else None


def _natural(value: JSON) -> JSON:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 or value != int(value):
        return None
    return min(int(value), (1 << 63) - 1)


def _bound(value: JSON) -> JSON:
    """`exclusiveMinimum: true` of OpenAPI 3.0 is put right by `exclusive`."""
    return value if isinstance(value, bool) else _number(value)


def _text(value: JSON) -> JSON:
    return value if isinstance(value, str) else None


def _flag(value: JSON) -> JSON:
    return value if isinstance(value, bool) else None


def _names(value: JSON) -> JSON:
    """`required`; a boolean (JSON Schema draft 3) is a mistake that many documents make."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return None
    return list(dict.fromkeys(value))


def _choices(value: JSON) -> JSON:
    return value if isinstance(value, list) and value else None


def _dependent(value: JSON) -> JSON:
    good = isinstance(value, dict) and all(_names(names) is not None for names in value.values())
    return value if good else None


def type_of(value: JSON) -> dict[str, JSON] | None:
    """A `type` keyword as keywords, since Swagger's `file` means more than a type."""
    if value == "file":
        return {"type": "string", "format": "binary"}
    if value is None:
        return {"type": "null"}
    if isinstance(value, str):
        return {"type": value} if value in _TYPES else None
    if not isinstance(value, list) or not value:
        return None
    names: list[JSON] = ["null" if name is None else name for name in value]
    good = all(isinstance(name, str) and name in _TYPES for name in names)
    return {"type": [name for i, name in enumerate(names) if name not in names[:i]]} if good else None


PLAIN: Final[Mapping[str, Callable[[JSON], JSON]]] = {
    "enum": _choices,
    "required": _names,
    "dependentRequired": _dependent,
    **dict.fromkeys(("minimum", "maximum"), _number),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _bound),
    "multipleOf": _positive,
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
         "maxContains"), _natural),
    **dict.fromkeys(
        ("pattern", "format", "title", "description", "contentMediaType", "contentEncoding"), _text),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), _flag),
}  # fmt: skip
DATA: Final = frozenset({"const", "default"})
ONE: Final = frozenset(
    {"additionalProperties", "unevaluatedProperties", "unevaluatedItems", "items", "contains", "propertyNames",
     "not", "if", "then", "else"}
)  # fmt: skip
MANY: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
NAMED: Final = frozenset({"properties", "patternProperties", "dependentSchemas"})
SAME_VALUE: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
ALL: Final = frozenset(PLAIN) | DATA | ONE | MANY | NAMED | {"discriminator", "type"}


def expected(name: str) -> str:
    """What a keyword takes, in words."""
    if name == "type":
        return f"one of {', '.join(sorted(_TYPES))}"
    if name in ("required", "enum"):
        return "a list"
    return "a value that JSON Schema 2020-12 allows here"


def exclusive(made: dict[str, JSON], given: Mapping[str, JSON]) -> None:
    """`exclusiveMinimum: true` beside `minimum` (3.0) becomes the number itself (2020-12)."""
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(flag), bool) and made.pop(flag) and bound in made:
            made[flag] = made.pop(bound)


def nullable(made: dict[str, JSON]) -> dict[str, JSON]:
    """`nullable: true` of 3.0: null besides what the schema says; also where its `enum` forgot to list it."""
    given = made.get("type")
    if given is None:
        return or_null(made) if made else {}
    types: list[JSON] = given if isinstance(given, list) else [given]
    choices = made.get("enum")
    extended: dict[str, JSON] = {"type": types if "null" in types else [*types, "null"]}
    if isinstance(choices, list) and None not in choices:
        extended["enum"] = [*choices, None]
    return {**made, **extended} if not _SPLIT & made.keys() else or_null(made)


_SPLIT = frozenset({"allOf", "anyOf", "oneOf", "const"})


def or_null(made: dict[str, JSON]) -> dict[str, JSON]:
    """The schema, or null."""
    return {"anyOf": [made, {"type": "null"}]}


def circular(graph: Mapping[str, set[str]]) -> set[str]:
    """Every node that leads back to itself (Tarjan 1972, without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: set[str] = set()
    for start in graph:
        if start in order:
            continue
        way = [(start, iter(sorted(graph[start])))]
        order[start] = low[start] = len(order)
        stack.append(start)
        on_stack.add(start)
        while way:
            node, rest = way[-1]
            following = next((n for n in rest), None)
            if following is None:
                way.pop()
                if way:
                    low[way[-1][0]] = min(low[way[-1][0]], low[node])
                if low[node] == order[node]:
                    together = stack[stack.index(node) :]
                    del stack[-len(together) :]
                    on_stack -= set(together)
                    found |= set(together) if len(together) > 1 or node in graph[node] else set()
            elif following not in order:
                order[following] = low[following] = len(order)
                stack.append(following)
                on_stack.add(following)
                way.append((following, iter(sorted(graph.get(following, set())))))
            elif following in on_stack:
                low[node] = min(low[node], order[following])
    return found
