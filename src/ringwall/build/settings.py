"""What each layer is told, drawn from the contract and the runtime: in one place, before any plan is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ringwall.build.policies import policies_of
from ringwall.build.runtime import Runtime
from ringwall.contract.model import Contract, Operation
from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards
from ringwall.core.ports import Fetch
from ringwall.core.reasons import JOURNAL, Layer
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.engines.policy import Kind, Roles, Sight
from ringwall.engines.tokens.dpop import Nonces
from ringwall.layers import (
    authentication,
    authorization,
    detection,
    disclosure,
    encryption,
    quota,
    sinks,
    transport,
    validation,
)
from ringwall.layers.authentication import Proofs
from ringwall.layers.response import Restraints


@dataclass(frozen=True, slots=True)
class Stated:
    """The settings that follow from the contract alone."""

    authorization: authorization.Settings
    validation: validation.Settings
    detection: detection.Settings
    encryption: encryption.Settings
    sinks: sinks.Settings
    disclosure: disclosure.Settings


@dataclass(frozen=True, slots=True)
class Running:
    """The settings that one wall has for itself: what it counts, remembers and was started with."""

    transport: transport.Settings
    quota: quota.Settings
    authentication: authentication.Settings
    memory: disclosure.Memory
    journal: Guards
    restraints: Restraints


def stated(contract: Contract) -> Stated:
    """The settings of every wall of a contract."""
    components, limits = contract.api.schemas, contract.limits
    sight, probe = sight_of(contract), _probe(contract)
    return Stated(
        authorization=authorization.Settings(
            contract.resources, sight, probe, _standing(contract), policies_of(contract), vouched=_issues(contract)
        ),
        validation=validation.Settings(
            components, limits.depth, limits.items, contract.resources, unpacked=limits.body
        ),
        detection=detection.Settings(),
        encryption=encryption.Settings(contract.resources, sight, probe),
        sinks=sinks.Settings(),
        disclosure=disclosure.Settings(contract.resources, sight, components, contract.replies),
    )


def running(contract: Contract, runtime: Runtime, *, https: bool) -> Running:
    """The settings of one wall."""
    limits = contract.limits
    return Running(
        transport=transport.Settings(contract.cors, https),
        quota=quota.settings(limits.anonymous_rate, limits.rate, by_credential=contract.authentication.api_keys),
        authentication=_authentication(contract, runtime, https=https),
        memory=disclosure.Memory(),
        journal=_journal(contract, runtime),
        restraints=runtime.restraints,
    )


def _issues(contract: Contract) -> bool:
    """Whether credentials are issued here."""
    return contract.authentication.accounts or contract.authentication.api_keys


def sight_of(contract: Contract) -> Sight:
    """What finds the contract's resources in documents."""
    kinds = [Kind(r.name, r.schema, r.id, r.owner, r.tenant) for r in contract.resources.values()]
    return Sight(kinds, contract.api.schemas)


def _standing(contract: Contract) -> authorization.Standing:
    issuers = contract.authentication.issuers
    groups = {issuer.issuer: issuer.groups for issuer in issuers if issuer.groups is not None}
    return authorization.Standing(roles_of(contract), groups, contract.staleness_s)


def roles_of(contract: Contract) -> Roles:
    """The contract's roles as the policy engine takes them."""
    groups = {group for role in contract.roles.values() for group in role.groups}
    return Roles(
        {name: role.includes for name, role in contract.roles.items()},
        frozenset(name for name, role in contract.roles.items() if role.mfa),
        {name: role.plain for name, role in contract.roles.items()},
        {g: frozenset(r.name for r in contract.roles.values() if g in r.groups) for g in groups},
        contract.never,
    )


def _authentication(contract: Contract, runtime: Runtime, *, https: bool) -> authentication.Settings:
    stated, tokens, cors = contract.authentication, runtime.tokens, contract.cors
    watching = contract.mode == "observe" or "authentication" in contract.observe
    return authentication.Settings(
        own=authentication.Own(tokens.key_set, tokens.expectation()) if stated.accounts else None,
        issuers={issuer.issuer: issuer for issuer in stated.issuers},
        api_keys=stated.api_keys,
        basic=stated.basic,
        roles=roles_of(contract),
        staleness_s=contract.staleness_s,
        upstream=authentication.Upstream(stated.upstream, https, watching) if stated.upstream else None,
        proofs=Proofs(Nonces(runtime.secret), runtime.tokens.issuer),
        certificates=stated.certificates,
        key_places=key_places(contract) if stated.api_keys else (),
        sessions=stated.sessions is not None,
        session_origins=frozenset(cors.origins) - {"*", "null"} if cors and cors.credentials else frozenset(),
    )


def key_places(contract: Contract) -> tuple[str, ...]:
    """The headers in which the API's own clients put a key (OpenAPI, Security Scheme Object: `apiKey` in a header)."""
    schemes = [s for s in contract.api.security.values() if isinstance(s, dict) and s.get("type") == "apiKey"]
    named = {str(s.get("name", "")).lower() for s in schemes if s.get("in") == "header"}
    return tuple(sorted(named - {"", "authorization", "cookie", authentication.KEY_HEADER}))


def _journal(contract: Contract, runtime: Runtime) -> Guards:
    """Nothing is begun that could not be recorded: refused up front while the journal does not write. One request is
    let through after each refusal, to find out whether it writes again."""
    if contract.journal == "best-effort":
        return Guards()
    health, refused = runtime.health, Refuse(JOURNAL, headers=((b"retry-after", b"5"),))

    def writable(head: Head, known: Known) -> Verdict:
        if not health.failing:
            return PASS
        health.failing = False
        return refused

    return Guards(head=(Guard(Layer.MONITORING, "journal", writable, "journal"),))


def _probe(contract: Contract) -> Callable[[str, Mapping[str, str]], Fetch | None]:
    """How to read one object from the application itself: its resource's own GET, by path parameters alone."""
    reads = {op.resource.name: op for op in contract.operations if _is_canonical_read(op) and op.resource}

    def probe(resource: str, params: Mapping[str, str]) -> Fetch | None:
        operation = reads.get(resource)
        if operation is None:
            return None
        target = operation.base_path + operation.api.path
        itself = operation.objects[-1][0]
        for name, _ in operation.objects:
            value = params.get(contract.resources[resource].id if name == itself else name)
            if value is None:
                return None
            target = target.replace(f"{{{name}}}", quote(value, safe=""))
        return Fetch(target) if "{" not in target else None

    return probe


def _is_canonical_read(operation: Operation) -> bool:
    """A GET of exactly one object by its id: `/patients/{patient_id}`."""
    if operation.api.method != "GET" or operation.api.websocket or operation.resource is None or operation.lists:
        return False
    last = operation.objects[-1] if operation.objects else None
    return last is not None and last[1] == operation.resource.name and operation.api.path.endswith(f"{{{last[0]}}}")
