"""Parameters: every style and explode of OpenAPI 3.1, strict typing, and what a query may not hold."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.contract.api import ApiOperation, Parameter, Schema
from ringwall.contract.model import Operation
from ringwall.core.admit import Admission, admit
from ringwall.core.judge import judge
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request
from ringwall.core.verdict import Learned, Refuse
from ringwall.engines.schema import style
from ringwall.engines.schema.coerce import coerce
from ringwall.layers.validation import Settings, forge
from ringwall.layers.validation.parameters import LONGEST

Where = Literal["path", "query", "header", "cookie"]
TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
LIST: Schema = {"type": "array", "items": {"type": "string"}}
NUMBERS: Schema = {"type": "array", "items": {"type": "integer"}}
COLOR: Schema = {"type": "object", "properties": {n: {"type": "integer"} for n in "RGB"}}
RGB = {"R": 100, "G": 200, "B": 150}
COLORS = ["blue", "black", "brown"]


def parameter(
    where: Where,
    schema: Schema,
    how: str = "form",
    *,
    explode: bool = False,
    required: bool = True,
    name: str = "color",
    media: str | None = None,
) -> Parameter:
    return Parameter(name, where, required, how, explode, schema, media)


def read(
    parameters: tuple[Parameter, ...],
    target: bytes = b"/x",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    path: dict[str, str] | None = None,
) -> dict[str, dict[str, object]] | str:
    api = ApiOperation("GET", "/x" + "".join(f"/{{{n}}}" for n in path or ()), None, (), parameters, None, {}, 1)
    guard = forge(Operation(api, "", None, None, (), lists=False, creates=False), Settings({})).body[-1]
    head = admit(RawHead(b"GET", target, ((b"host", b"a"), *headers), "::1", secure=True), Admission(), "r")
    assert isinstance(head, Head), head
    verdict = judge(guard, Request(head, head.raw_headers, b""), Known("op", 0.0, path or {}, "::1", "r"))
    if isinstance(verdict, Refuse):
        return verdict.reason.code
    assert isinstance(verdict, Learned)
    found = verdict.known.input
    assert found is not None
    return {
        "path": dict(found.path),
        "query": dict(found.query),
        "header": dict(found.header),
        "cookie": dict(found.cookie),
    }


def test_a_query_value_is_bounded_where_the_document_states_no_length() -> None:
    """By validation too: where transport's own bound failed. Admission is told to let it in."""
    api = ApiOperation("GET", "/x", None, (), (parameter("query", TEXT),), None, {}, 1)
    guard = forge(Operation(api, "", None, None, (), lists=False, creates=False), Settings({})).body[-1]
    for length, expected in ((LONGEST, None), (LONGEST + 1, "validation.length")):
        raw = RawHead(b"GET", b"/x?color=" + b"a" * length, ((b"host", b"a"),), "::1", secure=True)
        head = admit(raw, Admission(target=1 << 20), "r")
        assert isinstance(head, Head)
        verdict = judge(guard, Request(head, (), b""), Known("op", 0.0, {}, "::1", "r"))
        assert (verdict.reason.code if isinstance(verdict, Refuse) else None) == expected


