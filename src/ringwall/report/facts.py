"""What a contract says that a line may rest on, each as a fact with the names behind it.

A fact never holds for want of anything to hold of: a contract without a field of health data does not encrypt them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ringwall.contract.model import Contract, Field, Operation, Resource, Rule
from ringwall.report.held import Held

_GUARDED = frozenset({"health", "cardholder", "secret"})
_NARROW = _GUARDED | {"financial"}


@dataclass(frozen=True, slots=True)
class Fact:
    """Whether it holds, and the sentence that says so or what is missing."""

    holds: bool
    what: str


def facts(contract: Contract, held: Held) -> Mapping[str, Fact]:
    """Every fact by its name."""
    return {name: state(contract, held) for name, state in FACTS.items()}


def fields_of(contract: Contract, classes: Iterable[str]) -> Iterator[tuple[str, Field]]:
    """The fields of some classes, as `resource.field`."""
    wanted = frozenset(classes)
    for resource in contract.resources.values():
        for field in resource.fields.values():
            if field.data_class in wanted:
                yield f"{resource.name}.{field.name}", field


def unstated(contract: Contract, name: str) -> tuple[str, ...]:
    """The properties of a resource's component that the contract says nothing of."""
    resource = contract.resources[name]
    schema = contract.api.schemas.get(resource.schema or "")
    declared = schema.get("properties") if isinstance(schema, dict) else None
    known = {*resource.fields, resource.id, resource.owner, resource.tenant}
    return tuple(each for each in declared if each not in known) if isinstance(declared, dict) else ()


def _all(found: Iterable[tuple[str, bool]], done: str, lacking: str, nothing: str) -> Fact:
    """A fact of many names; `found` says of each whether it holds."""
    names = list(found)
    failing = [name for name, holds in names if not holds]
    if not names:
        return Fact(False, nothing)
    if failing:
        return Fact(False, f"{lacking}: {_listed(failing)}")
    return Fact(True, f"{done}: {_listed(name for name, _ in names)}")


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:12]) + (f" and {len(every) - 12} more" if len(every) > 12 else "")


def _encrypted(classes: frozenset[str]) -> Callable[[Contract, Held], Fact]:
    words = ", ".join(sorted(classes))

    def state(contract: Contract, held: Held) -> Fact:
        found = [(name, field.encrypt != "no") for name, field in fields_of(contract, classes)]
        return _all(found, "stated `encrypt`", "not stated `encrypt`", f"no field is stated to be of class {words}")

    return state


def _flag(read: Callable[[Contract], bool], done: str, lacking: str) -> Callable[[Contract, Held], Fact]:
    def state(contract: Contract, held: Held) -> Fact:
        return Fact(True, done) if read(contract) else Fact(False, lacking)

    return state


def _enforcing(contract: Contract, held: Held) -> Fact:
    if contract.mode != "enforce":
        return Fact(False, "`mode: observe`: everything is recorded and nothing refused")
    watched = [rule.key for rule in contract.rules if rule.observe]
    if watched:
        return Fact(False, f"only observed: {_listed(watched)}")
    return Fact(True, "`mode: enforce`")


def _masked(contract: Contract, held: Held) -> Fact:
    found = [(n, f.mask is not None and f.read is not None) for n, f in fields_of(contract, {"cardholder"})]
    return _all(found, "stated `mask` and `read`", "without `mask` or `read`", "no field is of class cardholder")


def _narrow(contract: Contract, held: Held) -> Fact:
    found = [(name, field.read is not None) for name, field in fields_of(contract, _NARROW)]
    nothing = "no field is of class health, financial, cardholder or secret"
    return _all(found, "stated `read`", "whoever the operation allows may read", nothing)


def _classified(contract: Contract, held: Held) -> Fact:
    found = [(f"{name}.{each}", False) for name in contract.resources for each in unstated(contract, name)]
    found += [(name, False) for name, resource in contract.resources.items() if not plain(contract, resource)]
    kept = [(name, True) for name in contract.resources]
    return _all(
        found or kept,
        "every property is stated for",
        "nothing is stated of, or it cannot be told",
        "no resource is stated",
    )


