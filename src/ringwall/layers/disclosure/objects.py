"""Whose objects a reply holds. Foreign ones are dropped from a filtered list, and end the reply anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlsplit

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON, Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.ports import OwnersOf
from ringwall.core.value import quick
from ringwall.core.verdict import PASS, Ask, Refuse, Rewritten, Verdict
from ringwall.engines.policy import Eyes, Relation, Sighting, name_of, speaks
from ringwall.engines.policy.sight import REMEMBERED
from ringwall.layers.disclosure.lists import entries_of, items_of, without, without_totals
from ringwall.layers.disclosure.reasons import ABSENT, LINK, MALFORMED, OWNER, UNSETTLED
from ringwall.layers.disclosure.settings import Places, Settings

NOBODY = Principal("", frozenset(), "claimed")


@quick
@dataclass(frozen=True, slots=True)
class _Stand:
    """How one reply is judged: `pending` objects are to be settled by it; `sure` says that no role suffices, so that
    what it does not tell counts as foreign."""

    pending: bool
    sure: bool


def objects_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck:
    """Judge every object in a reply by the owner, tenant and parent that it names itself."""
    rule, resource = operation.rule, operation.resource
    allowed = frozenset(rule.allow) if rule else frozenset[str]()
    wanted = {"owner": "owner", "tenant": "member"}.get(rule.filter or "") if rule else None
    owned = resource is not None and bool(resource.owner or resource.tenant)
    matters = any(r.owner or r.tenant for r in settings.resources.values())
    if not matters or ("anyone" in allowed and wanted is None):
        return lambda response, known: PASS
    decides = (resource.owner if wanted == "owner" else resource.tenant) if resource is not None else None
    id_ = resource.id if resource is not None else ""
    parents = _parents(operation, settings.resources)
    in_path = any(settings.resources[name].owner or settings.resources[name].tenant for _, name in operation.objects)
    by_reply = owned and not in_path and not operation.creates

    def check(response: Response, known: Known) -> Verdict:
        principal = known.principal or NOBODY
        pending = any(ref.settled == "reply" for ref in known.objects)
        stand = _Stand(pending, pending or (by_reply and not known.objects and principal.words.isdisjoint(allowed)))
        if not 200 <= response.status < 300:
            return _unsuccessful(response, known, stand)
        if not response.parsed:
            return _unread(response, stand)
        silent = _silent(response) if wanted is not None and resource is not None else ()
        if not silent or resource is None:
            return _judged(response, known, stand)
        return Ask(OwnersOf(resource.name, silent), lambda answer: _told(response, known, stand, answer))

    def _silent(response: Response) -> tuple[str, ...]:
        """The objects of a filtered list that have no word of what it is filtered by: memory may have."""
        seen = [s.value for s in places(response) if resource is not None and s.resource == resource.name]
        ids = [name_of(value.get(id_)) for value in seen if not speaks(value, decides)]
        return tuple(dict.fromkeys(i for i in ids if i is not None))

    def _told(response: Response, known: Known, stand: _Stand, answer: object) -> Verdict:
        owners = answer if isinstance(answer, Mapping) else {}
        own = resource.name if resource is not None else ""
        response.found[REMEMBERED] = {(own, i): (o.owner, o.tenant) for i, o in owners.items()}
        return _judged(response, known, stand)

    def _judged(response: Response, known: Known, stand: _Stand) -> Verdict:
        eyes = eyes_of(settings, known, response)
        foreign: list[str] = []
        shown = False
        own = resource.name if resource is not None else None
        for group in eyes.groups(places(response)):
            main = group.resource == own
            linked = parents if main else []
            alike = group.relation is not None and not linked
            for seen in group.seen[:1] if alike else group.seen:  # of those that stand alike, one speaks for all
                relation = group.relation or eyes.relation(seen, sure=stand.sure)
                shown = shown or (main and relation is not None)
                if linked and not _linked(seen, linked, known):
                    return Refuse(LINK)
                if wanted is not None and _outside(relation, main=main):
                    foreign.extend(s.pointer for s in (group.seen if alike else [seen]))
                elif wanted is None and _forbidden(relation, stand, main=main):
                    return Refuse(UNSETTLED if relation is None else OWNER)
        if stand.sure and wanted is None and not shown and (stand.pending or not _bare(response.data)):
            return Refuse(UNSETTLED)
        if not foreign or resource is None:
            return PASS
        return _left_out(response, foreign, cache(lambda: entries_of(places(response), resource)))

    def _outside(relation: Relation | None, *, main: bool) -> bool:
        """Of a filtered list, what is not the caller's; of other resources in it, what the rule would not show."""
        if main:
            return relation is None or wanted not in relation.words
        return relation is not None and wanted not in relation.words and not relation.meets(allowed)

    def _forbidden(relation: Relation | None, stand: _Stand, *, main: bool) -> bool:
        return not relation.meets(allowed) if relation is not None else main and stand.sure and not stand.pending

    def _unread(response: Response, stand: _Stand) -> Verdict:
        """A reply that could not be parsed passes only if nothing in it had to be checked."""
        if response.body == b"" and not stand.pending:
            return PASS
        if stand.sure:
            return Refuse(UNSETTLED)
        return Refuse(MALFORMED) if wanted is not None or (owned and unread_json(response)) else PASS

    def _unsuccessful(response: Response, known: Known, stand: _Stand) -> Verdict:
        """An error may quote an object, too; and that there is one is not told to whom it is not known to belong."""
        if stand.pending and _tells(response, known):
            return Refuse(ABSENT if response.status in (404, 410) else UNSETTLED)
        if stand.sure and by_reply and response.status in (404, 410):
            return Refuse(ABSENT)
        eyes = eyes_of(settings, known, response)
        for seen in places(response) if response.parsed else ():
            relation = eyes.relation(seen, sure=stand.sure)
            if relation is not None and not relation.meets(allowed) and wanted not in relation.words:
                return Refuse(OWNER)
        return PASS

    return check


