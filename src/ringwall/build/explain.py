"""The plan of one operation in words and with the contract's lines behind it: what will be decided, by whom, and why.

It reads the plan that was really compiled, so that it cannot say another thing than what happens. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ringwall.build.settings import sight_of, stated
from ringwall.contract.document import Document
from ringwall.contract.model import Contract, Field, Operation, Resource, Rule
from ringwall.core.plan import Plan

PHASES = ("head", "body", "sink", "reply")


@dataclass(frozen=True, slots=True)
class Line:
    """One guard: its layer and name, what of the contract is behind it, and where that stands (None: a default)."""

    layer: str
    guard: str
    because: str
    at: str | None


@dataclass(frozen=True, slots=True)
class Owned:
    """How it is decided whose an object of the path is: the ways in the order in which they are tried."""

    parameter: str
    resource: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What holds for one property, in a sentence, and where it was stated."""

    resource: str
    field: str
    rule: str
    at: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One operation's plan. `rule` and `at` are the line that decides (None: nothing is stated)."""

    operation: str
    path: str
    rule: str | None
    at: str | None
    allow: tuple[str, ...]
    who: tuple[str, ...]
    observes: tuple[str, ...]
    limits: dict[str, float]
    body: str
    reply: str
    phases: dict[str, tuple[Line, ...]]
    objects: tuple[Owned, ...]
    fields: tuple[Shown, ...]

    def document(self) -> dict[str, object]:
        """As `explain --json` prints it."""
        return asdict(self)


def explain(operation: Operation, plan: Plan, contract: Contract, written: Document | None) -> Explanation:
    """The plan of an operation; `written` is the contract's text, for the places in it."""
    rule = operation.rule
    return Explanation(
        operation=operation.key,
        path=plan.template,
        rule=rule.key if rule else None,
        at=str(rule.at) if rule else None,
        allow=rule.allow if rule else (),
        who=tuple(_who(operation, contract)),
        observes=tuple(layer.value for layer in sorted(plan.observe)),
        limits={"body": plan.limits.body, "reply": plan.limits.reply, "seconds": plan.limits.seconds},
        body=plan.body,
        reply=plan.reply,
        phases={phase: tuple(_lines(plan, phase, operation, written)) for phase in PHASES},
        objects=tuple(_owned(operation, contract)),
        fields=tuple(_shown(operation)),
    )


def _lines(plan: Plan, phase: str, operation: Operation, written: Document | None) -> Iterator[Line]:
    for guard in getattr(plan.guards, phase):
        yield Line(guard.layer.value, guard.name, guard.because, _place(guard.because, operation, written))


def _place(because: str, operation: Operation, written: Document | None) -> str | None:
    """Where the reason of a guard stands in the contract; None where the contract leaves it at a default."""
    rule = operation.rule
    if rule is not None and because in (rule.key, f"{rule.key}.rate", operation.key):
        return str(rule.at)
    steps = tuple(because.split(".")) if because else ()
    data = written.data if written else None
    for step in steps:
        data = data.get(step) if isinstance(data, dict) else None
    return str(written.at(steps, key=True)) if written and data is not None and steps else None


def _who(operation: Operation, contract: Contract) -> Iterator[str]:
    """Who may call, a sentence each."""
    rule = operation.rule
    if operation.api.flaw is not None:
        yield f"nobody: the document leaves it undecidable ({operation.api.flaw})"
        return
    if rule is None or not rule.allow:
        yield "nobody: nothing is stated for it, so it is closed"
        return
    if "anyone" in rule.allow:
        yield "anyone, without authentication"
        return
    yield from (_word(word, operation, contract) for word in rule.allow)
    yield from _delegated(rule, contract)
    resource = operation.resource
    if resource is not None and resource.tenant is not None and set(rule.allow) & set(contract.roles):
        yield f"a role counts within the caller's own tenant alone ({resource.name}.{resource.tenant})"
    yield from _required(rule)
    if rule.when is not None:
        stated = {"time": rule.when.hours or rule.when.days, "network": rule.when.networks,
                  "kind of sign-in": rule.when.methods, "token's claims": rule.when.claims}  # fmt: skip
        yield "and only under conditions on the " + ", the ".join(name for name, there in stated.items() if there)
    if rule.policy:
        yield f"and only if the policies of {contract.policies.file if contract.policies else 'no file'} permit it"
    for apart in contract.never:
        if apart & set(rule.allow):
            yield f"a caller with {' and '.join(sorted(apart))} holds neither role"
    if rule.filter is not None:
        kept = "the caller owns" if rule.filter == "owner" else "the caller's tenant holds"
        yield f"and of a list, only what {kept} is shown"


