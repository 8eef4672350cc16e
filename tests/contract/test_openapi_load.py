"""OpenAPI documents of every dialect, and what their flaws close. Each flaw has an honest operation beside it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.contract_samples import API, api, outcome
from ringwall.contract.api import Api, ApiOperation
from ringwall.contract.model import Misconfigured, Problem
from ringwall.contract.openapi import load_api


def one(operations: Api, key: str) -> ApiOperation:
    """The operation of that key."""
    return next(o for o in operations.operations if o.key == key)


def loaded(document: dict[str, Any], **given: Any) -> tuple[Api, tuple[Problem, ...]]:
    return load_api(document, "api", **given)


def schema_doc(schema: object, version: str = "3.0.3", **components: object) -> dict[str, Any]:
    """A document whose one body has this schema."""
    return {
        "openapi": version,
        "paths": {
            "/x": {
                "post": {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {}},
                "get": {"responses": {}},
            }
        },
        "components": {"schemas": components},
    }


def validator(document: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """The body's schema, compiled as the validation layer compiles it."""
    found, _ = loaded(document)
    body = one(found, "POST /x").body
    assert body is not None
    schema = body.content["application/json"].schema
    return jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": {"schemas": dict(found.schemas)}})


@pytest.mark.parametrize(
    ("schema", "fits", "not_"),
    [
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"type": "string", "nullable": True, "enum": ["a"]}, ["a", None], ["b"]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, [1, 2], [0]),
        ({"allOf": [{"$ref": "#/components/schemas/P"}], "nullable": True}, [{"n": 1}, None], [{"n": "x"}]),
        ({"$ref": "#/components/schemas/P", "nullable": True}, [{"n": 1}, None], [1]),
        ({"$ref": "#/components/schemas/P", "required": ["m"]}, [{"n": 1}], [1]),
        ({"type": "object", "example": {"$ref": "#/nowhere"}, "additionalProperties": False}, [{}], [{"a": 1}]),
        ({"type": "object", "properties": {"$ref": {"type": "string"}}}, [{"$ref": "a"}], [{"$ref": 1}]),
        ({"$ref": "#/components/schemas/Tree"}, [{"kids": [{"kids": []}]}], [{"kids": [{"kids": 1}]}]),
        ({"$ref": "#/components/schemas/P/properties/n"}, [1], ["x"]),
        ({"type": "string", "pattern": "(?i:abc)"}, ["ABC"], ["x"]),
    ],
)
def test_schemas_of_3_0_mean_the_same_in_2020_12(schema: object, fits: list[object], not_: list[object]) -> None:
    document = schema_doc(
        schema,
        P={"type": "object", "properties": {"n": {"type": "integer"}}},
        Tree={
            "type": "object",
            "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
        },
    )
    compiled = validator(document)
    assert all(compiled.is_valid(value) for value in fits)
    assert not any(compiled.is_valid(value) for value in not_)


def test_keywords_beside_a_reference_count_in_3_1_only() -> None:
    schema = {"$ref": "#/components/schemas/P", "required": ["m"]}
    assert validator(schema_doc(schema, "3.0.0", P={"type": "object"})).is_valid({})
    assert not validator(schema_doc(schema, "3.1.0", P={"type": "object"})).is_valid({})


def test_types_of_3_1_stay() -> None:
    assert validator(schema_doc({"type": ["string", "null"]}, "3.1.0")).is_valid(None)
    assert validator(schema_doc({"anyOf": [{"type": "string"}, {"type": "null"}]}, "3.1.0")).is_valid(None)


def test_a_discriminator_keeps_its_mapping_by_component() -> None:
    document = schema_doc(
        {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}],
            "discriminator": {"propertyName": "kind", "mapping": {"c": "Cat", "d": "#/components/schemas/Cat"}},
        },
        Cat={"type": "object"},
    )
    body = one(loaded(document)[0], "POST /x").body
    assert body is not None
    schema = body.content["application/json"].schema
    assert isinstance(schema, dict)
    assert schema["discriminator"] == {
        "propertyName": "kind",
        "mapping": {"c": "#/components/schemas/Cat", "d": "#/components/schemas/Cat"},
    }


