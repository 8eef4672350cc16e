"""Rule files to rules: those shipped, the user's directories, and what the contract declares as honey.

Files are parsed by pySigma. What cannot be parsed or cannot be answered by this journal is listed with its reason,
never passed over in silence.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from sigma.correlations import SigmaCorrelationRule, SigmaExtendedCorrelationCondition
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

Rule = SigmaRule | SigmaCorrelationRule

_BYTES: Final = 1 << 20
_SPACE: Final = uuid.UUID("b0f5a5f2-6c3e-4f1d-9f0e-6d2f3a1c7e55")
_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Unloaded:
    """A rule that is not in force: where it stands, its title, and why."""

    file: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files hold, rules that others refer to first, and what was wrong with the rest."""

    rules: tuple[Rule, ...]
    wrong: tuple[Unloaded, ...]


def load_rules(directories: Iterable[Path] = (), honey: Iterable[Mapping[str, Any]] = ()) -> Loaded:
    """The shipped rules, those under the directories (`*.yml`, `*.yaml`), and honey rules as Sigma documents."""
    documents: list[tuple[str, Mapping[str, Any]]] = []
    wrong: list[Unloaded] = []
    for file, text in (*_shipped(), *_own(directories, wrong)):
        documents += _documents(file, text, wrong)
    documents += [("ringwall.yaml", each) for each in honey]
    rules: list[Rule] = []
    for file, each in documents:
        _parse(file, each, rules, wrong)
    plain = [rule for rule in rules if isinstance(rule, SigmaRule)]
    correlations = [rule for rule in rules if isinstance(rule, SigmaCorrelationRule)]
    return Loaded((*plain, *_resolved(plain, correlations, wrong)), tuple(wrong))


def _shipped() -> Iterator[tuple[str, str]]:
    for file in sorted((files(__package__) / "shipped").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            yield file.name, file.read_text("utf-8")


def _own(directories: Iterable[Path], wrong: list[Unloaded]) -> Iterator[tuple[str, str]]:
    for directory in directories:
        if not directory.is_dir():
            wrong.append(Unloaded(str(directory), "", "there is no such directory"))
            continue
        for path in sorted(p for p in directory.rglob("*") if p.suffix in (".yml", ".yaml")):
            try:
                if path.stat().st_size > _BYTES:
                    raise ValueError("larger than 1 MiB")
                yield str(path), path.read_text("utf-8")
            except (OSError, ValueError) as flaw:
                wrong.append(Unloaded(str(path), "", f"it cannot be read: {flaw}"))


def _documents(file: str, text: str, wrong: list[Unloaded]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        for each in yaml.safe_load_all(text):
            if isinstance(each, dict):
                yield file, each
            elif each is not None:
                wrong.append(Unloaded(file, "", "it is no mapping"))
    except (yaml.YAMLError, ValueError, RecursionError) as flaw:
        wrong.append(Unloaded(file, "", f"it is no YAML: {str(flaw).splitlines()[0]}"))


def _parse(file: str, document: Mapping[str, Any], rules: list[Rule], wrong: list[Unloaded]) -> None:
    whole = {**document}
    whole.setdefault("id", str(uuid.uuid5(_SPACE, f"{file} {whole.get('name') or whole.get('title')}")))
    try:
        if "filter" in whole or "action" in whole:
            raise ValueError("filters and actions on several rules are not applied here")
        rules.append(SigmaCorrelationRule.from_dict(whole) if "correlation" in whole else SigmaRule.from_dict(whole))
    except (SigmaError, ValueError, TypeError, KeyError, AttributeError) as flaw:
        wrong.append(Unloaded(file, str(whole.get("title", "")), f"it is no Sigma rule: {flaw}"))


def _resolved(
    plain: list[SigmaRule], correlations: list[SigmaCorrelationRule], wrong: list[Unloaded]
) -> list[SigmaCorrelationRule]:
    """Correlations after all that they refer to; those that refer to nothing loaded, or in a circle, are told."""
    known = {key for rule in plain for key in keys_of(rule)}
    found: list[SigmaCorrelationRule] = []
    rest = list(correlations)
    while rest:
        ready = [rule for rule in rest if known.issuperset(references(rule))]
        if not ready:
            wrong += [Unloaded("", rule.title or "", "it refers to a rule that is not loaded") for rule in rest]
            break
        for rule in ready:
            found.append(rule)
            known.update(keys_of(rule))
        rest = [rule for rule in rest if rule not in ready]
    return found


def references(rule: SigmaCorrelationRule) -> tuple[str, ...]:
    """The names or ids of the rules that a correlation counts, in order."""
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        return tuple(dict.fromkeys(rule.condition.get_referenced_rules()))
    return tuple(dict.fromkeys(ref.reference for ref in rule.rules or ()))


def keys_of(rule: Rule) -> tuple[str, ...]:
    """What others may refer to a rule by."""
    return tuple(key for key in (rule.name, str(rule.id) if rule.id else None) if key)


def name_of(rule: Rule) -> str:
    """A rule's short name: its `name`, else its title in small letters and dashes."""
    return rule.name or _WORD.sub("-", (rule.title or str(rule.id)).lower()).strip("-")[:80]
