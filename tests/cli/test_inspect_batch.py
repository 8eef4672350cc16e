"""`ringwall inspect` over JSON Lines: one line out per line in, in order, whatever the lines are."""

import json

import pytest
from click.testing import CliRunner

from ringwall.cli import inspect as module
from ringwall.cli.inspect import command

MALFORMED = {"id": None, "flagged": False, "class": None, "reason": "input.malformed"}


def run(text, *arguments):
    result = CliRunner().invoke(command, list(arguments), input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def lines(*items):
    return "".join(json.dumps(item) + "\n" for item in items)


def test_twins_come_out_in_order():
    status, out = run(
        lines({"id": 1, "value": "O'Brien"}, {"id": "b", "value": "x' or 1=1--"}, {"id": [3], "value": "7"})
    )
    assert status == 0
    assert out == [
        {"id": 1, "flagged": False, "class": None, "reason": None},
        {"id": "b", "flagged": True, "class": "sqli", "reason": "detection.sqli"},
        {"id": [3], "flagged": False, "class": None, "reason": None},
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "3",
        '"text"',
        "null",
        '{"id": 1}',
        '{"id": 1, "value": NaN}',
        '{"id": 1, "value": "a", "format": "tar"}',
        "\\x",
        "{" * 5000,
    ],
)
def test_a_malformed_line_is_answered_in_its_place(line):
    status, out = run(lines({"id": 1, "value": "a"}) + line + "\n" + lines({"id": 2, "value": "b"}))
    assert status == 2
    assert [answer["id"] for answer in out] == [1, None, 2]
    assert out[1] == MALFORMED


def test_bytes_that_are_no_text_are_malformed():
    status, out = run(b'{"id": 1, "value": "\xff\xfe"}\n{"id": 2, "value": "a"}\n')
    assert status == 2
    assert [answer["id"] for answer in out] == [None, 2]


def test_lone_surrogates_and_empty_input():
    assert run('{"id": 1, "value": "\\ud800\' or 1=1--"}\n')[1][0]["class"] == "sqli"
    assert run("") == (0, [])
    assert run("\n \n") == (0, [])


def test_a_tree_is_inspected_inside_out():
    status, out = run(
        lines(
            {"id": 1, "value": {"a": [1, None, "x' or 1=1--"]}},
            {"id": 2, "value": {"a": {"$ne": 1}}},
            {"id": 3, "value": {"a": [True, "fine", 3.5]}},
            {"id": 4, "value": 7},
        )
    )
    assert status == 0
    assert [answer["class"] for answer in out] == ["sqli", "nosqli", None, None]


def test_a_format_of_the_line_goes_before_the_default():
    value = "Use `x; cat /srv/list` and <script>probe()</script>"
    status, out = run(
        lines({"id": 1, "value": value}, {"id": 2, "value": value, "format": "code"}, {"id": 3, "value": "a/b"}),
        "--format",
        "filename",
    )
    assert status == 0
    assert [answer["class"] for answer in out] == ["lfi", None, "lfi"]


def test_many_lines_over_processes_keep_their_order(monkeypatch):
    monkeypatch.setattr(module, "SMALL", 5)
    monkeypatch.setattr(module, "BATCH", 7)
    values = [{"id": n, "value": "1 or 1=1" if n % 3 == 0 else f"item {n}"} for n in range(200)]
    status, out = run(lines(*values[:100]) + "no json\n" + lines(*values[100:]), "--jobs", "2")
    assert status == 2
    assert [answer["id"] for answer in out] == [*range(100), None, *range(100, 200)]
    assert [answer["flagged"] for answer in out if answer["id"] is not None] == [n % 3 == 0 for n in range(200)]


def test_an_overlong_line_costs_one_answer(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 64)
    status, out = run(lines({"id": 1, "value": "a" * 300}, {"id": 2, "value": "b"}))
    assert status == 2
    assert out == [MALFORMED, {"id": 2, "flagged": False, "class": None, "reason": None}]


def test_a_file_and_one_that_is_not_there(tmp_path):
    path = tmp_path / "values.jsonl"
    path.write_text(lines({"id": 1, "value": "../../x"}))
    assert run("", str(path))[1][0]["class"] == "lfi"
    assert run("", str(tmp_path / "none"))[0] == 2