def plain(contract: Contract, resource: Resource) -> bool:
    """Whether the properties of a resource can be read off its component: it lists them, and is not composed."""
    schema = contract.api.schemas.get(resource.schema or "")
    composed = ("$ref", "allOf", "anyOf", "oneOf", "if")
    return isinstance(schema, dict) and "properties" in schema and not any(word in schema for word in composed)


def _owned(contract: Contract, held: Held) -> Fact:
    found = [(r.name, bool(r.owner or r.tenant or r.claim)) for r in contract.resources.values()]
    return _all(found, "owner or tenant stated for", "nobody's, by the contract", "no resource is stated")


def _tenants(contract: Contract, held: Held) -> Fact:
    found = [(r.name, bool(r.tenant)) for r in contract.resources.values()]
    return _all(found, "tenant stated for", "without a tenant", "no resource is stated")


def _rates(contract: Contract, held: Held) -> Fact:
    if contract.limits.rate and contract.limits.anonymous_rate:
        return Fact(True, "`limits` state a rate by principal and one by address")
    stated = [op for op in contract.operations if op.rule is not None and op.rule.allow]
    found = [(op.key, _rated(contract, op)) for op in stated]
    return _all(found, "a rate is stated for", "no rate is stated for", "no operation is open")


def _rated(contract: Contract, operation: Operation) -> bool:
    rule = operation.rule
    if rule is None or rule.rate is not None:
        return True
    return bool(contract.limits.anonymous_rate if "anyone" in rule.allow else contract.limits.rate)


def _credentials(contract: Contract, held: Held) -> Fact:
    stated = contract.authentication
    taken = {
        "accounts": stated.accounts,
        "api_keys": stated.api_keys,
        "basic": stated.basic,
        "issuers": stated.issuers,
        "upstream": stated.upstream,
        "certificates": stated.certificates,
    }
    names = [name for name, given in taken.items() if given]
    return Fact(bool(names), f"taken: {', '.join(names)}" if names else "no credential is taken")


def _told(contract: Contract, held: Held) -> Fact:
    notify = contract.monitoring.notify
    taken = {"webhooks": notify.webhooks, "email": notify.email, "syslog": notify.syslog, "otel": notify.otel}
    names = [name for name, given in taken.items() if given]
    return Fact(bool(names), f"alerts go to {', '.join(names)}" if names else "`monitoring.notify` names nobody")


def _shipped(contract: Contract, held: Held) -> Fact:
    otel = contract.monitoring.notify.otel
    if otel is None or "logs" not in otel.signals:
        return Fact(False, "`monitoring.notify.otel` does not send logs to a collector")
    return Fact(otel.endpoint.startswith("https:"), f"refusals and alerts go to {otel.endpoint}")


def _mfa(contract: Contract, held: Held) -> Fact:
    stated = contract.authentication
    if stated.basic or stated.api_keys or stated.certificates or stated.upstream:
        return Fact(False, "API keys, HTTP Basic, certificates or the application's own login are taken: one factor")
    found = [(role.name, role.mfa) for role in contract.roles.values()]
    found += [(rule.key, False) for rule in contract.rules if _by_one_factor(contract, rule)]
    return _all(found, "`requires: mfa` of the roles", "no second factor is required of", "no role is stated")


def _by_one_factor(contract: Contract, rule: Rule) -> bool:
    """Whether a rule lets somebody in by another word than a role (`owner`, a scope), without a second factor."""
    otherwise = set(rule.allow) - contract.roles.keys() - {"anyone"}
    return bool(otherwise) and not (rule.requires is not None and rule.requires.mfa)


def _step_up(contract: Contract, held: Held) -> Fact:
    keys = [rule.key for rule in contract.rules if rule.requires is not None and rule.requires.mfa]
    return Fact(True, f"`requires` of {_listed(keys)}") if keys else Fact(False, "no operation `requires` a sign-in")


def _sessions(contract: Contract, held: Held) -> Fact:
    rules = contract.authentication.sessions
    if rules is None:
        return Fact(False, "`authentication.sessions` is not stated: no session of ringwall's is taken")
    return Fact(True, f"sessions end {rules.idle_s:g} s after their last use and {rules.absolute_s:g} s in all")


