"""What this layer is told at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringwall.contract.api import Schema
from ringwall.contract.model import Operation, Resource
from ringwall.core.ports import Fetch

Probe = Callable[[str, Mapping[str, str]], Fetch | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """All resources, the API's component schemas, and `probe`: how to read one object of a resource by its path
    parameters from the application itself (None where the API has no operation for it)."""

    resources: Mapping[str, Resource]
    components: Mapping[str, Schema]
    probe: Probe

    def of_components(self) -> dict[str, str]:
        """The resource of each component schema."""
        return {r.schema: r.name for r in self.resources.values() if r.schema}


def words_of(operation: Operation) -> frozenset[str]:
    """The words of the rule's `allow`; none where nothing is stated."""
    return frozenset(operation.rule.allow) if operation.rule else frozenset()