def _delegated(rule: Rule, contract: Contract) -> Iterator[str]:
    """What a client needs that acts for a person (scopes narrow what the person may, and add nothing)."""
    scopes = [word.removeprefix("scope:") for word in rule.allow if word.startswith("scope:")]
    if contract.authentication.accounts and scopes:
        yield f"and for a person, through another party's client, only with the scope {' or '.join(scopes)}"


def _required(rule: Rule) -> Iterator[str]:
    """How the caller must have signed in."""
    if rule.requires is not None and rule.requires.mfa:
        yield "and only signed in with a second factor (`requires`)"
    if rule.requires is not None and rule.requires.max_age is not None:
        yield f"and only within {rule.requires.max_age:g} seconds of the sign-in (`requires`)"


def _word(word: str, operation: Operation, contract: Contract) -> str:
    if word in contract.roles:
        role = contract.roles[word]
        wider = sorted(name for name, other in contract.roles.items() if word in other.includes)
        mfa = ", signed in with a second factor" if role.mfa else ""
        return f"the role {word}{mfa}" + (f" (and {', '.join(wider)}, by inclusion)" if wider else "")
    if word.startswith("scope:"):
        return f"whoever holds the scope {word.removeprefix('scope:')}"
    spoken = [contract.resources[name] for _, name in operation.objects]
    spoken += [operation.resource] if operation.resource else []
    told = [(r.name, r.owner if word == "owner" else r.tenant) for r in spoken]
    named = sorted({f"{name}.{member}" for name, member in told if member})
    whose = "its owner" if word == "owner" else "whoever belongs to its tenant"
    return f"{whose} ({', '.join(named)})" if named else f"{word}: opens nothing, as nothing here names one"


def _owned(operation: Operation, contract: Contract) -> Iterator[Owned]:
    """How ownership is settled for each object that the path names and that has an owner or a tenant."""
    allow = operation.rule.allow if operation.rule else ()
    if not allow or "anyone" in allow:
        return
    for parameter, name in operation.objects:
        resource = contract.resources[name]
        if resource.owner or resource.tenant:
            innermost = (parameter, name) == operation.objects[-1]
            yield Owned(parameter, name, tuple(_ways(resource, operation, contract, innermost=innermost)))


def _ways(resource: Resource, operation: Operation, contract: Contract, *, innermost: bool) -> Iterator[str]:
    if resource.tenant is None and set(operation.rule.allow if operation.rule else ()) - {"owner", "member"}:
        yield "role: one that is allowed suffices, whoever the object belongs to"
    if resource.owner == resource.id:
        yield "principal: the id is the caller's own subject"
    if resource.claim is not None and "owner" in (operation.rule.allow if operation.rule else ()):
        yield f"claim: the token's {resource.claim} lists it"
    yield "memory: who made it, as seen when it was made"
    yield f'resolver: what `@wall.owner_of("{resource.name}")` answers, in process and where there is one'
    if innermost and _names_owner(operation, contract):
        yield f"reply: {_named(resource)} in what the application answers"
        return
    probe = stated(contract).authorization.probe
    question = probe(resource.name, {**{p: "0" for p, _ in operation.objects}, resource.id: "0"})
    if question is not None:
        yield f"probe: {_named(resource)} as the application itself tells it beforehand"
    yield "otherwise it counts as somebody else's"


def _named(resource: Resource) -> str:
    return " and ".join(name for name in (resource.owner, resource.tenant) if name)


def _names_owner(operation: Operation, contract: Contract) -> bool:
    """Whether the declared reply of a read names the owner and the tenant."""
    resource = operation.resource
    if operation.api.method != "GET" or operation.api.websocket or resource is None:
        return False
    sight = sight_of(contract)
    good = [reply for status, reply in operation.api.replies.items() if status.startswith(("2", "default"))]
    schemas = [content.schema for r in good for media, content in r.content.items() if media.endswith("json")]
    return bool(schemas) and all(sight.names_owner(schema, resource.name) for schema in schemas)


def _shown(operation: Operation) -> Iterator[Shown]:
    resource = operation.resource
    for field in resource.fields.values() if resource else ():
        sentence = "; ".join(_rules(field))
        if sentence and resource is not None:
            yield Shown(resource.name, field.name, sentence, str(field.at))


def _rules(field: Field) -> Iterator[str]:
    if field.encrypt != "no":
        yield (
            "encrypted, found by equality: who holds the store sees which values of a tenant are equal and how often "
            "each occurs, and may confirm a guess by writing it through the wall; no prefix, no range, no sorting"
            if field.encrypt == "searchable"
            else "encrypted"
        )
    if field.read is not None:
        others = f"masked ({field.mask}) for others" if field.mask else "withheld from others"
        yield f"shown whole to {_listed(field.read)}, {others}"
    if field.write is not None:
        yield f"written by {_listed(field.write)} alone"
    if field.format not in ("", "text"):
        yield f"free text of format {field.format}"
    if field.sanitize:
        yield "sanitized"


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "nobody"
