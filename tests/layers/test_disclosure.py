# ruff: noqa: E501 - what programs write when they fail is long
"""What a reply may say, judged by what it holds itself: hostile replies beside their honest twins."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from layers.policy_world import FIELDS, JSON_REPLY, PATIENT, VISIT, World, operation, own_json, resource, who
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Input, Known, Text
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.ports import Ownership
from ringwall.core.verdict import PASS, Refuse
from ringwall.layers.disclosure.leaks import leaks_guard
from ringwall.layers.disclosure.markup import Markup, arrival_guard, echo_guard
from ringwall.layers.disclosure.redirects import Destinations, departure_guard, redirect_guard

P = {"patient_id": "1"}
ALICE = who("alice", tenant="north")
NURSE, DOCTOR = who("nina", "nurse", tenant="north"), who("dora", "doctor", "nurse", tenant="north")
MINE = {"patient_id": "1", "account_id": "alice", "clinic_id": "north"}
HIS = {"patient_id": "2", "account_id": "bob", "clinic_id": "north"}
FAR = {"patient_id": "3", "account_id": "carl", "clinic_id": "south"}
LIST = {"type": "array", "items": PATIENT}


def world(fields: Any = (), *more: Any) -> World:
    resources = {r.name: r for r in (resource(fields=fields), *more)}
    return World({**resources}, {("patient", "1"): Ownership("alice", "north")})


def listed(w: World, allow: Any, filter_: Any, reply: Any = LIST) -> Any:
    return operation("GET /patients", allow, w.resources["patient"], filter_=filter_, reply=reply, lists=True)


def read(w: World, allow: Any = ("owner", "nurse"), reply: Any = PATIENT) -> Any:
    return operation("GET /patients/{patient_id}", allow, w.resources["patient"], objects=("patient",), reply=reply)


class TestLists:
    """A filtered list holds what the caller may see, whatever the application does."""

    def seen(self, data: Any, caller: Any = ALICE, filter_: Any = "owner", schema: Any = LIST, **more: Any) -> Any:
        w = world()
        asked = w.ask(listed(w, ["owner", "nurse"], filter_, schema), caller, reply=data, **more)
        return asked.data if asked.said == "allowed" else asked.said

    def test_by_owner_and_by_tenant(self) -> None:
        assert self.seen([MINE, HIS, FAR]) == [MINE]
        assert self.seen([MINE, HIS, FAR], NURSE, "tenant") == [MINE, HIS]
        assert self.seen([MINE, HIS, FAR], who("root", "nurse", tenant="*"), "tenant") == [MINE, HIS, FAR]
        assert self.seen([MINE, HIS], who("x", "nurse"), "tenant") == []
        assert self.seen([], ALICE) == []

    def test_an_item_that_does_not_say_whose_it_is_goes(self) -> None:
        assert self.seen([MINE, {"patient_id": "4"}, {**MINE, "account_id": None}]) == [MINE]
        assert self.seen([MINE, {**MINE, "account_id": ["alice"]}, {**MINE, "account_id": True}]) == [MINE]

    @pytest.mark.parametrize("schema", [None, {}, True])
    def test_so_it_is_where_nothing_is_declared(self, schema: Any) -> None:
        assert self.seen([MINE, {"name": "Bob"}, HIS], schema=schema) == [MINE]
        assert self.seen({"data": [MINE, {"name": "Bob"}]}, schema=schema) == {"data": [MINE]}
        assert self.seen({"name": "Bob"}, schema=schema) == "disclosure.owner"

    def test_counts_agree_with_what_is_left(self) -> None:
        assert self.seen({"items": [MINE, HIS], "total": 2, "page": 1}, schema={}) == {
            "items": [MINE],
            "total": 1,
            "page": 1,
        }
        wrapped = self.seen({"data": [HIS, FAR], "meta": {"total_count": 250, "more": True}}, schema={})
        assert wrapped == {"data": [], "meta": {"total_count": 0, "more": True}}
        assert self.seen({"items": [MINE], "total": 9}, schema={}) == {"items": [MINE], "total": 9}
        assert self.seen({"items": [MINE, HIS], "total": True}, schema={}) == {"items": [MINE], "total": True}

    def test_totals_in_headers_go_with_what_was_left_out(self) -> None:
        w = world()
        reply = Response(200, (*JSON_REPLY, (b"X-Total-Count", b"2")), own_json([MINE, HIS]).body)
        asked = w.ask(listed(w, ["owner"], "owner"), ALICE, reply=reply)
        assert asked.response.get(b"x-total-count") is None

    def test_what_stands_in_no_list_cannot_be_left_out(self) -> None:
        assert self.seen({"items": [HIS, MINE], "featured": HIS}, schema={}) == "disclosure.owner"
        assert self.seen({"items": [HIS, MINE], "featured": MINE}, schema={})["items"] == [MINE]

    def test_names_with_slashes_and_tildes_are_names(self) -> None:
        assert self.seen({"a/b": {"~0": [HIS, MINE]}}, schema={}) == {"a/b": {"~0": [MINE]}}

    def test_what_cannot_be_read_does_not_pass(self) -> None:
        for media in (b"text/csv", b"application/json", b"text/html", b"application/octet-stream"):
            reply = Response(200, ((b"content-type", media),), b"patient,bob")
            assert self.seen(reply, NURSE) == "disclosure.malformed"
            assert self.seen(reply) == "disclosure.unsettled"
        assert self.seen(Response(200, JSON_REPLY, b'[{"account_id":"bob"'), NURSE) == "disclosure.malformed"
        assert self.seen(Response(206, JSON_REPLY, b'[{"account_id":"bob"}]'), NURSE) == "disclosure.malformed"
        assert self.seen(Response(200, ((b"content-type", b"text/plain"),), own_json([HIS, MINE]).body)) == [MINE]

    def test_objects_of_other_resources_inside(self) -> None:
        """A visit of mine with another's patient in it goes; with mine, it stays."""
        visit = resource("visit", "account_id", "clinic_id")
        w = world((), visit)
        op = operation("GET /visits", ["nurse"], visit, filter_="tenant", lists=True,
                       reply={"type": "array", "items": {"allOf": [VISIT, {"properties": {"patient": PATIENT}}]}})  # fmt: skip
        base = {"visit_id": "1", "account_id": "alice", "clinic_id": "north"}
        near, far = {**base, "patient": MINE}, {**base, "visit_id": "2", "patient": FAR}
        assert w.ask(op, NURSE, reply=[near, far]).data == [near]

    def test_an_owner_only_list_without_a_filter(self) -> None:
        """`allow: [owner]` alone: each object has to be the caller's, and what does not say whose it is ends it."""
        w = world()
        op = listed(w, ["owner"], None)

        def said(data: Any) -> str:
            return w.ask(op, ALICE, reply=data).said

        assert said([MINE]) == "allowed"
        assert said([]) == "allowed"
        assert said({"items": [], "total": 0}) == "allowed"
        assert said([MINE, HIS]) == "disclosure.owner"
        assert said([{"patient_id": "4", "name": "x"}]) == "disclosure.unsettled"
        assert said({"count": 5}) == "disclosure.unsettled"
        assert said(Response(200, ((b"content-type", b"text/csv"),), b"a,b")) == "disclosure.unsettled"
        assert said(Response(200, ((b"content-type", b"application/pdf"),), None)) == "disclosure.unsettled"


