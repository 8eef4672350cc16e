"""The validation layer at work: one small API, hostile requests refused for the named reason, honest ones learned."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.contract.api import ApiOperation, Body, Encoding, MediaType, Parameter
from ringwall.contract.model import At, Field, Operation, Resource
from ringwall.core.admit import Admission, admit
from ringwall.core.judge import judge
from ringwall.core.known import Input, Known
from ringwall.core.message import Head, RawHead, Request
from ringwall.core.plan import Guards
from ringwall.core.verdict import Learned, Refuse, Rewritten
from ringwall.engines.payload.engine import DETECTORS
from ringwall.layers import detection
from ringwall.layers.validation import REASONS, Settings, body_mode, forge, problems

AT = At("ringwall.yaml", 1, 1)
PREFIX = "#/components/schemas/"


def _field(name: str, form: str, sanitize: bool = False) -> Field:
    return Field(name, "public", "no", None, None, None, form, sanitize, AT)


SCHEMAS = {
    "Note": {
        "type": "object",
        "required": ["title"],
        "properties": {
            "title": {"type": "string", "maxLength": 200},
            "body": {"type": "string"},
            "page": {"type": "string"},
            "link": {"type": "string"},
            "file": {"type": "string"},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "n": {"type": "integer"},
            "meta": {"type": "object"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "id": {"type": "integer", "readOnly": True},
        },
    },
}
NOTE = Resource(
    "note",
    "Note",
    "id",
    None,
    None,
    {
        "body": _field("body", "markdown"),
        "page": _field("page", "html", sanitize=True),
        "link": _field("link", "url"),
        "file": _field("file", "filename"),
    },
    AT,
)
UPLOAD = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string"},
        "n": {"type": "integer"},
        "meta": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "photo": {"type": "string", "format": "binary"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
CONTENT = {
    "application/json": MediaType({"$ref": PREFIX + "Note"}, {}),
    "application/merge-patch+json": MediaType({"$ref": PREFIX + "Note"}, {}),
    "application/x-www-form-urlencoded": MediaType(UPLOAD, {}),
    "multipart/form-data": MediaType(UPLOAD, {"photo": Encoding("image/png, image/jpeg", "form", True)}),
    "application/xml": MediaType(None, {}),
    "text/plain": MediaType({"type": "string", "maxLength": 50}, {}),
}


def operation(
    content: dict[str, MediaType] | None = None,
    parameters: tuple[Parameter, ...] = (),
    *,
    required: bool = True,
    path: str = "/notes",
) -> Operation:
    body = Body(required, content) if content is not None else None
    api = ApiOperation("POST", path, None, (), parameters, body, {}, 1)
    return Operation(api, "", None, NOTE, (), lists=False, creates=True)


SETTINGS = Settings(SCHEMAS, depth=8, items=500, resources={"note": NOTE}, unpacked=4096)  # type: ignore[arg-type]
NOTES = operation(CONTENT)
GUARDS = forge(NOTES, SETTINGS)


def head_of(body: bytes, media: bytes | None, target: bytes, extra: tuple[tuple[bytes, bytes], ...]) -> Head:
    kind = ((b"content-type", media),) if media is not None else ()
    length = ((b"content-length", b"%d" % len(body)),) if body else ()
    found = admit(
        RawHead(b"POST", target, ((b"host", b"a"), *kind, *length, *extra), "::1", secure=True), Admission(), "r"
    )
    assert isinstance(found, Head), found
    return found


def send(
    body: bytes,
    media: bytes | None = b"application/json",
    *,
    guards: Guards = GUARDS,
    target: bytes = b"/notes",
    extra: tuple[tuple[bytes, bytes], ...] = (),
    params: dict[str, str] | None = None,
) -> tuple[str, list[tuple[str, str]]] | Known:
    """What the guards make of a request: the reason and faults of a refusal, or what is known at the end."""
    head = head_of(body, media, target, extra)
    known = Known("op", 0.0, params or {}, "::1", "r")
    request = Request(head, head.raw_headers, body)
    for guard in (*guards.head, *guards.body):
        verdict = judge(guard, head if guard in guards.head else request, known)
        if isinstance(verdict, Refuse):
            return verdict.reason.code, [(f.pointer, f.reason) for f in verdict.faults]
        if isinstance(verdict, Learned):
            known = verdict.known
        if isinstance(verdict, Rewritten):
            assert isinstance(verdict.message, Request)
            request = verdict.message
    return known


def learned(*args: object, **named: object) -> Input:
    found = send(*args, **named)  # type: ignore[arg-type]
    assert isinstance(found, Known), found
    assert found.input is not None
    return found.input


def reason(*args: object, **named: object) -> str:
    found = send(*args, **named)  # type: ignore[arg-type]
    assert not isinstance(found, Known), found
    return found[0]


def test_an_honest_body_is_learned_with_its_texts() -> None:
    given_ = learned(b'{"title":"x","body":"*y*","kind":"a","n":1,"tags":["t"],"meta":{"k":"v"}}')
    assert given_.body == {"title": "x", "body": "*y*", "kind": "a", "n": 1, "tags": ["t"], "meta": {"k": "v"}}
    assert {(t.pointer, t.value, t.free, t.format) for t in given_.texts} == {
        ("/body/title", "x", True, "text"),
        ("/body/body", "*y*", True, "markdown"),
        ("/body/kind", "a", False, "text"),
        ("/body/tags/0", "t", True, "text"),
        ("/body/meta/k", "k", True, "name"),
        ("/body/meta/k", "v", True, "text"),
    }


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b"{}", "validation.required", "/body/title"),
        (b'{"title":1}', "validation.type", "/body/title"),
        (b'{"title":"x","zz":1}', "validation.unknown", "/body/zz"),
        (b'{"title":"x","kind":"c"}', "validation.enum", "/body/kind"),
        (b'{"title":"x","id":1}', "validation.readonly", "/body/id"),
        (b'{"title":"x","n":"1"}', "validation.type", "/body/n"),
        (b'{"title":"x","title":"y"}', "validation.json.duplicate", "/body"),
        (b'{"title":"x"', "validation.json", "/body"),
        (b'{"title":"x\\u0000"}', "validation.text.control", "/body/title"),
        (b'{"title":"a\\u202eb"}', "validation.text.bidi", "/body/title"),
        ('{"title":"e\u0301"}'.encode(), "validation.text.normal", "/body/title"),
        (b'{"title":"x","meta":{"\\u0007":1}}', "validation.text.control", "/body/meta/*"),
        (b'{"title":"x","link":"http://169.254.169.254/"}', "validation.url", "/body/link"),
        (b'{"title":"x","file":"../../etc/passwd"}', "validation.file.name", "/body/file"),
        (b'{"title":"x","meta":' + b'{"a":' * 8 + b"1" + b"}" * 9, "validation.json.depth", "/body"),
        (b'{"title":"' + b"x" * 201 + b'"}', "validation.length", "/body/title"),
        (b'{"title":"x","n":1e400}', "validation.json", "/body"),
        (b'{"title":"x","n":99999999999999999999}', "validation.json.number", "/body"),
    ],
)
def test_a_body_that_the_contract_does_not_mean_is_refused(body: bytes, code: str, pointer: str) -> None:
    found = send(body)
    assert not isinstance(found, Known)
    assert found == (code, [(pointer, code)])


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (None, "validation.media"),
        (b"text/html", "validation.media"),
        (b"nonsense", "validation.media"),
        (b"*/*", "validation.media"),
        (b"application/json; charset=utf-7", "validation.charset"),
        (b"application/json; charset=utf-16", "validation.charset"),
        (b"application/json; charset=utf-8; charset=utf-7", "validation.charset"),
    ],
)
def test_an_undeclared_representation_is_refused_before_it_is_read(media: bytes | None, code: str) -> None:
    assert reason(b'{"title":"x"}', media) == code
    head = head_of(b"{}", media, b"/notes", ())
    assert isinstance(judge(GUARDS.head[0], head, Known("op", 0.0, {}, "::1", "r")), Refuse)


@pytest.mark.parametrize(
    "media", [b"application/json;charset=UTF-8", b"Application/JSON", b"application/merge-patch+json"]
)
def test_a_declared_representation_is_read(media: bytes) -> None:
    assert learned(b'{"title":"x"}', media).body == {"title": "x"}


def test_a_body_is_there_exactly_when_it_is_due() -> None:
    assert reason(b"") == "validation.body.missing"
    assert learned(b"", None, guards=forge(operation(CONTENT, required=False), SETTINGS)).body is None
    none = forge(operation(), SETTINGS)
    assert learned(b"", guards=none).body is None


@pytest.mark.parametrize("body", [b"{}", b"null", b" [] ", b'""', b" "])
def test_content_that_says_nothing_is_dropped_where_none_is_due(body: bytes) -> None:
    none = forge(operation(), SETTINGS)
    assert learned(body, guards=none).body is None
    head = head_of(body, b"application/json", b"/notes", ())
    verdict = judge(none.body[0], Request(head, head.raw_headers, body), Known("op", 0.0, {}, "::1", "r"))
    assert isinstance(verdict, Rewritten)
    assert isinstance(verdict.message, Request)
    assert (verdict.message.body, {name for name, _ in verdict.message.headers}) == (b"", {b"host"})


@pytest.mark.parametrize("body", [b"1", b'{"a":1}', b"x=1", b"{" * 12, b"{}" + b" " * 20])
def test_content_that_says_something_is_refused_where_none_is_due(body: bytes) -> None:
    assert reason(body, guards=forge(operation(), SETTINGS)) == "validation.body.unexpected"


def test_packed_content_is_unpacked_under_a_bound() -> None:
    plain = b'{"title":"x"}'
    for name, packed in ((b"gzip", gzip.compress(plain)), (b"deflate", zlib.compress(plain))):
        assert learned(packed, extra=((b"content-encoding", name),)).body == {"title": "x"}
    bomb = gzip.compress(b'{"title":"' + b"x" * 100_000 + b'"}')
    assert reason(bomb, extra=((b"content-encoding", b"gzip"),)) == "validation.coding.size"
    assert reason(plain, extra=((b"content-encoding", b"gzip"),)) == "validation.coding"
    assert reason(gzip.compress(plain) + b"x", extra=((b"content-encoding", b"gzip"),)) == "validation.coding"
    assert reason(plain, extra=((b"content-encoding", b"br"),)) == "validation.coding.unknown"
    assert reason(plain, extra=((b"content-encoding", b"gzip, gzip"),)) == "validation.coding.unknown"


def test_what_goes_on_no_longer_claims_a_coding() -> None:
    packed = gzip.compress(b'{"title":"x"}')
    head = head_of(packed, b"application/json", b"/notes", ((b"content-encoding", b"gzip"),))
    verdict = judge(GUARDS.body[0], Request(head, head.raw_headers, packed), Known("op", 0.0, {}, "::1", "r"))
    assert isinstance(verdict, Rewritten)
    assert isinstance(verdict.message, Request)
    assert verdict.message.body == b'{"title":"x"}'
    assert not [h for h in verdict.message.headers if h[0].lower() == b"content-encoding"]
    assert "gzip" not in verdict.note


def test_a_sanitized_field_is_rewritten_and_others_are_not() -> None:
    hostile = {
        "title": "<b>t</b>",
        "page": '<p onclick="x()">hi</p><script>alert(1)</script><a href="javascript:x">l</a>\u202e',
    }
    body = learned(orjson.dumps(hostile)).body
    assert isinstance(body, dict)
    assert body["title"] == "<b>t</b>"
    page = body["page"]
    assert isinstance(page, str)
    assert "hi" in page
    assert not any(word in page for word in ("onclick", "script", "\u202e"))
    same = b'{"title":"x", "page":"<p>plain</p>"}'
    head = head_of(same, b"application/json", b"/notes", ())
    assert not isinstance(
        judge(GUARDS.body[1], Request(head, head.raw_headers, same), Known("op", 0.0, {}, "::1", "r")), Rewritten
    )


def multipart_of(page: bytes, *more: bytes) -> bytes:
    return TITLE + part('name="page"', page) + b"".join(more) + b"--B--\r\n"


def test_a_sanitized_field_of_a_multipart_form_is_rewritten_and_others_are_not() -> None:
    guards = forge(operation({"multipart/form-data": MediaType({"$ref": PREFIX + "Note"}, {})}), SETTINGS)
    hostile = multipart_of(b'<p onclick="x()">h\xc3\xa9</p><script>x()</script>', part('name="tags"', b"a"))
    assert learned(hostile, MULTI, guards=guards).body == {"title": "x", "page": "<p>h\xe9</p>", "tags": ["a"]}
    for same in (multipart_of(b"<p>hi</p>"), multipart_of(b"\xff"), TITLE):
        head = head_of(same, MULTI, b"/notes", ())
        verdict = judge(guards.body[1], Request(head, head.raw_headers, same), Known("op", 0.0, {}, "::1", "r"))
        assert not isinstance(verdict, Rewritten)


def test_a_text_that_sanitation_would_make_a_boundary_is_refused() -> None:
    guards = forge(operation({"multipart/form-data": MediaType({"$ref": PREFIX + "Note"}, {})}), SETTINGS)
    hidden = b'a\r\n-\x01-B\r\nContent-Disposition: form-data; name="kind"\r\n\r\na'
    assert reason(multipart_of(hidden), MULTI, guards=guards) == "validation.form"


def test_a_sanitized_field_of_a_form_is_rewritten_and_others_are_not() -> None:
    guards = forge(operation({FORM.decode(): MediaType({"$ref": PREFIX + "Note"}, {})}), SETTINGS)
    form = b"title=%3Cb%3Et%3C%2Fb%3E&tags=a&tags=b&page="
    form += b"%3Cp+onclick%3D%22x()%22%3Ehi%3C%2Fp%3E%3Cscript%3Ex()%3C%2Fscript%3E"
    assert learned(form, FORM, guards=guards).body == {"title": "<b>t</b>", "page": "<p>hi</p>", "tags": ["a", "b"]}
    for same in (b"title=x&page=%3Cp%3Ehi%3C/p%3E", b"title=%ff", b"title=x&page=" + b"%00"):
        head = head_of(same, FORM, b"/notes", ())
        verdict = judge(guards.body[1], Request(head, head.raw_headers, same), Known("op", 0.0, {}, "::1", "r"))
        assert not isinstance(verdict, Rewritten)


def test_a_rewrite_notes_lengths_and_no_text() -> None:
    body = b'{"title":"x","page":"<script>secret</script>"}'
    head = head_of(body, b"application/json", b"/notes", ())
    verdict = judge(GUARDS.body[1], Request(head, head.raw_headers, body), Known("op", 0.0, {}, "::1", "r"))
    assert isinstance(verdict, Rewritten)
    assert verdict.note == "sanitized 23 to 0 characters"


FORM = b"application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"title=x&n=01", "validation.type"),
        (b"title=x&title=y", "validation.repeated"),
        (b"title=x&zz=1", "validation.unknown"),
        (b"title=%ff", "validation.form"),
        (b"title=%zz", "validation.form"),
        (b"title=\xff", "validation.form"),
        (b"n=1", "validation.required"),
        (b"title=x&meta=%7B%22a%22:1,%22a%22:2%7D", "validation.json.duplicate"),
        (b"title=a%00", "validation.form"),
    ],
)
def test_a_form_is_refused(body: bytes, code: str) -> None:
    assert reason(body, FORM) == code


def test_a_form_is_typed() -> None:
    assert learned(b"title=x+y&n=5&tags=a&tags=b&meta=%7B%22a%22:1%7D", FORM).body == {
        "title": "x y",
        "n": 5,
        "tags": ["a", "b"],
        "meta": {"a": 1},
    }


def part(disposition: str, content: bytes, media: str = "") -> bytes:
    kind = f"Content-Type: {media}\r\n" if media else ""
    return f"--B\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n".encode() + content + b"\r\n"


PNG = b"\x89PNG\r\n\x1a\n...."
TITLE = part('name="title"', b"x")
MULTI = b"multipart/form-data; boundary=B"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (TITLE + part('name="photo"; filename="a.png"', b"<svg onload=x>", "image/png"), "validation.file.type"),
        (TITLE + part('name="photo"; filename="a.gif"', b"GIF89a", "image/gif"), "validation.file.type"),
        (TITLE + part('name="photo"; filename="a.png"', PNG), "validation.file.type"),
        (TITLE + part('name="photo"; filename="../a.png"', PNG, "image/png"), "validation.file.name"),
        (part('name="title"; filename="a.txt"', b"x"), "validation.file.unexpected"),
        (TITLE + part('name="other"; filename="a.txt"', b"x"), "validation.file.unexpected"),
        (TITLE + part('name="zz"', b"x"), "validation.unknown"),
        (TITLE + TITLE, "validation.repeated"),
        (part('name="title"; name="n"', b"x"), "validation.form"),
        (part("name=\"title\"; filename*=utf-8''x", b"x"), "validation.form"),
        (part("name=title; x=y", b"x"), "validation.form"),
        (part('name="title"', b"\xff"), "validation.text"),
        (part('name="title"', b"x", "text/plain; charset=utf-7"), "validation.charset"),
        (TITLE + part('name="n"', b"01"), "validation.type"),
    ],
)
def test_a_multipart_form_is_refused(parts: bytes, code: str) -> None:
    assert reason(parts + b"--B--\r\n", MULTI) == code


@pytest.mark.parametrize(
    "body",
    [
        TITLE,
        TITLE + b"--B--\r\ntrailing",
        b"junk" + TITLE + b"--B--\r\n",
        b"--B--\r\n\r\n",
        b"\r\n",
        TITLE + b"--B--\r\n" + TITLE + b"--B--\r\n",
    ],
)
def test_a_multipart_form_that_two_readers_frame_differently_is_refused(body: bytes) -> None:
    assert reason(body, MULTI) == "validation.form"


def headed(disposition: str, content: bytes, *headers: str) -> bytes:
    """A part with more headers than its disposition."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"--B\r\nContent-Disposition: form-data; {disposition}\r\n{lines}\r\n".encode() + content + b"\r\n"


