"""What this layer is told at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringwall.contract.model import Operation, Resource
from ringwall.core.ports import Fetch
from ringwall.engines.policy import Sight
from ringwall.engines.policy.cedar import Policies
from ringwall.layers.authorization.standing import Standing

Probe = Callable[[str, Mapping[str, str]], Fetch | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """All resources, what finds their objects in bodies, and `probe`: how to read one object of a resource by its path
    parameters from the application itself (None where the API has no operation for it). `standing` is what callers'
    roles follow from; None where their credential alone says it; `policies` are Cedar's,
    for the rules that want them. `vouched`: credentials are issued here, and there is a record of it to be asked."""

    resources: Mapping[str, Resource]
    sight: Sight
    probe: Probe
    standing: Standing | None = None
    policies: Policies | None = None
    vouched: bool = False


def words_of(operation: Operation) -> frozenset[str]:
    """The words of the rule's `allow`; none where nothing is stated."""
    return frozenset(operation.rule.allow) if operation.rule else frozenset()
