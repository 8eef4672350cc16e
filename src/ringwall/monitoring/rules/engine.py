"""The detector: a record and its time in, hits out. Deterministic, so that a journal can be replayed through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaRule

from ringwall.monitoring.rules.atoms import Unsupported
from ringwall.monitoring.rules.correlate import Correlation
from ringwall.monitoring.rules.fields import Record
from ringwall.monitoring.rules.load import Rule, Unloaded, keys_of, name_of, references
from ringwall.monitoring.rules.match import Matcher

LEVELS = ("informational", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds: its short name, title and level, the group that it holds for, and what was found, in words."""

    rule: str
    title: str
    level: str
    group: Mapping[str, str]
    explanation: str
    window_s: float = 0.0


@dataclass(slots=True)
class Detector:
    """Rules in force. `off` names rules that make no hits, nor do those of level informational: they are there to be
    counted by others. `unloaded` are those that this journal cannot answer."""

    rules: Iterable[Rule]
    off: frozenset[str] = frozenset()
    unloaded: list[Unloaded] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    _matcher: Matcher = field(default_factory=Matcher)
    _heads: list[tuple[str, str, str, bool]] = field(default_factory=list)
    _correlations: dict[int, Correlation] = field(default_factory=dict)
    _listening: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers: dict[str, int] = {}
        counted = {
            name for rule in self.rules if isinstance(rule, SigmaCorrelationRule) and not rule.generate
            for name in references(rule)
        }  # fmt: skip
        for rule in self.rules:
            try:
                number = self._add(rule, numbers)
            except Unsupported as flaw:
                self.unloaded.append(Unloaded("", rule.title or "", str(flaw)))
                continue
            self._head(number, rule, quiet=any(key in counted for key in keys_of(rule)))
            numbers.update(dict.fromkeys(keys_of(rule), number))

    def _add(self, rule: Rule, numbers: Mapping[str, int]) -> int:
        """Plain rules are numbered by the matcher from 0 on; correlations, which come after them, go on counting."""
        if isinstance(rule, SigmaRule):
            return self._matcher.add(rule)
        number = len(self._heads)
        correlation = Correlation(rule, numbers)
        self._correlations[number] = correlation
        for each in correlation.rules:
            self._listening.setdefault(each, []).append(number)
        return number

    def _head(self, number: int, rule: Rule, *, quiet: bool) -> None:
        name = name_of(rule)
        level = rule.level.name.lower() if rule.level else "medium"
        self._heads.append((name, rule.title or name, level, quiet or name in self.off or level == LEVELS[0]))
        self.names.append(name)

    def listed(self) -> list[dict[str, object]]:
        """The rules in force, for people: name, title, level, and whether they are only there to be counted."""
        return [
            {"name": name, "title": title, "level": level, "counted_only": quiet}
            for name, title, level, quiet in self._heads
        ]

    @property
    def evicted(self) -> int:
        """Groups that were let go because there were too many: what they had counted is lost."""
        return sum(correlation.evicted for correlation in self._correlations.values())

    def see(self, record: Record, at: float) -> list[Hit]:
        """Everything that holds with this record."""
        matched = self._matcher.match(record)
        if not matched:
            return []
        hits: list[Hit] = []
        due = list(matched)
        for number in due:
            if number not in self._correlations:
                self._tell(number, {}, "", 0.0, hits)
            for listening in self._listening.get(number, ()):
                correlation = self._correlations[listening]
                found = correlation.see(at, number, record)
                if found is not None:
                    self._tell(listening, found[0], found[1], correlation.seconds, hits)
                    due.append(listening)
        return hits

    def _tell(self, number: int, group: Mapping[str, str], found: str, window: float, hits: list[Hit]) -> None:
        name, title, level, quiet = self._heads[number]
        if not quiet:
            hits.append(Hit(name, title, level, group, found, window))
