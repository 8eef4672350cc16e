"""A wall from a contract and a runtime: every plan compiled at start, in the layers' one order."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import orjson

from ringwall.build import own, own_upstream
from ringwall.build.answers import answers
from ringwall.build.kept import Fetcher, Kept
from ringwall.build.router import Match, Router
from ringwall.build.runtime import Runtime, request_id
from ringwall.build.settings import Running, Stated, running, stated
from ringwall.build.suspicion import suspicion
from ringwall.contract.model import Contract, Operation
from ringwall.core.admit import Admission, admit
from ringwall.core.message import JSON, Head
from ringwall.core.plan import Guards, Limits, Plan, Wall
from ringwall.core.ports import Ports
from ringwall.core.reasons import Layer
from ringwall.layers import (
    ORDER,
    authentication,
    authorization,
    detection,
    disclosure,
    encryption,
    quota,
    response,
    sinks,
    transport,
    validation,
)
from ringwall.monitoring.recorder import Watch, recorder

Forged = Mapping[str, Guards]

LASTING: Mapping[str, Callable[[Operation, Stated], Guards]] = {
    "authorization": lambda op, given: authorization.forge(op, given.authorization),
    "validation": lambda op, given: validation.forge(op, given.validation),
    "detection": lambda op, given: detection.forge(op, given.detection),
    "encryption": lambda op, given: encryption.forge(op, given.encryption),
    "sinks": lambda op, given: sinks.forge(op, given.sinks),
    "disclosure": lambda op, given: disclosure.forge(op, given.disclosure),
    "masks": lambda op, given: disclosure.forge_masks(op, given.disclosure),
    "reach": lambda op, given: disclosure.forge_reach(op, given.disclosure),
}
"""The stations that any wall of a contract can share."""

OWN: Mapping[str, Callable[[Operation, Running], Guards]] = {
    "monitoring": lambda op, given: given.journal + response.forge_address(given.restraints),
    "transport": lambda op, given: transport.forge(op, given.transport),
    "quota": lambda op, given: quota.forge(op, given.quota),
    "authentication": lambda op, given: authentication.forge(op, given.authentication),
    "standing": lambda op, given: response.forge(op, given.restraints),
    "delivery": lambda op, given: authentication.forge_delivery(op, given.authentication),
    "allowance": lambda op, given: quota.forge_principal(op, given.quota),
    "echo": lambda op, given: disclosure.forge_echo(given.memory),
}
"""The stations that each wall has of its own: they count, remember, or hold its keys."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a deployment adds to a contract: whether TLS is demanded here, how to read from the application itself,
    who watches the events (the drill), and what declares more endpoints of ringwall's own (the console)."""

    https: bool = False
    fetch: Fetcher | None = None
    watch: Watch | None = None
    more: tuple[own.Declare, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A contract whose lasting guards are compiled: the slow part of a start, done once for any number of walls."""

    contract: Contract
    forged: tuple[Forged, ...]


def prepare(contract: Contract) -> Prepared:
    """Compile what follows from the contract alone."""
    given = stated(contract)
    return Prepared(
        contract,
        tuple({name: forge(op, given) for name, forge in LASTING.items()} for op in contract.operations),
    )


def assemble(prepared: Prepared, runtime: Runtime, circumstances: Circumstances | None = None) -> Wall:
    """The wall of a contract on a runtime."""
    here, contract = circumstances or Circumstances(), prepared.contract
    given = running(contract, runtime, https=here.https)
    plans = tuple(
        _plan(op, contract, {**lasting, **{name: forge(op, given) for name, forge in OWN.items()}})
        for op, lasting in zip(contract.operations, prepared.forged, strict=True)
    )
    certificates = contract.authentication.certificates
    bounds = Admission(
        trusted=tuple(ipaddress.ip_network(n) for n in contract.trusted_proxies),
        certificate=certificates.header if certificates else None,
    )
    answering = own_upstream.with_sessions(answers(runtime, contract, here.fetch), runtime, contract, here.fetch)
    return Wall(
        admit=lambda raw, request_id: admit(raw, bounds, request_id),
        route=_route(contract, plans, runtime, given, here.more),
        plans=plans,
        ports=Ports(
            answers=answering,
            record=recorder(runtime.journal, runtime.metrics, runtime.health, here.watch, runtime.persons),
            now=time.time,
            ticks=time.perf_counter_ns,
            new_id=request_id,
            at_hand={kind: answer.at_hand for kind, answer in answering.items() if isinstance(answer, Kept)},
        ),
        dress=transport.dresser(given.transport),
        decode=_decode,
        encode=orjson.dumps,
        must_record=contract.journal != "best-effort",
        suspect=suspicion(contract),
    )


def _plan(operation: Operation, contract: Contract, forged: Forged) -> Plan:
    rule, limits, observe = operation.rule, contract.limits, _observed(operation, contract)
    mode = validation.body_mode(operation)
    if mode == "none" and Layer.VALIDATION in observe:
        mode = "whole"  # undeclared content is a finding to be recorded there, and goes on
    body = limits.upload if mode == "stream" else limits.body
    return Plan(
        operation=operation.key,
        template=operation.base_path + operation.api.path,
        guards=ordered(forged),
        limits=Limits(
            body=rule.body_limit if rule and rule.body_limit is not None else body,
            reply=limits.reply,
            seconds=rule.seconds if rule and rule.seconds is not None else limits.seconds,
        ),
        body=mode,
        observe=observe,
        confine=sinks.rows_of(operation, contract.resources),
        named=operation.objects,
        listed=disclosure.pages_of(operation),
    )


def ordered(forged: Forged) -> Guards:
    """All layers' guards, each phase in its one order."""
    return Guards(
        head=tuple(guard for name in ORDER.head for guard in forged[name].head),
        body=tuple(guard for name in ORDER.body for guard in forged[name].body),
        sink=tuple(guard for name in ORDER.sink for guard in forged[name].sink),
        reply=tuple(guard for name in ORDER.reply for guard in forged[name].reply),
    )


def _observed(operation: Operation, contract: Contract) -> frozenset[Layer]:
    """The layers that only watch: all in observe mode, else those that the contract names."""
    rule = operation.rule
    if contract.mode == "observe" or (rule is not None and rule.observe):
        return frozenset(Layer)
    return frozenset(Layer(name) for name in contract.observe)


def _route(
    contract: Contract, plans: tuple[Plan, ...], runtime: Runtime, given: Running, more: tuple[own.Declare, ...]
) -> Callable[[Head], tuple[Plan, Mapping[str, str]]]:
    router = Router(contract.api.base_path)
    for operation, plan in zip(contract.operations, plans, strict=True):
        router.add("WS" if operation.api.websocket else operation.api.method, operation.api.path, plan)
    for declare in (own.declare, *more):
        declare(router, contract, runtime, given)
    refusing: dict[tuple[str, ...], Plan] = {}
    passing = Limits(body=contract.limits.upload, reply=contract.limits.reply, seconds=contract.limits.seconds)

    def route(head: Head) -> tuple[Plan, Mapping[str, str]]:
        found = router.match(head)
        if isinstance(found, Match):
            return found
        if found not in refusing:
            refusing[found] = _refusing(found, given)
        plan = replace(refusing[found], template=router.outline(head))
        if contract.mode == "observe" and not own.is_own(head.path):
            return replace(plan, body="stream", limits=passing, observe=frozenset(Layer)), {}
        return plan, {}

    return own.with_preflight(route, router, contract, given)


def _refusing(allow: tuple[str, ...], given: Running) -> Plan:
    """The plan of what is not declared: counted against its address, then refused."""
    guards = (
        Guards(head=(*response.forge_address(given.restraints).head, *quota.forge(None, given.quota).head))
        + transport.refuse_route(allow)
        + authorization.refuse_undeclared()
    )
    return Plan("undeclared", "", guards, body="none")


def _decode(content: bytes) -> tuple[JSON, bool]:
    try:
        return orjson.loads(content), True
    except orjson.JSONDecodeError:
        return None, False
