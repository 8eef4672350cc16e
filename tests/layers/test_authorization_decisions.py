"""The contract's meaning, written plainly and slowly, against the compiled guards over generated worlds.

`may` is the whole meaning of `allow` for one object: read it to know what a contract says.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from layers.policy_world import PATIENT, VISIT, Asked, World, operation, own_json, resource, who
from ringwall.core.known import Principal
from ringwall.core.message import Response
from ringwall.core.ports import Ownership

WORDS = ("nurse", "doctor", "owner", "member", "anyone", "scope:read")
SUBJECTS, TENANTS = ("alice", "bob"), ("north", "south")


@dataclass(frozen=True)
class Facts:
    """Whose an object is, as far as someone knows."""

    owner: str | None
    tenant: str | None


@dataclass(frozen=True)
class Case:
    """One decision to be taken. `has_owner` and `has_tenant` say what the resource declares."""

    kind: str
    allow: tuple[str, ...]
    caller: Principal | None
    has_owner: bool
    has_tenant: bool
    exists: bool
    truth: Facts
    remembered: Facts | None
    shows_owner: bool
    shows_tenant: bool
    probe_id: str

    @property
    def shown(self) -> Facts:
        """What the application's own reply says."""
        owner = self.truth.owner if self.shows_owner and self.has_owner else None
        tenant = self.truth.tenant if self.shows_tenant and self.has_tenant else None
        return Facts(owner, tenant)


def holding(case: Case, facts: Facts, *, lenient: bool = False) -> set[str]:
    """The words that hold between the caller and an object of these facts."""
    caller = case.caller
    words = {"anyone"}
    if caller is None:
        return words
    everywhere = caller.tenant == "*"
    inside = everywhere or (facts.tenant is not None and facts.tenant == caller.tenant)
    if not case.has_tenant or inside or (lenient and facts.tenant is None):
        words |= set(caller.roles) | {f"scope:{s}" for s in caller.scopes}
    if facts.owner is not None and facts.owner == caller.subject:
        words.add("owner")
    if inside:
        words.add("member")
    return words


def alone(case: Case) -> set[str]:
    """The words that the caller has whoever an object belongs to."""
    caller = case.caller
    if caller is None or (case.has_tenant and caller.tenant != "*"):
        return {"anyone"}
    return {"anyone", *caller.roles, *(f"scope:{s}" for s in caller.scopes)}


def complete(case: Case, facts: Facts) -> bool:
    return (not case.has_owner or facts.owner is not None) and (not case.has_tenant or facts.tenant is not None)


def may(case: Case) -> bool:
    """Whether the caller gets what it asks for."""
    allow, caller = set(case.allow), case.caller
    if "anyone" in allow:
        return True
    if caller is None:
        return False
    plain = set(caller.roles) | {f"scope:{s}" for s in caller.scopes}
    by_object = ("owner" in allow and case.has_owner) or ("member" in allow and case.has_tenant and caller.tenant)
    if not (plain & allow or by_object):
        return False
    if not (case.has_owner or case.has_tenant):
        return bool(plain & allow)
    pending = False
    if not alone(case) & allow:
        if case.remembered is not None and complete(case, case.remembered):
            facts: Facts | None = case.remembered
        elif case.kind == "read":
            facts, pending = None, True
        else:
            facts = case.shown if case.exists and case.probe_id == "1" else Facts(None, None)
        if facts is not None and not holding(case, facts) & allow:
            return False
    if case.kind != "read":
        return True
    if not case.exists:
        return not pending
    if case.shown == Facts(None, None):
        return not pending
    return bool(holding(case, case.shown, lenient=not pending) & allow)


def some_case(dice: random.Random, kind: str, allow: tuple[str, ...], has_owner: bool, has_tenant: bool) -> Case:
    caller = None
    if dice.random() < 0.95:
        scopes = frozenset({"read"}) if dice.random() < 0.2 else frozenset()
        roles = [r for r in ("nurse", "doctor") if dice.random() < 0.3]
        caller = who(dice.choice(SUBJECTS), *roles, tenant=dice.choice((*TENANTS, None, "*")), scopes=scopes)
    truth = Facts(dice.choice((*SUBJECTS, None)), dice.choice((*TENANTS, None)))
    remembered: Facts | None = dice.choice((None, None, truth, Facts(truth.owner, None), Facts(None, truth.tenant),
                              Facts(dice.choice(SUBJECTS), dice.choice(TENANTS))))  # fmt: skip
    if remembered is not None:
        remembered = Facts(remembered.owner if has_owner else None, remembered.tenant if has_tenant else None)
    return Case(kind, allow, caller, has_owner, has_tenant, dice.random() < 0.9, truth, remembered,
                dice.random() < 0.85, dice.random() < 0.85, "2" if dice.random() < 0.1 else "1")  # fmt: skip


