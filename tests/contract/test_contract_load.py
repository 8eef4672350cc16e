"""Contracts that load, and every kind of mistake: named, placed, with what was expected and the nearest name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.contract_samples import API, CONTRACT, api, contract, mistakes, outcome
from ringwall.contract.model import Authentication, Limits, Misconfigured, Rate, Upstream
from ringwall.contract.openapi import load_api
from ringwall.contract.parse import load
from ringwall.contract.templates import BadTemplate, canonical


def test_the_whole_example_is_read_as_written() -> None:
    made = contract()
    patient = made.resources["patient"]
    card = patient.fields["card_number"]
    assert (made.mode, made.journal, made.replies, made.cors) == ("enforce", "required", "lenient", None)
    assert (made.roles["doctor"].includes, made.roles["doctor"].mfa) == (frozenset({"nurse"}), True)
    assert (patient.owner, patient.tenant, patient.id) == ("account_id", "clinic_id", "patient_id")
    assert (card.encrypt, card.mask, card.read, card.write) == ("yes", "last4", frozenset({"owner"}), None)
    assert (patient.fields["email"].encrypt, patient.fields["notes"].format) == ("searchable", "markdown")
    assert made.authentication.issuers[0].roles == "realm_access.roles"
    rules = {rule.key: rule for rule in made.rules}
    assert rules["POST /patients"].rate == Rate(10, 60.0)
    assert str(rules["GET /health"].at) == f"ringwall.yaml:{len(CONTRACT.splitlines())}:3"


def test_where_a_url_may_lead_is_stated_of_a_url() -> None:
    stated = "notes:       {format: url, schemes: [https], hosts: [example.com]}"
    notes = next(line.strip() for line in CONTRACT.splitlines() if line.strip().startswith("notes:"))
    field = contract(CONTRACT.replace(notes, stated)).resources["patient"].fields["notes"]
    assert (field.schemes, field.hosts) == (frozenset({"https"}), frozenset({"example.com"}))
    wrong = mistakes(CONTRACT.replace(notes, stated.replace("url", "markdown")))
    assert [p.expected for p in wrong] == ["`format: url` beside it"] * 2


def test_the_products_own_example_loads() -> None:
    product = Path(__file__).parents[3] / "shared" / "PRODUCT.md"
    if not product.exists():
        pytest.skip("the product's description is not beside this checkout")
    text = product.read_text(encoding="utf-8").split("```yaml\n", 1)[1].split("```", 1)[0]
    found = {p.found for p in mistakes(text)}
    assert found == {"the unknown operation 'POST /users/login'", "the unknown operation 'GET /me'"}, "of another API"
    start, end = text.index("  upstream:"), text.index("roles:\n  patient")
    assert contract(text[:start] + text[end:]).resources["patient"].owner == "account_id"


def test_everything_else_that_may_be_stated_is_read() -> None:
    made = contract(
        CONTRACT
        + """\
  "WS /events/{room}": {allow: [nurse]}
base_path: /api/v1
observe: [detection]
cors: {origins: ["https://app.example.com"], credentials: true}
limits: {body: 2 MiB, upload: 5MB, depth: 8, rate: 100/minute, anonymous_rate: 5/second, seconds: 2.5}
upstream: {header: X-Api-Key, from: env UPSTREAM_KEY}
identity_headers: true
trusted_proxies: [10.0.0.0/8, "::1"]
journal: best-effort
replies: strict
staleness: 0
accepted:
  - {id: contract.limits, reason: internal only, owner: ops, until: 2999-01-01}