def photo(content: bytes, *headers: str) -> bytes:
    return headed('name="photo"; filename="a.png"', content, "Content-Type: image/png", *headers)


PACKED = "Content-Encoding: gzip"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (headed('name="title"', b"x", "Content-Encoding: gzip"), "validation.form"),
        (headed('name="title"', b"x", "X-Other: y"), "validation.form"),
        (headed('name="title"', b"eA==", "Content-Transfer-Encoding: base64"), "validation.form"),
        (TITLE + photo(PNG, "Content-Transfer-Encoding: base64"), "validation.form"),
        (TITLE + photo(PNG, "Content-Encoding: br"), "validation.coding.unknown"),
        (TITLE + photo(PNG, PACKED), "validation.coding"),
        (TITLE + photo(gzip.compress(b"GIF89a"), PACKED), "validation.file.type"),
        (TITLE + photo(gzip.compress(bytes(2 << 20)), PACKED), "validation.coding.size"),
    ],
)
def test_a_part_that_some_readers_would_decode_is_refused(parts: bytes, code: str) -> None:
    assert reason(parts + b"--B--\r\n", MULTI) == code


@pytest.mark.parametrize(
    "file",
    [
        photo(PNG, "Content-Transfer-Encoding: binary", "X-Other: y"),
        photo(gzip.compress(PNG), PACKED),
        photo(PNG, "Content-Encoding: identity"),
    ],
)
def test_a_file_may_be_packed_and_have_headers_of_its_own(file: bytes) -> None:
    title = headed('name="title"', b"x", "Content-Transfer-Encoding: 8bit")
    assert learned(title + file + b"--B--\r\n", MULTI).body == {"title": "x", "photo": ""}


