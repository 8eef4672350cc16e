"""There is advice for every reason that a request can be refused for, and its lines are lines of a contract."""

import jsonschema_rs
import pytest
import yaml

from ringwall.build.advice import Refused, advice
from ringwall.build.catalogue import reasons
from ringwall.contract.schema import contract_schema

VALID = jsonschema_rs.validator_for(contract_schema())
CODES = [reason.code for reason in reasons()]


def merged(into, other):
    for key, value in other.items():
        into[key] = merged(into[key], value) if isinstance(value, dict) and isinstance(into.get(key), dict) else value
    return into


def contract_with(line):
    """A contract with a line of advice merged in, as an operator would."""
    base = {
        "ringwall": 1, "api": "openapi.yaml", "roles": {"nurse": {}},
        "resources": {"patient": {"id": "patient_id"}},
        "operations": {"GET /x/{patient_id}": {"allow": ["nurse"]}},
    }  # fmt: skip
    return merged(base, yaml.safe_load(line))


@pytest.mark.parametrize("code", CODES)
def test_every_reason_has_advice_that_the_contract_takes(code):
    found = advice(Refused(code, "GET /x/{patient_id}", "patient", ("notes",), ("nurse",)))
    assert found
    for each in found:
        assert "{" not in each.text.replace('"GET /x/{patient_id}"', "")
        if each.line is not None:
            assert [error.message for error in VALID.iter_errors(contract_with(each.line))] == [], each.line


@pytest.mark.parametrize("name", ["a b", "}: {allow: anyone}}", '"', "é\n", "yes", "null", "1", "", "{field}", "{0}"])
def test_a_name_that_came_with_a_request_stays_a_name(name):
    (first, *_) = advice(Refused("authz.field", "PATCH /x", "patient", (name,), ("nurse",)))
    fields = yaml.safe_load(first.line)["resources"]["patient"]["fields"]
    assert fields == {name: {"write": ["nurse"]}}


def test_a_code_that_is_not_ours_has_none():
    assert advice(Refused("nothing.of.ours", "GET /x")) == ()
    assert advice(Refused("", "GET /x")) == ()
