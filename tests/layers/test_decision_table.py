"""The decision table: what a contract means, written plainly and slowly, against the guards compiled from its text.

`Meaning` is the whole of it: read it to know who is let in. Contracts, callers, objects and moments are generated; a
contract is written as YAML and loaded as any other, so that nothing between the text and the guards is left out.
"""

from __future__ import annotations

import ipaddress
import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.build.settings import roles_of, stated
from ringwall.contract.parse import load
from ringwall.core.admit import Admission, admit
from ringwall.core.judge import judge, resume
from ringwall.core.known import Known, Principal
from ringwall.core.message import Head, RawHead, Response
from ringwall.core.ports import Call, Fetch, Granted, GrantsOf, OwnerOf, Ownership, Question, ResolverOf
from ringwall.core.verdict import Ask, Learned, Refuse
from ringwall.layers import authorization, sinks

ROLES = ("aide", "nurse", "doctor", "chief", "clerk")
SUBJECTS, TENANTS = ("ann", "bob", "7"), ("north", "south")
GROUPS, SCOPES = ("ward", "desk"), ("read", "write")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ISSUER = "https://login.example"
KEYS = ("GET /things/{thing_id}", "PUT /things/{thing_id}", "POST /acts")
WORLDS, DECISIONS = 420, 250


@dataclass(frozen=True)
class Role:
    """A role as stated."""

    includes: tuple[str, ...]
    mfa: bool
    groups: tuple[str, ...]


@dataclass(frozen=True)
class When:
    """Conditions as stated: minutes of the day, days from Monday 0, hours east of UTC, networks, methods."""

    hours: tuple[int, int] | None
    days: tuple[int, ...]
    east: int
    networks: tuple[str, ...]
    department: str | None


@dataclass(frozen=True)
class World:
    """A contract: roles, roles apart, what the one resource states, and of each operation who is allowed, and when."""

    roles: dict[str, Role]
    never: tuple[frozenset[str], ...]
    owner: str | None
    tenant: bool
    claim: bool
    allow: dict[str, tuple[str, ...]]
    when: dict[str, When | None]


@dataclass(frozen=True)
class Caller:
    """Who calls, as the credential says it, and what the store grants besides."""

    subject: str
    granted: frozenset[str]
    store: frozenset[str]
    groups: tuple[str, ...]
    scopes: frozenset[str]
    tenant: str | None
    mfa: bool
    claims: dict[str, Any]


Facts = tuple[str | None, str | None]


@dataclass(frozen=True)
class Case:
    """One decision: which operation, who, on which object, and what each way to tell whose it is knows of it."""

    key: str
    caller: Caller | None
    thing: str
    memory: Facts | None
    resolver: Facts | None
    shown: Facts | None
    at: datetime
    client: str