class TestObjects:
    def said(self, data: Any, caller: Any = ALICE, memory: bool = False, **more: Any) -> str:
        w = world()
        if not memory:
            w.memory = {}
        return w.ask(read(w, **more), caller, P, reply=data).said

    def test_a_read_settled_by_its_reply(self) -> None:
        assert self.said(MINE) == "allowed"
        assert self.said({"data": MINE}) == "allowed"
        assert self.said({**MINE, "account_id": "bob"}) == "disclosure.owner"
        assert self.said({"patient_id": "1", "name": "x"}) == "disclosure.unsettled"
        assert self.said({**MINE, "clinic_id": None}, NURSE) == "disclosure.owner"
        assert self.said(MINE, NURSE) == "allowed"
        assert self.said({**MINE, "clinic_id": "south"}, NURSE) == "disclosure.owner"
        assert self.said({**MINE, "patient_id": "9"}) == "disclosure.link"

    @pytest.mark.parametrize("memory", [True, False])
    def test_foreign_objects_at_any_depth_and_in_any_shape(self, memory: bool) -> None:
        for inner in (
            {"relatives": [HIS]},
            {"x": {"y": [{"z": HIS}]}},
            {"m": {"2": HIS}},
            {"relatives": [{"a": [HIS]}]},
        ):
            assert self.said({**MINE, **inner}, memory=memory) == "disclosure.owner"
        assert self.said({**MINE, "relatives": [MINE]}, memory=memory) == "allowed"

    def test_what_memory_settled_is_still_seen(self) -> None:
        assert self.said({**MINE, "account_id": "bob"}, memory=True) == "disclosure.owner"
        assert self.said({"name": "x"}, memory=True) == "allowed"
        assert self.said({"patient_id": "1", "account_id": "alice"}, NURSE, memory=True) == "allowed"

    @pytest.mark.parametrize(
        "reply",
        [
            Response(200, ((b"content-type", b"application/json"),), b'{"account_id":"alice"'),
            Response(200, ((b"content-type", b"application/json"),), None),
            Response(206, ((b"content-type", b"application/json"),), b'{"account_id":"alice"}'),
            Response(200, ((b"content-type", b"text/html"),), b"<p>Bob"),
            Response(200, (), b""),
            Response(204, (), b""),
            Response(304, (), b""),
            Response(303, ((b"location", b"https://store/1?signature=x"),), b""),
            Response(307, ((b"location", b"https://store/other"),), b""),
            Response(403, JSON_REPLY, b'{"detail":"archived"}'),
            Response(409, JSON_REPLY, b"{}"),
        ],
    )
    def test_a_reply_that_does_not_show_whose_it_is(self, reply: Response) -> None:
        assert self.said(reply) == "disclosure.unsettled"

    def test_what_does_not_exist_and_what_is_anothers_look_alike(self) -> None:
        w = world()
        w.memory = {}
        answers = [
            w.ask(read(w), ALICE, P, reply=reply).response
            for reply in (Response(404, JSON_REPLY, b'{"detail":"no patient 1"}'), own_json({**MINE, "account_id": "bob"}),
                          own_json({"name": "x"}), Response(403, (), b""), own_json({**MINE, "patient_id": "9"}))
        ]  # fmt: skip
        assert {(a.status, a.headers, a.body) for a in answers} == {
            (answers[0].status, answers[0].headers, answers[0].body)
        }

    def test_redirects_to_the_same_object_and_the_callers_own_mistakes_pass(self) -> None:
        slash = Response(307, ((b"location", b"http://api/patients/1/"),), b"")
        assert self.said(slash) == "allowed"
        assert self.said(Response(422, JSON_REPLY, b"{}")) == "allowed"
        assert self.said(Response(503, JSON_REPLY, b"{}")) == "allowed"

    def test_errors_that_quote_anothers_object(self) -> None:
        conflict = Response(
            409, JSON_REPLY, own_json({"detail": "taken", "existing": {**HIS, "clinic_id": "south"}}).body
        )
        assert self.said(conflict, NURSE, memory=True) == "disclosure.owner"
        near = Response(409, JSON_REPLY, own_json({"detail": "taken", "existing": HIS}).body)
        assert self.said(near, NURSE, memory=True) == "allowed"

    def test_visits_of_another_patient(self) -> None:
        visit = resource("visit", None, None)
        w = world((), visit)
        op = operation("GET /patients/{patient_id}/visits", ["owner"], visit, objects=("patient",), lists=True,
                       reply={"type": "array", "items": VISIT})  # fmt: skip
        assert w.ask(op, ALICE, P, reply=[{"visit_id": "1", "patient_id": "1"}, {"visit_id": "2"}]).said == "allowed"
        foreign = [{"visit_id": "1", "patient_id": "1"}, {"visit_id": "2", "patient_id": "2"}]
        assert w.ask(op, ALICE, P, reply=foreign).said == "disclosure.link"