def test_names_that_no_reference_can_hold_are_written_safely() -> None:
    document = schema_doc({"$ref": "#/components/schemas/Map%C2%ABa%C2%BB"}, **{"Map«a»": {"type": "string"}})
    assert validator(document).is_valid("x")
    assert not validator(document).is_valid(1)


def _hurt(change: Callable[[dict[str, Any]], object]) -> tuple[Api, tuple[Problem, ...]]:
    return loaded(api(change))


def _item(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/patients/{patient_id}"]
    return found


FLAWS: dict[str, Callable[[dict[str, Any]], object]] = {
    "leads nowhere": lambda d: _item(d)["get"]["responses"]["200"]["content"]["application/json"]["schema"].update(
        {"$ref": "#/components/schemas/Patiant"}
    ),
    "not declared": lambda d: _item(d).update(parameters=[]),
    "the style": lambda d: _item(d)["parameters"][0].update(style="wavy"),
    "without a schema": lambda d: _item(d)["parameters"][0].pop("schema"),
    "no mapping": lambda d: _item(d).update(get=[]),
    "also matches": lambda d: d["paths"].update(
        {
            "/patients/{other}": {
                "parameters": [{"name": "other", "in": "path", "required": True, "schema": {}}],
                "get": {},
            }
        }
    ),
    "back to itself": lambda d: _item(d)["parameters"].append(
        {"$ref": "#/paths/~1patients~1{patient_id}/parameters/1"}
    ),
    "twice": lambda d: _item(d)["get"].update(parameters=[{"name": "q", "in": "query", "schema": {}}] * 2),
    "type: 'int'": lambda d: _item(d)["parameters"][0].update(schema={"type": "int"}),
}


@pytest.mark.parametrize("found", FLAWS)
def test_a_flaw_closes_the_operation_that_it_touches_and_no_other(found: str) -> None:
    made, problems = _hurt(FLAWS[found])
    hurt = one(made, "GET /patients/{patient_id}")
    assert found in (hurt.flaw or "")
    assert one(made, "GET /health").flaw is None
    assert one(made, "GET /patients").flaw is None
    assert any(found in p.found and p.warning and p.at.line >= 1 for p in problems)
    assert one(loaded(API)[0], hurt.key).flaw is None


def test_a_schema_that_is_itself_is_broken_and_ends() -> None:
    document = schema_doc(
        {"$ref": "#/components/schemas/A"},
        A={"allOf": [{"$ref": "#/components/schemas/B"}]},
        B={"anyOf": [{"$ref": "#/components/schemas/A"}]},
    )
    made, _ = loaded(document)
    assert "itself" in (one(made, "POST /x").flaw or "")
    assert one(made, "GET /x").flaw is None


def test_a_key_twice_closes_what_it_might_mean() -> None:
    paths = ["/a:", "  get: {}", "  get: {tags: [x]}", "/b: {get: {}}", "/b: {get: {}}", "/c: {get: {}}"]
    text = "openapi: 3.1.0\npaths:\n" + "".join(f"  {line}\n" for line in paths)
    made, problems = load_api(text, "api.yaml")
    assert [o.flaw is not None for o in made.operations] == [True, True, False]
    assert {str(p.at) for p in problems} >= {"api.yaml:5:5", "api.yaml:7:3"}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/f/{p:path}", "/f/{p+}"),
        ("/f/{+p}", "/f/{p+}"),
        ("/f/{p*}", "/f/{p+}"),
        ("/f/{p}:undo", "/f/{p}:undo"),
        ("/f/{p}/", "/f/{p}/"),
    ],
)
def test_templates_of_the_wild(written: str, path: str) -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {
            written: {
                "get": {"parameters": [{"name": "p", "in": "path", "required": True, "schema": {"type": "string"}}]}
            }
        },
    }
    made, problems = loaded(document)
    assert (made.operations[0].path, made.operations[0].flaw, problems) == (path, None, ())