class Meaning:
    """What a contract means."""

    def __init__(self, world: World) -> None:
        self.world = world

    def may(self, case: Case) -> bool:
        allow, caller = set(self.world.allow[case.key]), case.caller
        if "anyone" in allow:
            return self.in_time(case)
        if caller is None:
            return False
        words = self.words(caller)
        has_owner, has_tenant = self.world.owner is not None, self.world.tenant
        object_named = case.key != "POST /acts"
        by_object = object_named and (
            ("owner" in allow and has_owner) or ("member" in allow and has_tenant and caller.tenant is not None)
        )
        if not (words & allow) and not by_object:
            return False
        if not self.in_time(case):
            return False
        if not object_named or not (has_owner or has_tenant):
            return bool(words & allow)
        if (not has_tenant or caller.tenant == "*") and words & allow:
            return True
        return self.may_object(case, caller, words, allow)

    def may_object(self, case: Case, caller: Caller, words: set[str], allow: set[str]) -> bool:
        """By the first way that tells: the id itself, a claim, memory, the resolver, the application's own word."""
        if self.world.owner == "thing_id" and case.thing == caller.subject:
            return bool(self.holding(caller, words, (caller.subject, caller.tenant)) & allow)
        if self.world.claim and "owner" in allow and case.thing in caller.claims.get("things", ()):
            return True
        if case.memory is not None and self.complete(case.memory):
            return bool(self.holding(caller, words, case.memory) & allow)
        if case.resolver is not None:
            told = bool(self.holding(caller, words, case.resolver) & allow)
            if told or self.complete(case.resolver):
                return told
        return bool(self.holding(caller, words, case.shown or (None, None)) & allow)

    def complete(self, facts: Facts) -> bool:
        return (self.world.owner is None or facts[0] is not None) and (not self.world.tenant or facts[1] is not None)

    def holding(self, caller: Caller, words: set[str], facts: Facts) -> set[str]:
        """What holds between a caller and an object; what nobody knows is foreign."""
        inside = caller.tenant == "*" or (facts[1] is not None and facts[1] == caller.tenant)
        found = {"anyone"}
        if inside or not self.world.tenant:
            found |= words
        if inside:
            found.add("member")
        if facts[0] == caller.subject:
            found.add("owner")
        return found

    def words(self, caller: Caller) -> set[str]:
        return (
            self.roles(caller) | {f"scope:{s}" for s in caller.scopes} | {f"group:{g}" for g in caller.groups}
        )  # fmt: skip

    def roles(self, caller: Caller) -> set[str]:
        """Everything granted, by whatever way, without what may not be held together; then inclusion, which stops at a
        role that wants a second factor where there is none."""
        granted = set(caller.granted) | set(caller.store)
        for name, role in self.world.roles.items():
            if set(role.groups) & set(caller.groups):
                granted.add(name)
        granted &= set(self.world.roles)
        every = set().union(*(self.reach(role, mfa=True) for role in granted))
        clash: set[str] = set().union(*(every & apart for apart in self.world.never if len(every & apart) > 1))
        left = [role for role in granted if not self.reach(role, mfa=True) & clash]
        return set().union(*(self.reach(role, mfa=caller.mfa) for role in left))

    def reach(self, name: str, *, mfa: bool) -> set[str]:
        role = self.world.roles[name]
        if role.mfa and not mfa:
            return set()
        return {name}.union(*(self.reach(other, mfa=mfa) for other in role.includes))

    def in_time(self, case: Case) -> bool:
        when = self.world.when[case.key]
        if when is None:
            return True
        here = case.at + timedelta(hours=when.east)
        minute, day = here.hour * 60 + here.minute, here.weekday()
        if when.hours is not None:
            begin, end = when.hours
            within = begin <= minute < end if begin < end else minute >= begin or minute < end
            if not within:
                return False
            if begin >= end and minute < end:
                day = (day - 1) % 7
        if when.days and day not in when.days:
            return False
        if when.networks and not any(
            ipaddress.ip_address(case.client) in ipaddress.ip_network(n) for n in when.networks
        ):
            return False
        department = case.caller.claims.get("department") if case.caller else None
        return when.department is None or department == when.department


def text_of(world: World) -> str:
    """The contract as someone would write it."""
    rules = {}
    for key, allow in world.allow.items():
        rule: dict[str, Any] = {"allow": "anyone" if allow == ("anyone",) else list(allow)}
        when = world.when[key]
        if when is not None:
            rule["when"] = conditions_of(when)
        if key == "POST /acts":
            rule["resource"] = "act"
        rules[key] = rule
    thing: dict[str, Any] = {"schema": "Thing", "id": "thing_id"}
    thing |= {"owner": world.owner} if world.owner else {}
    thing |= {"tenant": "place"} if world.tenant else {}
    thing |= {"claim": "things"} if world.claim else {}
    made: dict[str, Any] = {
        "ringwall": 1, "api": "x", "staleness": 0,
        "authentication": {"issuers": [{"issuer": ISSUER, "audience": "a", "groups": "org.groups"}]},
        "roles": {name: _role(role) for name, role in world.roles.items()},
        **({"never": [sorted(apart) for apart in world.never]} if world.never else {}),
        "resources": {"thing": thing, "act": {"id": "act_id"}},
        "operations": rules,
    }  # fmt: skip
    return json.dumps(made)


def _role(role: Role) -> dict[str, Any]:
    return {"includes": list(role.includes), "groups": list(role.groups)} | ({"requires": "mfa"} if role.mfa else {})


def conditions_of(when: When) -> dict[str, Any]:
    made: dict[str, Any] = {"zone": f"Etc/GMT{-when.east:+d}" if when.east else "Etc/GMT"}
    if when.hours is not None:
        made["hours"] = "-".join(f"{m // 60:02}:{m % 60:02}" for m in when.hours)
    if when.days:
        made["days"] = [DAYS[day] for day in when.days]
    if when.networks:
        made["networks"] = list(when.networks)
    if when.department is not None:
        made["claims"] = {"department": [when.department]}
    return made


def _operation(method: str, path: str) -> dict[str, Any]:
    given = [{"name": "thing_id", "in": "path", "required": True, "schema": {"type": "string"}}] if "{" in path else []
    shown = {"application/json": {"schema": {"type": "object", "properties": {"name": {"type": "string"}}}}}
    return {"parameters": given, "responses": {"200": {"description": ".", "content": shown}}}


_TEXT = {"type": "string"}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
    "paths": {
        "/things/{thing_id}": {m.lower(): _operation(m, "{") for m in ("GET", "PUT")},
        "/acts": {"post": _operation("POST", "")},
    },
    "components": {"schemas": {"Thing": {
        "type": "object", "properties": {"thing_id": _TEXT, "account": _TEXT, "place": _TEXT}}}},
}  # fmt: skip


