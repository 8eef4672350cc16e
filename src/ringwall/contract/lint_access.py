"""What a contract says of who may do what that is valid and yet unwise: (id, where, about, what, do) of a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringwall.contract.api import ApiOperation
from ringwall.contract.model import At, Contract, Field, Operation, Resource

Told = tuple[str, At, str, str, str]
_BRACED = re.compile(r"\\\{[^{}]*\\\}")


def unreachable(contract: Contract) -> Iterator[Told]:
    """Rules whose words can hold for nobody, in an operation or in a field."""
    opened = {word for operation in contract.operations for word in _holding(operation, contract)}
    for rule in contract.rules:
        bound = [o for o in contract.operations if o.rule is rule]
        if rule.allow and bound and not any(_holding(o, contract) for o in bound):
            why = f"`{'`, `'.join(rule.allow)}` needs an object with one in the path or the reply"
            yield "contract.never", rule.at, rule.key, f"{rule.key} allows nobody: {why}", "Allow a role, or name it."
    for resource, field, key, words in _accesses(contract):
        unheld = sorted(word for word in words if word in contract.roles and not _opened(word, opened, contract))
        if words and len(unheld) == len(words):
            yield (
                "contract.never", field.at, f"{resource.name}.{field.name}",
                f"`{key}` of {resource.name}.{field.name} names {', '.join(unheld)} alone, which no operation lets in",
                "Allow the role an operation, or name another.",
            )  # fmt: skip


def _accesses(contract: Contract) -> Iterator[tuple[Resource, Field, str, frozenset[str]]]:
    for resource in contract.resources.values():
        for field in resource.fields.values():
            yield from ((resource, field, k, w) for k, w in (("read", field.read), ("write", field.write)) if w)


def _opened(role: str, opened: set[str], contract: Contract) -> bool:
    """Whether someone who holds the role is let in anywhere: by it, by what it includes, or with what includes it."""
    wider = {name for name, other in contract.roles.items() if role in other.includes}
    held = {role, *contract.roles[role].includes, *wider, *(i for w in wider for i in contract.roles[w].includes)}
    return bool((held | {"owner", "member", "anyone"}) & opened) or any(":" in word for word in opened)


def _holding(operation: Operation, contract: Contract) -> set[str]:
    """The words of an operation's `allow` that can come to hold in it."""
    allow = set(operation.rule.allow) if operation.rule else set[str]()
    spoken = [contract.resources[name] for _, name in operation.objects]
    shows = operation.api.method == "GET" or operation.lists or operation.creates
    shows = shows or bool(operation.api.body or operation.api.parameters)
    spoken += [operation.resource] if operation.resource and shows else []
    if not any(resource.owner for resource in spoken):
        allow.discard("owner")
    if not any(resource.tenant for resource in spoken):
        allow.discard("member")
    return allow


def batches(contract: Contract) -> Iterator[Told]:
    """Operations that are open and take whole requests in their body."""
    for operation in contract.operations:
        rule = operation.rule
        if rule is None or not rule.allow or not operation.carries:
            continue
        what = f"{operation.key} takes requests inside its body, which nobody judges on their way"
        if not rule.batch:
            what += "; it is refused (authz.batch)"
        do = "Close it (`allow: []`) and have clients send their requests singly; or, if the application itself judges "
        do += "each of them, state `batch: true` and accept this finding with a reason."
        yield "contract.batch", rule.at, operation.key, what, do


def open_fields(contract: Contract) -> Iterator[Told]:
    """Fields with a class that anyone may read, though not anyone may read the rest."""
    for resource in contract.resources.values():
        for field in resource.fields.values():
            if field.data_class != "public" and field.read is not None and "anyone" in field.read:
                yield (
                    "contract.exposed", field.at, f"{resource.name}.{field.name}",
                    f"{resource.name}.{field.name} is {field.data_class} data that anyone may read",
                    "Name who may, or class it public.",
                )  # fmt: skip


def order(contract: Contract) -> Iterator[Told]:
    """`/{x}` declared before `/me`: a framework that takes the first that fits runs the one, ringwall judges the other
    (OpenAPI, Paths Object: a literal path goes first)."""
    before: list[tuple[Operation, re.Pattern[str]]] = []
    for operation in contract.operations:
        path, method = operation.api.path, operation.api.method
        for earlier, fits in before:
            if earlier.api.method == method and _differ(earlier, operation) and fits.fullmatch(_plain(path)):
                yield (
                    "contract.order", At(contract.api.source or contract.file, max(operation.api.line, 1), 1),
                    operation.key,
                    f"{operation.key} is declared after {earlier.key}: a framework that takes the first that fits runs "
                    "that one, by another rule than the one that was judged",
                    "Declare it before, or state the same rule for both.",
                )  # fmt: skip
                break
        if "{" in path and not operation.api.websocket:
            before.append((operation, _matcher(operation.api)))


def _differ(one: Operation, other: Operation) -> bool:
    if other.rule is None or one.rule is None:
        return one.rule is not other.rule
    return one.rule is not other.rule and (
        set(one.rule.allow) != set(other.rule.allow) or one.rule.filter != other.rule.filter
    )


def _plain(path: str) -> str:
    """A path in which each parameter stands for a value that only a parameter fits."""
    return re.sub(r"\{[^{}]*\}", "\x00", path)


def _matcher(operation: ApiOperation) -> re.Pattern[str]:
    text = re.escape(operation.path)
    return re.compile(_BRACED.sub("[^/]+", text))