QUERY = [
    ("form", False, TEXT, b"color=blue", "blue"),
    ("form", True, TEXT, b"color=blue", "blue"),
    ("form", True, TEXT, b"color=", ""),
    ("form", False, LIST, b"color=blue,black,brown", COLORS),
    ("form", True, LIST, b"color=blue&color=black&color=brown", COLORS),
    ("form", False, LIST, b"color=a%2Cb,c", ["a,b", "c"]),
    ("form", False, LIST, b"color=", []),
    ("form", False, COLOR, b"color=R,100,G,200,B,150", RGB),
    ("form", True, COLOR, b"R=100&G=200&B=150", RGB),
    ("spaceDelimited", False, LIST, b"color=blue%20black%20brown", COLORS),
    ("spaceDelimited", False, LIST, b"color=blue+black+brown", COLORS),
    ("spaceDelimited", False, COLOR, b"color=R%20100%20G%20200%20B%20150", RGB),
    ("pipeDelimited", False, LIST, b"color=blue%7Cblack%7Cbrown", COLORS),
    ("pipeDelimited", False, COLOR, b"color=R%7C100%7CG%7C200%7CB%7C150", RGB),
    ("deepObject", True, COLOR, b"color[R]=100&color[G]=200&color[B]=150", RGB),
    ("deepObject", True, COLOR, b"color%5BR%5D=100", {"R": 100}),
    ("form", True, INTEGER, b"color=-7", -7),
    ("form", True, NUMBERS, b"color=1", [1]),
    ("form", True, {"type": "boolean"}, b"color=true", True),
    ("form", True, {"type": "number"}, b"color=1.5e3", 1500.0),
    ("form", True, {"anyOf": [INTEGER, {"type": "null"}]}, b"color=null", None),
    ("form", True, {"anyOf": [{"type": "string"}, {"type": "null"}]}, b"color=x", "x"),
    ("form", True, {}, b"color=1", 1),
    ("form", True, {"anyOf": [LIST, {"type": "null"}]}, b"color=a&color=b", ["a", "b"]),
    ("form", True, {"type": "string", "enum": ["a"]}, b"color=a", "a"),
    ("form", True, TEXT, b"color=%C3%A9+x", "é x"),
]


@pytest.mark.parametrize(("how", "explode", "schema", "query", "value"), QUERY)
def test_a_query_parameter_is_read_in_its_style(
    how: str, explode: bool, schema: Schema, query: bytes, value: object
) -> None:
    found = read((parameter("query", schema, how, explode=explode),), b"/x?" + query)
    assert isinstance(found, dict), found
    assert found["query"] == {"color": value}


@pytest.mark.parametrize(
    ("how", "explode", "schema", "query", "code"),
    [
        ("form", True, TEXT, b"color=a&color=b", "validation.repeated"),
        ("form", False, LIST, b"color=a&color=b", "validation.repeated"),
        ("form", True, TEXT, b"color=a&debug=1", "validation.query.unknown"),
        ("form", True, TEXT, b"Color=a", "validation.query.unknown"),
        ("form", True, TEXT, b"color[]=a", "validation.query.unknown"),
        ("form", True, TEXT, b"", "validation.required"),
        ("form", True, TEXT, b"color[$ne]=a", "validation.query.unknown"),
        ("form", True, INTEGER, b"color=1%20OR%201=1", "validation.type"),
        ("form", True, INTEGER, b"color=01", "validation.type"),
        ("form", True, INTEGER, b"color=+1", "validation.type"),
        ("form", True, INTEGER, b"color=1.0", "validation.type"),
        ("form", True, INTEGER, b"color=%EF%BC%91", "validation.type"),
        ("form", True, INTEGER, b"color=", "validation.type"),
        ("form", True, INTEGER, b"color=1e3", "validation.type"),
        ("form", True, INTEGER, b"color=9223372036854775808", "validation.range"),
        ("form", True, {"type": "boolean"}, b"color=True", "validation.type"),
        ("form", True, {"type": "boolean"}, b"color=1", "validation.type"),
        ("form", False, COLOR, b"color=R,100,G", "validation.style"),
        ("form", False, COLOR, b"color=R,100,R,200", "validation.style"),
        ("form", False, COLOR, b"color=Z,1", "validation.unknown"),
        ("deepObject", True, COLOR, b"color[Z]=1", "validation.unknown"),
        ("deepObject", True, COLOR, b"color[R]=1&color[R]=2", "validation.repeated"),
        ("deepObject", True, COLOR, b"color[R][x]=1", "validation.unknown"),
        ("deepObject", True, COLOR, b"color=1", "validation.query.unknown"),
        ("form", True, COLOR, b"R=1&R=2", "validation.repeated"),
        ("form", True, COLOR, b"Z=1", "validation.query.unknown"),
        ("form", True, {"type": "string", "format": "uuid"}, b"color=x", "validation.format"),
        ("form", True, TEXT, b"color=a%1B", "validation.text.control"),
        ("form", True, NUMBERS, b"color=1&color=x", "validation.type"),
        ("form", True, {"type": "array", "items": INTEGER, "maxItems": 1}, b"color=1&color=2", "validation.items"),
    ],
)
def test_a_query_that_is_not_what_is_declared_is_refused(
    how: str, explode: bool, schema: Schema, query: bytes, code: str
) -> None:
    assert read((parameter("query", schema, how, explode=explode),), b"/x?" + query) == code


