"""Sigma's correlation rules: event_count, value_count, temporal, temporal_ordered, and the statistics of a field.

A stream can tell that a threshold was reached, never that it will not be: conditions that hold of too little
(`lt`, `lte`, `neq`, `not`) are unsupported, and said so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from ringwall.core.address import network
from ringwall.monitoring.rules.atoms import Unsupported
from ringwall.monitoring.rules.fields import WEB, Getter, Record, getter
from ringwall.monitoring.rules.load import references
from ringwall.monitoring.rules.windows import MEAN, MEDIAN, Amount, Count, Distinct, Together, Total, Window, percentile

GROUPS: Final = 50_000
"""Groups of one rule that are followed at a time; beyond it the one that was quiet for longest is let go."""

_REACHED: Final[Mapping[SigmaCorrelationConditionOperator, Callable[[float, float], bool]]] = {
    SigmaCorrelationConditionOperator.GTE: lambda found, wanted: found >= wanted,
    SigmaCorrelationConditionOperator.GT: lambda found, wanted: found > wanted,
    SigmaCorrelationConditionOperator.EQ: lambda found, wanted: found == wanted,
}
_MEASURES: Final[Mapping[SigmaCorrelationType, str]] = {
    SigmaCorrelationType.EVENT_COUNT: "events",
    SigmaCorrelationType.VALUE_COUNT: "different values of {}",
    SigmaCorrelationType.VALUE_SUM: "in all of {}",
    SigmaCorrelationType.VALUE_AVG: "on average of {}",
    SigmaCorrelationType.VALUE_MEDIAN: "as the median of {}",
    SigmaCorrelationType.VALUE_PERCENTILE: "as the percentile of {}",
}


class Correlation:
    """One correlation rule over its groups. `rules` are the numbers of the rules that it counts, in order."""

    def __init__(self, rule: SigmaCorrelationRule, rules: Mapping[str, int]) -> None:
        """`rules`: the numbers of all rules so far, by name and by id. Raises Unsupported."""
        self.rule = rule
        self.seconds = float(rule.timespan.seconds) if rule.timespan else 0.0
        self.evicted = 0
        named = references(rule)
        missing = [name for name in named if name not in rules]
        if missing:
            raise Unsupported(f"it counts {missing[0]}, which is not loaded")
        self.rules = tuple(dict.fromkeys(rules[name] for name in named))
        self._order = {number: place for place, number in enumerate(self.rules)}
        self._group = self._grouping(rules)
        self._held: dict[tuple[object, ...], Window | Together] = {}
        self._judge = self._temporal(rules) if rule.type in _TEMPORAL else self._counted()

    def see(self, at: float, number: int, record: Record) -> tuple[dict[str, str], str] | None:
        """The group and what was found in it, where an event of rule `number` completes the condition."""
        key: list[object] = []
        for getters in self._group.values():
            value = getters.get(number, getters[-1])(record)
            if value is None or value == "" or isinstance(value, (list, dict)):
                return None
            key.append(value)
        told = self._judge(tuple(key), at, number, record)
        return None if told is None else (dict(zip(self._group, map(str, key), strict=True)), told)

    def _grouping(self, rules: Mapping[str, int]) -> dict[str, dict[int, Getter]]:
        """Each field that groups, read as each rule calls it; -1 as it is called itself."""
        found: dict[str, dict[int, Getter]] = {}
        for name in self.rule.group_by or ():
            alias = self.rule.aliases.aliases.get(name)
            if alias is None:
                found[name] = {-1: _getter(name)}
                continue
            each = {rules[ref.reference]: _getter(field) for ref, field in alias.mapping.items()}
            found[name] = {**each, -1: next(iter(each.values()))}
        return found

    def _window(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
        window = self._held.pop(key, None)
        if window is None:
            window = make()
            if len(self._held) >= GROUPS:
                del self._held[next(iter(self._held))]
                self.evicted += 1
        self._held[key] = window
        return window

    def _counted(self) -> Callable[[tuple[object, ...], float, int, Record], str | None]:
        condition, kind, seconds = self.rule.condition, self.rule.type, self.seconds
        if not isinstance(condition, SigmaCorrelationCondition):
            raise Unsupported("a condition in words outside temporal rules")
        reached = _REACHED.get(condition.op)
        if reached is None:
            raise Unsupported(f"the condition {condition.op.name.lower()}: a stream cannot tell what is absent")
        wanted, field = float(condition.count), condition.fieldref
        if isinstance(field, list):
            raise Unsupported("a condition over several fields")
        read = _getter(field) if field else _nothing
        make = _makers(seconds, wanted, condition.percentile or 95)[kind]
        measure = _MEASURES[kind].format(field)

        def judge(key: tuple[object, ...], at: float, number: int, record: Record) -> str | None:
            found = self._window(key, make).add(at, read(record))
            if not reached(found, wanted):
                return None
            return f"{found:g} {measure} in {seconds:g} s; {condition.op.name.lower()} {wanted:g} is the rule"

        return judge

    def _temporal(self, rules: Mapping[str, int]) -> Callable[[tuple[object, ...], float, int, Record], str | None]:
        ordered, seconds = self.rule.type is SigmaCorrelationType.TEMPORAL_ORDERED, self.seconds
        condition = self.rule.condition
        holds = _expression(condition.parsed, rules) if isinstance(condition, SigmaExtendedCorrelationCondition) else (
            set(self.rules).issubset
        )  # fmt: skip

        def judge(key: tuple[object, ...], at: float, number: int, record: Record) -> str | None:
            window = self._window(key, lambda: Together(seconds, ordered=ordered))
            seen = window.seen(at, number, self._order)
            if number not in seen or not holds(seen):
                return None
            return f"{len(seen)} kinds of events {'in order ' if ordered else ''}within {seconds:g} s"

        return judge


_TEMPORAL: Final = (SigmaCorrelationType.TEMPORAL, SigmaCorrelationType.TEMPORAL_ORDERED)


def _nothing(record: Record) -> object:
    return None


def _getter(field: str) -> Getter:
    """How to read what is counted or grouped by. Addresses of one subscriber are one: whoever holds an IPv6 /64 has no
    more callers to spread a guess over, nor is one who moves about in it many."""
    found = getter(field)
    if found is None:
        raise Unsupported(f"the field {field}: the journal keeps no such thing")
    if WEB.get(field.lower(), field) != "client":
        return found

    def address(record: Record) -> object:
        text = found(record)
        return network(text) if isinstance(text, str) else None

    return address


def _makers(seconds: float, wanted: float, share: int) -> Mapping[SigmaCorrelationType, Callable[[], Window]]:
    return {
        SigmaCorrelationType.EVENT_COUNT: lambda: Count(seconds, wanted),
        SigmaCorrelationType.VALUE_COUNT: lambda: Distinct(seconds),
        SigmaCorrelationType.VALUE_SUM: lambda: Total(seconds),
        SigmaCorrelationType.VALUE_AVG: lambda: Amount(seconds, MEAN),
        SigmaCorrelationType.VALUE_MEDIAN: lambda: Amount(seconds, MEDIAN),
        SigmaCorrelationType.VALUE_PERCENTILE: lambda: Amount(seconds, percentile(share)),
    }


def _expression(node: Any, rules: Mapping[str, int]) -> Callable[[frozenset[int]], bool]:
    if isinstance(node, SigmaRuleReference):
        if node.reference not in rules:
            raise Unsupported(f"it counts {node.reference}, which is not loaded")
        number = rules[node.reference]
        return lambda seen: number in seen
    if isinstance(node, CorrelationConditionItem):
        parts = [_expression(arg, rules) for arg in node.args]
        if isinstance(node, CorrelationConditionAND):
            return lambda seen: all(part(seen) for part in parts)
        if isinstance(node, CorrelationConditionOR):
            return lambda seen: any(part(seen) for part in parts)
    raise Unsupported("`not` in a temporal condition: a stream cannot tell what is absent")