class TestFields:
    """Properties that the caller may not read are withheld, or shown in part."""

    FULL = {**MINE, "name": "A", "diagnosis": "flu", "card": "4111111111111111"}  # noqa: RUF012

    def seen(self, data: Any, caller: Any, reply: Any = PATIENT, memory: bool = True) -> Any:
        w = world(FIELDS)
        if not memory:
            w.memory = {}
        asked = w.ask(read(w, reply=reply), caller, P, reply=data)
        return asked.data if asked.said == "allowed" else asked.said

    def test_by_word(self) -> None:
        assert self.seen(self.FULL, ALICE) == self.FULL
        assert self.seen(self.FULL, NURSE) == {**MINE, "name": "A", "card": "****1111"}
        assert self.seen(self.FULL, DOCTOR) == {**self.FULL, "card": "****1111"}

    def test_of_each_object_by_its_own_words(self) -> None:
        data = {**self.FULL, "relatives": [{**HIS, "diagnosis": "x"}, {"patient_id": "9", "diagnosis": "y"}]}
        seen = self.seen(data, NURSE)
        assert "diagnosis" not in seen
        assert [sorted(r) for r in seen["relatives"]] == [sorted(HIS), ["patient_id"]]
        mine = self.seen({**self.FULL, "relatives": [{"patient_id": "9", "diagnosis": "y"}]}, ALICE)
        assert mine["relatives"] == [{"patient_id": "9"}]

    @pytest.mark.parametrize("reply", [None, {}, {"$ref": "#/components/schemas/PatientSummary"}])
    def test_in_other_shapes(self, reply: Any) -> None:
        bare = {"patient_id": "1", "name": "A", "diagnosis": "flu"}
        assert self.seen(bare, NURSE, reply) == {"patient_id": "1", "name": "A"}
        assert self.seen(bare, ALICE, reply) == bare

    def test_where_the_object_is_silent_what_was_settled_holds(self) -> None:
        assert self.seen({"diagnosis": "flu", "card": "4111111111111111"}, ALICE)["diagnosis"] == "flu"
        assert "diagnosis" not in self.seen({"diagnosis": "flu", "card": "x"}, NURSE)
        assert self.seen({"patient_id": "1", "account_id": "alice", "diagnosis": "flu"}, DOCTOR)["diagnosis"] == "flu"

    def test_what_is_left_of_a_shortened_list_is_covered_too(self) -> None:
        """What was found before the list was shortened is not what leaves."""
        w = world(FIELDS)
        op = operation("GET /patients", ["nurse"], w.resources["patient"], filter_="tenant", reply=LIST, lists=True)
        near = {**self.FULL, "relatives": [{**HIS, "diagnosis": "x"}, {**FAR, "diagnosis": "y"}]}
        covered = {**MINE, "name": "A", "card": "****1111", "relatives": [HIS]}
        assert w.ask(op, NURSE, reply=[{**FAR, "diagnosis": "z"}, near]).data == [covered]
        assert w.ask(op, NURSE, reply=[near]).data == [covered]

    @pytest.mark.parametrize(
        "reply",
        [
            Response(206, JSON_REPLY, b'{"diagnosis":"flu"}'),
            Response(200, JSON_REPLY, None),
            Response(200, JSON_REPLY, b'{"diagnosis":"flu"'),
        ],
    )
    def test_json_that_cannot_be_read_may_hold_anything(self, reply: Response) -> None:
        unowned = resource("patient", None, None, FIELDS)
        w = World({"patient": unowned})
        op = operation("GET /patients/{patient_id}", ["nurse"], unowned, objects=("patient",))
        assert w.ask(op, NURSE, P, reply=reply).said == "disclosure.malformed"
        assert w.ask(op, NURSE, P, reply={"name": "x"}).said == "allowed"


