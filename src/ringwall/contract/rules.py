"""`operations:` as rules, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringwall.contract.api import JSON
from ringwall.contract.clients import requirement
from ringwall.contract.conditions import conditions
from ringwall.contract.model import Role, Rule
from ringwall.contract.reading import Desk, allowed, mapping, rate, seconds, size, text, words
from ringwall.contract.shapes import Path


def rules(value: JSON, known: Mapping[str, Role], kinds: Iterable[str], desk: Desk) -> tuple[Rule, ...]:
    """All rules in their order."""
    names = set(kinds)
    made = []
    for key, stated in ((k, mapping(v)) for k, v in mapping(value).items()):
        path: Path = ("operations", key)
        resource = text(stated.get("resource"))
        if resource is not None and resource not in names:
            desk.unknown((*path, "resource"), "resource", resource, names)
        made.append(
            Rule(
                key=key,
                allow=allowed(stated.get("allow"), (*path, "allow"), known, desk),
                filter=text(stated.get("filter")),  # type: ignore[arg-type]
                rate=rate(stated.get("rate")),
                body_limit=size(stated.get("body")),
                seconds=seconds(stated.get("seconds")),
                observe=stated.get("mode") == "observe",
                replies=text(stated.get("replies")),  # type: ignore[arg-type]
                resource=resource,
                at=desk.document.at(path, key=True),
                when=conditions(stated.get("when"), (*path, "when"), desk.report),
                policy=stated.get("policy") is True,
                batch=stated.get("batch") is True,
                requires=requirement(stated.get("requires")),
                query=words(stated.get("query")),
            )
        )
        if "requires" in stated and "anyone" in made[-1].allow:
            desk.report((*path, "requires"), "`requires` where anyone is allowed", "roles, or no `requires`", key=True)
    return tuple(made)