def test_a_file_that_was_not_chosen_is_no_file() -> None:
    body = TITLE + part('name="photo"; filename=""', b"", "image/png") + b"--B--\r\n"
    assert learned(body, MULTI).body == {"title": "x", "photo": ""}


def test_a_multipart_form_is_typed_and_its_file_names_are_texts() -> None:
    body = TITLE + part('name="n"', b"5") + part('name="meta"', b'{"a":1}', "application/json")
    found = learned(body + part('name="photo"; filename="a.png"', PNG, "image/png") + b"--B--\r\n", MULTI)
    assert found.body == {"title": "x", "n": 5, "meta": {"a": 1}, "photo": ""}
    assert ("/body/photo/filename", "a.png", "filename") in {(t.pointer, t.value, t.format) for t in found.texts}


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        b"<!DOCTYPE a><a/>",
        b"<a>",
        b"<a>&x;</a>",
        b"<a/><b/>",
        b"<a>" * 9 + b"</a>" * 9,
        b"<a>" + b"<b/>" * 600 + b"</a>",
        "<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"),
        b"<?xml version='1.0' encoding='latin-1'?><a>\xe9</a>",
        b"\xff",
        b"x",
    ],
)
def test_xml_that_is_not_plain_is_refused(body: bytes) -> None:
    assert reason(body, b"application/xml") == "validation.xml"


