"""Attacks sent through typed parameters: a schema decides them, whatever detection would have said."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from engines.payload import payload_hostile_code as code
from engines.payload import payload_hostile_data as data
from engines.payload import payload_hostile_more as more
from engines.payload import payload_hostile_web as web


def _bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("typed", Path(__file__).parents[2] / "bench" / "typed.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TYPED = _bench()
# Not only what detection finds: `NOT_TOLD` is the part that it cannot.
HOSTILE = [
    value
    for module in (data, code, web, more)
    for values in vars(module).values()
    if isinstance(values, tuple)
    for value in values
]


@pytest.mark.parametrize("kind", sorted(set(TYPED.KINDS)))
def test_no_attack_passes_a_typed_parameter(kind: str) -> None:
    schema, valid = TYPED.KINDS[kind]
    sender = TYPED.Parameterized(schema)
    assert [value for value in valid if sender.refusal(value) is not None] == []
    passed = [value for value in HOSTILE if sender.refusal(value) is None]
    assert [
        value for value in passed if not re.fullmatch(r"[\w.-]+", value)
    ] == []  # a name of dots and words is a host's


def test_a_serialized_object_in_base64_is_one_and_an_image_is_not() -> None:
    sender = TYPED.Parameterized({"type": "string", "format": "byte"})
    assert sender.refusal("rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA==") == "detection.deserialization"
    assert sender.refusal("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk") is None


def test_the_same_values_through_free_text_are_for_detection() -> None:
    sender = TYPED.Parameterized({"type": "string"})
    assert [value for value in more.NOT_TOLD if sender.refusal(value) is not None] == []
    assert sender.refusal("' or 1=1-- ") == "detection.sqli"


PASSWORD = {"type": "string", "format": "password"}


@pytest.mark.parametrize("password", ["aB3$S(h{x", "k#;rm(E&|ls", "$(x)Q!{{7*7}}", "T%0aid`id`", "a'#bC\"<b>"])
def test_a_generated_password_is_no_code(password: str) -> None:
    assert TYPED.Parameterized(PASSWORD).refusal(password) is None
    assert TYPED.Parameterized({"type": "string"}).refusal("x; cat /srv/list") == "detection.cmdi"


@pytest.mark.parametrize(
    "password",
    ["' or '1'='1", "admin'--", "x' || '1'=='1", '{"$ne": null}', "*)(uid=*", "'or'1'='1", "%27%20or%201=1--"],
)
def test_what_changes_the_query_that_looks_a_password_up_is_refused(password: str) -> None:
    assert TYPED.Parameterized(PASSWORD).refusal(password) is not None
