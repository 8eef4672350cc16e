"""What a contract says that is valid and yet unwise: findings with permanent ids. Judges nothing at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Literal

from ringwall.contract import lint_access, lint_data, lint_upstream
from ringwall.contract.finding import Finding as Finding
from ringwall.contract.lint_ciphertext import breaks
from ringwall.contract.model import At, Contract, Operation

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MANY = 5

Linear = Callable[[str], bool]


def lint(contract: Contract, linear: Linear) -> tuple[Finding, ...]:
    """Every finding, in the order of the lines. `linear` says whether a pattern runs in linear time."""
    checks: tuple[Iterable[Finding], ...] = (
        _open_writes(contract), _classified(contract), _closed(contract), _flawed(contract), _broad(contract),
        _never(contract), _shadowed(contract), _unfiltered(contract), _cors(contract), _limits(contract),
        _weak(contract), _unencrypted(contract), _ciphertext(contract), _patterns(contract, linear), _access(contract),
        lint_upstream.findings(contract),
    )  # fmt: skip
    found = {finding: None for findings in checks for finding in findings}
    return tuple(sorted(found, key=lambda f: (f.at.file, f.at.line, f.at.column, f.id, f.about)))


def unaccepted(contract: Contract, findings: Iterable[Finding], today: date) -> tuple[list[Finding], list[Finding]]:
    """Findings that count, and those that the team lives with for now. An entry names an id, or `id about`."""
    lived = {entry.id for entry in contract.accepted if today <= entry.until}
    counting: list[Finding] = []
    accepted: list[Finding] = []
    for finding in findings:
        known = finding.id in lived or f"{finding.id} {finding.about}" in lived
        (accepted if known else counting).append(finding)
    return counting, accepted


def _at(contract: Contract, operation: Operation) -> At:
    if operation.rule is not None:
        return operation.rule.at
    return At(contract.api.source or contract.file, max(operation.api.line, 1), 1)


def _writes(operation: Operation) -> bool:
    return operation.api.method not in _SAFE or operation.api.websocket


def _access(contract: Contract) -> Iterator[Finding]:
    for find in (lint_access.unreachable, lint_access.open_fields, lint_access.order, lint_access.batches):
        for name, at, about, what, do in find(contract):
            yield Finding(name, "warning", at, about, what, do)


def _open_writes(contract: Contract) -> Iterator[Finding]:
    login = contract.authentication.upstream
    meant = login.login | login.refresh | login.logout if login else frozenset()
    for operation in contract.operations:
        if operation.rule and "anyone" in operation.rule.allow and _writes(operation) and operation.key not in meant:
            yield Finding(
                "contract.unprotected", "warning", _at(contract, operation), operation.key,
                f"{operation.key} lets anyone write, without authentication",
                "Allow roles, or accept the finding with a reason.",
            )  # fmt: skip


def _classified(contract: Contract) -> Iterator[Finding]:
    for operation in contract.operations:
        resource = operation.resource
        if not operation.rule or "anyone" not in operation.rule.allow or resource is None:
            continue
        shown = [f.name for f in resource.fields.values() if f.data_class != "public" and f.read is None]
        if shown:
            yield Finding(
                "contract.exposed", "warning", _at(contract, operation), operation.key,
                f"{operation.key} shows anyone the {resource.name}'s {', '.join(shown[:4])}",
                "Allow roles, state `read:` on these fields, or class them public.",
            )  # fmt: skip


def _closed(contract: Contract) -> Iterator[Finding]:
    closed = [o for o in contract.operations if o.rule is None]
    if closed:
        names = ", ".join(o.key for o in closed[:_MANY]) + (", …" if len(closed) > _MANY else "")
        yield Finding(
            "contract.closed", "note", At(contract.file, 1, 1), f"{len(closed)} operations",
            f"{len(closed)} operations are stated nowhere and refuse everyone: {names}",
            "State who may use them, or leave them closed.",
        )  # fmt: skip


def _flawed(contract: Contract) -> Iterator[Finding]:
    for operation in contract.operations:
        if operation.api.flaw and operation.rule and operation.rule.allow:
            yield Finding(
                "contract.flawed", "warning", At(contract.api.source, max(operation.api.line, 1), 1), operation.key,
                f"{operation.key} is allowed, but closed all the same: the document has {operation.api.flaw}",
                "Mend the OpenAPI document.",
            )  # fmt: skip


def _broad(contract: Contract) -> Iterator[Finding]:
    """A role that may use next to everything, writes among it, whoever an object belongs to."""
    stated = [o for o in contract.operations if o.rule and o.rule.allow and "anyone" not in o.rule.allow]
    for role in contract.roles.values():
        held = {role.name, *role.includes}
        may = [o for o in stated if o.rule and held & set(o.rule.allow)]
        if len(stated) > _MANY and len(may) >= 0.95 * len(stated) and any(_writes(o) for o in may):
            yield Finding(
                "contract.broad", "warning", may[0].rule.at if may[0].rule else At(contract.file, 1, 1), role.name,
                f"the role {role.name} may use {len(may)} of {len(stated)} operations",
                "Give roles only what they need, and demand a second factor (`requires: mfa`) of those that need all.",
            )  # fmt: skip


def _never(contract: Contract) -> Iterator[Finding]:
    given = contract.authentication
    credentials = (
        given.accounts or given.api_keys or given.basic or bool(given.issuers or given.upstream or given.certificates)
    )
    factors = given.accounts or bool(given.issuers)
    for rule in contract.rules:
        held = [contract.roles[w] for w in rule.allow if w in contract.roles]
        why = None
        if not rule.allow:
            why = "nobody is named"
        elif "anyone" not in rule.allow and not credentials:
            why = "no kind of credential is taken (`authentication:`)"
        elif held and len(held) == len(rule.allow) and all(r.mfa for r in held) and not factors:
            why = "its roles demand a second factor, which no credential taken here can show"
        if why is not None:
            yield Finding("contract.never", "warning", rule.at, rule.key, f"{rule.key} allows nobody: {why}",
                          "Name who may, or take the line out.")  # fmt: skip


def _shadowed(contract: Contract) -> Iterator[Finding]:
    deciding = {o.rule.key for o in contract.operations if o.rule}
    for rule in contract.rules:
        if rule.key not in deciding:
            yield Finding("contract.shadowed", "warning", rule.at, rule.key,
                          f"{rule.key} decides nothing: more specific rules do", "Take the line out.")  # fmt: skip


def _unfiltered(contract: Contract) -> Iterator[Finding]:
    for operation in contract.operations:
        rule, resource = operation.rule, operation.resource
        if not operation.lists or rule is None or rule.filter or resource is None or resource.tenant is None:
            continue
        yield Finding("contract.filter", "warning", rule.at, operation.key,
                      f"{operation.key} lists every tenant's {resource.name} objects",
                      "State `filter: tenant` (or owner).")  # fmt: skip


def _cors(contract: Contract) -> Iterator[Finding]:
    cors = contract.cors
    if cors is not None and cors.credentials and "*" in cors.origins:
        yield Finding("contract.cors", "warning", At(contract.file, 1, 1), "cors",
                      "CORS allows every origin together with credentials", "Name the origins.")  # fmt: skip
    for origin in cors.origins if cors is not None else ():
        if origin.startswith("http://") and not origin.startswith(("http://localhost", "http://127.0.0.1")):
            yield Finding("contract.cors.clear", "warning", At(contract.file, 1, 1), origin,
                          f"the origin {origin} is not protected by TLS", "Use https.")  # fmt: skip


def _limits(contract: Contract) -> Iterator[Finding]:
    here = At(contract.file, 1, 1)
    for name, stated in (("rate", contract.limits.rate), ("anonymous_rate", contract.limits.anonymous_rate)):
        if stated is None:
            yield Finding("contract.limits", "warning", here, f"limits.{name}",
                          f"no `limits.{name}` is stated: callers may ask as often as they like",
                          f"State `limits: {{{name}: 600/minute}}` or what fits.")  # fmt: skip


def _weak(contract: Contract) -> Iterator[Finding]:
    here = At(contract.file, 1, 1)
    weak = (
        (contract.mode == "observe" or bool(contract.observe), "contract.observe",
         "requests are judged but not refused (`mode` or `observe`)", "Enforce when the journal shows no mistakes."),
        (contract.journal == "best-effort", "contract.journal",
         "requests go on when they cannot be recorded (`journal: best-effort`)", "Leave it out."),
        (contract.authentication.basic, "contract.basic",
         "passwords travel with every request (`basic: true`)", "Use tokens or API keys."),
        (any(n.endswith("/0") for n in contract.trusted_proxies), "contract.proxies",
         "every address is believed as a proxy", "Name the proxies' own networks."),
    )  # fmt: skip
    for resource in contract.resources.values():
        for field in resource.fields.values():
            if field.observe:
                yield Finding("contract.observe", "warning", field.at, f"{resource.name}.{field.name}",
                              f"what detection finds in {resource.name}.{field.name} is not refused (`observe`)",
                              "State its `format`, and enforce when the journal shows no mistakes.")  # fmt: skip
    for holds, name, what, do in weak:
        if holds:
            yield Finding(name, "warning", here, name.partition(".")[2], what, do)


def _unencrypted(contract: Contract) -> Iterator[Finding]:
    for resource in contract.resources.values():
        for field in resource.fields.values():
            if field.data_class in ("health", "cardholder", "secret") and field.encrypt == "no":
                yield Finding("contract.encryption", "warning", field.at, f"{resource.name}.{field.name}",
                              f"{resource.name}.{field.name} is {field.data_class} data and stored in clear",
                              "State `encrypt: true`.")  # fmt: skip


def _ciphertext(contract: Contract) -> Iterator[Finding]:
    for found in breaks(contract):
        severity: Literal["warning", "note"] = "warning" if found.sure else "note"
        yield Finding(found.id, severity, found.at, found.about, found.what, found.do)


def _patterns(contract: Contract, linear: Linear) -> Iterator[Finding]:
    for where, pattern in lint_data.patterns(contract.api):
        if not linear(pattern):
            yield Finding(
                "contract.pattern", "warning", At(contract.api.source or contract.file, 1, 1), where,
                f"the pattern {pattern[:80]!r} of {where} cannot be matched in linear time",
                "Write it without look-around and back-references: until then it cannot be checked.",
            )  # fmt: skip
