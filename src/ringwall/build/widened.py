"""What a change of the contract opens or closes: every operation, object and field, by what the guards would decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ringwall.contract.model import Contract, Field, Operation, Resource, Role, When
from ringwall.contract.model_console import RANKS, Console
from ringwall.contract.stated import Requirement

Way = Literal["opened", "closed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of what (`GET /x`, `patient.diagnosis`, `role doctor`), in a sentence, and where it now stands."""

    way: Way
    kind: Literal["operation", "object", "field", "role", "setting"]
    about: str
    what: str
    at: str


def changes(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Everything that changed. What cannot be compared, such as another condition, counts as opened."""
    return (*_operations(old, new), *_resources(old, new), *_roles(old, new), *_settings(old, new), *_console(old, new))


def _everyone(words: frozenset[str], contract: Contract) -> frozenset[str]:
    """The words, and each role that brings one of them."""
    return words | {name for name, role in contract.roles.items() if role.includes & words}


def _callers(operation: Operation | None, contract: Contract) -> frozenset[str]:
    if operation is None or operation.rule is None or operation.api.flaw is not None:
        return frozenset()
    return _everyone(frozenset(operation.rule.allow), contract)


def _operations(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ({o.key: o for o in contract.operations} for contract in (old, new))
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        here = str(now.rule.at) if now and now.rule else new.file
        earlier, later = _callers(was, old), _callers(now, new)
        if "anyone" not in earlier:
            yield from _told("opened", "operation", key, "may call it: ", later - earlier, here)
        if "anyone" not in later:
            yield from _told("closed", "operation", key, "may call it no more: ", earlier - later, here)
        if earlier and later and was is not None and now is not None:
            yield from _narrowings(was, now, here)


def _told(way: Way, kind: Literal["operation", "field"], about: str, text: str, words: frozenset[str], at: str
          ) -> Iterator[Change]:  # fmt: skip
    if words:
        yield Change(way, kind, about, text + ", ".join(sorted(words)), at)


def _narrowings(was: Operation, now: Operation, here: str) -> Iterator[Change]:
    """The same callers, within other bounds."""
    a, b = was.rule, now.rule
    if a is None or b is None:
        return
    if a.filter != b.filter:
        way: Way = "closed" if a.filter is None or (a.filter == "tenant" and b.filter == "owner") else "opened"
        yield Change(way, "operation", now.key, f"filter: {a.filter or 'none'} became {b.filter or 'none'}", here)
    if a.when != b.when:
        way = "closed" if _narrower(a.when, b.when) else "opened"
        yield Change(way, "operation", now.key, "its conditions (`when`) are other ones", here)
    if a.batch != b.batch:
        way = "opened" if b.batch else "closed"
        yield Change(way, "operation", now.key, f"batch: {a.batch} became {b.batch}".lower(), here)
    if a.policy != b.policy:
        way = "closed" if b.policy else "opened"
        yield Change(way, "operation", now.key, f"policy: {a.policy} became {b.policy}".lower(), here)
    if a.requires != b.requires:
        way = "closed" if _stricter(a.requires, b.requires) else "opened"
        yield Change(way, "operation", now.key, "it requires another sign-in (`requires`)", here)
    if a.observe != b.observe:
        yield Change("opened" if b.observe else "closed", "operation", now.key, "observe: refusals only recorded", here)
    for one, other, what in ((a.rate, b.rate, "rate"), (a.body_limit, b.body_limit, "body")):
        if one != other:
            yield Change("changed", "operation", now.key, f"its {what} is another", here)
    acts = [(r.name if (r := o.resource) else None, o.objects) for o in (was, now)]
    lists = was.lists != now.lists and a.filter == b.filter  # a filter alone may make a list of it, and is told
    if acts[0] != acts[1] or lists:
        yield Change("opened", "object", now.key, "it acts on other objects, decided by other properties", here)


def _stricter(a: Requirement | None, b: Requirement | None) -> bool:
    """Whether `b` demands all that `a` does."""
    if a is None or b is None:
        return a is None
    aged = a.max_age is None or (b.max_age is not None and b.max_age <= a.max_age)
    return (b.mfa or not a.mfa) and aged


def _narrower(a: When | None, b: When | None) -> bool:
    """Whether `b` lets through no more than `a`: as far as that can be told part by part."""
    if a is None or b is None:
        return a is None
    within = (
        (a.networks, all(any(_inside(n, m) for m in a.networks) for n in b.networks) and bool(b.networks)),
        (a.days, bool(b.days) and b.days <= a.days),
        (a.methods, bool(b.methods) and b.methods <= a.methods),
        (a.hours, b.hours is not None and a.hours is not None and _hours_within(a.hours, b.hours)),
    )
    claims = dict(b.claims)
    same = all(name in claims and claims[name] <= values for name, values in a.claims)
    timed = a.hours is not None or bool(a.days)
    return all(not stated or narrower for stated, narrower in within) and same and (not timed or a.zone == b.zone)


def _inside(one: object, other: object) -> bool:
    return bool(one.subnet_of(other)) if type(one) is type(other) else False  # type: ignore[attr-defined]


def _hours_within(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    if outer[0] < outer[1]:
        return outer[0] <= inner[0] < inner[1] <= outer[1]
    return outer == inner


def _resources(old: Contract, new: Contract) -> Iterator[Change]:
    for name in dict.fromkeys((*old.resources, *new.resources)):
        was, now = old.resources.get(name), new.resources.get(name)
        if was is None or now is None:
            at = str(now.at) if now else new.file
            kept = was is None
            yield Change(
                "closed" if kept else "opened",
                "object",
                name,
                "a resource that is " + ("new" if kept else "no more"),
                at,
            )
            if was is not None:
                yield from _fields(was, None, old, new, at)
            continue
        yield from _deciding(was, now)
        yield from _fields(was, now, old, new, str(now.at))


def _deciding(was: Resource, now: Resource) -> Iterator[Change]:
    """What decides whose an object is: taking it away opens, giving one where there was none closes, another opens."""
    for key in ("owner", "tenant", "id", "schema", "claim"):
        a, b = getattr(was, key), getattr(now, key)
        if a != b:
            first = a is None and key == "tenant"
            way: Way = "closed" if first or (b is None and key in ("owner", "claim")) else "opened"
            yield Change(way, "object", now.name, f"{key}: {a or 'none'} became {b or 'none'}", str(now.at))


def _fields(was: Resource, now: Resource | None, old: Contract, new: Contract, at: str) -> Iterator[Change]:
    fields = now.fields if now is not None else {}
    for name in dict.fromkeys((*was.fields, *fields)):
        a, b = was.fields.get(name), fields.get(name)
        about, here = f"{was.name}.{name}", str(b.at) if b else at
        for key in ("read", "write"):
            earlier, later = _words(a, key, old), _words(b, key, new)
            if earlier is not None:
                more = (later - earlier) if later is not None else frozenset({"whoever the operation allows"})
                yield from _told("opened", "field", about, f"{key} by: ", more, here)
            if later is not None:
                less = (
                    (earlier - later)
                    if earlier is not None
                    else frozenset({"all but " + (", ".join(sorted(later)) or "nobody")})
                )
                yield from _told("closed", "field", about, f"{key} no more by: ", less, here)
        yield from _protections(a, b, about, here)


def _words(field: Field | None, key: str, contract: Contract) -> frozenset[str] | None:
    words: frozenset[str] | None = getattr(field, key) if field is not None else None
    if words is None or "anyone" in words:
        return None
    return _everyone(words, contract)


def _protections(a: Field | None, b: Field | None, about: str, at: str) -> Iterator[Change]:
    encrypted = [field.encrypt if field else "no" for field in (a, b)]
    if encrypted[0] != encrypted[1]:
        order = ("no", "searchable", "yes")
        way: Way = "opened" if order.index(encrypted[1]) < order.index(encrypted[0]) else "closed"
        yield Change(way, "field", about, f"encrypt: {encrypted[0]} became {encrypted[1]}", at)
    masks = [field.mask if field else None for field in (a, b)]
    if masks[0] != masks[1]:
        way = "closed" if masks[1] in (None, "all") else "opened"
        yield Change(way, "field", about, f"mask: {masks[0] or 'none'} became {masks[1] or 'none'}", at)
    classes = [field.data_class if field else "identifier" for field in (a, b)]
    if classes[0] != classes[1]:
        way = "opened" if classes[1] == "public" else "changed"
        yield Change(way, "field", about, f"class: {classes[0]} became {classes[1]}", at)


def _roles(old: Contract, new: Contract) -> Iterator[Change]:
    for name, now in new.roles.items():
        was = old.roles.get(name, Role(name, frozenset(), mfa=now.mfa))
        pairs: tuple[tuple[Way, frozenset[str], str], ...] = (
            ("opened", now.includes - was.includes, "includes {} now"),
            ("closed", was.includes - now.includes, "includes {} no more"),
            ("opened", frozenset(now.groups) - frozenset(was.groups), "is held by the group {} now"),
            ("closed", frozenset(was.groups) - frozenset(now.groups), "is held by the group {} no more"),
        )
        for way, names, text in pairs:
            yield from (Change(way, "role", f"role {name}", text.format(each), new.file) for each in sorted(names))
        if was.mfa != now.mfa:
            way = "opened" if was.mfa else "closed"
            yield Change(way, "role", f"role {name}", f"requires {'no ' if was.mfa else 'a '}second factor", new.file)
    for name in old.roles.keys() - new.roles.keys():
        yield Change("closed", "role", f"role {name}", "is no more", new.file)
    gone, come = set(old.never) - set(new.never), set(new.never) - set(old.never)
    for way, sets in (("opened", gone), ("closed", come)):
        for apart in sorted(", ".join(sorted(each)) for each in sets):
            text = "may be held together" if way == "opened" else "may not be held together"
            yield Change("opened" if way == "opened" else "closed", "role", f"never [{apart}]", text, new.file)


def _settings(old: Contract, new: Contract) -> Iterator[Change]:
    here = new.file
    watched = (
        (old.mode == "observe", new.mode == "observe", "mode: observe, so that nothing is refused"),
        (old.authentication.basic, new.authentication.basic, "passwords with every request (`basic`)"),
        (old.authentication.accounts, new.authentication.accounts, "ringwall's own accounts"),
        (old.authentication.api_keys, new.authentication.api_keys, "API keys"),
        (old.journal == "best-effort", new.journal == "best-effort", "requests that cannot be recorded"),
    )
    for was, now, what in watched:
        if was != now:
            yield Change("opened" if now else "closed", "setting", "settings", what, here)
    for layer in sorted(new.observe ^ old.observe):
        yield Change(
            "opened" if layer in new.observe else "closed", "setting", f"observe {layer}", "only watches", here
        )
    issuers = set(new.authentication.issuers) ^ set(old.authentication.issuers)
    for issuer in sorted(issuers, key=lambda i: i.issuer):
        way: Way = "opened" if issuer in new.authentication.issuers else "closed"
        yield Change(way, "setting", f"issuer {issuer.issuer}", "its tokens are believed", here)
    if old.policies != new.policies:
        yield Change("opened", "setting", "policies", "the Cedar policies are other ones", here)
    if old.cors != new.cors:
        yield Change("opened", "setting", "cors", "other browser origins may call", here)


def _console(old: Contract, new: Contract) -> Iterator[Change]:
    """Who may use the console, and as what."""
    for rank in RANKS:
        was, now = (_everyone((c.console or Console()).of(rank), c) for c in (old, new))
        for role in sorted(was ^ now):
            yield Change("opened" if role in now else "closed", "setting", f"console {rank}", f"role {role}", new.file)