PATH = [
    ("simple", False, TEXT, "blue", "blue"),
    ("simple", False, LIST, "blue,black,brown", COLORS),
    ("simple", False, COLOR, "R,100,G,200,B,150", RGB),
    ("simple", True, COLOR, "R=100,G=200,B=150", RGB),
    ("label", False, TEXT, ".blue", "blue"),
    ("label", False, LIST, ".blue,black,brown", COLORS),
    ("label", True, LIST, ".blue.black.brown", COLORS),
    ("label", False, COLOR, ".R,100,G,200,B,150", RGB),
    ("label", True, COLOR, ".R=100.G=200.B=150", RGB),
    ("matrix", False, TEXT, ";color=blue", "blue"),
    ("matrix", False, LIST, ";color=blue,black,brown", COLORS),
    ("matrix", True, LIST, ";color=blue;color=black;color=brown", COLORS),
    ("matrix", False, COLOR, ";color=R,100,G,200,B,150", RGB),
    ("matrix", True, COLOR, ";R=100;G=200;B=150", RGB),
    ("simple", False, INTEGER, "5", 5),
]


@pytest.mark.parametrize(("how", "explode", "schema", "text", "value"), PATH)
def test_a_path_parameter_is_read_in_its_style(
    how: str, explode: bool, schema: Schema, text: str, value: object
) -> None:
    found = read((parameter("path", schema, how, explode=explode),), b"/x/y", path={"color": text})
    assert isinstance(found, dict), found
    assert found["path"] == {"color": value}


@pytest.mark.parametrize(
    ("how", "explode", "schema", "text", "code"),
    [
        ("label", False, TEXT, "blue", "validation.style"),
        ("matrix", False, TEXT, "blue", "validation.style"),
        ("matrix", False, TEXT, ";other=blue", "validation.style"),
        ("matrix", False, TEXT, ";color=a;color=b", "validation.style"),
        ("matrix", False, LIST, ";color=a;color=b", "validation.style"),
        ("matrix", True, COLOR, ";R", "validation.style"),
        ("label", True, COLOR, ".R", "validation.style"),
        ("simple", False, INTEGER, "05", "validation.type"),
        ("simple", False, INTEGER, "-0", "validation.type"),
        ("simple", True, COLOR, "R=1,R=2", "validation.style"),
        ("simple", False, {"type": "string", "format": "uuid"}, "1' or '1", "validation.format"),
    ],
)
def test_a_path_that_is_not_what_is_declared_is_refused(
    how: str, explode: bool, schema: Schema, text: str, code: str
) -> None:
    assert read((parameter("path", schema, how, explode=explode),), b"/x/y", path={"color": text}) == code


HEADER = [
    (False, TEXT, b"blue", "blue"),
    (False, LIST, b"blue, black,brown", COLORS),
    (True, LIST, b"blue,black,brown", COLORS),
    (False, COLOR, b"R,100,G,200,B,150", RGB),
    (True, COLOR, b"R=100,G=200,B=150", RGB),
    (False, TEXT, b"a, b", "a, b"),
]


@pytest.mark.parametrize(("explode", "schema", "text", "value"), HEADER)
def test_a_header_is_read_in_its_style(explode: bool, schema: Schema, text: bytes, value: object) -> None:
    declared = parameter("header", schema, "simple", explode=explode, name="X-Color")
    found = read((declared,), headers=((b"x-color", text), (b"x-other", b"1")))
    assert isinstance(found, dict), found
    assert found["header"] == {"X-Color": value}