def eyes_of(settings: Settings, known: Known, response: Response) -> Eyes:
    """How the caller sees the objects of a reply."""
    return settings.sight.eyes(known, response.found)


def unread_json(response: Response) -> bool:
    """Whether this is JSON that could not be read whole: malformed, a part of it, or too much."""
    return not response.parsed and response.body != b"" and response.media.endswith(b"json")


def _left_out(response: Response, foreign: list[str], entries: Callable[[], frozenset[str]]) -> Verdict:
    items = items_of(response.data, foreign, entries)
    if items is None:
        return Refuse(OWNER)
    data, dropped = without(response.data, items)
    kept = without_totals(response.headers)
    remembered = response.found.get(REMEMBERED)
    left = response.with_headers(kept).with_data(data)
    if remembered is not None:
        left.found[REMEMBERED] = remembered
    return Rewritten(left, f"{dropped} foreign objects left out")


def _bare(data: JSON) -> bool:
    """Whether a document is an empty list, or says that there is none."""
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        return bool(lists) and not any(lists)
    return data in ([], None)


_CALLERS_OWN = frozenset({400, 401, 405, 406, 415, 422, 429})


def _tells(response: Response, known: Known) -> bool:
    """Whether a status other than success tells that a thing exists, or is another answer than what does not exist
    would get. A redirect to the very same object (a slash more or less) does not, nor an error of the server."""
    if response.status >= 500 or response.status in _CALLERS_OWN:
        return False
    if response.status not in (301, 302, 307, 308):
        return True
    to = urlsplit((response.get(b"location") or b"").decode("latin-1"))
    ends = tuple(f"/{quote(ref.id, safe='')}" for ref in known.objects if ref.settled == "reply")
    return bool(to.query) or not to.path.rstrip("/").endswith(ends)


def _parents(operation: Operation, resources: Mapping[str, Resource]) -> list[tuple[str, str, bool]]:
    """Path parameters, the properties by which an object of the operation's resource names the same, and whether that
    is the object itself."""
    found: list[tuple[str, str, bool]] = []
    main = operation.resource
    for param, name in operation.objects:
        itself = main is not None and name == main.name
        names = dict.fromkeys((param, resources[name].id))
        found += [(param, p, itself) for p in names if itself == (main is not None and p == main.id)]
    return found


def _linked(seen: Sighting, parents: list[tuple[str, str, bool]], known: Known) -> bool:
    """Whether an object names the same parents as the path does (`patient_id` in a visit of a patient), and a whole
    reply the same object."""
    for param, name, itself in parents:
        stated = seen.value.get(name)
        if stated is None or param not in known.params or (itself and seen.pointer):
            continue
        if name_of(stated) != known.params[param]:
            return False
    return True