TRACES = {
    "python": b'{"e":"Traceback (most recent call last):\\n  File \\"/srv/app/main.py\\", line 7, in get\\nKeyError: 3"}',
    "python frame alone": b'  File "/srv/app/views.py", line 112, in dispatch\n    return handler(request)',
    "java": b"java.lang.IllegalStateException: x\n\tat com.shop.Cart.total(Cart.java:41)\n\tat com.shop.Main.main(Main.java:9)",
    "java lambda": b"at com.shop.Api.lambda$list$0(Api.java:77)",
    "java module": b"at java.base/java.util.Optional.orElseThrow(Optional.java:403)",
    "java native": b"\tat sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
    "kotlin": b"at shop.CartKt$total$1.invokeSuspend(Cart.kt:12)",
    "node": b"TypeError: x is undefined\n    at getCart (/srv/app/cart.js:10:15)\n    at async run (/srv/app/main.js:3:1)",
    "node anonymous": b"    at /srv/app/index.js:22:9\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "node json": b'{"stack":"Error: x\\n    at Object.<anonymous> (/app/x.js:1:7)"}',
    "node windows": b"    at main (C:\\shop\\app.js:4:2)",
    ".net": b"System.NullReferenceException: Object reference not set\n   at Shop.Cart.Total(Int32 id) in /src/Cart.cs:line 42",
    ".net without source": b"   at Shop.Cart.Total(Int32 id)\r\n   at Shop.Api.Get(Int32 id)\r\n",
    "go": b"panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:8 +0x1d",
    "go with minutes": b"goroutine 18 [chan receive, 5 minutes]:",
    "php": b"PHP Fatal error:  Uncaught Exception: x in /var/www/a.php:3\nStack trace:\n#0 /var/www/b.php(12): run()\n#1 {main}",
    "php warning": b"<b>Warning</b>:  mysqli_query(): x in <b>/var/www/a.php</b> on line <b>3</b>",
    "ruby": b"app/models/cart.rb:12:in `total': undefined method `+' for nil (NoMethodError)",
    "ruby 3.4": b"app/models/cart.rb:12:in 'Cart#total': undefined method '+' for nil (NoMethodError)",
    "rust": b"thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds",
    "rust named": b"thread 'tokio-runtime-worker' panicked at 'x', src/main.rs:4:5",
    "elixir": b"** (FunctionClauseError) no function clause matching in Shop.Cart.total/1\n    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.total/1",
    "sqlite": b'sqlite3.OperationalError: near "\'": syntax error',
    "sqlalchemy": b'(psycopg2.errors.SyntaxError) unterminated quoted string at or near "\'"',
    "postgres": b'ERROR:  syntax error at or near "FROM"\nLINE 1: SELECT FROM x',
    "mysql": b"You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version",
    "oracle": b"ORA-00933: SQL command not properly ended",
    "sql server": b"Unclosed quotation mark after the character string ''.",
    "jdbc": b"com.mysql.jdbc.exceptions.jdbc4.MySQLSyntaxErrorException: x",
    "sqlstate": b"SQLSTATE[42000]: Syntax error or access violation: 1064",
    "passwd": b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
    "passwd in json": b'{"text":"root:x:0:0:root:/root:/bin/sh\\nbin:x:1:1"}',
}
SECRETS = {
    "pem": b"-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    "pkcs8": b"-----BEGIN PRIVATE KEY-----\\nMIIE",
    "openssh": b"-----BEGIN OPENSSH PRIVATE KEY-----",
    "pgp": b"-----BEGIN PGP PRIVATE KEY BLOCK-----",
    "argon2": b"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g",
    "bcrypt": b"$2b$12$" + b"a" * 53,
    "django": b"pbkdf2_sha256$600000$salt$hash",
    "werkzeug": b"pbkdf2:sha256:600000$salt$hash",
    "werkzeug scrypt": b"scrypt:32768:8:1$salt12345$" + b"ab" * 64,
    "crypt": b"$6$rounds=5000$saltsalt$" + b"a" * 86,
    "aws": b'"AKIAIOSFODNN7EXAMPLE","secret":"' + b"wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY" + b'"',
    "github": b"ghp_" + b"a1" * 18,
}
BENIGN = {
    "prose": b'{"text":"When it fails you see a Traceback; read the most recent call last."}',
    "prose at": b"We met at Cart.total (the shop) and at the station (platform 3:10:15).",
    "prose line": b"See the file main.py, line 7, in the appendix.",
    "changelog": b"Fixed: at or near the limit, goroutine counts were wrong; thread main panicked less.",
    "java class": b"com.shop.Cart and Cart.java are described in the manual",
    "sql lesson": b"SELECT FROM is a syntax error; put columns between. SQL syntax is taught in part 2.",
    "hash lesson": b"bcrypt hashes begin with $2b$12$ and argon2 ones with $argon2id$.",
    "public key": b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "certificate": b"-----BEGIN CERTIFICATE-----\nMIIB",
    "money": b"prices from $5 to $6 and $2a",
    "root": b"root: the root account has uid 0; root:x is its entry",
    "commit": b'{"sha":"' + b"a1" * 20 + b'","message":"at src/a.ts"}',
    "base64": b'{"image":"' + b"QUtJQUlPU0ZPRE5ON0VYQU1QTEU" * 8 + b'"}',
    "times": b'{"at":"12:30:15","who":"main (shift 1:2:3)"}',
    "ora": b"ORA et labora, ORAL-12345",
    "on line": b"You have three friends on line 3 of the metro; warning: mind the gap",
    "email": b"Please reply at anna(at)example.org) in due time, at home (in bed)",
    "call list": b"at Home.Open(door) we met; at Work.Close(shop) we parted",
    "scrypt lesson": b"scrypt:32768:8:1 are common parameters",
}