def test_xml_gives_its_texts() -> None:
    found = learned(b'<?xml version="1.0" encoding="UTF-8"?><a x="1"><b>t</b></a>', b"application/xml")
    assert {(t.pointer, t.value) for t in found.texts} == {("/body/a/@x", "1"), ("/body/a/b", "t")}


def test_text_is_held_to_its_schema() -> None:
    assert learned(b"hello", b"text/plain").body == "hello"
    assert reason(b"x" * 51, b"text/plain") == "validation.length"
    assert reason(b"\xff", b"text/plain") == "validation.text"


def test_the_mode_of_a_body() -> None:
    binary = MediaType({"type": "string", "format": "binary"}, {})
    assert body_mode(operation()) == "none"
    assert body_mode(NOTES) == "whole"
    assert body_mode(operation({"application/octet-stream": binary, "image/*": binary})) == "stream"
    assert body_mode(operation({"*/*": binary})) == "stream"
    assert body_mode(operation({"*/*": MediaType({"type": "object"}, {})})) == "whole"
    assert (
        body_mode(operation({"application/octet-stream": binary, "application/json": CONTENT["application/json"]}))
        == "whole"
    )


def test_a_streamed_operation_still_refuses_the_undeclared() -> None:
    guards = forge(operation({"image/*": MediaType(None, {})}), SETTINGS)
    assert learned(PNG, b"image/png", guards=guards).body is None
    assert reason(b"x", b"text/html", guards=guards) == "validation.media"
    assert (
        reason(b"x", b"image/png", guards=guards, extra=((b"content-encoding", b"gzip"),))
        == "validation.coding.unknown"
    )
    head = head_of(PNG, b"image/png", b"/notes", ())
    streamed = judge(guards.body[-1], Request(head, head.raw_headers, None), Known("op", 0.0, {}, "::1", "r"))
    assert isinstance(streamed, Learned)