def _short(contract: Contract, held: Held) -> Fact:
    rules = contract.authentication.sessions
    if rules is None:
        return Fact(False, "`authentication.sessions` is not stated: no session of ringwall's is taken")
    return Fact(rules.idle_s <= 900, f"sessions end {rules.idle_s:g} s after their last use, and 900 s are asked for")


def _cors(contract: Contract, held: Held) -> Fact:
    stated = contract.cors
    if stated is None:
        return Fact(True, "no foreign origin may call")
    if "*" in stated.origins:
        return Fact(False, "`cors.origins` names every origin")
    return Fact(True, f"origins by name: {_listed(stated.origins)}")


def _hosts(contract: Contract, held: Held) -> Fact:
    found = [
        (f"{resource.name}.{field.name}", bool(field.hosts))
        for resource in contract.resources.values()
        for field in resource.fields.values()
        if field.format == "url"
    ]
    return _all(found, "`hosts` stated for", "any public host is taken for", "no field is stated `format: url`")


def _immediate(contract: Contract, held: Held) -> Fact:
    held_for = contract.staleness_s
    return Fact(held_for == 0, f"`staleness: {held_for:g}`: an answer about a credential may be that many seconds old")


def _documented(contract: Contract, held: Held) -> Fact:
    stated = sum(op.rule is not None for op in contract.operations)
    return Fact(stated > 0, f"{stated} of {len(contract.operations)} operations have a rule; the rest are closed")


def _keys_end(contract: Contract, held: Held) -> Fact:
    if held.keys is None:
        return Fact(False, "no data directory was read, so nothing is known of API keys")
    return Fact(not held.endless, f"API keys that live: {held.keys}, without an end: {held.endless}")


def _people(contract: Contract, held: Held) -> Fact:
    if held.accounts is None:
        return Fact(False, "no data directory was read, so nothing is known of accounts")
    return Fact(True, f"accounts: {held.accounts}, of them disabled: {held.disabled}")


def _root(contract: Contract, held: Held) -> Fact:
    source = held.root
    apart = source is not None and source.split(":")[0] in ("pkcs11", "awskms")
    return Fact(apart, f"the root key comes from `{(source or 'nowhere that was read').split(':')[0]}`")


FACTS: Mapping[str, Callable[[Contract, Held], Fact]] = {
    "enforcing": _enforcing,
    "encrypted": _encrypted(_GUARDED),
    "encrypted health": _encrypted(frozenset({"health"})),
    "encrypted cardholder": _encrypted(frozenset({"cardholder"})),
    "masked": _masked,
    "narrow": _narrow,
    "classified": _classified,
    "owned": _owned,
    "tenants": _tenants,
    "rates": _rates,
    "mfa": _mfa,
    "step up": _step_up,
    "sessions": _sessions,
    "sessions short": _short,
    "cors": _cors,
    "hosts": _hosts,
    "immediate": _immediate,
    "documented": _documented,
    "keys end": _keys_end,
    "people": _people,
    "root apart": _root,
    "journal": _flag(
        lambda c: c.journal != "best-effort", "what cannot be recorded is refused", "`journal: best-effort`"
    ),
    "told": _told,
    "shipped": _shipped,
    "accounts": _flag(lambda c: c.authentication.accounts, "`accounts: true`", "the accounts are not ringwall's"),
    "issuers": _flag(lambda c: bool(c.authentication.issuers), "outside `issuers`", "no outside issuer is stated"),
    "tokens": _flag(
        lambda c: bool(c.authentication.accounts or c.authentication.issuers or c.authentication.upstream),
        "tokens of `accounts`, `issuers` or `upstream`", "no token is taken",
    ),
    "credentials": _credentials,
    "no fixed keys": _flag(
        lambda c: not (c.authentication.api_keys or c.authentication.basic),
        "neither API keys nor HTTP Basic", "API keys or HTTP Basic are taken, which stay the same",
    ),
    "conditions": _flag(
        lambda c: any(rule.when is not None for rule in c.rules), "rules have `when`", "no rule has a `when`"
    ),
}  # fmt: skip
