"""Objects and properties on the request: hostile cases beside their honest twins."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from layers.policy_world import FIELDS, PATIENT, VISIT, World, operation, own_json, resource, stated, who
from ringwall.core.message import Response
from ringwall.core.ports import Ownership

P = {"patient_id": "1"}
ALICE, BOB = who("alice", tenant="north"), who("bob", tenant="north")
NURSE, AWAY = who("nina", "nurse", tenant="north"), who("sam", "nurse", "doctor", tenant="south")
DOCTOR = who("dora", "doctor", "nurse", tenant="north")
HERS = {"patient_id": "1", "account_id": "alice", "clinic_id": "north"}


def world(*more: Any, memory: bool = True, **changes: Any) -> World:
    resources = {r.name: r for r in (resource(fields=FIELDS), *more)}
    made = World({**resources}, **changes)
    if memory:
        made.memory["patient", "1"] = Ownership("alice", "north")
    return made


def patch(w: World, allow: tuple[str, ...] = ("owner", "nurse"), **more: Any) -> Any:
    body = more.pop("body", {"$ref": "#/components/schemas/PatientUpdate"})
    return operation(
        "PATCH /patients/{patient_id}", allow, w.resources["patient"], objects=("patient",), body=body, **more
    )


def test_what_is_not_stated_is_closed() -> None:
    w = world()
    assert w.ask(operation("GET /x", [], None, reply=None), ALICE).said == "authz.operation"
    assert w.ask(operation("GET /x", ["owner", "member"], None, reply=None), ALICE).said == "authz.operation"
    assert w.ask(operation("GET /x", ["anyone"], None, reply=None), None).said == "allowed"
    assert (
        w.ask(operation("GET /x", ["scope:a"], None, reply=None), who("a", scopes=frozenset({"a"}))).said == "allowed"
    )
    assert w.ask(operation("GET /x", ["scope:a"], None, reply=None), who("a", "a")).said == "authz.operation"


def test_a_role_held_back_for_a_second_factor_asks_for_it() -> None:
    w, op = world(), operation("GET /x", ["doctor"], None, reply=None)
    asked = w.ask(op, who("d", pending=frozenset({"doctor"})))
    assert (asked.said, asked.response.status) == ("authz.mfa", 401)
    assert asked.response.get(b"www-authenticate") is not None


class TestProbes:
    """The application is asked only what memory cannot tell, and is not believed about another object."""

    OWN = "/patients/1"

    def put(self, reply: Response | None, who_: Any = ALICE) -> str:
        w = world(memory=False, own={self.OWN: reply} if reply else {})
        return w.ask(patch(w), who_, P, body={"name": "x"}).said

    def test_honest(self) -> None:
        assert self.put(own_json(HERS)) == "allowed"
        assert self.put(own_json(HERS), NURSE) == "allowed"
        assert self.put(own_json({"data": HERS})) == "allowed"
        assert self.put(own_json({**HERS, "patient_id": 1})) == "allowed"
        assert self.put(own_json({**HERS, "patient_id": 1.0})) == "allowed"

    @pytest.mark.parametrize(
        "reply",
        [
            None,
            Response(404, (), b"{}"),
            Response(200, (), b""),
            Response(200, (), b"not json"),
            Response(201, (), b'{"patient_id":"1","account_id":"bob","clinic_id":"north"}'),
            own_json({**HERS, "account_id": "bob", "patient_id": "2"}),
            own_json({**HERS, "account_id": "bob", "patient_id": True}),
            own_json({**HERS, "account_id": "bob", "patient_id": 1.5}),
            own_json([{**HERS, "account_id": "bob"}]),
            own_json({"a": {**HERS, "account_id": "bob"}, "b": HERS}),
            own_json({**HERS, "nested": {**HERS, "account_id": "bob"}}),
            own_json({"account_id": "bob", "clinic_id": "north"}),
            own_json({**HERS, "account_id": ["bob"], "clinic_id": {"a": "north"}}),
            own_json({**HERS, "account_id": "bob ", "clinic_id": "North"}),
        ],
    )
    def test_lies_and_silence_are_nobodys(self, reply: Response | None) -> None:
        assert self.put(reply, who("bob", tenant="south")) == "authz.object"

    def test_the_right_memory_is_not_doubted(self) -> None:
        w = world(own={self.OWN: own_json({**HERS, "account_id": "bob"})})
        assert w.ask(patch(w), ALICE, P, body={"name": "x"}).said == "allowed"
        assert w.asked == []


@pytest.mark.parametrize("padded", ["01", " 1", "1 ", "1.0", "１", "0x1", "+1"])
def test_an_id_in_another_form_is_another_object(padded: str) -> None:
    w = world(own={f"/patients/{padded}": own_json(HERS)})
    assert w.ask(patch(w), ALICE, {"patient_id": padded}, body={"name": "x"}).said == "authz.object"
    assert w.ask(patch(w), ALICE, P, body={"name": "x"}).said == "allowed"


@pytest.mark.parametrize(
    "header", [(b"If-None-Match", b'"x"'), (b"If-Modified-Since", b"now"), (b"Range", b"bytes=0-1")]
)
def test_a_read_whose_reply_may_not_show_the_object_is_settled_before(header: tuple[bytes, bytes]) -> None:
    w = world(memory=False, own={"/patients/1": own_json(HERS)})
    op = operation("GET /patients/{patient_id}", ["owner"], w.resources["patient"], objects=("patient",))
    same = Response(304, (), b"")
    assert w.ask(op, BOB, P, reply=same, headers=(header,)).said == "authz.object"
    assert w.ask(op, ALICE, P, reply=same, headers=(header,)).said == "allowed"
    assert w.ask(op, BOB, P, reply=Response(200, (), b""), method="HEAD").said == "authz.object"
    assert w.ask(op, ALICE, P, reply=Response(200, (), b""), method="HEAD").said == "allowed"
    assert not w.ask(op, BOB, P, reply=HERS, method="HEAD").reached


class TestChains:
    """`/patients/{patient_id}/visits/{visit_id}`: every link counts."""

    PV: ClassVar = {"patient_id": "1", "visit_id": "7"}
    SEVEN: ClassVar = {"visit_id": "7", "patient_id": "1"}

    def ops(self, owned: bool) -> tuple[World, Any, Any]:
        visit = resource("visit", "account_id" if owned else None, None)
        w, path = world(visit), "/patients/{patient_id}/visits/{visit_id}"
        both = ("patient", "visit")
        read = operation(f"GET {path}", ["owner", "nurse"], visit, objects=both, reply=VISIT)
        return w, read, operation(f"DELETE {path}", ["owner", "nurse"], visit, objects=both, reply=None)

    def test_the_parent_is_settled_and_the_link_is_seen_in_the_reply(self) -> None:
        w, read, _ = self.ops(owned=False)
        assert w.ask(read, ALICE, self.PV, reply=self.SEVEN).said == "allowed"
        assert w.ask(read, BOB, self.PV, reply=self.SEVEN).said == "authz.object"
        assert w.ask(read, ALICE, self.PV, reply={"visit_id": "7", "patient_id": "2"}).said == "disclosure.link"
        assert w.ask(read, ALICE, self.PV, reply={"visit_id": "8", "patient_id": "1"}).said == "disclosure.link"

    def test_a_write_of_an_unowned_object_asks_whose_it_is(self) -> None:
        w, _, delete = self.ops(owned=False)
        w.own = {"/visits/7": own_json(self.SEVEN)}
        assert w.ask(delete, ALICE, self.PV).said == "allowed"
        w.own = {"/visits/7": own_json({"visit_id": "7", "patient_id": "2"})}
        assert w.ask(delete, ALICE, self.PV).said == "authz.object"
        w.own = {"/visits/7": own_json({"visit_id": "7"})}
        assert w.ask(delete, ALICE, self.PV).said == "authz.object"
        w.own = {}
        assert w.ask(delete, ALICE, self.PV).said == "authz.object"
        w.readable = frozenset({"patient"})
        assert w.ask(delete, ALICE, self.PV).said == "authz.object"

    def test_an_owned_object_below_ones_own_parent_is_settled_itself(self) -> None:
        w, _, delete = self.ops(owned=True)
        w.memory["visit", "7"] = Ownership("bob", None)
        assert w.ask(delete, ALICE, self.PV).said == "authz.object"
        w.memory["visit", "7"] = Ownership("alice", None)
        assert w.ask(delete, ALICE, self.PV).said == "allowed"

    def test_a_parent_that_only_the_reply_of_a_child_could_show_is_asked_for(self) -> None:
        w, read, _ = self.ops(owned=False)
        w.memory, w.own = {}, {"/patients/1": own_json(HERS)}
        assert w.ask(read, ALICE, self.PV, reply=self.SEVEN).said == "allowed"
        assert w.ask(read, BOB, self.PV, reply=self.SEVEN).said == "authz.object"


class TestReferences:
    """Ids in bodies and queries are held to the rule of ids in paths."""

    def put(self, body: Any = None, query: Any = None, caller: Any = ALICE) -> str:
        w = world()
        w.memory["patient", "2"] = Ownership("bob", "north")
        op = operation("POST /letters", ["user", "owner"], None, body={"type": "object"}, reply=None, parameters=["q"])
        user = who(caller.subject, "user", tenant=caller.tenant)
        # a role that suffices nowhere: the resource has tenants, and the caller's is another's
        return w.ask(op, who(user.subject, "user", tenant="elsewhere"), {}, body=body, query=query).said

    @pytest.mark.parametrize(
        "body",
        [
            {"patient_id": "1"},
            {"patient_id": 1},
            {"patient_id": 1.0},
            {"patient_ids": ["1", 1]},
            {"patient_id": None},
            {"deep": [{"er": {"patient_id": "1"}}]},
            [],
        ],
    )
    def test_ones_own(self, body: Any) -> None:
        assert self.put(body) == "allowed"

    @pytest.mark.parametrize(
        "body",
        [
            {"patient_id": "2"},
            {"patient_id": 2},
            {"patient_id": 2.0},
            {"patient_id": 2.5},
            {"patient_id": True},
            {"patient_id": {"$ne": None}},
            {"patient_id": {"eq": "1"}},
            {"patient_id": ["1", "2"]},
            {"patient_id": [["1"]]},
            {"patient_ids": ["1", "2"]},
            {"deep": [{"er": {"patient_id": "2"}}]},
            {"a": {"patient_id": "1"}, "b": {"patient_id": "2"}},
            {"patient_id": "3"},
            {"patient_id": ""},
            {"patient_id": "../patients"},
            {"patient_id": "\ud800"},
            {"patient_ids": [str(i) for i in range(101)]},
        ],
    )
    def test_anothers_or_nobodys(self, body: Any) -> None:
        assert self.put(body) == "authz.object"

    def test_in_the_query(self) -> None:
        assert self.put(query={"patient_id": "1"}) == "allowed"
        assert self.put(query={"patient_id": "2"}) == "authz.object"
        assert self.put(query={"patient_id": ["1", "2"]}) == "authz.object"

    def test_the_body_may_not_name_another_object_than_the_path(self) -> None:
        w = world()
        w.memory["patient", "2"] = Ownership("alice", "north")
        op = patch(w, body=PATIENT)
        assert w.ask(op, ALICE, P, body={"patient_id": "1", "name": "x"}).said == "allowed"
        assert w.ask(op, ALICE, P, body={"patient_id": "2", "name": "x"}).said == "authz.object"

    def test_an_odd_id_never_makes_the_application_read_elsewhere(self) -> None:
        w = world(memory=False)
        op = operation("POST /letters", ["user", "owner"], None, body={"type": "object"}, reply=None)
        for odd in ("..", ".", "../admin", "a/b", "a\\b", "a;b", "%2e%2e", "\n", ""):
            assert w.ask(op, who("a", "user", tenant="t"), {}, body={"patient_id": odd}).said == "authz.object"
        assert w.asked == []


class TestFields:
    """Mass assignment: what may not be written is named and refused, in whichever form it comes."""

    def test_by_word(self) -> None:
        w = world()
        op = patch(w)
        assert w.ask(op, ALICE, P, body={"name": "x", "email": "y"}).said == "allowed"
        asked = w.ask(op, ALICE, P, body={"diagnosis": "none", "name": "x"})
        assert (asked.said, asked.data["errors"]) == (
            "authz.field",
            [{"pointer": "/body/diagnosis", "reason": "authz.field"}],
        )
        assert w.ask(op, DOCTOR, P, body={"diagnosis": "flu"}).said == "allowed"
        assert w.ask(op, NURSE, P, body={"email": "x"}).said == "authz.field"
        assert w.ask(op, AWAY, P, body={"diagnosis": "flu"}).said == "authz.object"

    def test_a_role_of_another_tenant_does_not_reach_ones_own_record(self) -> None:
        w = world()
        w.memory["patient", "1"] = Ownership("sam", "north")
        assert w.ask(patch(w), AWAY, P, body={"email": "x"}).said == "allowed"
        assert w.ask(patch(w), AWAY, P, body={"diagnosis": "well"}).said == "authz.field"

    def test_anonymous_callers_are_held_to_write_too(self) -> None:
        w = world()
        op = operation("POST /patients", ["anyone"], w.resources["patient"], body=PATIENT, creates=True)
        assert w.ask(op, None, {}, body={"name": "x", "email": "y"}, reply={}).said == "allowed"
        assert w.ask(op, None, {}, body={"diagnosis": "x"}, reply={}).said == "authz.field"
        assert w.ask(op, None, {}, body={"account_id": "alice"}, reply={}).said == "authz.claim"

    def test_a_registration_names_its_own_account(self) -> None:
        user = resource(
            "patient", "patient_id", None, [stated("email", None, ["owner"]), stated("role", None, ["admin"])]
        )
        w = World({"patient": user})
        op = operation("POST /patients", ["anyone"], user, body=PATIENT, creates=True)
        assert w.ask(op, None, {}, body={"patient_id": "carol", "email": "c"}, reply={}).said == "allowed"
        assert w.ask(op, None, {}, body={"patient_id": "carol", "role": "admin"}, reply={}).said == "authz.field"

    @pytest.mark.parametrize("media", ["*/*", "application/*"])
    def test_a_body_under_a_media_range(self, media: str) -> None:
        w = world()
        assert w.ask(patch(w, media=media), ALICE, P, body={"diagnosis": "x"}).said == "authz.field"
        assert w.ask(patch(w, media=media), ALICE, P, body={"email": "x"}).said == "allowed"

    def test_nested_in_lists_and_wrappers(self) -> None:
        w = world()
        wrapped = {"type": "object", "properties": {"patient": {"$ref": "#/components/schemas/PatientUpdate"}}}
        assert w.ask(patch(w, body=wrapped), ALICE, P, body={"patient": {"diagnosis": "x"}}).said == "authz.field"
        assert w.ask(patch(w, body=wrapped), ALICE, P, body={"patient": {"email": "x"}}).said == "allowed"
        asked = w.ask(patch(w, body=PATIENT), ALICE, P, body={"relatives": [{"diagnosis": "x"}]})
        assert asked.data["errors"][0]["pointer"] == "/body/relatives/0/diagnosis"

    def test_items_of_a_bulk_write_are_settled_one_by_one(self) -> None:
        w = world()
        w.memory["patient", "2"] = Ownership("bob", "north")
        op = operation(
            "PUT /patients", ["nurse", "patient"], w.resources["patient"], body={"type": "array", "items": PATIENT}
        )
        nina, alice = who("nina", "nurse", tenant="north"), who("alice", "patient", tenant="north")
        assert w.ask(op, nina, {}, body=[{"patient_id": "1", "name": "x"}]).said == "allowed"
        assert w.ask(op, nina, {}, body=[{"patient_id": "1", "email": "x"}]).said == "authz.field"
        assert w.ask(op, alice, {}, body=[{"patient_id": "1", "email": "x"}]).said == "allowed"
        assert w.ask(op, alice, {}, body=[{"patient_id": "2", "email": "x"}]).said == "authz.field"
        w.memory["patient", "3"] = Ownership("alice", "north")
        unnamed = [{"patient_id": "1"}, {"patient_id": "3"}, {"email": "x"}]
        assert w.ask(op, alice, {}, body=unnamed[:2]).said == "allowed"
        assert w.ask(op, alice, {}, body=unnamed).said == "authz.field"
        assert w.ask(op, alice, {}, body={"email": "x"}).said == "allowed", "nothing named: the caller's own"
        south = who("sue", "nurse", tenant="south")
        assert w.ask(op, south, {}, body=[{"patient_id": "1", "name": "x"}]).said == "authz.object"

    @pytest.mark.parametrize(
        ("step", "said"),
        [
            ({"op": "replace", "path": "/email", "value": "x"}, "allowed"),
            ({"op": "replace", "path": "/diagnosis", "value": "x"}, "authz.field"),
            ({"op": "add", "path": "/diagnosis/0", "value": "x"}, "authz.field"),
            ({"op": "test", "path": "/diagnosis", "value": "x"}, "authz.field"),
            ({"op": "move", "from": "/diagnosis", "path": "/name"}, "authz.field"),
            ({"op": "copy", "from": "/name", "path": "/diagnosis"}, "authz.field"),
            ({"op": "remove", "path": "/diagnosis"}, "authz.field"),
            ({"op": "replace", "path": "", "value": {"diagnosis": "x"}}, "authz.field"),
            ({"op": "replace", "path": "", "value": {"email": "x"}}, "allowed"),
            ({"op": "replace", "path": "/account_id", "value": "bob"}, "authz.claim"),
            ({"op": "remove", "path": "/account_id"}, "authz.claim"),
            ({"op": "replace", "path": "/patient_id", "value": "2"}, "authz.object"),
        ],
    )
    def test_json_patch(self, step: Any, said: str) -> None:
        w, media = world(), "application/json-patch+json"
        op = patch(w, media=media, body={"type": "array"})
        assert w.ask(op, ALICE, P, body=[step], media=media).said == said

    def test_parameters_that_write(self) -> None:
        w = world()
        op = operation("POST /patients/{patient_id}/x", ["owner"], w.resources["patient"], objects=("patient",),
                       parameters=["diagnosis", "page"])  # fmt: skip
        assert w.ask(op, ALICE, P, query={"page": "1"}).said == "allowed"
        assert w.ask(op, ALICE, P, query={"diagnosis": "x"}).data["errors"][0]["pointer"] == "/query/diagnosis"

    def test_a_role_lets_in_and_the_property_still_asks_for_the_owner(self) -> None:
        main = resource(tenant=None, fields=[stated("email", None, ["owner"])])
        w = World({"patient": main}, {("patient", "1"): Ownership("alice", None)})
        op = patch(w, ("user",))
        assert w.ask(op, who("alice", "user"), P, body={"email": "x"}).said == "allowed"
        assert w.ask(op, who("bob", "user"), P, body={"email": "x"}).said == "authz.field"
        assert w.ask(op, who("bob", "user"), P, body={"name": "x"}).said == "allowed"
        w.memory, w.own = {}, {"/patients/1": own_json({"patient_id": "1", "account_id": "alice"})}
        assert w.ask(op, who("alice", "user"), P, body={"email": "x"}).said == "allowed"
        w.own = {}
        assert w.ask(op, who("alice", "user"), P, body={"email": "x"}).said == "authz.field"


class TestClaims:
    """Nobody gives an object another owner or tenant, or makes one for another, but by a role that the rule names."""

    def test_creating(self) -> None:
        w = world()
        op = operation("POST /patients", ["owner", "doctor"], w.resources["patient"], body=PATIENT, creates=True)
        assert w.ask(op, ALICE, {}, body={"name": "x"}, reply={}).said == "allowed"
        assert w.ask(op, ALICE, {}, body={"account_id": "alice", "clinic_id": "north"}, reply={}).said == "allowed"
        assert w.ask(op, ALICE, {}, body={"account_id": "bob"}, reply={}).said == "authz.claim"
        assert w.ask(op, ALICE, {}, body={"account_id": None}, reply={}).said == "authz.claim"
        assert w.ask(op, ALICE, {}, body={"clinic_id": "south"}, reply={}).said == "authz.claim"
        assert w.ask(op, DOCTOR, {}, body={"account_id": "bob"}, reply={}).said == "allowed"
        assert w.ask(op, DOCTOR, {}, body={"account_id": "bob", "clinic_id": "south"}, reply={}).said == "authz.claim"
        everywhere = who("root", "doctor", tenant="*")
        assert w.ask(op, everywhere, {}, body={"account_id": "b", "clinic_id": "south"}, reply={}).said == "allowed"
        nowhere = who("eve")
        member = operation("POST /patients", ["member"], w.resources["patient"], body=PATIENT, creates=True)
        assert w.ask(member, nowhere, {}, body={"name": "x"}, reply={}).said == "authz.operation"
        assert w.ask(member, ALICE, {}, body={"name": "x"}, reply={}).said == "allowed"

    def test_changing(self) -> None:
        w = world()
        op = patch(w, body=PATIENT)
        assert w.ask(op, ALICE, P, body={"account_id": "alice"}).said == "allowed"
        assert w.ask(op, ALICE, P, body={"account_id": "bob"}).said == "authz.claim"
        assert w.memory["patient", "1"] == Ownership("alice", "north"), "the reply said nothing, nor did the request"
        assert w.ask(op, NURSE, P, body={"account_id": "bob"}).said == "allowed"
        assert w.memory == {}, "given away, and the reply did not say to whom"
        w.memory["patient", "1"] = Ownership("alice", "north")
        assert w.ask(op, NURSE, P, body={"clinic_id": "south"}).said == "authz.claim"
        w.memory["patient", "1"] = Ownership("sam", "north")
        assert w.ask(op, AWAY, P, body={"account_id": "bob"}).said == "authz.claim"


class TestMemory:
    """Who made what is remembered as the reply says, else as the request said, else the caller's; never over more."""

    def made(
        self, reply: Any, body: Any = None, before: Ownership | None = None, status: int = 201
    ) -> Ownership | None:
        w = world(memory=False)
        if before:
            w.memory["patient", "9"] = before
        op = operation("POST /patients", ["doctor"], w.resources["patient"], body=PATIENT, creates=True)
        w.ask(op, DOCTOR, {}, body=body or {}, reply=Response(status, own_json({}).headers, own_json(reply).body))
        return w.memory.get(("patient", "9"))

    def test_of_what_was_made(self) -> None:
        said = {"patient_id": "9", "account_id": "bob", "clinic_id": "north"}
        assert self.made(said) == Ownership("bob", "north")
        assert self.made({"patient_id": "9"}) == Ownership("dora", "north")
        assert self.made({"patient_id": 9}, {"account_id": "bob"}) == Ownership("bob", "north")
        assert self.made({"patient_id": "9"}, before=Ownership("alice", "north")) == Ownership("alice", "north")
        assert self.made({"patient_id": "9"}, status=500) is None
        assert self.made({"name": "x"}) is None
        assert self.made([said]) is None