@pytest.mark.parametrize(
    "written", ["/f/{p", "/f/{a}{b}", "/f/{a}/{a}", "/f?x=1", "f", "/f/{p:path}/g", "/a//b", "/a/../b", "/f/{}"]
)
def test_paths_that_no_request_can_be_matched_with_are_closed(written: str) -> None:
    made, _ = loaded({"openapi": "3.1.0", "paths": {written: {"get": {}}, "/ok": {"get": {}}}})
    assert [o.flaw is None for o in made.operations] == [False, True]


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        (None, ""),
        ([{"url": "/"}], ""),
        ([{"url": "https://api.example.com/v1/"}], "/v1"),
        ([{"url": "api/v2"}], "/api/v2"),
        ([{"url": "https://{host}/{v}", "variables": {"host": {"default": "h"}, "v": {"default": "v3"}}}], "/v3"),
        ([{"url": "https://h/{missing}"}], ""),
        ("nonsense", ""),
    ],
)
def test_the_base_path_comes_from_the_first_server(servers: object, base: str) -> None:
    document: dict[str, Any] = {"openapi": "3.0.0", "paths": {}}
    if servers is not None:
        document["servers"] = servers
    assert loaded(document)[0].base_path == base
    assert loaded(document, base="/own")[0].base_path == "/own"


def test_a_relative_server_is_relative_to_the_documents_own_address() -> None:
    text = json.dumps({"openapi": "3.0.0", "paths": {}, "servers": [{"url": ""}]})
    assert load_api(text, "http://127.0.0.1/docs/schema.json")[0].base_path == ""
    text = json.dumps({"openapi": "3.0.0", "paths": {}, "servers": [{"url": "v1"}]})
    assert load_api(text, "https://h/docs/openapi.json")[0].base_path == "/docs/v1"


SWAGGER = """
swagger: "2.0"
info: {title: Pets, version: "1"}
basePath: /v2
consumes: [application/json]
produces: [application/json]
parameters:
  Id: {name: id, in: path, required: true, type: integer}
  PetBody: {name: body, in: body, required: true, schema: {$ref: "#/definitions/Pet"}}
definitions:
  Pet: {type: object, properties: {name: {type: string, x-nullable: true}, photo: {type: file}}}
paths:
  /pets/{id}:
    parameters: [{$ref: "#/parameters/Id"}]
    get:
      parameters: [{name: tags, in: query, type: array, items: {type: string}, collectionFormat: multi}]
      responses:
        200: {description: ok, schema: {$ref: "#/definitions/Pet"}}
    put:
      parameters: [{$ref: "#/parameters/PetBody"}]
      responses: {204: {description: done}}
    post:
      consumes: [multipart/form-data]
      parameters:
        - {name: file, in: formData, type: file, required: true}
        - {name: note, in: formData, type: string}
      responses: {default: {description: x}}
    delete:
      parameters: [{name: w, in: query, type: array, items: {type: string}, collectionFormat: tsv}]
      responses: {204: {description: x}}
"""


def test_swagger_2_is_read_as_what_it_means() -> None:
    made, problems = load_api(SWAGGER, "pets.yaml")
    get, put, post, delete = (one(made, f"{m} /pets/{{id}}") for m in ("GET", "PUT", "POST", "DELETE"))
    assert (made.dialect, made.base_path, made.title) == ("2.0", "/v2", "Pets")
    assert [(p.name, p.where, p.style, p.explode) for p in get.parameters] == [
        ("id", "path", "simple", False),
        ("tags", "query", "form", True),
    ]
    assert get.replies["200"].content["application/json"].schema == {"$ref": "#/components/schemas/Pet"}
    assert put.body is not None
    assert put.body.required
    assert put.body.content["application/json"].schema == {"$ref": "#/components/schemas/Pet"}
    assert post.body is not None
    assert post.body.content["multipart/form-data"].schema == {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, "note": {"type": "string"}},
    }
    assert "tsv" in (delete.flaw or "")
    assert get.line == 15
    line = SWAGGER.splitlines().index(next(x for x in SWAGGER.splitlines() if "tsv" in x)) + 1
    assert line in {p.at.line for p in problems}
    assert made.schemas["Pet"] == {
        "type": "object",
        "properties": {"name": {"type": ["string", "null"]}, "photo": {"type": "string", "format": "binary"}},
    }
    assert (get.flaw, put.flaw, post.flaw) == (None, None, None)