def test_headers_are_held_to_their_schema_and_the_standard_ones_left_alone() -> None:
    declared = parameter("header", INTEGER, "simple", name="X-N")
    assert read((declared,), headers=((b"x-n", b"01"),)) == "validation.type"
    assert (
        read((parameter("header", TEXT, "simple", name="X-N"),), headers=((b"x-n", b"1"), (b"x-n", b"2")))
        == "validation.repeated"
    )
    assert read((declared,)) == "validation.required"
    ignored = parameter("header", INTEGER, "simple", name="Accept")
    assert isinstance(read((ignored,), headers=((b"accept", b"*/*"),)), dict)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (TEXT, b"color=blue; other=1", "blue"),
        (LIST, b"color=blue,black,brown", COLORS),
        (COLOR, b"color=R,100,G,200,B,150", RGB),
        (INTEGER, b"color=5", 5),
    ],
)
def test_a_cookie_is_read(schema: Schema, text: bytes, value: object) -> None:
    found = read((parameter("cookie", schema),), headers=((b"cookie", text),))
    assert isinstance(found, dict), found
    assert found["cookie"] == {"color": value}


def test_a_cookie_twice_is_refused() -> None:
    assert read((parameter("cookie", TEXT),), headers=((b"cookie", b"color=a; color=b"),)) == "validation.repeated"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"color=%7B%22R%22:1%7D", {"R": 1}),
        (b"color=%7B%22R%22:1,%22R%22:2%7D", "validation.json.duplicate"),
        (b"color=%7B", "validation.json"),
        (b"color=%7B%22Z%22:1%7D", "validation.unknown"),
        (b"color=1&color=2", "validation.repeated"),
        (b"color=%7B%22R%22:%221%22%7D", "validation.type"),
    ],
)
def test_a_parameter_by_content_is_json(query: bytes, expected: object) -> None:
    found = read((parameter("query", COLOR, media="application/json"),), b"/x?" + query)
    assert (found["query"]["color"] if isinstance(found, dict) else found) == expected


def test_an_optional_parameter_may_be_absent() -> None:
    found = read((parameter("query", TEXT, required=False), parameter("cookie", TEXT, required=False)))
    assert found == {"path": {}, "query": {}, "header": {}, "cookie": {}}


def test_a_path_parameter_that_the_document_forgot_is_text() -> None:
    found = read((), b"/x/y", path={"id": "y"})
    assert isinstance(found, dict)
    assert found["path"] == {"id": "y"}


plain = st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=5)


@given(st.lists(plain, min_size=1, max_size=4), st.sampled_from([",", ".", "|"]))
def test_lists_come_back_as_they_were_written(values: list[str], delimiter: str) -> None:
    assert style.listed(delimiter.join(values), delimiter, style.as_is) == values


@given(st.dictionaries(plain, plain, min_size=1, max_size=4))
def test_maps_come_back_as_they_were_written(values: dict[str, str]) -> None:
    assert style.assigned(",".join(f"{k}={v}" for k, v in values.items()), ",", style.as_is) == values
    assert style.paired(",".join(f"{k},{v}" for k, v in values.items()), ",", style.as_is) == values


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_has_one_spelling(number: int) -> None:
    assert coerce(str(number), frozenset({"integer"})) == number
    assert coerce(f"0{number}", frozenset({"integer"})) == f"0{number}"


@given(st.text(max_size=12) | st.text(st.sampled_from("0123456789.eE+-_ ١infaNx"), max_size=10))
def test_coercion_takes_only_what_json_would_write(text: str) -> None:
    value = coerce(text, frozenset({"integer", "number"}))
    if not isinstance(value, str):
        assert text.isascii()
        assert text == text.strip()
        assert float(text) == value
        assert not text.lstrip("-").startswith("0") or text.lstrip("-")[1:2] in ("", ".", "e", "E")


@given(
    st.text(st.sampled_from(";.,=|ab[] "), max_size=12), st.booleans(), st.sampled_from(["scalar", "array", "object"])
)
def test_no_text_makes_a_style_fail(text: str, explode: bool, kind: style.Kind) -> None:
    for found in (
        style.simple(text, kind, style.as_is, explode=explode),
        style.label(text, kind, style.as_is, explode=explode),
        style.matrix(text, "a", kind, style.as_is, explode=explode),
        style.delimited(text, "form", kind, style.as_is),
    ):
        assert found is None or isinstance(found, (str, list, dict))
