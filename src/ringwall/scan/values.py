"""Legal values from schemas: enum, example, format, bounds, pattern; what was learned goes before what is made up.

Deterministic for a seed. Knows no HTTP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from ringwall.contract.api import JSON, Schema
from ringwall.contract.dialect import PREFIX
from ringwall.scan.patterns import matching

DEPTH = 6
Hint = Callable[[str, dict[str, JSON]], JSON]
"""A known good value for a property's name and schema, or None."""


class Dice:
    """Words and numbers from a seed and a label: the same label gives the same word, whatever else was asked."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def word(self, label: str, length: int = 8) -> str:
        """`rw` and lower-case letters: a marker that no application holds by chance."""
        return "rw" + "".join(chr(97 + byte % 26) for byte in self._bytes(label, length))

    def number(self, label: str) -> int:
        """A number of four digits."""
        return 1000 + int.from_bytes(self._bytes(label, 4)) % 9000

    def _bytes(self, label: str, length: int) -> bytes:
        return hashlib.shake_128(f"{self.seed}\n{label}".encode()).digest(length)


def resolved(schema: JSON, schemas: Mapping[str, Schema], depth: int = 0) -> dict[str, JSON]:
    """One flat schema for a value: references followed, `allOf` merged, the first usable alternative taken."""
    if not isinstance(schema, dict) or depth > DEPTH:
        return {}
    made: dict[str, JSON] = {}
    target = schema.get("$ref")
    if isinstance(target, str):
        made = resolved(schemas.get(target.removeprefix(PREFIX)), schemas, depth + 1)
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        made = _merged(made, resolved(part, schemas, depth + 1))
    for keyword in ("anyOf", "oneOf"):
        choices = schema.get(keyword)
        for choice in choices if isinstance(choices, list) else ():
            flat = resolved(choice, schemas, depth + 1)
            if flat.get("type") != "null":
                made = _merged(made, flat)
                break
    own = {k: v for k, v in schema.items() if k not in ("$ref", "allOf", "anyOf", "oneOf")}
    return _merged(made, own)


def _merged(first: dict[str, JSON], second: dict[str, JSON]) -> dict[str, JSON]:
    made = {**first, **second}
    mine, theirs = first.get("properties"), second.get("properties")
    if isinstance(mine, dict) and isinstance(theirs, dict):
        made["properties"] = {**mine, **theirs}
    one, two = first.get("required"), second.get("required")
    if isinstance(one, list) and isinstance(two, list):
        made["required"] = [*one, *(name for name in two if name not in one)]
    return made


def kind_of(flat: Mapping[str, JSON]) -> str:
    """The JSON type that a flat schema asks for; the first that is not null, guessed where none is stated."""
    stated = flat.get("type")
    names = stated if isinstance(stated, list) else [stated]
    named = next((n for n in names if isinstance(n, str) and n != "null"), None)
    if named is not None:
        return named
    return "object" if "properties" in flat else "array" if "items" in flat else "string"


class Maker:
    """Makes values. `link` is the URL that stands for any URL: the scanner's own listener."""

    def __init__(self, schemas: Mapping[str, Schema], dice: Dice, link: Callable[[str], str]) -> None:
        self.schemas = schemas
        self.dice = dice
        self._link = link

    def make(self, schema: JSON, name: str, label: str, hint: Hint, *, full: bool = True, depth: int = 0) -> JSON:
        """A value; `label` makes it this one's own; `full` gives objects their optional properties too."""
        flat = resolved(schema, self.schemas)
        kind = kind_of(flat)
        if kind == "object":
            return self._object(flat, label, hint, full=full, depth=depth)
        if kind == "array":
            return self._array(flat, name, label, hint, full=full, depth=depth)
        known = hint(name, flat)
        if known is not None and _typed(known, kind):
            return known
        stated = _stated(flat)
        if stated is not None:
            return stated
        return self._scalar(flat, kind, name, label)

    def _object(self, flat: dict[str, JSON], label: str, hint: Hint, *, full: bool, depth: int) -> dict[str, JSON]:
        given, required = flat.get("properties"), flat.get("required")
        needed = required if isinstance(required, list) else []
        made: dict[str, JSON] = {}
        for name, schema in given.items() if isinstance(given, dict) else ():
            read_only = isinstance(schema, dict) and schema.get("readOnly") is True
            if read_only or depth >= DEPTH or not (name in needed or (full and depth < 2)):
                continue
            made[name] = self.make(schema, name, f"{label}.{name}", hint, full=full, depth=depth + 1)
        return made

    def _array(self, flat: dict[str, JSON], name: str, label: str, hint: Hint, *, full: bool, depth: int) -> list[JSON]:
        least = flat.get("minItems")
        count = least if isinstance(least, int) else 1 if depth < 2 else 0
        return [
            self.make(flat.get("items", {}), name, f"{label}.{i}", hint, full=full, depth=depth + 1)
            for i in range(min(count, 5))
        ]

    def _scalar(self, flat: dict[str, JSON], kind: str, name: str, label: str) -> JSON:
        if kind == "boolean":
            return False
        if kind in ("integer", "number"):
            return _number(flat, kind)
        return None if kind == "null" else self.text(flat, name, label)

    def text(self, flat: Mapping[str, JSON], name: str, label: str) -> str:
        """A legal string that holds a marker where the schema has room for one."""
        word = self.dice.word(label)
        shortest, longest = flat.get("minLength"), flat.get("maxLength")
        least = shortest if isinstance(shortest, int) else 0
        most = longest if isinstance(longest, int) else None
        pattern = flat.get("pattern")
        if isinstance(pattern, str) and (made := matching(pattern, word, least, most)) is not None:
            return made
        text = self._formatted(flat.get("format"), name.lower(), word, label).ljust(least, "x")
        return text if most is None else text[:most]

    def _formatted(self, form: JSON, name: str, word: str, label: str) -> str:
        if form == "email" or "email" in name:
            return f"{word}@example.org"
        if form == "password" or "password" in name or "passwd" in name:
            return f"Rw9!{word}"
        if form in ("uri", "url", "uri-reference"):
            return self._link(label)
        return {
            "date": "2026-03-04",
            "date-time": "2026-03-04T10:00:00Z",
            "time": "10:00:00Z",
            "uuid": str(_uuid(word)),
            "ipv4": "192.0.2.7",
            "ipv6": "2001:db8::7",
            "hostname": "host.example.org",
            "byte": "cnc=",
        }.get(str(form), word)


def _uuid(word: str) -> str:
    digest = hashlib.sha256(word.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def _stated(flat: Mapping[str, JSON]) -> JSON:
    """A value that the document itself gives: const, enum, example."""
    if "const" in flat:
        return flat["const"]
    for keyword in ("enum", "examples"):
        given = flat.get(keyword)
        if isinstance(given, list) and given:
            return next((value for value in given if value is not None), None)
    free = kind_of(flat) == "string" and "pattern" not in flat and "format" not in flat
    return None if free else flat.get("example")


def _number(flat: Mapping[str, JSON], kind: str) -> int | float:
    least, most, over = flat.get("minimum"), flat.get("maximum"), flat.get("exclusiveMinimum")
    low = least if isinstance(least, (int, float)) else None
    if low is None and isinstance(over, (int, float)) and not isinstance(over, bool):
        low = over + 1
    value = max(1, low) if low is not None else 1
    if isinstance(most, (int, float)) and value > most:
        value = most
    return int(value) if kind == "integer" else value


def _typed(value: JSON, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)
