"""Relations of callers to objects, effective roles, and names: small truths that everything above stands on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON, Response
from ringwall.engines.policy import Kind, Roles, Sight, Sighting, masked, name_of, relate, said, speaks

NURSE = frozenset({"nurse"})


@pytest.mark.parametrize(
    ("tenant", "owner", "home", "confined", "words"),
    [
        ("north", "a", "north", True, {"nurse", "owner", "member", "anyone"}),
        ("north", "b", "north", True, {"nurse", "member", "anyone"}),
        ("north", "b", "south", True, {"anyone"}),
        ("north", "a", "south", True, {"owner", "anyone"}),
        ("north", "b", None, True, {"anyone"}),
        ("north", "b", None, False, {"nurse", "anyone"}),
        (None, "b", None, True, {"anyone"}),
        ("", "b", "", True, {"anyone"}),
        ("*", "b", "south", True, {"nurse", "member", "anyone"}),
        ("*", "b", None, True, {"nurse", "member", "anyone"}),
        ("north", None, "*", True, {"anyone"}),
    ],
)
def test_relations(tenant: str | None, owner: str | None, home: str | None, confined: bool, words: set[str]) -> None:
    assert relate("a", NURSE, tenant, owner=owner, home=home, confined=confined).words == words


def test_nobody_owns_nothing() -> None:
    assert "owner" not in relate("", NURSE, None, owner="", home=None, confined=False).words
    assert "owner" not in relate("", NURSE, None, owner=None, home=None, confined=False).words


_maybe = st.sampled_from([None, "", "a", "b", "*"])


@given(_maybe, _maybe, _maybe, st.booleans(), st.sets(st.sampled_from(["r", "s"])))
def test_more_confinement_never_gives_more(
    tenant: str | None, owner: str | None, home: str | None, confined: bool, roles: set[str]
) -> None:
    def words(held: set[str], confined: bool) -> frozenset[str]:
        return relate("a", frozenset(held), tenant, owner=owner, home=home, confined=confined).words

    assert words(roles, True) <= words(roles, False)
    assert words(set(), confined) <= words(roles, confined)


@pytest.mark.parametrize(
    ("value", "name"),
    [("1", "1"), (1, "1"), (1.0, "1"), (-0.0, "0"), (1.5, None), (True, None), (None, None), ([], None), ({}, None),
     (float("inf"), None), (float("nan"), None), (" 1", " 1"), ("", "")],
)  # fmt: skip
def test_names(value: object, name: str | None) -> None:
    assert name_of(value) == name


def test_effective_roles() -> None:
    roles = Roles({"nurse": frozenset(), "doctor": frozenset({"nurse"}), "admin": frozenset()}, frozenset({"admin"}))
    assert roles.effective(frozenset({"doctor", "ghost"}), mfa=False) == ({"doctor", "nurse"}, frozenset())
    assert roles.effective(frozenset({"admin"}), mfa=False) == (frozenset(), {"admin"})
    assert roles.effective(frozenset({"admin"}), mfa=True) == ({"admin"}, frozenset())
    assert roles.effective(frozenset(), mfa=True) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("value", "mask", "shown"),
    [
        ("4111111111111111", "last4", "****1111"),
        ("1234567", "last4", "****"),
        ("Ada", "initial", "A***"),
        ("A", "initial", "****"),
        ("a@b@c.d", "domain", "***@c.d"),
        ("no mail", "domain", "****"),
        ("x", "all", "****"),
        (None, "all", None),
        (4111111111111111, "last4", "****"),
        (["x"], "initial", "****"),
    ],
)
def test_masks(value: object, mask: str, shown: object) -> None:
    assert masked(value, mask) == shown


@given(st.text(max_size=20), st.sampled_from(["last4", "initial", "domain", "all"]))
def test_masking_twice_changes_nothing(value: str, mask: str) -> None:
    assert masked(masked(value, mask), mask) == masked(value, mask)


COMPONENTS = {
    "Patient": {"properties": {key: {} for key in ("id", "owner", "name", "diagnosis", "born")}},
    "PatientSummary": {"properties": {key: {} for key in ("id", "name", "diagnosis")}},
    "PatientSearch": {"properties": {key: {} for key in ("query", "page", "name")}},
    "Tag": {"properties": {key: {} for key in ("id", "name")}},
}


def found(schema: object, data: JSON, status: int = 200) -> list[Sighting]:
    sight = Sight([Kind("patient", "Patient", "id", "owner", None)], COMPONENTS)
    content = {"200": {"application/json": schema}} if schema is not None else {}
    reply = Response(status, ((b"content-type", b"application/json"),), b"", data, parsed=True, stale=True)
    return sight.in_replies(content, "patient")(reply)


def test_components_of_another_name_describe_the_same() -> None:
    def pointers(name: str) -> list[str]:
        return [s.pointer for s in found({"$ref": f"#/components/schemas/{name}"}, {"id": "1", "name": "x"})]

    assert pointers("Patient") == pointers("PatientSummary") == [""]
    assert pointers("PatientSearch") == pointers("Tag") == []


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({"id": 1, "tags": [{"a": 1}]}, [""]),
        ([{"name": "x"}, 3, {"name": "y"}], ["/0", "/2"]),
        ({"data": {"name": "x"}}, ["/data"]),
        ({"data": {"items": [{"name": "x"}]}, "page": 1}, ["/data/items/0"]),
        ({"items": [], "total": 0}, []),
        ({"name": "x"}, [""]),
        ("text", []),
    ],
)
def test_what_nothing_describes_is_taken_for_objects(data: JSON, pointers: list[str]) -> None:
    assert [s.pointer for s in found(None, data)] == pointers
    assert [s.pointer for s in found(None, data, 404)] == []


def test_an_object_is_found_once_and_wherever_it_says_whose_it_is() -> None:
    data = {"id": "1", "owner": "a", "x": [{"y/z": {"owner": "b"}}]}
    seen = found({"$ref": "#/components/schemas/Patient"}, data)
    assert [s.pointer for s in seen] == ["", "/x/0/y~1z"]


def test_an_owner_that_is_told_inside_an_object() -> None:
    alike: dict[str, JSON] = {"id": "1", "author": {"email": "a@x"}}
    assert [said(alike, n) for n in ("author.email", "id", "author.nick", "id.x", None)] == [
        "a@x",
        "1",
        None,
        None,
        None,
    ]
    assert said({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert [speaks(v, "author.email") for v in (alike, {"author": None}, {"id": 1})] == [True, True, False]
    sight = Sight([Kind("post", "Post", "id", "author.email", None)], {})
    known = Known("GET /posts", 0.0, {}, "", "r", Principal("a@x", frozenset(), "api_key"))
    eyes = sight.eyes(known, {})
    posts: JSON = [alike, {"id": "2", "author": {"email": "b@x"}}, {"id": "3"}]
    reply = Response(200, ((b"content-type", b"application/json"),), b"", posts, parsed=True, stale=True)
    told = sorted(sight.in_replies({}, "post")(reply), key=lambda seen: seen.pointer)
    assert ["owner" in eyes.words(seen) for seen in told] == [True, False, False]
    assert eyes.relation(told[2]) is None