class TestDialects:
    """The three dialects of PATCH say the same thing, and so does the refusal; nested objects by their own fields."""

    FINDINGS: ClassVar = stated("findings", None, ["doctor"])

    def put(self, media: str, body: Any, caller: Any = ALICE) -> str:
        visit = resource("visit", fields=[self.FINDINGS])
        w = world(visit)
        op = patch(w, ("owner", "doctor"), body=PATIENT, media=media)
        return w.ask(op, caller, P, body=body, media=media).said

    HOSTILE: ClassVar = (
        ("application/json", {"visits": [{"findings": "none"}]}),
        ("application/merge-patch+json", {"visits": [{"findings": "none"}]}),
        ("application/merge-patch+json", {"visits": [{"findings": None}]}),
        ("application/json-patch+json", [{"op": "replace", "path": "/visits/0/findings", "value": "none"}]),
        ("application/json-patch+json", [{"op": "remove", "path": "/visits/0/findings"}]),
        ("application/json-patch+json", [{"op": "add", "path": "/visits/-", "value": {"findings": "none"}}]),
        ("application/json-patch+json", [{"op": "add", "path": "/visits", "value": [{"findings": "none"}]}]),
        ("application/json-patch+json", [{"op": "move", "from": "/visits/0/findings", "path": "/name"}]),
        ("application/json-patch+json", [{"op": "copy", "from": "/name", "path": "/visits/1/findings"}]),
        ("application/json-patch+json", [{"op": "replace", "path": "", "value": {"visits": [{"findings": "x"}]}}]),
        ("application/json-patch+json", [{"op": "replace", "path": "/relatives/0/visits/0/findings", "value": "x"}]),
        ("application/json-patch+json", [{"op": "replace", "path": "/diagnosis", "value": "x"}]),
        ("application/merge-patch+json", {"diagnosis": "x"}),
        ("application/json", {"diagnosis": "x"}),
    )

    @pytest.mark.parametrize(("media", "body"), HOSTILE)
    def test_what_only_a_doctor_may_write(self, media: str, body: Any) -> None:
        assert self.put(media, body) == "authz.field"
        if "relatives" not in str(body):
            assert self.put(media, body, DOCTOR) == "allowed"

    @pytest.mark.parametrize(
        ("media", "body"),
        [
            ("application/json", {"name": "Ann"}),
            ("application/merge-patch+json", {"name": "Ann"}),
            ("application/json-patch+json", [{"op": "replace", "path": "/name", "value": "Ann"}]),
        ],
    )
    def test_the_honest_twin(self, media: str, body: Any) -> None:
        assert self.put(media, body) == "allowed"