def test_references_to_files_stay_below_the_documents_directory(tmp_path: Path) -> None:
    home = tmp_path / "api"
    home.mkdir()
    (tmp_path / "outside.yaml").write_text("type: string")
    (home / "parts.yaml").write_text("Pet: {type: object, properties: {self: {$ref: '#/Pet'}}}")
    (home / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    references = {
        "/a": "parts.yaml#/Pet",
        "/b": "../outside.yaml",
        "/c": "https://h/x.yaml",
        "/d": "link.yaml",
        "/e": "/etc/hostname",
        "/f": "none.yaml",
    }
    paths = {
        path: {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": reference}}}}}}
        for path, reference in references.items()
    }
    made, _ = load_api(json.dumps({"openapi": "3.1.0", "paths": paths}), "api.json", directory=home)
    assert [o.path for o in made.operations if o.flaw is None] == ["/a"]
    assert [
        o.path for o in load_api(json.dumps({"openapi": "3.1.0", "paths": paths}), "x")[0].operations if not o.flaw
    ] == []


def test_bodies_on_delete_header_words_and_statuses_are_kept_right() -> None:
    text = """
openapi: 3.0.0
paths:
  /x:
    delete:
      parameters:
        - {name: Authorization, in: header, schema: {type: string}}
        - {name: X-Tag, in: header, schema: {type: string}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object}}}}
      requestBody: {content: {"Application/JSON; charset=utf-8": {schema: {type: object}}}}
      responses: {200: {description: a}, 4xx: {description: b}, default: {description: c}, x-more: {}, 99: {}}
"""
    operation = load_api(text, "api")[0].operations[0]
    assert [(p.name, p.media_type) for p in operation.parameters] == [("X-Tag", None), ("filter", "application/json")]
    assert list(operation.replies) == ["200", "4XX", "default"]
    assert operation.body is not None
    assert list(operation.body.content) == ["application/json"]


def test_an_operations_own_parameter_stands_before_its_paths() -> None:
    own = {"name": "patient_id", "in": "path", "required": True, "schema": {"type": "string"}}
    made, _ = _hurt(lambda d: _item(d)["get"].update(parameters=[own]))
    assert [p.schema for p in one(made, "GET /patients/{patient_id}").parameters] == [{"type": "string"}]


def test_a_thousand_operations_in_two_megabytes() -> None:
    """No timing here (`make bench` measures): only that size is no hindrance, in YAML and in JSON."""
    document: dict[str, Any] = {"openapi": "3.1.0", "paths": {}, "components": {"schemas": {}}}
    for i in range(1000):
        properties = {f"p{j}": {"type": "string", "description": "lorem ipsum " * 12} for j in range(8)}
        document["components"]["schemas"][f"S{i}"] = {"type": "object", "properties": properties}
        schema = {"$ref": f"#/components/schemas/S{i}"}
        document["paths"][f"/x{i}"] = {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
        }
    text = json.dumps(document)
    assert len(text) > 1_500_000
    made, problems = load_api(text, "big")
    assert (len(made.operations), problems) == (1000, ())


@pytest.mark.parametrize("text", ["", "[]", "1", "a: b", "openapi: 9", "swagger: 1.2", "openapi: {}", "{"])
def test_what_is_no_openapi_document_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_api(text, "f.yaml")
    assert all(str(p.at).startswith("f.yaml:") for p in caught.value.problems)


_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 9),
    st.sampled_from(["", "$ref", "#/", "query", "2.0", "{", "x"]),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"$ref": "#/paths"}),
    st.just({"$ref": 1}),
    st.just({"$ref": "#/components/schemas/Patient"}),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in below for place in _places(inner, (*path, key)))]


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_any_part_replaced_by_anything_is_a_flaw_and_no_failure(data: st.DataObject) -> None:
    base = data.draw(
        st.sampled_from([API, yaml.safe_load(SWAGGER.replace("200:", "'200':").replace("204:", "'204':"))])
    )
    document: Any = json.loads(json.dumps(base))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(document)[1:]))
        inner = document
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = copy.deepcopy(data.draw(_JUNK))
    told = outcome(lambda: loaded(document))
    assert told != ()
    if told is not None:
        return
    made, _ = loaded(document)
    for schema in made.schemas.values():
        assert jsonschema_rs.meta.is_valid(schema)
    for operation in made.operations:
        if operation.flaw is None and operation.body is not None:
            for media in operation.body.content.values():
                jsonschema_rs.Draft202012Validator(
                    {"allOf": [media.schema or True], "components": {"schemas": dict(made.schemas)}}
                )
