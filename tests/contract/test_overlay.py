"""Overlays: what a document forgot is stated beside it; a mistake in one stops everything, with its place."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ringwall.contract.api import ApiOperation
from ringwall.contract.document import parse
from ringwall.contract.model import Contract, Misconfigured
from ringwall.contract.openapi import load_api
from ringwall.contract.overlay import overlaid
from ringwall.contract.parse import load

GUIDE = Path(__file__).parents[2] / "docs" / "overlays.md"
DOCUMENT = """\
openapi: 3.0.3
info: {title: Notes, version: "1"}
paths:
  /notes:
    post:
      requestBody:
        content:
          application/json: {schema: {$ref: "#/components/schemas/Note"}}
      responses: {}
    parameters:
      - {name: lang, in: query, schema: {type: string}}
components:
  schemas:
    Note: {type: object, properties: {title: {type: string}, tags: {type: string}}}
"""


def overlay(*actions: dict[str, Any]) -> str:
    return yaml.safe_dump({"overlay": "1.0.0", "info": {"title": "x", "version": "1"}, "actions": list(actions)})


def after(*actions: dict[str, Any]) -> Any:
    made, doubts = overlaid(parse(DOCUMENT, "api.yaml"), [parse(overlay(*actions), "more.yaml")])
    assert doubts == ()
    return made.data


def post(*actions: dict[str, Any]) -> ApiOperation:
    api, _ = load_api(DOCUMENT, "api.yaml", overlays=[parse(overlay(*actions), "more.yaml")])
    return next(o for o in api.operations if o.method == "POST")


def test_objects_are_merged_lists_lengthened_and_values_replaced() -> None:
    before = parse(DOCUMENT, "api.yaml").data
    changed = after(
        {"target": "$.components.schemas.Note.properties", "update": {"tags": {"type": "array"}, "more": {}}},
        {"target": "$.paths['/notes']", "update": {"parameters": [{"name": "q"}]}},
        {"target": "$.paths['/notes'].parameters", "update": {"name": "r"}},
        {"target": "$.info", "update": {"title": "Other"}},
    )
    expected: Any = copy.deepcopy(before)
    expected["components"]["schemas"]["Note"]["properties"] |= {"tags": {"type": "array"}, "more": {}}
    expected["paths"]["/notes"]["parameters"] += [{"name": "q"}, {"name": "r"}]
    expected["info"]["title"] = "Other"
    assert changed == expected


def test_what_is_removed_is_gone_and_the_rest_stays() -> None:
    parameters = [{"name": n, "in": "query"} for n in "abc"]
    changed = after(
        {"target": "$.paths['/notes']", "update": {"parameters": parameters}},
        {"target": "$.paths['/notes'].parameters[?@.name == 'a' || @.name == 'c' || @.name == 'lang']", "remove": True},
    )
    assert [p["name"] for p in changed["paths"]["/notes"]["parameters"]] == ["b"]


def test_an_anchor_shared_by_two_places_is_changed_where_it_is_named() -> None:
    text = "openapi: 3.0.3\npaths:\n  /a: &a {get: {responses: {}}}\n  /b: *a\n"
    made, _ = overlaid(
        parse(text, "api"), [parse(overlay({"target": "$.paths['/a']", "update": {"post": {"responses": {}}}}), "o")]
    )
    assert made.data["paths"] == {
        "/a": {"get": {"responses": {}}, "post": {"responses": {}}},
        "/b": {"get": {"responses": {}}},
    }  # type: ignore[index,call-overload]


def test_a_forgotten_body_and_path_are_declared() -> None:
    added = {"target": "$.paths", "update": {"/hidden": {"get": {"responses": {}}}}}
    api, _ = load_api(DOCUMENT, "api.yaml", overlays=[parse(overlay(added), "more.yaml")])
    assert {o.key for o in api.operations} == {"POST /notes", "GET /hidden"}
    body = {"requestBody": {"content": {"text/csv": {}}}}
    declared = post({"target": "$.paths['/notes'].post", "update": body}).body
    assert declared is not None
    assert set(declared.content) == {"application/json", "text/csv"}


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("[]", 1, "no overlay"),
        ("openapi: 3.0.3", 1, "no overlay"),
        ("overlay: 2.0.0\nactions: [{target: $, update: {}}]", 1, "no overlay"),
        ("overlay: 1.0.0\nactions: []", 2, "no actions"),
        ("overlay: 1.0.0\nactions: [{update: {}}]", 2, "an action without a target"),
        ("overlay: 1.0.0\nactions:\n- {target: $.info}", 3, "an action that does nothing"),
        ("overlay: 1.0.0\nactions:\n- {target: '$.info[', update: {}}", 3, "a path that cannot be read"),
        ("overlay: 1.0.0\nactions:\n- {target: $.info.title, update: New}", 3, "a single value"),
        ("overlay: 1.0.0\nactions:\n- {target: $.info, update: New}", 3, "an object that gets no object"),
        ("overlay: 1.0.0\nactions:\n- {target: $, remove: true}", 3, "the whole document"),
        ("overlay: 1.0.0\nactions:\n- {target: $.info, updates: {}}", 3, "'updates'"),
        ("overlay: 1.0.0\nstages: []\nactions:\n- {target: $.info, update: {}}", 2, "'stages'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, found: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        overlaid(parse(DOCUMENT, "api.yaml"), [parse(text, "more.yaml")])
    problem = refused.value.problems[0]
    assert (problem.at.file, problem.at.line) == ("more.yaml", line)
    assert found in problem.found


def test_a_target_that_is_not_there_is_a_warning() -> None:
    _, (doubt,) = overlaid(
        parse(DOCUMENT, "api"), [parse(overlay({"target": "$.paths['/none']", "update": {"get": {}}}), "more.yaml")]
    )
    assert doubt.warning
    assert doubt.at.file == "more.yaml"


def test_a_flaw_is_told_where_it_was_written() -> None:
    """In the overlay what it brought, in the document what it had."""
    broken = {
        "target": "$.paths",
        "update": {"/new": {"get": {"parameters": [{"$ref": "#/nowhere"}], "responses": {}}}},
    }
    text = DOCUMENT.replace("#/components/schemas/Note", "#/components/schemas/None")
    _, problems = load_api(text, "api.yaml", overlays=[parse(overlay(broken), "more.yaml")])
    assert {problem.at.file for problem in problems} == {"api.yaml", "more.yaml"}
    (own,) = (p for p in problems if p.at.file == "api.yaml")
    assert own.at.line == DOCUMENT[: DOCUMENT.index("application/json")].count("\n") + 1


def contract(tmp_path: Path, names: str) -> Contract:
    (tmp_path / "api.yaml").write_text(DOCUMENT)
    (tmp_path / "ringwall.yaml").write_text(
        f"ringwall: 1\napi: api.yaml\noverlays: {names}\nroles: {{user: {{}}}}\n"
        "operations: {'*': {allow: [user]}}\n"
    )
    return load(tmp_path / "ringwall.yaml")


def test_a_contract_names_its_overlays_and_the_later_one_stands_on_the_earlier(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(overlay({"target": "$.paths", "update": {"/a": {"get": {"responses": {}}}}}))
    (tmp_path / "b.yaml").write_text(
        overlay(
            {"target": "$.paths['/a']", "update": {"post": {"responses": {}}}},
            {"target": "$.paths['/a'].get", "remove": True},
        )
    )
    keys = {o.api.key for o in contract(tmp_path, "[a.yaml, b.yaml]").operations}
    assert keys == {"POST /notes", "POST /a"}
    for names in ("[a.yaml, none.yaml]", "[ringwall.yaml]"):
        with pytest.raises(Misconfigured):
            contract(tmp_path, names)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_no_overlay_whatever_it_says_ends_in_anything_but_a_sentence(data: Any) -> None:
    for stated in (data, {"overlay": "1.0.0", "actions": data}, {"overlay": "1.0.0", "actions": [data]},
                   {"overlay": "1.0.0", "actions": [{"target": "$..*", "update": data}]},
                   {"overlay": "1.0.0", "actions": [{"target": data, "update": data, "remove": data}]}):  # fmt: skip
        try:
            load_api(DOCUMENT, "api", overlays=[parse(yaml.safe_dump(stated), "more")])
        except Misconfigured:
            continue


def test_the_guide_does_what_it_says(tmp_path: Path) -> None:
    document, more, stated = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for name, text in (("openapi.yaml", document), ("overlay.yaml", more), ("ringwall.yaml", stated)):
        (tmp_path / name).write_text(text)
    found = load(tmp_path / "ringwall.yaml")
    assert found.warnings == ()
    assert {o.api.key for o in found.operations} == {
        "GET /notes",
        "POST /notes",
        "POST /import",
        "GET /notes/{note_id}",
    }
    taken = {o.api.key: o.api.body for o in found.operations}
    assert taken["POST /import"] is not None
    note = found.api.schemas["Note"]
    assert isinstance(note, dict)
    assert note["properties"] == {
        "title": {"type": "string"},
        "labels": {"type": ["string", "array"]},
        "pinned": {"type": "boolean"},
    }
