"""XML bodies are held to their schema: OpenAPI's XML Object says how each value is written."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.test_validation_layer import learned, operation, reason
from ringwall.contract.api import MediaType
from ringwall.layers.validation import forge
from ringwall.layers.validation.settings import Settings

XML = b"application/xml"
PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "name": {"type": "string", "maxLength": 20, "xml": {"name": "called"}},
        "weight": {"type": "number"},
        "tame": {"type": "boolean"},
        "born": {"type": "string", "format": "date", "xml": {"namespace": "urn:dates", "prefix": "d"}},
        "photos": {
            "type": "array", "maxItems": 3, "xml": {"wrapped": True},
            "items": {"type": "string", "xml": {"name": "photo"}},
        },
        "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
        "scores": {"type": "array", "xml": {"name": "ignored"}, "items": {"type": "integer"}},
        "owner": {"$ref": "#/components/schemas/Owner"},
    },
}  # fmt: skip
TAG = {"type": "object", "properties": {"label": {"type": "string"}}, "xml": {"name": "tag"}}
OWNER = {"type": "object", "properties": {"name": {"type": "string"}, "pet": {"$ref": "#/components/schemas/Pet"}}}
WORLD = Settings({"Pet": PET, "Tag": TAG, "Owner": OWNER}, depth=8, items=200)  # type: ignore[arg-type]
GUARDS = forge(operation({"application/xml": MediaType({"$ref": "#/components/schemas/Pet"}, {})}), WORLD)

WHOLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<Pet id="7" xmlns:q="urn:dates">
  <called>Mia</called><weight>4.5</weight><tame>true</tame><q:born>2020-02-29</q:born>
  <photos><photo>a</photo><photo>b</photo></photos>
  <tag><label>x</label></tag><tag><label>y</label></tag>
  <scores>1</scores><scores>2</scores>
  <owner><name>Ann</name></owner>
</Pet>"""


def of(body: bytes) -> object:
    return learned(body, XML, guards=GUARDS).body


def why(body: bytes) -> str:
    return reason(body, XML, guards=GUARDS)


def test_every_word_of_the_xml_object_is_read() -> None:
    assert of(WHOLE) == {
        "id": 7, "name": "Mia", "weight": 4.5, "tame": True, "born": "2020-02-29", "photos": ["a", "b"],
        "tags": [{"label": "x"}, {"label": "y"}], "scores": [1, 2], "owner": {"name": "Ann"},
    }  # fmt: skip


def test_texts_stand_where_the_value_has_them() -> None:
    found = {(text.pointer, text.value) for text in learned(WHOLE, XML, guards=GUARDS).texts}
    assert {("/body/name", "Mia"), ("/body/tags/1/label", "y"), ("/body/owner/name", "Ann")} <= found


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (b"<called>Mia</called>", None),
        (b"<called/>", None),
        (b"<called>Mia</called><photos/>", None),
        (b"<name>Mia</name>", "validation.required"),
        (b"<called>Mia</called><role>admin</role>", "validation.unknown"),
        (b"<called>Mia</called><id>8</id>", "validation.unknown"),
        (b"<called>Mia</called><called>Eve</called>", "validation.repeated"),
        (b"<called>Mia</called><weight>heavy</weight>", "validation.type"),
        (b"<called>Mia</called><weight>0x4</weight>", "validation.type"),
        (b"<called>Mia</called><tame>1</tame>", "validation.type"),
        (b"<called>" + b"M" * 21 + b"</called>", "validation.length"),
        (b"<called x='1'>Mia</called>", "validation.type"),
        (b"<called>M<b>i</b>a</called>", "validation.type"),
        (b"<called>Mia</called>text", "validation.unknown"),
        (b"<called>Mia</called><born>2020-02-29</born>", "validation.unknown"),
        (b"<called>Mia</called><d:born xmlns:d='urn:other'>2020-02-29</d:born>", "validation.unknown"),
        (b"<called>Mia</called><d:born xmlns:d='urn:dates'>2020-02-30</d:born>", "validation.format"),
        (b"<called>Mia</called><c:called xmlns:c='urn:other'>Eve</c:called>", "validation.unknown"),
        (b"<called>Mia</called><photo>a</photo>", "validation.unknown"),
        (b"<called>Mia</called><photos><other>a</other></photos>", "validation.type"),
        (b"<called>Mia</called><photos>a</photos>", "validation.type"),
        (b"<called>Mia</called><photos>" + b"<photo>a</photo>" * 4 + b"</photos>", "validation.items"),
        (b"<called>Mia</called><tag><label>x</label><evil/></tag>", "validation.unknown"),
        (b"<called>Mia</called><owner>Ann</owner>", "validation.type"),
        (b"<called>Mia</called><owner><name>A</name><pet id='x'><called>b</called></pet></owner>", "validation.type"),
    ],
)  # fmt: skip
def test_what_the_schema_does_not_mean_is_refused(inside: bytes, code: str | None) -> None:
    body = b"<Pet id='7'>" + inside + b"</Pet>"
    if code is None:
        of(body)
    else:
        assert why(body) == code


