"""Schemas as written mean what JSON Schema 2020-12 says: own values for each keyword, and the standard's test suite.

The suite is not in this repository: `make servers` fetches it, by a lock, out of the source distribution of jsonschema,
or JSON_SCHEMA_TEST_SUITE names a checkout. All that OpenAPI can use of it is run.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ringwall.engines.schema import Compiler, Unusable, Validator

ROOT = "#/components/schemas/Root"
GIVEN = json.loads((Path(__file__).parent / "vectors_2020_12.json").read_text())
NAMES = [f"{keyword}-{number}" for number, (keyword, *_) in enumerate(GIVEN["vectors"])]


def made(schema: Any) -> Validator | Unusable:
    return Compiler({"Root": schema}).testing({"$ref": ROOT})


@pytest.mark.parametrize(("keyword", "schema", "valid", "invalid"), GIVEN["vectors"], ids=NAMES)
def test_a_keyword_means_what_the_standard_says(
    keyword: str, schema: Any, valid: list[Any], invalid: list[Any]
) -> None:
    validator = made(schema)
    assert isinstance(validator, Validator), validator
    assert [value for value in valid if not validator.is_valid(value)] == []
    assert [value for value in invalid if validator.is_valid(value)] == []


@pytest.mark.parametrize(("keyword", "schema", "value", "why"), GIVEN["ours"])
def test_where_we_refuse_what_the_standard_takes_it_is_on_purpose(
    keyword: str, schema: Any, value: Any, why: str
) -> None:
    validator = made(schema)
    assert isinstance(validator, Validator), validator
    assert not validator.is_valid(value), why
    assert jsonschema.Draft202012Validator(schema).is_valid(value), "no difference any more"


_ELSEWHERE = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "://")
DIFFERENT = {
    "content": 3,  # base64 is checked
    "format": 19,  # formats decide; the standard lets them annotate
    "optional/bignum": 2,  # 64 bits, where no bounds are stated
    "optional/dependencies-compatibility": 14,  # a keyword of draft 7
    "optional/float-overflow": 1,
    "optional/format/email": 8,  # quoted local parts, address literals, tildes
}
"""How many values of each file are judged otherwise, on purpose."""


def _here(schema: Any) -> Any:
    """References to the schema itself as references to a component; data in `enum` and `const` is no reference."""
    if isinstance(schema, list):
        return [_here(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: below if key in ("enum", "const") else _here(below) for key, below in schema.items()}
    out.pop("$schema", None)
    if str(out.get("$ref", "")).startswith("#"):
        out["$ref"] = ROOT + out["$ref"][1:]
    return out


def _cases(suite: Path) -> Iterator[tuple[str, Any, list[dict[str, Any]]]]:
    for path in sorted(suite.rglob("*.json")):
        for group in json.loads(path.read_text()):
            schema = _here(group["schema"])
            if not any(word in json.dumps(schema) for word in _ELSEWHERE):
                yield str(path.relative_to(suite).with_suffix("")), schema, group["tests"]


def _suite() -> Path:
    place = Path(os.environ.get("JSON_SCHEMA_TEST_SUITE", Path(__file__).parents[3] / ".servers" / "suite" / "json"))
    if not place.is_dir():
        assert os.environ.get("RINGWALL_REQUIRE_SERVERS") != "1", "the test suite is missing: make servers"
        pytest.skip("the JSON Schema Test Suite is not there: make servers")
    return place / "tests" / "draft2020-12"


def test_the_suite_agrees_but_where_we_differ_on_purpose() -> None:
    different: Counter[str] = Counter()
    agreed = 0
    for name, schema, tests in _cases(_suite()):
        validator = made(schema)
        for test in tests:
            same = isinstance(validator, Validator) and validator.is_valid(test["data"]) == test["valid"]
            agreed += same
            different[name] += not same
    assert +different == DIFFERENT
    assert agreed > 1500, agreed
