"""Authorization: which operation, whose object, which properties. Decides on the request, before the application
acts; the disclosure layer decides again, on the reply, by what the reply itself says.
"""

from __future__ import annotations

from typing import TypeVar

from ringwall.contract.model import Operation
from ringwall.core.plan import Guard, Guards
from ringwall.core.verdict import Refuse
from ringwall.layers.authorization.fields import fields_guard
from ringwall.layers.authorization.memory import memory_guard
from ringwall.layers.authorization.objects import objects_guard
from ringwall.layers.authorization.operation import batch_guard, operation_guard, required_guard
from ringwall.layers.authorization.policies import policy_guards
from ringwall.layers.authorization.reasons import LAYER, OPERATION, REASONS
from ringwall.layers.authorization.references import references_guard
from ringwall.layers.authorization.settings import Settings
from ringwall.layers.authorization.standing import Standing, condition_guard, standing_guard
from ringwall.layers.authorization.vouched import vouched_guard

__all__ = ["LAYER", "REASONS", "Settings", "Standing", "forge", "refuse_undeclared"]


def forge(operation: Operation, settings: Settings) -> Guards:
    """The guards of one operation: the rule and the objects of its path, then what its body says and names."""
    because = operation.rule.key if operation.rule else ""
    policy, whole_policy = policy_guards(operation, settings)
    return Guards(
        head=(
            *_named("credential", vouched_guard() if settings.vouched else None, "authentication"),
            *_named("standing", standing_guard(settings.standing) if settings.standing else None, "roles"),
            Guard(LAYER, "operation", operation_guard(operation, settings), because),
            *_named("batch", batch_guard(operation), because),
            *_named("requires", required_guard(operation), because),
            *_named("when", condition_guard(operation), because),
            *_named("object", objects_guard(operation, settings), because),
            *_named("policy", policy, "policies"),
        ),
        body=(
            *_named("references", references_guard(operation, settings), because),
            *_named("fields", fields_guard(operation, settings), because),
            *_named("policy", whole_policy, "policies"),
        ),
        reply=_named("memory", memory_guard(operation, settings), because),
    )


def refuse_undeclared() -> Guards:
    """The guard of what no operation is declared for: nobody was ever allowed it. A second wall behind routing."""
    refusal = Refuse(OPERATION)
    return Guards(head=(Guard(LAYER, "operation", lambda head, known: refusal),))


Check = TypeVar("Check")


def _named(name: str, check: Check | None, because: str) -> tuple[Guard[Check], ...]:
    return (Guard(LAYER, name, check, because),) if check is not None else ()