"""
    )
    assert made.api.base_path == "/api/v1"
    assert made.observe == {"detection"}
    assert made.cors is not None
    assert (made.cors.origins, made.cors.credentials) == (("https://app.example.com",), True)
    assert made.limits == Limits(2 << 20, 5_000_000, 16 << 20, 8, 10_000, 2.5, Rate(100, 60.0), Rate(5, 1.0))
    assert made.upstream == Upstream("X-Api-Key", "UPSTREAM_KEY", identity_headers=True)
    assert made.trusted_proxies == ("10.0.0.0/8", "::1")
    assert (made.journal, made.replies, made.staleness_s) == ("best-effort", "strict", 0.0)
    assert made.accepted[0].owner == "ops"
    socket = next(o for o in made.operations if o.api.websocket)
    assert (socket.key, [p.name for p in socket.api.parameters]) == ("WS /events/{room}", ["room"])


MISTAKES = {
    "unknown key": ("mode: enforce", "mood: enforce", "the unknown key 'mood'", "mode"),
    "wrong word": ("mode: enforce", "mode: enforec", "'enforec'", "enforce"),
    "wrong type": ("accounts: true", "accounts: yes please", "'yes please'", None),
    "unknown role": ("allow: [doctor], rate", "allow: [docter], rate", "the unknown role 'docter'", "doctor"),
    "unknown included role": ("includes: [nurse]", "includes: [nurze]", "the unknown role 'nurze'", "nurse"),
    "roles in a circle": ("nurse:   {}", "nurse:   {includes: [doctor]}", "which includes itself", None),
    "a role called owner": ("nurse:   {}", "owner:   {}", "'owner'", None),
    "unknown schema": ("schema: Patient", "schema: Patiant", "the unknown schema 'Patiant'", "Patient"),
    "unknown id": ("id: patient_id", "id: patient_idd", "the unknown property 'patient_idd'", "patient_id"),
    "unknown owner": ("owner: account_id", "owner: acount_id", "the unknown property 'acount_id'", "account_id"),
    "unknown tenant": ("tenant: clinic_id", "tenant: klinic_id", "the unknown property 'klinic_id'", "clinic_id"),
    "unknown field": ("diagnosis:   {", "diagnosys:   {", "the unknown property 'diagnosys'", "diagnosis"),
    "unknown class": ("class: health", "class: helth", "'helth'", "health"),
    "unknown mask": ("mask: last4", "mask: last5", "'last5'", "last4"),
    "mask that never shows": ("mask: last4, read: [owner]", "mask: last4", "all may read whole", None),
    "public and encrypted": ("class: contact, encrypt", "class: public, encrypt", "which is public", None),
    "encrypted owner": ("notes:       {format: markdown}", "account_id: {encrypt: true}", "decides whose it is", None),
    "owner without owner": ("    owner: account_id\n", "", "whose resource 'patient' has no `owner`", None),
    "filter without tenant": ("    tenant: clinic_id\n", "", "`filter: tenant`", None),
    "owner of nothing": ("{allow: anyone}", "{allow: [owner]}", "acts on no resource", None),
    "unknown operation": (
        '"POST /patients":',
        '"POST /patient":',
        "the unknown operation 'POST /patient'",
        "POST /patients",
    ),
    "unknown method": ('"POST /patients":', '"FETCH /patients":', "'FETCH /patients'", None),
    "glob of nothing": ('"POST /patients":', '"POST /nothing/*":', "which matches nothing", None),
    "tag of nothing": ('"POST /patients":', '"tag:peeple":', "the unknown tag 'peeple'", "people"),
    "broken template": ('"POST /patients":', '"POST /patients/{x":', "brace", None),
    "unknown requirement": ("admin:   {requires: mfa}", "admin:   {requires: mfaa}", "'mfaa'", "mfa"),
    "broken rate": ("rate: 10/minute", "rate: ten a minute", "'ten a minute'", None),
    "key twice": ("mode: enforce", "mode: enforce\nmode: observe", "'mode' a second time", None),
    "anyone and others": ("allow: [owner, nurse]", "allow: [anyone, nurse]", "`anyone` together", None),
    "unknown resource": (
        "{allow: [nurse], filter: tenant}",
        "{allow: [nurse], resource: pation}",
        "the unknown resource 'pation'",
        "patient",
    ),
    "login of nowhere": (
        "basic: false",
        "upstream: {login: POST /patient, token: /t, subject: /s}",
        "the unknown operation 'POST /patient'",
        "POST /patients",
    ),
    "a login that says too little": ("basic: false", "upstream: {login: POST /patients}", "no `subject`", None),
    "policies that are not there": ("mode: enforce", "policies: x.cedar", "'x.cedar': No such file", None),
    "a policy without policies": ("rate: 10/minute", "policy: true", "`policy` without `policies`", None),
    "never of one": ("mode: enforce", "never: [doctor]", "fewer than two roles", None),
    "never of what a role brings": ("mode: enforce", "never: [doctor, nurse]", "doctor and nurse, both of which", None),
    "never of nobody": ("mode: enforce", "never: [[doctor, nurze]]", "the unknown role 'nurze'", "nurse"),
    "a zone": ("rate: 10/minute", "when: {zone: Europe/Lundon}", "the unknown time zone 'Europe/Lundon'", None),
    "no time": ("rate: 10/minute", "when: {hours: 08:00-08:00}", "'08:00-08:00', which is no time at all", None),
    "no network": ("rate: 10/minute", "when: {networks: [10.0.0.1/8]}", "'10.0.0.1/8'", None),
    "no day": ("rate: 10/minute", "when: {days: []}", "an empty list", None),
    "sessions of nobody": (
        "  accounts: true",
        "  accounts: false\n  sessions: true",
        "sessions without accounts",
        None,
    ),
    "session that never ends": (
        "basic: false",
        "sessions: {absolute: never}",
        "'never'",
        None,
    ),
    "a requirement of an operation": ("rate: 10/minute", "requires: mfaa", "'mfaa'", "mfa"),
    "another version": ("ringwall: 1", "ringwall: 2", "the number 2", None),
    "no version": ("ringwall: 1\n", "", "no `ringwall`", None),
    "null": ("nurse:   {}", "nurse:", "nothing", None),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_where_it_stands(name: str) -> None:
    right, wrong, found, nearest = MISTAKES[name]
    text = CONTRACT.replace(right, wrong, 1)
    assert text != CONTRACT
    problem = next(p for p in mistakes(text) if found in p.found)
    assert problem.nearest == nearest
    assert problem.expected
    line = text.splitlines()[problem.at.line - 1]
    assert wrong == "" or any(part.strip() in line for part in wrong.split("\n")) or name in ("roles in a circle",)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines() -> None:
    text = CONTRACT
    chosen = ("wrong word", "unknown role", "unknown schema", "unknown class", "broken rate", "unknown requirement")
    for name in chosen:
        text = text.replace(MISTAKES[name][0], MISTAKES[name][1], 1)
    told = mistakes(text)
    assert all(any(MISTAKES[name][2] in p.found for p in told) for name in chosen if name != "broken rate")
    assert [p.at.line for p in told] == sorted(p.at.line for p in told)


def test_what_this_version_cannot_honour_says_so() -> None:
    told = mistakes(CONTRACT.replace("basic: false", "strict: true"))
    assert [p.expected for p in told] == ["strict revocation: not supported by this version"]


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ('"*": {allow: [admin]}\n  "tag:people": {allow: [nurse]}', "tag:people"),
        ('"tag:people": {allow: [nurse]}\n  "GET /*": {allow: [admin]}', "GET /*"),
        ('"GET /*": {allow: [admin]}\n  "GET /pat*": {allow: [admin]}', "GET /pat*"),
        (
            '"GET /patients/*": {allow: [admin]}\n  "GET /patients/{patient_id}": {allow: [nurse]}',
            "GET /patients/{patient_id}",
        ),
        ('"* /patients/*": {allow: [admin]}', "* /patients/*"),
    ],
)
def test_the_most_specific_rule_decides(rules: str, key: str) -> None:
    made = contract(f"ringwall: 1\napi: x\nroles: {{nurse: {{}}, admin: {{}}}}\noperations:\n  {rules}\n")
    decided = next(o for o in made.operations if o.key == "GET /patients/{patient_id}").rule
    assert decided is not None
    assert decided.key == key


def test_two_rules_that_are_equally_specific_are_a_mistake() -> None:
    rules = '"tag:people": {allow: [nurse]}\n  "tag:reads": {allow: [nurse]}'
    told = mistakes(f"ringwall: 1\napi: x\nroles: {{nurse: {{}}}}\noperations:\n  {rules}\n")
    assert [p.found for p in told] == ["'tag:people' and 'tag:reads', equally specific for GET /patients/{patient_id}"]


def test_what_is_not_stated_has_no_rule() -> None:
    made = contract("ringwall: 1\napi: x\n")
    assert [o.rule for o in made.operations] == [None] * 4
    assert made.authentication == Authentication(accounts=False, api_keys=False, basic=False, issuers=())


def test_a_contract_may_say_that_a_parameter_spans_slashes() -> None:
    text = 'ringwall: 1\napi: x\noperations:\n  "GET /patients/{patient_id+}": {allow: anyone}\n'
    made = contract(text)
    assert [o.api.path for o in made.operations if o.rule] == ["/patients/{patient_id+}"]


def test_the_api_is_found_beside_the_contract_or_fetched(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(API))
    (tmp_path / "ringwall.yaml").write_text("ringwall: 1\napi: openapi.json\n")
    assert len(load(tmp_path / "ringwall.yaml").operations) == 4
    assert len(load(str(tmp_path / "ringwall.yaml"), base_path="v9").operations) == 4
    assert load(tmp_path / "ringwall.yaml", base_path="v9/").api.base_path == "/v9"
    url = "ringwall: 1\napi: https://h/openapi.json\n"
    assert len(load(url, fetch=lambda _: json.dumps(API).encode()).operations) == 4
    given, _ = load_api(API, "x")
    assert load(url, openapi=given).api is given


def _down(url: str) -> bytes:
    raise OSError("down")


@pytest.mark.parametrize("api_key", ["app", "https://h/x", "none.yaml", "."])
def test_an_api_that_cannot_be_had_is_one_mistake_among_the_others(api_key: str, tmp_path: Path) -> None:
    path = tmp_path / "ringwall.yaml"
    path.write_text(f"ringwall: 1\napi: {api_key}\nmode: never\noperations: {{'GET /x': {{allow: [nobody]}}}}\n")
    with pytest.raises(Misconfigured) as caught:
        load(path, fetch=_down)
    told = str(caught.value)
    assert "never" in told
    assert "nobody" in told
    assert "unknown operation" not in told
    assert len(caught.value.problems) == 3


def test_doubts_about_the_document_are_warnings_of_the_contract() -> None:
    made = contract("ringwall: 1\napi: x\n", api(lambda d: d["paths"].update({"/bad/{x}": {"get": {}}})))
    assert [w.warning for w in made.warnings] == [True]


def test_a_missing_file_is_told() -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        load("nowhere.yaml")


@given(st.binary(max_size=300) | st.text(max_size=300))
@settings(max_examples=60)
def test_any_contract_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes | str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(Misconfigured):
        load(path, openapi=API)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_line_changed_in_any_way_is_read_or_refused(data: st.DataObject) -> None:
    lines = CONTRACT.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        lines[index] = data.draw(
            st.sampled_from(
                [
                    "",
                    lines[index] + ":",
                    lines[index][2:],
                    "  " + lines[index],
                    lines[index].replace("[", ""),
                    lines[0],
                    lines[index].split(":")[0] + ": 7",
                    lines[index].split(":")[0] + ": [{}]",
                    lines[index] + lines[index],
                    lines[index].replace("owner", "member"),
                    lines[index].replace("nurse", "scope:\U0001f600"),
                ]
            )
        )
    told = outcome(lambda: contract("\n".join(lines) + "\n")) or ()
    assert all(p.at.line >= 1 and p.found and p.expected for p in told)


@pytest.mark.parametrize("path", ["/files/{path}", "/files/{path}/checkpoints", "/files/{path}/checkpoints/{n}"])
def test_a_parameter_may_span_slashes_wherever_it_is_a_whole_segment(path: str) -> None:
    names = [name for name in ("path", "n") if f"{{{name}}}" in path]
    given = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    api = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {path: {"get": {"parameters": given, "responses": {}}}},
    }
    key = f"GET {path}".replace("{path}", "{path+}")
    made = load(f'ringwall: 1\napi: x\noperations:\n  "{key}": {{allow: anyone}}\n', openapi=load_api(api, "x")[0])
    assert [o.api.path for o in made.operations if o.rule] == [key[4:]]


@pytest.mark.parametrize("path", ["/a/{x+}.json", "/a/{x+}/b/{y+}", "/a/v{x+}"])
def test_a_parameter_that_spans_slashes_is_a_whole_segment_and_the_only_one(path: str) -> None:
    with pytest.raises(BadTemplate):
        canonical(path)


def test_a_rule_names_the_query_parameters_that_the_document_forgot() -> None:
    text = 'ringwall: 1\napi: x\noperations:\n  "GET /patients": {allow: anyone, query: [q, q, limit]}\n'
    found = {o.key: o.api.parameters for o in contract(text).operations}
    given = [(p.name, p.required) for p in found["GET /patients"] if p.where == "query"]
    assert given.count(("q", False)) == 1
    assert ("limit", False) in given
