"""Documents of any bytes: data, places and bounds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.contract_samples import outcome
from ringwall.contract.document import DEPTH, parse
from ringwall.contract.model import Misconfigured

_MARKS = [*"{}[]:,-?&*!|>'\"#%@` \n\t<ab1.~", "a: ", "- ", "*a", "&a ", "<<: ", "--- "]
_LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
_TREES = st.recursive(
    _LEAVES | st.text(), lambda below: st.lists(below) | st.dictionaries(st.text(), below), max_leaves=20
)


@given(st.binary() | st.text())
def test_any_bytes_are_a_document_or_a_problem_with_a_place(content: bytes | str) -> None:
    told = outcome(lambda: parse(content, "f")) or ()
    assert all(problem.at.line >= 1 and problem.at.column >= 1 for problem in told)


@given(st.lists(st.sampled_from(_MARKS)).map("".join))
def test_any_run_of_marks_is_a_document_or_a_problem(content: str) -> None:
    assert outcome(lambda: parse(content, "f")) != ()


@given(_TREES.filter(lambda tree: isinstance(tree, (dict, list))))
@settings(max_examples=60)
def test_json_means_what_the_standard_library_reads(tree: object) -> None:
    """The oracle is `json`; a mapping with the key `<<` means something else to YAML."""
    for text in (json.dumps(tree), json.dumps(tree, indent=1)):
        if '"<<"' in text:
            continue
        told = outcome(lambda: parse(text, "f"))  # noqa: B023 (called at once)
        if told is None:
            assert parse(text, "f").data == json.loads(text)
        else:
            assert "surrogate" in told[0].found


def test_yaml_reads_words_and_dates_as_the_text_they_are() -> None:
    data = parse("a: no\nb: on\nc: 2024-01-01\nd: 010\ne: 1_0\nf: yes\ng: ~\nh: 1e3\n200: {}\ni: 12:30", "f").data
    assert data == {
        "a": "no",
        "b": "on",
        "c": "2024-01-01",
        "d": 10,
        "e": "1_0",
        "f": "yes",
        "g": None,
        "h": 1000.0,
        "200": {},
        "i": "12:30",
    }


def test_places_are_those_of_key_and_value() -> None:
    document = parse('a:\n  b: [1,\n    2]\n  "c d": x\n', "f.yaml")
    assert str(document.at(("a", "b", 1))) == "f.yaml:3:5"
    assert str(document.at(("a", "c d"), key=True)) == "f.yaml:4:3"
    assert str(document.at(("a", "c d"))) == "f.yaml:4:10"
    assert str(document.at(("a", "nothing"))) == "f.yaml:2:3"


def test_a_key_twice_is_told_and_the_first_counts() -> None:
    document = parse("a: 1\nb: 2\na: 3\n", "f")
    assert document.data == {"a": 1, "b": 2}
    assert [str(p.at) for p in document.problems] == ["f:3:1"]
    assert document.repeats(("a",))
    assert not document.repeats(("b",))


def test_json_that_yaml_cannot_read_is_read_all_the_same() -> None:
    long = "k" * 2000
    assert parse(json.dumps({"a": "\U0001f600", long: 1}), "f").data == {"a": "\U0001f600", long: 1}
    assert parse('{"a": "\\ud83d\\ude00", "a": 1}', "f").problems


def test_merge_keys_and_aliases_stand_for_what_they_name() -> None:
    assert parse("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: [*x]\n", "f").data == {
        "a": {"p": 1, "q": 2},
        "b": {"q": 3, "p": 1},
        "c": [{"p": 1, "q": 2}],
    }


_LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (_LAUGHS, "too many values"),
        ("[" * 100_000, "deeper nesting"),
        ("- " * (DEPTH + 1), "deeper nesting"),
        ('{"a":' * 5000 + '"\\ud83d\\ude00"' + "}" * 5000, "deeper nesting"),
        ("a: &a [*a]", "not defined"),
        ("a: 1\n--- 2", "second document"),
        (b"\xff\xfe", "no UTF-8"),
        ('{"a": "\\ud83d"}', "surrogate"),
    ],
)
def test_what_would_not_end_or_fit_is_refused(content: str | bytes, found: str) -> None:
    with pytest.raises(Misconfigured, match=found):
        parse(content, "f")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a: .nan", "nan"),
        ("a: 1e999", "double"),
        ("a: " + "9" * 500, "digits"),
        ("a: !!binary aa", "tag"),
        ("? [a]\n: 1", "key"),
    ],
)
def test_what_json_cannot_hold_is_told(content: str, found: str) -> None:
    assert any(found in problem.found for problem in parse(content, "f").problems)


def test_nesting_up_to_the_bound_is_read() -> None:
    assert parse("[" * DEPTH + "]" * DEPTH, "f").data is not None