def test_a_range_reads_content_by_what_it_is() -> None:
    guards = forge(
        operation({"*/*": MediaType({"type": "object", "properties": {"a": {"type": "integer"}}}, {})}), SETTINGS
    )
    assert learned(b'{"a":1}', guards=guards).body == {"a": 1}
    assert reason(b'{"b":1}', guards=guards) == "validation.unknown"
    assert learned(b"a=1", FORM, guards=guards).body == {"a": 1}


def test_an_operation_without_a_usable_schema_is_closed() -> None:
    bad = operation({"application/json": MediaType({"type": "string", "pattern": "(?=a)"}, {})})
    assert problems(bad, SETTINGS) == ("the pattern '(?=a)' does not run in linear time",)
    assert reason(b'"a"', guards=forge(bad, SETTINGS)) == "validation.schema"
    assert problems(NOTES, SETTINGS) == ()


def test_reasons_are_one_each() -> None:
    codes = [r.code for r in REASONS]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("validation.") for code in codes)


def test_a_body_of_another_component_with_the_same_properties_is_the_resource() -> None:
    patch = {"type": "object", "properties": {"body": {"type": "string"}, "title": {"type": "string"}}}
    found = learned(b'{"body":"*x*"}', guards=forge(operation({"application/json": MediaType(patch, {})}), SETTINGS))
    assert [t.format for t in found.texts] == ["markdown"]