def leak(body: bytes, status: int = 200) -> str:
    w = world()
    op = listed(w, ["nurse"], None)
    answer = leaks_guard(op)(Response(status, (), body), Known("GET /x", 0.0, {}, "", ""))
    return answer.reason.code if isinstance(answer, Refuse) else "passes"


@pytest.mark.parametrize("name", TRACES)
def test_what_programs_write_when_they_fail_is_withheld(name: str) -> None:
    assert leak(TRACES[name]) == "disclosure.trace"


@pytest.mark.parametrize("name", SECRETS)
def test_keys_and_password_hashes_are_withheld(name: str) -> None:
    assert leak(SECRETS[name]) == "disclosure.secret"
    assert leak(b'{"x":"' + SECRETS[name].replace(b'"', b"'").replace(b"\n", b"\\n") + b'"}') == "disclosure.secret"


@pytest.mark.parametrize("name", BENIGN)
def test_what_people_write_passes(name: str) -> None:
    assert leak(BENIGN[name]) == "passes"


def test_errors_of_the_server_say_nothing_of_themselves() -> None:
    assert leak(b"<h1>Whoops", 500) == "disclosure.error"
    assert leak(b"", 500) == "passes"
    assert leak(b"gone fishing", 404) == "passes"


@pytest.mark.parametrize("value", [b"a\r\nSet-Cookie: x", b"a\nb", b"a\0b"])
def test_headers_that_would_split_the_reply(value: bytes) -> None:
    check, known = leaks_guard(listed(world(), ["nurse"], None)), Known("GET /x", 0.0, {}, "", "")
    answer = check(Response(200, ((b"x", value),), b""), known)
    assert isinstance(answer, Refuse)
    assert answer.reason.code == "disclosure.header"
    assert check(Response(200, ((b"x", b"a\tb"),), b""), known) is PASS


