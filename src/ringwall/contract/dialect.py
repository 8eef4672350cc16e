"""Schemas of OpenAPI 2.0, 3.0 and 3.1 as JSON Schema 2020-12, each kept by name, cycles and all.

What cannot be used is left out and told as a flaw of the schema it stands in; nothing here decides about operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ringwall.contract import keywords
from ringwall.contract.api import JSON, Schema
from ringwall.contract.document import Document, Step
from ringwall.contract.references import Library, Place, Unresolved

PREFIX = "#/components/schemas/"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something wrong in a schema. `broken`: a part is missing, so that nothing can be said of the value;
    otherwise a keyword was left out, and the schema lets more through than was meant."""

    place: Place
    found: str
    expected: str
    broken: bool


@dataclass(slots=True)
class Unit:
    """One converted schema: the components it refers to (`here`: for the same value), and what is wrong in it."""

    root: Place
    schema: Schema = True
    refs: set[str] = field(default_factory=set)
    here: set[str] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)


class Schemas:
    """The component schemas of a document, converted; `unit` converts one that stands elsewhere."""

    def __init__(self, library: Library, *, siblings: bool) -> None:
        self.units: dict[str, Unit] = {}
        self._library = library
        self._siblings = siblings
        self._names: dict[tuple[int, tuple[Step, ...]], str] = {}
        self._waiting: list[tuple[str, Place]] = []
        self._components()

    def _components(self) -> None:
        top = Place(self._library.root, (), self._library.root.data).below("components", "schemas")
        named = top.value if isinstance(top.value, dict) else {}
        for name in named:
            self._enter(name, top.below(name))
        self._work()

    def _enter(self, wish: str, place: Place) -> str:
        """The name of the component that holds a place; what is new is converted in its turn."""
        key = (id(place.document), place.path)
        if key not in self._names:
            name = base = safe(wish) or "schema"
            number = 2
            while name in self.units:
                name, number = f"{base}_{number}", number + 1
            self._names[key] = name
            self.units[name] = Unit(place)
            self._waiting.append((name, place))
        return self._names[key]

    def _work(self) -> None:
        while self._waiting:
            name, place = self._waiting.pop()
            self.units[name] = self._convert(place)

    def unit(self, place: Place) -> Unit:
        """A schema that stands in a parameter, a body or a reply."""
        made = self._convert(place)
        self._work()
        return made

    def _convert(self, place: Place) -> Unit:
        unit = Unit(place)
        unit.schema = _Conversion(self, unit).schema(place, here=True)
        return unit

    def named(self, reference: JSON, unit: Unit, document: Document) -> str:
        """The component behind a reference, also one to a schema's own `$defs`. Raises Unresolved."""
        try:
            place = self._library.follow(reference, document)
        except Unresolved:
            place = self._own(reference, unit)
        if not isinstance(place.value, (dict, bool)):
            raise Unresolved(f"{reference!r}, which is no schema")
        return self._enter(str(place.path[-1]) if place.path else "schema", place)

    def _own(self, reference: JSON, unit: Unit) -> Place:
        steps = str(reference).removeprefix("#/").split("/")
        found = unit.root.below(*steps)
        if found.value is None or steps[0] not in ("$defs", "definitions"):
            raise Unresolved(f"{str(reference)[:120]!r}, which leads nowhere")
        return found

    @property
    def siblings(self) -> bool:
        """Whether keywords beside `$ref` count (3.1), or are ignored (2.0, 3.0)."""
        return self._siblings

    @property
    def doubtful(self) -> bool:
        """Whether anything is wrong in any component."""
        return any(unit.doubts for unit in self.units.values())

    def reach(self, refs: Iterable[str]) -> set[str]:
        """All components that these lead to."""
        seen: set[str] = set()
        waiting = list(refs)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(self.units[name].refs)
        return seen

    def break_cycles(self) -> None:
        """A schema that is itself by reference alone says nothing and would be followed for ever: it is broken."""
        for name in keywords.circular({name: unit.here for name, unit in self.units.items()}):
            unit = self.units[name]
            doubt = Doubt(unit.root, "a schema that refers to itself for the same value", "an end to it", True)
            unit.schema, unit.refs, unit.here = True, set(), set()
            unit.doubts.append(doubt)


