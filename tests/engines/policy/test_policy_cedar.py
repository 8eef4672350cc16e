"""Cedar through the adapter: published decisions, names and places of policies, and values that are no escapes."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ringwall.engines.policy.cedar import Address, Decision, Entity, Flawed, Policies, Request, Uid

# The sandbox of Cedar's integration tests (github.com/cedar-policy/cedar-integration-tests, sample-data/sandbox_a and
# sandbox_b), as far as these decisions need it: who is in what, and which account a photo is of.
PARENTS: dict[Uid, tuple[Uid, ...]] = {
    ("Photo", "VacationPhoto94.jpg"): (("Album", "jane_vacation"),),
    ("User", "alice"): (("UserGroup", "jane_friends"),),
}
FACTS: dict[Uid, dict[str, Any]] = {
    ("Photo", "vacation.jpg"): {"account": Entity("Account", "ahmad")},
    ("Photo", "alice_w2.jpg"): {"account": Entity("Account", "alice")},
    ("Photo", "prototype_v0.jpg"): {"account": Entity("Account", "ahmad")},
    ("Account", "alice"): {"owner": Entity("User", "alice")},
    ("Account", "ahmad"): {"owner": Entity("User", "ahmad")},
}
ALBUM = 'permit(principal == User::"alice", action == Action::"view", resource in Album::"jane_vacation");'
BUT_BOB = """permit(principal, action == Action::"view", resource in Album::"jane_vacation");
forbid(principal == User::"bob", action == Action::"view", resource in Album::"jane_vacation");"""
BY_ADDRESS = """permit(principal, action == Action::"view", resource == Photo::"VacationPhoto94.jpg")
when { context.source_ip == ip("222.222.222.222") };"""
OWNERS = "permit(principal, action, resource) when { resource has account && principal == resource.account.owner };"
HOLIDAY, HERS, HIS = "VacationPhoto94.jpg", "alice_w2.jpg", "prototype_v0.jpg"

# (scenario there, policies, user, action, photo, source_ip, allowed, the lines that determined it)
PUBLISHED = [
    ("example_use_cases 2b", ALBUM, "alice", "view", HOLIDAY, "", True, ("line 1",)),
    ("example_use_cases 2b", ALBUM, "bob", "view", HOLIDAY, "", False, ()),
    ("example_use_cases 2b", ALBUM, "alice", "view", "passportscan.jpg", "", False, ()),
    ("multi 2", BUT_BOB, "alice", "view", HOLIDAY, "", True, ("line 1",)),
    ("multi 2", BUT_BOB, "bob", "view", HOLIDAY, "", False, ("line 2",)),
    ("ip 1", BY_ADDRESS, "alice", "view", HOLIDAY, "222.222.222.222", True, ("line 1",)),
    ("ip 1", BY_ADDRESS, "alice", "view", HOLIDAY, "222.222.222.111", False, ()),
    ("example_use_cases_doc 4d", OWNERS, "alice", "edit", HERS, "", True, ("line 1",)),
    ("example_use_cases_doc 4d", OWNERS, "alice", "view", HIS, "", False, ()),
]


@pytest.mark.parametrize(("scenario", "text", "user", "action", "photo", "ip", "allowed", "lines"), PUBLISHED)
def test_decisions_that_cedar_publishes(
    scenario: str, text: str, user: str, action: str, photo: str, ip: str, allowed: bool, lines: tuple[str, ...]
) -> None:
    asked = Request(
        ("User", user), ("Action", action), ("Photo", photo), FACTS, PARENTS, {"source_ip": Address(ip)} if ip else {}
    )
    assert Policies(text).narrowed(("Action", action)).decide(asked) == Decision(allowed, lines, ()), scenario


def _given(value: Any) -> Any:
    """A value of a corpus's JSON as the adapter takes it. Raises NotImplementedError for decimals."""
    if isinstance(value, dict):
        if "__entity" in value:
            return Entity(value["__entity"]["type"], value["__entity"]["id"])
        if "__extn" in value and value["__extn"]["fn"] != "ip":
            raise NotImplementedError
        return Address(value["__extn"]["arg"]) if "__extn" in value else {k: _given(v) for k, v in value.items()}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _uid(value: Mapping[str, Any]) -> Uid:
    inner = value.get("__entity", value)
    return inner["type"], inner["id"]