# Markup that came in


def met(markup: Markup, sent: str, page: bytes, media: bytes | None = b"text/html") -> bool:
    known = Known("POST /x", 0.0, {}, "", "", None, Input({}, {}, {}, {}, None, (Text("/body/a", sent, free=True),)))
    arrival_guard(markup)(None, known)  # type: ignore[arg-type]
    headers = ((b"content-type", media),) if media is not None else ()
    return isinstance(echo_guard(markup)(Response(200, headers, page), known), Refuse)


@pytest.mark.parametrize(
    "sent",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img/src=x/onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '" autofocus onfocus="alert(1)',
        "' onmouseover='alert(1)",
        "<a href=javascript:alert(1)>x</a>",
        "<iframe src=//evil>",
        "<meta http-equiv=refresh content='0;url=//evil'>",
        "<base href=//evil/>",
        "<form action=//evil><input name=password>",
        "<math><mtext></mtext><style><img src=x></style>",
        "<SCRIPT SRC=//evil></SCRIPT>",
    ],
)
def test_live_markup_is_known_again(sent: str) -> None:
    assert met(Markup(), sent, b"<p>Hello " + sent.encode() + b"</p>")
    assert not met(Markup(), sent, b"<p>Hello</p>")
    escaped = sent.translate(str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}))
    assert not met(Markup(), sent, b"<p>Hello " + escaped.encode() + b"</p>")
    assert not met(Markup(), sent, b'{"a": "' + sent.encode() + b'"}', b"application/json")
    assert met(Markup(), sent, sent.encode(), None)


@pytest.mark.parametrize(
    "sent", ["<b>bold</b>", "a < b and c > d", 'Tom\'s "best" onion = good', "I <3 you", "javascript: the good parts"]
)
def test_harmless_text_is_not_kept(sent: str) -> None:
    assert not met(Markup(), sent, b"<p>" + sent.encode())


# Where a reply leads


def led(sent: str, target: str, header: bytes = b"location", format_: str = "text") -> bool:
    """Whether a reply that leads to `target` is withheld from a request to api.example that sent a text."""
    memory = Destinations()
    texts = (Text("/query/to", sent, free=True, format=format_),)
    known = Known("GET /go", 0.0, {}, "", "r1", None, Input({}, {}, {}, {}, None, texts))
    raw = RawHead(b"GET", b"/go", ((b"host", b"api.example"),), "", secure=True)
    asked = admit(raw, Admission(), "r1")
    assert isinstance(asked, Head)
    assert departure_guard(memory)(Request(asked, (), b""), known) is PASS
    return isinstance(redirect_guard(memory)(Response(302, ((header, target.encode()),)), known), Refuse)