@dataclass(slots=True)
class _Conversion:
    """The conversion of one schema tree."""

    schemas: Schemas
    unit: Unit

    def doubt(self, place: Place, found: str, expected: str, *, broken: bool = False) -> None:
        self.unit.doubts.append(Doubt(place, found, expected, broken))

    def schema(self, place: Place, *, here: bool) -> Schema:
        """One schema; `here` says that it applies to the same value as the tree's root."""
        value = place.value
        if isinstance(value, bool):
            return value
        if not isinstance(value, dict):
            self.doubt(place, f"{keywords.kind(value)}", "a schema", broken=True)
            return True
        if "$ref" in value:
            return self._reference(place, value, here=here)
        return self._keywords(place, value, here=here)

    def _reference(self, place: Place, value: dict[str, JSON], *, here: bool) -> Schema:
        try:
            name = self.schemas.named(value["$ref"], self.unit, place.document)
        except Unresolved as error:
            self.doubt(place, str(error), "a reference to a schema", broken=True)
            return True
        self.unit.refs.add(name)
        if here:
            self.unit.here.add(name)
        found: dict[str, JSON] = {"$ref": PREFIX + name}
        if self.schemas.siblings:
            rest = self._keywords(place, {k: v for k, v in value.items() if k != "$ref"}, here=here)
            return {**found, **rest} if isinstance(rest, dict) and "$ref" not in rest else found
        return keywords.or_null(found) if value.get("nullable") is True else found

    def _keywords(self, place: Place, value: dict[str, JSON], *, here: bool) -> Schema:
        made: dict[str, JSON] = {}
        for name, given in value.items():
            self._keyword(place.below(name) if name in keywords.ALL else place, name, given, made, here=here)
        keywords.exclusive(made, value)
        return keywords.nullable(made) if value.get("nullable") is True else made

    def _keyword(self, place: Place, name: str, given: JSON, made: dict[str, JSON], *, here: bool) -> None:
        if name == "type" or name in keywords.PLAIN:
            usable = keywords.type_of(given) if name == "type" else {name: keywords.PLAIN[name](given)}
            if usable is None or None in usable.values():
                self.doubt(place, f"{name}: {keywords.kind(given)}", keywords.expected(name))
            else:
                made.update(usable)
        elif name in keywords.ONE and not (name == "items" and isinstance(given, list)):
            made[name] = self.schema(place, here=here and name in keywords.SAME_VALUE)
        elif name in keywords.MANY:
            self._many(place, "prefixItems" if name == "items" else name, given, made, here=here)
        elif name in keywords.NAMED:
            self._named(place, name, given, made, here=here)
        elif name in keywords.DATA:
            made[name] = given
        elif name == "discriminator":
            self._discriminator(place, given, made)

    def _many(self, place: Place, name: str, given: JSON, made: dict[str, JSON], *, here: bool) -> None:
        if not isinstance(given, list) or not given:
            self.doubt(place, f"{name}: {keywords.kind(given)}", "a list of schemas")
            return
        inner = here and name in keywords.SAME_VALUE
        made[name] = [self.schema(place.below(i), here=inner) for i in range(len(given))]

    def _named(self, place: Place, name: str, given: JSON, made: dict[str, JSON], *, here: bool) -> None:
        if not isinstance(given, dict):
            self.doubt(place, f"{name}: {keywords.kind(given)}", "schemas by name")
            return
        inner = here and name in keywords.SAME_VALUE
        made[name] = {key: self.schema(place.below(key), here=inner) for key in given}

    def _discriminator(self, place: Place, given: JSON, made: dict[str, JSON]) -> None:
        """Kept with its mapping in our names, for whoever wants to know which branch was meant."""
        if not isinstance(given, dict) or not isinstance(given.get("propertyName"), str):
            self.doubt(place, "a discriminator without propertyName", "the property that tells which schema")
            return
        mapping = given.get("mapping")
        found: dict[str, JSON] = {}
        for key, target in (mapping if isinstance(mapping, dict) else {}).items():
            wanted = target if "/" in str(target) or "#" in str(target) else f"{PREFIX}{target}"
            try:
                found[key] = PREFIX + self.schemas.named(wanted, self.unit, place.document)
            except Unresolved as error:
                self.doubt(place, str(error), "a reference to a schema")
        made["discriminator"] = {"propertyName": given["propertyName"], "mapping": found}


def safe(name: str) -> str:
    """A component's name as a URI fragment can hold it (OpenAPI 3.1, Components Object: `^[a-zA-Z0-9._-]+$`)."""
    return _UNSAFE.sub("_", name)
