"""`ringwall inspect --sink sql`: statements and the input they were made with, by the line."""

from __future__ import annotations

import json

from click.testing import CliRunner

from ringwall.cli.inspect import command


def test_each_line_is_answered_in_order_and_a_malformed_one_fails() -> None:
    asked = [
        {"id": 1, "statement": "SELECT a FROM t WHERE b = 1 OR 1=1", "input": "1 OR 1=1", "dialect": "mysql"},
        {"id": 2, "statement": "SELECT a FROM t WHERE b = 'O''Brien'", "input": "O'Brien", "dialect": "oracle"},
    ]
    lines = "\n".join(map(json.dumps, asked))
    ran = CliRunner().invoke(command, ["--sink", "sql"], input=lines)
    assert [json.loads(line) for line in ran.output.splitlines()] == [
        {"id": 1, "refused": True, "reason": "sinks.sql"},
        {"id": 2, "refused": False, "reason": None},
    ]
    assert ran.exit_code == 0
    broken = CliRunner().invoke(command, ["--sink", "sql"], input="{\n")
    assert json.loads(broken.output) == {"id": None, "refused": True, "reason": "input.malformed"}
    assert broken.exit_code == 2
