"""Cedar policies over the facts that the other guards established: who, what, whose, from where and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, ObjectRef, Principal
from ringwall.core.message import Head
from ringwall.core.plan import BodyCheck, HeadCheck
from ringwall.core.ports import Ownership
from ringwall.core.verdict import Learned, Refuse, Verdict
from ringwall.engines.policy.cedar import Address, Entity, Narrowed, Uid
from ringwall.engines.policy.cedar import Request as Asked
from ringwall.layers.authorization.reasons import POLICY
from ringwall.layers.authorization.settings import Settings
from ringwall.layers.authorization.settle import Matter, ask_whose

NOBODY = Principal("", frozenset(), "claimed")


def policy_guards(operation: Operation, settings: Settings) -> tuple[HeadCheck | None, BodyCheck | None]:
    """What asks the policies: before the body is read, or, where one of them speaks of `context.input`, on the whole
    request. Nothing where the rule states no `policy: true`; a refusal where there are no policies to ask."""
    if operation.rule is None or not operation.rule.policy:
        return None, None
    refused = Refuse(POLICY, detail="no policies")
    if settings.policies is None:
        return lambda head, known: refused, None
    narrowed = settings.policies.narrowed(action_of(operation), groups_of(operation))
    ask = _Asking(operation, settings, narrowed)
    if narrowed.mentions("input"):
        return None, lambda request, known: ask(request.head, known)
    return ask, None


def action_of(operation: Operation) -> Uid:
    """`Action::"GET /patients/{patient_id}"`."""
    return "Action", operation.key


def groups_of(operation: Operation) -> tuple[Uid, ...]:
    """The groups of an action: `Action::"tag:billing"` for each tag, and `Action::"method:GET"`."""
    return (*(("Action", f"tag:{tag}") for tag in operation.api.tags), ("Action", f"method:{operation.api.method}"))


class _Asking:
    """Asks the policies of one operation."""

    def __init__(self, operation: Operation, settings: Settings, narrowed: Narrowed) -> None:
        self._operation = operation
        self._settings = settings
        self._narrowed = narrowed
        self._needs_owner = narrowed.mentions("owner") or narrowed.mentions("tenant")

    def __call__(self, head: Head, known: Known) -> Verdict:
        """Permitted by a policy, forbidden by none, and none that could not be evaluated."""
        named = self._named(known)
        if named is None:
            resource = self._operation.resource
            return self._decide(head, known, (_type_of(resource), "") if resource else ("Api", ""), {})
        resource, object_id, ref = named
        uid = (_type_of(resource), object_id)
        facts: dict[str, Any] = {"id": object_id}
        if ref is not None and (ref.owner or ref.tenant):
            return self._decide(head, known, uid, facts | _whose(Ownership(ref.owner, ref.tenant)))
        if not self._needs_owner:
            return self._decide(head, known, uid, facts)
        matter = Matter(resource, object_id, {**known.params, resource.id: object_id}, frozenset(), shown=False)
        return ask_whose(
            matter,
            self._settings.probe,
            lambda whose, by: self._decide(head, known, uid, facts | _whose(whose or Ownership(None, None))),
        )

    def _named(self, known: Known) -> tuple[Resource, str, ObjectRef | None] | None:
        """The innermost object of the path, as it was settled."""
        if not self._operation.objects:
            return None
        param, name = self._operation.objects[-1]
        object_id = known.params.get(param, "")
        ref = next((r for r in known.objects if r.resource == name and r.id == object_id), None)
        return self._settings.resources[name], object_id, ref

    def _decide(self, head: Head, known: Known, resource: Uid, facts: Mapping[str, Any]) -> Verdict:
        principal = known.principal or NOBODY
        who = ("User", principal.subject)
        action, groups = action_of(self._operation), groups_of(self._operation)
        decision = self._narrowed.decide(
            Asked(
                principal=who,
                action=action,
                resource=resource,
                facts={who: _who(principal), resource: facts},
                parents={who: _groups(principal), action: groups},
                context=_context(head, known),
            )
        )
        by = ", ".join(decision.determining)
        if decision.failed:
            return Refuse(POLICY, detail=f"could not be evaluated: {', '.join(decision.failed)}")
        if not decision.permitted:
            return Refuse(POLICY, detail=f"forbidden by {by}" if by else "no policy permits it")
        return Learned(known, f"permitted by policy {by}")


def _type_of(resource: Resource) -> str:
    """`patient` as a Cedar type: `Patient`; marks that no type has go."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in resource.name).split()
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"R{name}"


def _who(principal: Principal) -> dict[str, Any]:
    told = {
        "subject": principal.subject,
        "roles": principal.roles,
        "groups": principal.groups,
        "scopes": principal.scopes,
        "mfa": principal.mfa,
        "method": principal.method,
        "authenticated": principal is not NOBODY,
        "claims": principal.claims,
    }
    return told | ({"tenant": principal.tenant} if principal.tenant else {})


def _groups(principal: Principal) -> tuple[Uid, ...]:
    roles = tuple(("Role", role) for role in sorted(principal.roles))
    return roles + tuple(("Group", group) for group in sorted(principal.groups))


def _whose(whose: Ownership) -> dict[str, Any]:
    owner: dict[str, Any] = {"owner": Entity("User", whose.owner)} if whose.owner else {}
    return owner | ({"tenant": whose.tenant} if whose.tenant else {})


def _context(head: Head, known: Known) -> dict[str, Any]:
    context: dict[str, Any] = {
        "now": int(known.now),
        "ip": Address(known.client),
        "method": head.method,
        "params": dict(known.params),
    }
    if known.input is not None:
        body = known.input.body
        context["input"] = {"query": dict(known.input.query), "body": body if isinstance(body, dict) else {}}
    return context
