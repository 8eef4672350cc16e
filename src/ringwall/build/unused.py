"""Permissions that nobody used: the words of each rule's `allow` by which no request of a period was let in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ringwall.contract.model import Contract

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unused:
    """A rule with the words that nobody used, what is left without them, and where it stands. `never` says that
    nobody called what the rule is about at all."""

    rule: str
    words: tuple[str, ...]
    left: tuple[str, ...]
    at: str
    never: bool

    @property
    def line(self) -> str:
        """What the contract would say instead."""
        return f'"{self.rule}": {{allow: [{", ".join(self.left)}]}}'


def unused(contract: Contract, exchanges: Iterable[Record]) -> tuple[Unused, ...]:
    """Every rule with unused words, by the exchanges that were let in (`operation`, `roles`, `principal`). A request
    counts for each word of the rule that its caller holds, and for those of objects where it holds no other."""
    rules = {o.key: o.rule for o in contract.operations if o.rule is not None}
    used: dict[str, set[str]] = {rule.key: set() for rule in contract.rules}
    for record in exchanges:
        rule = rules.get(str(record.get("operation")))
        if rule is None or record.get("decision") != "allow":
            continue
        roles = record.get("roles")
        held = set(roles) & set(rule.allow) if isinstance(roles, list) else set[str]()
        used[rule.key] |= held or {w for w in rule.allow if w not in contract.roles}
    bound = {rule.key for rule in rules.values()}
    return tuple(
        Unused(
            rule.key,
            words,
            tuple(word for word in rule.allow if word not in words),
            str(rule.at),
            never=not used[rule.key],
        )
        for rule in contract.rules
        if rule.key in bound and (words := tuple(word for word in rule.allow if word not in used[rule.key]))
    )
