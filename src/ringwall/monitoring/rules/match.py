"""Which rules a record matches. Rules become sums over atoms (a test of one field); what an atom says of a value is
remembered, and so is which rules a set of true atoms makes: most records are like one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionItem,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import SigmaExpansion, SigmaString, SigmaType

from ringwall.monitoring.rules.atoms import Test, Unsupported, test_of
from ringwall.monitoring.rules.fields import Getter, Record, getter

Sum = Callable[[int], bool]
"""Whether a set of true atoms, as bits, makes something true."""

_MANY = 20_000


class Field:
    """A field that rules look at, its atoms, and what they said of the values seen."""

    __slots__ = ("_memory", "get", "tests")

    def __init__(self, get: Getter) -> None:
        self.get = get
        self.tests: list[tuple[int, Test]] = []
        self._memory: dict[object, int] = {}

    def bits(self, record: Record) -> int:
        """The atoms of this field that are true of a record."""
        value = self.get(record)
        key = tuple(value) if value.__class__ is list else value
        try:
            return self._memory[key]
        except KeyError:
            pass
        except TypeError:  # nested: nothing to remember it by
            return self._judge(value)
        if len(self._memory) >= _MANY:
            self._memory.clear()
        found = self._memory[key] = self._judge(value)
        return found

    def _judge(self, value: object) -> int:
        return sum(bit for bit, test in self.tests if test(value))


class Matcher:
    """The rules in order, as numbers."""

    def __init__(self) -> None:
        self._fields: dict[str, Field] = {}
        self._atoms: dict[tuple[str, str], int] = {}
        self._sums: list[Sum] = []
        self._memory: dict[int, tuple[int, ...]] = {}
        self._scan: tuple[Field, ...] = ()
        self._own = True

    def add(self, rule: SigmaRule) -> int:
        """Compile a rule; its number. Raises Unsupported, and then nothing was added."""
        source = rule.logsource
        if source.product not in (None, "ringwall"):
            raise Unsupported(f"logs of {source.product}: this journal holds ringwall's own")
        self._own = source.product == "ringwall" or source.category is None
        try:
            parsed = [condition.parsed for condition in rule.detection.parsed_condition]
        except SigmaError as flaw:
            raise Unsupported(f"its condition: {flaw}") from None
        conditions = [self._sum(each) for each in parsed]
        self._sums.append(_either(conditions))
        self._scan = tuple(self._fields.values())
        self._memory.clear()
        return len(self._sums) - 1

    def match(self, record: Record) -> tuple[int, ...]:
        """The numbers of the rules that a record matches."""
        bits = 0
        for field in self._scan:
            bits |= field.bits(record)
        found = self._memory.get(bits)
        if found is None:
            if len(self._memory) >= _MANY:
                self._memory.clear()
            found = self._memory[bits] = tuple(n for n, holds in enumerate(self._sums) if holds(bits))
        return found

    def _sum(self, node: Any) -> Sum:
        if isinstance(node, ConditionNOT):
            inner = self._sum(node.args[0])
            return lambda bits: not inner(bits)
        if isinstance(node, ConditionItem):
            parts = [self._sum(arg) for arg in node.args]
            if isinstance(node, ConditionAND):
                return _both(parts)
            if isinstance(node, ConditionOR):
                return _either(parts)
        if isinstance(node, ConditionFieldEqualsValueExpression):
            return self._atom(node.field, node.value)
        if isinstance(node, ConditionValueExpression):
            return self._keyword(node.value)
        raise Unsupported(f"conditions of type {type(node).__name__}")

    def _atom(self, name: str, value: SigmaType) -> Sum:
        if isinstance(value, SigmaExpansion):
            return _either([self._atom(name, each) for each in value.values])
        get = getter(name)
        if get is None:
            raise Unsupported(f"the field {name}: the journal keeps no such thing")
        return _bit(self._bit(name, get, repr(value), test_of(value)))

    def _keyword(self, value: SigmaType) -> Sum:
        """A text that stands anywhere in the record; of other logs' lines the journal keeps none."""
        if not self._own:
            raise Unsupported("keywords in lines of another log, which this journal does not keep")
        if not isinstance(value, SigmaString):
            raise Unsupported("keywords that are no text")
        plain = str(value).lower().strip("*")
        return _bit(self._bit("*", lambda record: str(record).lower(), plain, lambda found: plain in str(found)))

    def _bit(self, name: str, get: Getter, told: str, test: Test) -> int:
        known = self._atoms.get((name, told))
        if known is not None:
            return known
        bit = self._atoms[name, told] = 1 << len(self._atoms)
        self._fields.setdefault(name, Field(get)).tests.append((bit, test))
        return bit


def _bit(bit: int) -> Sum:
    return lambda bits: bool(bits & bit)


def _both(parts: Sequence[Sum]) -> Sum:
    return lambda bits: all(part(bits) for part in parts)


def _either(parts: Sequence[Sum]) -> Sum:
    return parts[0] if len(parts) == 1 else lambda bits: any(part(bits) for part in parts)