@pytest.mark.parametrize(
    "body",
    [b"<Owner id='7'><called>a</called></Owner>", b"<pet id='7'><called>a</called></pet>"],
)
def test_another_root_is_refused(body: bytes) -> None:
    assert why(body) == "validation.xml.root"


@pytest.mark.parametrize(
    "attributes",
    [b"role='admin'", b"xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:noNamespaceSchemaLocation='http://a/b'"],
)
def test_attributes_that_are_not_declared_are_refused(attributes: bytes) -> None:
    assert why(b"<Pet id='7' " + attributes + b"><called>a</called></Pet>") == "validation.unknown"


def test_nil_is_null() -> None:
    nil = b" xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'"
    assert of(b"<Pet id='7'><called>a</called><weight" + nil + b"/></Pet>") == {"id": 7, "name": "a", "weight": None}
    assert why(b"<Pet id='7'><called" + nil + b"/></Pet>") == "validation.type"


def test_a_namespace_of_the_root_is_that_of_all_below() -> None:
    assert of(b"<Pet id='7' xmlns='urn:pets'><called>a</called></Pet>") == {"id": 7, "name": "a"}


def test_without_a_schema_every_text_is_judged() -> None:
    found = learned(b"<a x='1'><b>t</b></a>", XML)
    assert {(t.pointer, t.value) for t in found.texts} == {("/body/a/@x", "1"), ("/body/a/b", "t")}


WORDS = st.text("abcXYZ é&<>'\"", max_size=12)


def written(value: dict[str, object]) -> bytes:
    """The document of a value, by the standard library's writer: an implementation that knows nothing of the reader."""
    root = ET.Element("Pet", {"id": str(value["id"])})
    ET.SubElement(root, "called").text = str(value["name"])
    if "weight" in value:
        ET.SubElement(root, "weight").text = str(value["weight"])
    photos = ET.SubElement(root, "photos")
    for photo in value["photos"]:  # type: ignore[attr-defined]
        ET.SubElement(photos, "photo").text = photo
    for tag in value["tags"]:  # type: ignore[attr-defined]
        ET.SubElement(ET.SubElement(root, "tag"), "label").text = tag["label"]
    return ET.tostring(root, encoding="utf-8")


VALUES = st.fixed_dictionaries(
    {
        "id": st.integers(-(2**40), 2**40),
        "name": WORDS,
        "photos": st.lists(WORDS, max_size=3),
        "tags": st.lists(st.fixed_dictionaries({"label": WORDS}), max_size=3),
    },
    optional={"weight": st.integers(-999, 999).map(lambda n: n / 4)},
)


@given(VALUES)
@settings(max_examples=60, deadline=None)
def test_what_another_writer_wrote_is_read_as_the_same_value(value: dict[str, object]) -> None:
    expected = {key: given for key, given in value.items() if key != "tags" or given}
    assert of(written(value)) == expected
