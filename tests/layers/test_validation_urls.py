"""Where a field of format `url` may lead: by default the public web, else the schemes and hosts of the contract."""

from __future__ import annotations

import json

import pytest

from ringwall.contract.api import ApiOperation, Body, MediaType
from ringwall.contract.model import At, Field, Operation, Resource
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request
from ringwall.core.verdict import Refuse
from ringwall.layers.validation import Settings, forge

AT = At("ringwall.yaml", 1, 1)
LINK = {"type": "string", "format": "uri"}
SCHEMAS = {
    "Hook": {
        "type": "object",
        "properties": {"target": LINK, "any": LINK, "all": {"type": "array", "items": {"type": "string"}}},
    }
}


def field(name: str, schemes: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> Field:
    return Field(
        name, "public", "no", None, None, None, "url", False, AT, schemes=frozenset(schemes), hosts=frozenset(hosts)
    )


FIELDS = {
    "target": field("target", ("https",), ("example.com",)),
    "any": field("any"),
    "all": field("all", hosts=("example.com",)),
}


def refused(body: object) -> tuple[str, ...]:
    hook = Resource("hook", "Hook", "id", None, None, FIELDS, AT)
    content = Body(True, {"application/json": MediaType({"$ref": "#/components/schemas/Hook"}, {})})
    api = ApiOperation("POST", "/h", None, (), (), content, {}, 1)
    operation = Operation(api, "", None, hook, (), lists=False, creates=True)
    check = forge(operation, Settings(SCHEMAS, resources={"hook": hook})).body[-1].check
    raw = json.dumps(body).encode()
    headers = ((b"host", b"a"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw)))
    head = admit(RawHead(b"POST", b"/h", headers, "::1", secure=True), Admission(), "r")
    assert isinstance(head, Head)
    verdict = check(Request(head, headers, raw), Known("op", 0.0, {}, "::1", "r"))
    return tuple(f"{f.pointer} {f.reason}" for f in verdict.faults) if isinstance(verdict, Refuse) else ()


@pytest.mark.parametrize(
    "url", ["https://example.com/a", "https://hooks.example.com:8443/a?b=c", "https://EXAMPLE.com"]
)
def test_a_url_of_the_stated_hosts_and_schemes_passes(url: str) -> None:
    assert refused({"target": url}) == ()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a",
        "https://example.org/",
        "https://notexample.com/",
        "https://example.com.evil.org/",
        "https://example.com@evil.org/",
        "https://evil.org#example.com",
        "https://93.184.216.34/",
    ],
)
def test_any_other_is_refused(url: str) -> None:
    assert refused({"target": url}) == ("/body/target validation.url",)


def test_what_two_readers_read_differently_is_no_url_at_all() -> None:
    for doubtful in ("https://evil.org\\@example.com/", "https://ex\u0430mple.com/"):
        assert refused({"target": doubtful}) == ("/body/target validation.format",)


def test_a_confusable_host_is_refused_where_the_schema_says_no_format() -> None:
    assert refused({"all": ["https://ex\u0430mple.com/"]}) == ("/body/all/0 validation.url",)


def test_a_field_without_a_policy_takes_the_public_web_and_nothing_inside() -> None:
    assert refused({"any": "http://example.org/"}) == ()
    assert refused({"any": "ftp://example.org/"}) == ("/body/any validation.url",)
    for inside in ("http://127.0.0.1/", "http://[::1]/", "http://10.0.0.1/", "http://localhost/", "http://0x7f.1/"):
        assert refused({"any": inside}) == ("/body/any validation.url",)


def test_the_policy_of_a_list_holds_for_its_elements() -> None:
    assert refused({"all": ["https://example.com/", "http://a.example.com/"]}) == ()
    assert refused({"all": ["https://example.com/", "https://example.org/"]}) == ("/body/all/1 validation.url",)