DETECTION = detection.forge(NOTES, detection.Settings())


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"title": "' OR 1=1 --"}, "detection.sqli", "/body/title"),
        ({"title": "<script>alert(1)</script>"}, "detection.xss", "/body/title"),
        ({"title": "x", "meta": {"$ne": 1}}, "detection.nosqli", "/body/meta/*"),
        (
            {"title": "x", "meta": {"constructor": {"prototype": {"a": 1}}}},
            "detection.proto",
            "/body/meta/constructor/prototype",
        ),
        ({"title": "x", "meta": {"__proto__": {"a": 1}}}, "detection.proto", "/body/meta/__proto__"),
    ],
)
def test_detection_judges_what_validation_left_free(body: dict[str, object], code: str, pointer: str) -> None:
    both = replace(GUARDS, body=GUARDS.body + DETECTION.body)
    assert send(orjson.dumps(body), guards=both) == (code, [(pointer, code)])


@pytest.mark.parametrize(
    "body", [{"title": "O'Brien & sons, 5 o'clock"}, {"title": "x", "meta": {"_id": 1, "@type": "T"}}]
)
def test_detection_lets_honest_text_pass(body: dict[str, object]) -> None:
    both = replace(GUARDS, body=GUARDS.body + DETECTION.body)
    assert isinstance(send(orjson.dumps(body), guards=both), Known)


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        ({"$and": [{"k": {"$gt": 1}}, {"name": {"$in": ["a"]}}]}, None),
        ({"k": {"$ne": "' OR 1=1 --"}}, "detection.sqli"),
        ({"$or": [{"<script>alert(1)</script>": 1}]}, "detection.xss"),
        ({"$or": [{"__proto__": {"a": 1}}]}, "detection.proto"),
    ],
)
@pytest.mark.parametrize("schema", [{"type": "object"}, {}, {"anyOf": [{"type": "object"}, {"type": "null"}]}])
def test_a_field_that_holds_expressions_takes_operators_and_nothing_else(
    meta: dict[str, object], code: str | None, schema: dict[str, object]
) -> None:
    given = {"Note": {"type": "object", "properties": {"title": {"type": "string"}, "meta": schema}}}
    for form in ("code", "text"):
        resource = replace(NOTE, fields={"meta": _field("meta", form)})
        guards = forge(NOTES, Settings(given, resources={"note": resource}))
        both = replace(guards, body=guards.body + DETECTION.body)
        found = send(orjson.dumps({"title": "x", "meta": meta}), guards=both)
        decided = None if isinstance(found, Known) else found[0]
        assert decided == code if form == "code" else decided is not None