@dataclass
class Compiled:
    """The head guards of a contract's operations, and whatever they ask, answered from one case at a time."""

    world: World
    plans: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        contract = load("\n" + text_of(self.world), openapi=DOCUMENT)
        given = stated(contract)
        self.roles = roles_of(contract)
        self.plans = {op.key: authorization.forge(op, given.authorization).head for op in contract.operations}
        self.rows = {op.key: sinks.rows_of(op, contract.resources) for op in contract.operations}

    def may(self, case: Case) -> bool:
        return self.known(case) is not None

    def known(self, case: Case) -> Known | None:
        """What is known at the end of the guards; None where one refused."""
        known = Known(case.key, case.at.timestamp(), {"thing_id": case.thing} if "{" in case.key else {}, case.client,
                      "r", self.principal(case.caller) if case.caller else None)  # fmt: skip
        for guard in self.plans[case.key]:
            verdict: Any = judge(guard, HEAD, known)
            while isinstance(verdict, Ask):
                verdict = resume(guard.layer, verdict.then, self.answer(verdict.question, case), HEAD)
            if isinstance(verdict, Refuse):
                assert not verdict.reason.code.startswith("internal"), (verdict, case)
                return None
            known = verdict.known if isinstance(verdict, Learned) else known
        return known

    def principal(self, caller: Caller) -> Principal:
        roles, pending = self.roles.effective(caller.granted, mfa=caller.mfa)
        claims = {**caller.claims, "org": {"groups": list(caller.groups)}}
        return Principal(caller.subject, roles, "issuer", caller.tenant, caller.scopes, "token:1", ISSUER, caller.mfa,
                         pending, None, claims, granted=caller.granted)  # fmt: skip

    def answer(self, question: Question, case: Case) -> object:
        if isinstance(question, GrantsOf):
            return Granted(case.caller.store if case.caller else frozenset(), 0.0)
        if isinstance(question, OwnerOf):
            return Ownership(*case.memory) if case.memory else None
        if isinstance(question, ResolverOf):
            facts = case.resolver
            return (lambda object_id: Ownership(*facts)) if facts else None
        if isinstance(question, Call):
            return question.do()
        assert isinstance(question, Fetch)
        if case.shown is None:
            return Response(404, (), b"{}")
        names = (self.world.owner, "place" if self.world.tenant else None)
        data = {n: v for n, v in zip(names, case.shown, strict=True) if n is not None and v is not None}
        return Response(200, (), json.dumps({**data, "thing_id": case.thing}).encode())


_admitted = admit(RawHead(b"PUT", b"/x", ((b"host", b"a"),), "203.0.113.1", secure=True), Admission(), "r")
assert isinstance(_admitted, Head)
HEAD = _admitted
WORDS = (*ROLES, "owner", "member", *(f"scope:{s}" for s in SCOPES), *(f"group:{g}" for g in GROUPS))


def some_world(dice: random.Random) -> World:
    """Roles include only earlier ones, so that inclusion has no circle."""
    roles = {
        name: Role(
            tuple(other for other in ROLES[:index] if dice.random() < 0.35),
            dice.random() < 0.3,
            tuple(g for g in GROUPS if dice.random() < 0.15),
        )
        for index, name in enumerate(ROLES)
    }
    owner, tenant = dice.choice((None, "account", "account", "thing_id")), dice.random() < 0.5
    plain = World(roles, (), owner, tenant, owner is not None and dice.random() < 0.3, {}, {})
    never = tuple(
        frozenset(pair)
        for pair in (dice.sample(ROLES, 2) for _ in range(dice.choice((0, 0, 1, 2))))
        if not any(set(pair) <= Meaning(plain).reach(name, mfa=True) for name in ROLES)
    )
    allow = {key: some_words(dice, plain, key) for key in KEYS}
    return replace(plain, never=never, allow=allow, when={key: some_conditions(dice) for key in KEYS})


def some_words(dice: random.Random, world: World, key: str) -> tuple[str, ...]:
    if dice.random() < 0.05:
        return ("anyone",)
    there = [w for w in WORDS if w not in ("owner", "member") or key != "POST /acts"]
    there = [w for w in there if (w != "owner" or world.owner) and (w != "member" or world.tenant)]
    return tuple(w for w in there if dice.random() < 0.3)


def some_conditions(dice: random.Random) -> When | None:
    if dice.random() < 0.7:
        return None
    hours = (dice.randrange(0, 1440, 30), dice.randrange(0, 1440, 30)) if dice.random() < 0.5 else None
    return When(
        hours if hours and hours[0] != hours[1] else None,
        tuple(sorted(dice.sample(range(7), dice.randrange(1, 6)))) if dice.random() < 0.4 else (),
        dice.choice((0, 0, -5, 9)),
        tuple(dice.sample(("10.0.0.0/8", "192.0.2.7/32"), dice.randrange(3))),
        dice.choice((None, None, "finance")),
    )