class Bench:
    """One contract, compiled once, and any case of it put to it."""

    KEYS: ClassVar = {"read": "GET /patients/{patient_id}", "write": "PUT /patients/{patient_id}",
            "refer": "POST /letters", "head": "GET /patients/{patient_id}"}  # fmt: skip

    def __init__(self, kind: str, allow: tuple[str, ...], has_owner: bool, has_tenant: bool) -> None:
        self.main = resource("patient", "account_id" if has_owner else None, "clinic_id" if has_tenant else None)
        self.world = World({"patient": self.main})
        objects = () if kind == "refer" else ("patient",)
        self.op = operation(
            self.KEYS[kind],
            allow,
            None if kind == "refer" else self.main,
            objects=objects,
            body={"type": "object", "properties": {"patient_id": {}}} if kind == "refer" else None,
            reply=None if kind == "refer" else PATIENT,
        )

    def put(self, case: Case) -> Asked:
        world = self.world
        world.memory = {}
        if case.remembered is not None:
            world.memory["patient", "1"] = Ownership(
                case.remembered.owner if case.has_owner else None, case.remembered.tenant if case.has_tenant else None
            )
        data: dict[str, Any] = {"patient_id": case.probe_id, "name": "x"}
        if case.shown.owner is not None:
            data["account_id"] = case.shown.owner
        if case.shown.tenant is not None:
            data["clinic_id"] = case.shown.tenant
        world.own = {"/patients/1": own_json(data)} if case.exists else {}
        shows = case.kind == "read" and case.exists
        reply = {**data, "patient_id": "1"} if shows else {} if case.kind != "read" else None
        missing = Response(404, ((b"content-type", b"application/json"),), b"{}")
        return world.ask(
            self.op,
            case.caller,
            {"patient_id": "1"} if case.kind != "refer" else {},
            reply=reply if reply is not None else missing,
            body={"patient_id": "1"} if case.kind == "refer" else None,
        )


def allowed(asked: Asked) -> bool:
    return asked.event.decision == "allow"


@pytest.mark.parametrize("kind", ["read", "write", "refer"])
def test_the_guards_decide_as_the_contract_means(kind: str) -> None:
    dice = random.Random(f"decisions {kind}")
    for _ in range(180):
        allow = tuple(w for w in WORDS if dice.random() < (0.05 if w == "anyone" else 0.35))
        has_owner, has_tenant = dice.random() < 0.75, dice.random() < 0.6
        bench = Bench(kind, allow, has_owner, has_tenant)
        if kind == "refer":  # an operation that acts on nothing opens by roles alone, then asks for what it names
            opens = [w for w in allow if w not in ("owner", "member")]
        for _ in range(40):
            case = some_case(dice, kind, allow, has_owner, has_tenant)
            expected = may(case)
            if kind == "refer" and "anyone" not in allow and case.caller is not None:
                expected = expected and not case.caller.words.isdisjoint(opens)
            assert allowed(bench.put(case)) == expected, repr(case)


def test_a_narrower_contract_never_allows_more() -> None:
    dice = random.Random("monotonic")
    for _ in range(100):
        allow = tuple(w for w in WORDS if dice.random() < 0.5)
        if not allow:
            continue
        kind, has_owner, has_tenant = dice.choice(("read", "write")), dice.random() < 0.75, dice.random() < 0.6
        narrower = tuple(w for w in allow if w != dice.choice(allow))
        wide, narrow = Bench(kind, allow, has_owner, has_tenant), Bench(kind, narrower, has_owner, has_tenant)
        for _ in range(20):
            case = some_case(dice, kind, allow, has_owner, has_tenant)
            if allowed(narrow.put(case)):
                assert allowed(wide.put(case)), (case, narrower)


def test_filtered_lists_hold_what_the_caller_may_see_and_nothing_else() -> None:
    dice = random.Random("lists")
    for _ in range(60):
        wanted = dice.choice(("owner", "tenant"))
        main = resource("visit", "account_id", "clinic_id")
        world = World({"visit": main})
        schema = {"type": "array", "items": VISIT} if dice.random() < 0.7 else None
        op = operation("GET /visits", ["nurse", "owner"], main, filter_=wanted, reply=schema, lists=True)
        for _ in range(20):
            caller = who(dice.choice(SUBJECTS), "nurse", tenant=dice.choice((*TENANTS, None, "*")))
            items = [
                {"visit_id": str(i)}
                | ({"account_id": dice.choice(SUBJECTS)} if dice.random() < 0.9 else {})
                | ({"clinic_id": dice.choice(TENANTS)} if dice.random() < 0.9 else {})
                for i in range(dice.randrange(6))
            ]
            seen = {
                i["visit_id"]
                for i in items
                if (wanted == "owner" and i.get("account_id") == caller.subject)
                or (wanted == "tenant" and i.get("clinic_id", "?") == caller.tenant)
                or (wanted == "tenant" and caller.tenant == "*" and len(i) > 1)
            }
            asked = world.ask(op, caller, reply=items)
            assert {i["visit_id"] for i in asked.data} == seen, (items, caller)
