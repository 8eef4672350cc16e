"""Whose objects a reply holds. Foreign ones are dropped from a filtered list, and end the reply anywhere else."""

from __future__ import annotations

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, Principal
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.policy import Relation, Sighting, name_of, relation_shown
from ringwall.layers.disclosure.lists import without
from ringwall.layers.disclosure.reasons import ABSENT, LINK, MALFORMED, OWNER, UNSETTLED
from ringwall.layers.disclosure.settings import Places, Settings

_ABSENT = (404, 410)
NOBODY = Principal("", frozenset(), "claimed")


def objects_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck:
    """Judge every object in a 2xx reply by the owner, tenant and parent that it names itself."""
    rule = operation.rule
    allowed = frozenset(rule.allow) if rule else frozenset[str]()
    wanted = {"owner": "owner", "tenant": "member"}.get(rule.filter or "") if rule else None
    open_to_all = "anyone" in allowed and wanted is None
    resource = operation.resource
    owned = resource is not None and bool(resource.owner or resource.tenant)
    matters = any(r.owner or r.tenant for r in settings.resources.values())

    def check(response: Response, known: Known) -> Verdict:
        pending = any(ref.settled == "reply" for ref in known.objects)
        if pending and response.status in _ABSENT:
            return Refuse(ABSENT)
        if not 200 <= response.status < 300 or open_to_all or not matters:
            return PASS
        if not response.parsed:
            return _unread(response, pending=pending, wanted=wanted, owned=owned)
        foreign: set[str] = set()
        shown = False
        for seen in places(response):
            resource = settings.resources[seen.resource]
            relation = seen_relation(seen, settings, known.principal or NOBODY)
            shown = shown or (relation is not None and resource is operation.resource)
            if not _linked(seen, resource, operation, known):
                return Refuse(LINK)
            if wanted is None and relation is not None and not relation.meets(allowed):
                return Refuse(OWNER)
            if wanted is not None and resource is operation.resource and not _has(relation, wanted):
                foreign.add(seen.pointer)
        if pending and not shown:
            return Refuse(UNSETTLED)
        if not foreign:
            return PASS
        data, dropped = without(response.data, foreign)
        return Rewritten(response.with_data(data), f"{dropped} foreign objects left out") if dropped else Refuse(OWNER)

    return check


def _unread(response: Response, *, pending: bool, wanted: str | None, owned: bool) -> Verdict:
    """A reply that could not be parsed passes only if nothing in it had to be checked."""
    if pending:
        return Refuse(UNSETTLED)
    says_json = (response.get(b"content-type") or b"").split(b";")[0].strip().lower().endswith(b"json")
    if response.body != b"" and (wanted is not None or (owned and says_json)):
        return Refuse(MALFORMED)
    return PASS


def seen_relation(seen: Sighting, settings: Settings, principal: Principal) -> Relation | None:
    """What the caller is to an object by what it says itself; None where it names neither owner nor tenant."""
    kind = settings.sight.kinds[seen.resource]
    return relation_shown(seen.value, kind, principal.subject, principal.words, principal.tenant)


def _has(relation: Relation | None, wanted: str) -> bool:
    return relation is not None and wanted in relation.words


def _linked(seen: Sighting, resource: Resource, operation: Operation, known: Known) -> bool:
    """Whether an object names the same parents as the path does (`patient_id` in a visit of a patient)."""
    if resource is not operation.resource:
        return True
    for param, _ in operation.objects:
        stated = seen.value.get(param)
        if stated is not None and param in known.params and name_of(stated) != known.params[param]:
            return False
    return True