def test_detection_leaves_decided_texts_alone_and_names_every_kind() -> None:
    seen: list[str] = []
    settings = detection.Settings(lambda value, form: seen.append(value))  # type: ignore[arg-type, return-value]
    both = replace(GUARDS, body=GUARDS.body + detection.forge(NOTES, settings).body)
    send(b'{"title":"free","kind":"a"}', guards=both)
    assert seen == ["free"]
    assert {f"detection.{d.kind}" for d in DETECTORS} <= {r.code for r in detection.REASONS}


@given(
    st.binary(max_size=80),
    st.sampled_from([*(k.encode() for k in CONTENT), MULTI, b"x/y"]),
    st.sampled_from([(), ((b"content-encoding", b"gzip"),)]),
)
def test_no_bytes_make_a_guard_fail(body: bytes, media: bytes, extra: tuple[tuple[bytes, bytes], ...]) -> None:
    found = send(body, media, extra=extra)
    assert isinstance(found, Known) or found[0].startswith("validation.")


texts = st.text(st.sampled_from('{}[]":,<>/=&%;\r\n-Baxtile ') | st.characters(exclude_categories=()), max_size=40)


@given(texts, st.sampled_from(["application/json", "application/xml", FORM.decode(), MULTI.decode(), "text/plain"]))
def test_no_text_makes_a_guard_fail(text: str, media: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    wrapped = TITLE.replace(b"x\r\n", raw + b"\r\n") + b"--B--\r\n" if media.startswith("multipart") else raw
    found = send(wrapped, media.encode())
    assert isinstance(found, Known) or not found[0].startswith("internal")


@pytest.mark.parametrize(
    ("value", "refused"), [("/proc/self/fd/19", True), ("/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD", False), ("YWJj", False)]
)
def test_base64_is_judged_as_the_path_that_it_may_be(value: str, refused: bool) -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"data": {"type": "string", "format": "byte"}}}
    guards = forge(operation({"application/json": MediaType(schema, {})}), SETTINGS)  # type: ignore[arg-type]
    found = send(orjson.dumps({"data": value}), guards=replace(guards, body=guards.body + DETECTION.body))
    assert isinstance(found, Known) is not refused


def test_a_refusal_leaves_something_for_the_layers_behind_one_that_observes() -> None:
    body = b'{"undeclared": "x"}'
    head = head_of(body, b"application/json", b"/notes", ())
    known = Known("op", 0.0, {}, "::1", "r")
    verdict = GUARDS.body[-1].check(Request(head, head.raw_headers, body), known)
    assert isinstance(verdict, Refuse)
    assert verdict.onward is not None
    given = verdict.onward().input
    assert given is not None
    assert given.body == {"undeclared": "x"}
    assert [(text.value, text.free) for text in given.texts if text.pointer == "/body/undeclared"][-1] == ("x", True)
