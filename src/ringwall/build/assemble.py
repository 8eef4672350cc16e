"""A wall from a contract and a runtime: every plan compiled at start, in the layers' one order."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from ringwall.build import own
from ringwall.build.answers import Fetcher, answers
from ringwall.build.router import Match, Router
from ringwall.build.runtime import Runtime, request_id
from ringwall.build.settings import Given, given_for
from ringwall.contract.model import Contract, Operation
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known
from ringwall.core.message import JSON, Head
from ringwall.core.plan import Guard, Guards, Limits, Plan, Wall
from ringwall.core.ports import Ports
from ringwall.core.reasons import JOURNAL, Layer
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers import (
    ORDER,
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
from ringwall.monitoring.recorder import Watch, recorder

Station = Callable[[Operation, Given], Guards]

STATIONS: Mapping[str, Station] = {
    "transport": lambda op, given: transport.forge(op, given.transport),
    "quota": lambda op, given: quota.forge(op, given.quota),
    "authentication": lambda op, given: authentication.forge(op, given.authentication),
    "allowance": lambda op, given: quota.forge_principal(op, given.quota),
    "authorization": lambda op, given: authorization.forge(op, given.authorization),
    "validation": lambda op, given: validation.forge(op, given.validation),
    "detection": lambda op, given: detection.forge(op, given.detection),
    "encryption": lambda op, given: encryption.forge(op, given.encryption),
    "sinks": lambda op, given: sinks.forge(op, given.sinks),
    "disclosure": lambda op, given: disclosure.forge(op, given.disclosure),
    "masks": lambda op, given: disclosure.forge_masks(op, given.disclosure),
    "monitoring": lambda op, given: given.journal,
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a deployment adds to a contract: whether TLS is demanded here, how to read from the application itself,
    and who watches the events (the drill)."""

    https: bool = False
    fetch: Fetcher | None = None
    watch: Watch | None = None


def assemble(contract: Contract, runtime: Runtime, circumstances: Circumstances | None = None) -> Wall:
    """The wall of a contract. Raises `Misconfigured` with every problem at once."""
    here = circumstances or Circumstances()
    given = given_for(contract, runtime, https=here.https, journal=_journal_guard(contract, runtime))
    plans = tuple(_plan(operation, contract, given) for operation in contract.operations)
    router = Router(contract.api.base_path)
    for operation, plan in zip(contract.operations, plans, strict=True):
        method = "WS" if operation.api.websocket else operation.api.method
        router.add(method, operation.api.path, plan)
    own.declare(router, contract, runtime, given)
    bounds = Admission(trusted=tuple(ipaddress.ip_network(n) for n in contract.trusted_proxies))
    return Wall(
        admit=lambda raw, request_id: admit(raw, bounds, request_id),
        route=_route(router, contract, given),
        plans=plans,
        ports=Ports(
            answers=answers(runtime, contract, here.fetch),
            record=recorder(runtime.journal, runtime.metrics, runtime.health, here.watch),
            now=time.time,
            ticks=time.perf_counter_ns,
            new_id=request_id,
        ),
        dress=transport.dresser(given.transport),
        decode=_decode,
        encode=orjson.dumps,
        must_record=contract.journal == "required",
    )


def _plan(operation: Operation, contract: Contract, given: Given) -> Plan:
    forged = {name: station(operation, given) for name, station in STATIONS.items()}
    rule, limits = operation.rule, contract.limits
    body = validation.body_mode(operation)
    return Plan(
        operation=operation.key,
        template=operation.base_path + operation.api.path,
        guards=ordered(forged),
        limits=Limits(
            body=rule.body_limit
            if rule and rule.body_limit is not None
            else limits.upload
            if body == "stream"
            else limits.body,
            reply=limits.reply,
            seconds=rule.seconds if rule and rule.seconds is not None else limits.seconds,
        ),
        body=body,
        observe=_observed(operation, contract),
    )


def ordered(forged: Mapping[str, Guards]) -> Guards:
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


def _route(router: Router, contract: Contract, given: Given) -> Callable[[Head], tuple[Plan, Mapping[str, str]]]:
    unknown = _refusing((), given)
    observing = contract.mode == "observe"

    def route(head: Head) -> tuple[Plan, Mapping[str, str]]:
        found = router.match(head)
        if isinstance(found, Match):
            return found
        return (_refusing(found, given) if found else unknown), {}

    return own.with_preflight(route, router, contract, given) if contract.cors and not observing else route


def _refusing(allow: tuple[str, ...], given: Given) -> Plan:
    """The plan of what is not declared: counted against its address, then refused."""
    guards = Guards(head=quota.forge(None, given.quota).head) + transport.refuse_route(allow)
    return Plan("undeclared", "", guards, body="none")


def _journal_guard(contract: Contract, runtime: Runtime) -> Guards:
    """Nothing is begun that could not be recorded: refused up front while the journal does not write."""
    if contract.journal != "required":
        return Guards()
    health, refused = runtime.health, Refuse(JOURNAL, headers=((b"retry-after", b"5"),))

    def writable(head: Head, known: Known) -> Verdict:
        if not health.failing:
            return PASS
        health.failing = False
        return refused

    return Guards(head=(Guard(Layer.MONITORING, "journal", writable, "journal"),))


def _decode(content: bytes) -> tuple[JSON, bool]:
    try:
        return orjson.loads(content), True
    except orjson.JSONDecodeError:
        return None, False