@pytest.mark.parametrize(
    "sent",
    [
        "https://evil.example/login",
        "//evil.example",
        "/\\/evil.example/a",
        "\\\\evil.example",
        "https:evil.example",
        "https:///evil.example",
        " \thttps://evil.example",
        "https://api.example@evil.example/",
        "HTTPS://EVIL.example:8443/",
    ],
)
def test_a_redirect_to_the_site_that_the_request_named_is_withheld(sent: str) -> None:
    assert led(sent, sent)
    assert led(sent, f"0; url={sent}", b"refresh")
    assert not led(sent, "/welcome")
    assert not led(sent, "https://partner.example/")
    assert not led(sent, sent, format_="uri")  # declared to be a URL: where it may lead is its own rule


@pytest.mark.parametrize(
    "sent",
    [
        "/welcome",
        "https://api.example/a",
        "//api.example/a",
        "welcome",
        "a//evil.example",
        "mailto:a@b.example",
        "12:30",
    ],
)
def test_a_redirect_within_the_site_passes(sent: str) -> None:
    assert not led(sent, sent)


def test_markup_is_remembered_over_requests_and_bounded() -> None:
    markup = Markup()
    assert not met(markup, "<script>a()</script>", b"")
    assert met(markup, "x", b"<script>a()</script>")
    for i in range(600):
        markup.note(f"<script>{i}</script>")
    assert len(markup._seen) == 500
    assert not met(markup, "x", b"<script>a()</script>")
    long = "<script>" + "a" * 100_000
    assert met(markup, long, long.encode())


def test_masks_of_encrypted_properties_wait_for_decryption() -> None:
    late = [replace(f, encrypt="yes") if f.mask else f for f in FIELDS]
    for fields, names in ((FIELDS, ["objects", "fields"]), (late, ["objects", "fields", "masks"])):
        w = world(fields)
        assert [g.name for g in w.plan(read(w)).guards.reply if g.name in ("objects", "fields", "masks")] == names
        assert w.ask(read(w), NURSE, P, reply={**MINE, "card": "4111111111111111"}).data["card"] == "****1111"


class TestLines:
    """JSON of which each line is a value is a list of them: filtered, masked, and written in lines again."""

    def put(self, body: bytes, filter_: Any = "owner", media: str = "application/x-ndjson") -> tuple[str, bytes]:
        w = world((FIELDS[1],))
        op = listed(w, ["owner", "nurse"], filter_, PATIENT)
        content = op.api.replies["200"].content.pop("application/json")
        op.api.replies["200"].content[media] = content
        headers = ((b"content-type", media.encode()),)
        asked = w.ask(op, ALICE, reply=Response(200, headers, body))
        return asked.said, asked.response.body or b""

    @pytest.mark.parametrize("media", ["application/x-ndjson", "application/jsonl"])
    def test_foreign_lines_go(self, media: str) -> None:
        lines = b"".join(json.dumps(row).encode() + b"\n" for row in (MINE, HIS, FAR, MINE))
        said, body = self.put(lines, media=media)
        assert (said, [json.loads(line) for line in body.splitlines()]) == ("allowed", [MINE, MINE])
        assert self.put(b"\n\n", media=media) == ("allowed", b"\n\n")

    def test_a_line_that_is_none_withholds_all(self) -> None:
        assert self.put(json.dumps(MINE).encode() + b"\n{no json\n")[0] == "disclosure.unsettled"
        assert self.put(b'{"patient_id": "9"}\n') == ("allowed", b"")


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({"type": "string", "format": "binary"}, [{"a": 1, "b": {"c": 2}}]),
        ({"type": "string"}, [{"a": 1, "b": {"c": 2}}]),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, [{"a": 1}]),
        ({"type": "object", "properties": {"b": {"type": "string"}}}, [{"b": {"c": 2}}]),
    ],
)
def test_a_schema_of_a_file_says_nothing_of_the_json_in_it(schema: Any, left: Any) -> None:
    """Some documents declare a download as a string: what is in it is not undeclared, it is not described."""
    exported = operation("GET /export", ["nurse"], None, reply=schema)
    asked = world().ask(exported, NURSE, reply=[{"a": 1, "b": {"c": 2}}])
    assert (asked.said, asked.data) == ("allowed", left)