def some_case(dice: random.Random, world: World) -> Case:
    caller = some_caller(dice) if dice.random() < 0.97 else None
    ways: list[Facts | None] = []
    for _ in range(3):
        owner, place = dice.choice((*SUBJECTS, None)), dice.choice((*TENANTS, None))
        facts = (owner if world.owner else None, place if world.tenant else None)
        ways.append(facts if dice.random() < 0.5 else None)
    thing = dice.choice((*SUBJECTS, "1", "2"))
    if world.owner == "thing_id" and ways[2] is not None:
        ways[2] = (thing, ways[2][1])
    return Case(
        dice.choice(KEYS), caller, thing, ways[0], ways[1], ways[2],
        datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=dice.randrange(20_160)),
        dice.choice(("10.1.2.3", "192.0.2.7", "203.0.113.9", "2001:db8::1")),
    )  # fmt: skip


def some_caller(dice: random.Random) -> Caller:
    return Caller(
        subject=dice.choice(SUBJECTS),
        granted=frozenset(r for r in (*ROLES, "unknown") if dice.random() < 0.25),
        store=frozenset(r for r in ROLES if dice.random() < 0.08),
        groups=tuple(g for g in GROUPS if dice.random() < 0.2),
        scopes=frozenset(s for s in SCOPES if dice.random() < 0.2),
        tenant=dice.choice((*TENANTS, *TENANTS, None, "*")),
        mfa=dice.random() < 0.5,
        claims={
            "department": dice.choice(("finance", "sales")),
            "things": [t for t in ("1", "2") if dice.random() < 0.3],
        },
    )


counted: Counter[bool] = Counter()


@settings(max_examples=WORLDS, deadline=None, derandomize=True, database=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
@given(st.integers(0, 1 << 48))
def _agree(seed: int) -> None:
    dice = random.Random(seed)
    world = some_world(dice)
    meaning, compiled = Meaning(world), Compiled(world)
    for _ in range(DECISIONS):
        case = some_case(dice, world)
        expected = meaning.may(case)
        assert compiled.may(case) == expected, (seed, expected, world, case)
        counted[expected] += 1


def test_the_guards_decide_as_the_contract_means() -> None:
    counted.clear()
    _agree()
    assert sum(counted.values()) >= 100_000, counted
    assert counted[True] > 15_000, "a table that only refuses would show nothing"


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 1 << 48))
def test_taking_a_word_out_of_a_rule_never_lets_more_in(seed: int) -> None:
    dice = random.Random(seed)
    world = some_world(dice)
    fewer = {key: tuple(w for w in allow if dice.random() < 0.6) for key, allow in world.allow.items()}
    wide, narrow = Compiled(world), Compiled(replace(world, allow=fewer))
    for _ in range(60):
        case = some_case(dice, world)
        assert wide.may(case) or not narrow.may(case), (seed, case, fewer)


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 1 << 48))
def test_the_wall_at_the_database_stops_nobody_whom_the_first_lets_in(seed: int) -> None:
    """And lets nobody touch a row whom the facts of that row would not let in."""
    dice = random.Random(seed)
    world = some_world(dice)
    meaning, compiled = Meaning(world), Compiled(world)
    for _ in range(60):
        case = some_case(dice, world)
        truth = case.memory if case.memory is not None and meaning.complete(case.memory) else None
        known, rows = compiled.known(case), compiled.rows[case.key]
        if case.key == "POST /acts" or rows is None or truth is None or world.owner == "thing_id" or world.claim:
            continue
        if known is None:
            principal = compiled.principal(case.caller) if case.caller else None
            held = meaning.holding(case.caller, meaning.words(case.caller), truth) if case.caller else set()
            if principal is None or held & set(world.allow[case.key]) or not meaning.in_time(case):
                continue
            standing = replace(
                principal, roles=frozenset(meaning.roles(case.caller)), groups=frozenset(case.caller.groups)
            )  # type: ignore[arg-type, union-attr]
            known = Known(case.key, 0.0, {"thing_id": case.thing}, case.client, "r", standing)
            assert not _open(rows(known), truth), (seed, case)
        else:
            assert _open(rows(known), truth), (seed, case)


def _open(rows: Any, truth: Facts) -> bool:
    """Whether the row that the path names, of these facts, is found."""
    (thing,) = [each for each in rows if each.named]
    facts = {"account": truth[0], "place": truth[1]}
    return thing.any_of is None or any(facts[column] == value for column, value in thing.any_of)