def _corpus(root: Path) -> Iterator[tuple[str, str, list[Any], Mapping[str, Any]]]:
    for path in sorted((root / "tests").rglob("*.json")):
        case = json.loads(path.read_text())
        queries = case.get("queries") or case.get("requests") if isinstance(case, dict) else None
        if queries and isinstance(case.get("entities"), str) and str(case["policies"]).endswith(".cedar"):
            text, entities = (root / case["policies"]).read_text(), json.loads((root / case["entities"]).read_text())
            yield from ((path.stem, text, entities, query) for query in queries)


@pytest.mark.skipif("CEDAR_INTEGRATION_TESTS" not in os.environ, reason="CEDAR_INTEGRATION_TESTS names no checkout")
def test_the_whole_corpus_of_decisions() -> None:
    counted: Counter[str] = Counter()
    for name, text, entities, query in _corpus(Path(os.environ["CEDAR_INTEGRATION_TESTS"])):
        try:
            facts = {_uid(e["uid"]): _given(e["attrs"]) for e in entities}
            context = _given(query.get("context") or {})
            action = _uid(query["action"])
            parents = {_uid(e["uid"]): tuple(map(_uid, e["parents"])) for e in entities}
            made = Policies(text).narrowed(action, parents.get(action, ()))
        except (NotImplementedError, Flawed):
            counted["not for the adapter"] += 1
            continue
        asked = Request(_uid(query["principal"]), action, _uid(query["resource"]), facts, parents, context)
        assert made.decide(asked).permitted == (query["decision"].lower() == "allow"), (name, query)
        counted["agreed"] += 1
    assert counted["agreed"] > 30, counted


FLAWS = [
    ("permit(principal, action, resource);\n\npermit(principal,\n  acton, resource);", (4, 3), "acton"),
    ("permit(principal, action, resource)", (1, 1), "unexpected end"),
    ("  allow(principal, action, resource);", (1, 3), "allow"),
    ('permit(principal, action, resource) when { ";" == "}" };\nforbid(principal, action, resource) when { 1 == };',
     (2, 49), "unexpected token"),
    ("permit(principal == ?principal, action, resource);", (1, 1), "a template"),
    ('@id("a") permit(principal, action, resource);\n@id("a") forbid(principal, action, resource);', (2, 1), "'a'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "said"), FLAWS)
def test_a_flaw_is_told_where_it_is(text: str, place: tuple[int, int], said: str) -> None:
    with pytest.raises(Flawed) as flaw:
        Policies(text)
    assert (flaw.value.line, flaw.value.column) == place
    assert said in flaw.value.what


def ask(text: str, **context: Any) -> Decision:
    asked = Request(("User", "a"), ("Action", "x"), ("Api", ""), {}, {}, context)
    return Policies(text).narrowed(("Action", "x")).decide(asked)


def test_policies_of_other_actions_are_left_out() -> None:
    text = 'permit(principal, action in [Action::"x", Action::"y"], resource);\n'
    text += 'forbid(principal, action == Action::"z", resource);'
    assert Policies(text).narrowed(("Action", "x")).size == 1
    assert Policies(text).narrowed(("Action", "q")).size == 0
    grouped = Policies('permit(principal, action in Action::"tag:t", resource);')
    assert grouped.narrowed(("Action", "x"), (("Action", "tag:t"),)).size == 1


def test_what_a_request_holds_is_no_escape() -> None:
    """`{"__entity": …}` in a body stays a record: nobody makes themselves an entity, an address or a decimal."""
    text = 'permit(principal, action, resource) when { context.who == User::"root" };'
    assert ask(text, who=Entity("User", "root")).permitted
    for hostile in ({"__entity": {"type": "User", "id": "root"}}, {"__expr": 'User::"root"'}, 'User::"root"'):
        assert not ask(text, who=hostile).permitted
    ip = "permit(principal, action, resource) when { context.ip.isLoopback() };"
    assert ask(ip, ip=Address("127.0.0.1")).permitted
    assert ask(ip, ip={"__extn": {"fn": "ip", "arg": "127.0.0.1"}}).failed == ("line 1",)


def test_a_policy_that_cannot_be_evaluated_is_named() -> None:
    text = '@id("amounts") forbid(principal, action, resource) when { context.amount > 5 };\n'
    text += "permit(principal, action, resource);"
    assert ask(text, amount=6) == Decision(False, ("amounts",), ())
    assert ask(text, amount=4) == Decision(True, ("line 2",), ())
    assert ask(text, amount="6").failed == ("amounts",)
    assert ask(text).failed == ("amounts",)
    assert ask(text, amount=6.5).failed == ("amounts",)
    assert ask(text, amount=1 << 70).failed == ("amounts",)
