"""Values that were written apart from the rules: hostile ones are found, honest ones pass, limits stay said.

The generated ones cross what an attacker crosses; a rule that knows a payload by its words finds only some of them.
"""

import pytest

from engines.payload import payload_honest as honest
from engines.payload import payload_hostile_code as code
from engines.payload import payload_hostile_data as data
from engines.payload import payload_hostile_more as more
from engines.payload import payload_hostile_web as web
from engines.payload import payload_made as made
from ringwall.engines.payload import inspect


def sets(module):
    return {name: value for name, value in vars(module).items() if name.isupper() and isinstance(value, tuple)}


HOSTILE = {**sets(data), **sets(code), **sets(web), **sets(more)}
NOT_TOLD = HOSTILE.pop("NOT_TOLD")
AMBIGUOUS = {
    "../",
    "/usr/bin",
    "http://localhost",
    "*)",
    "<script>",
    "prompt()",
    "$gt: greater than",
    "The ratio 1:2 = 0.5; and 1=1 is a tautology.",
    "https://host.example/a/../b",
    "def f(x):\n    return eval(x)\n",
    '{\n  "name": "x",\n  "scripts": {"build": "tsc && node a.js"}\n}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_are_found(name):
    assert [value for value in HOSTILE[name] if inspect(value) is None] == []


@pytest.mark.parametrize("name", sets(honest))
def test_honest_values_pass(name):
    assert {value for value in sets(honest)[name] if inspect(value) is not None} <= AMBIGUOUS


def test_what_is_said_to_be_ambiguous_is_flagged():
    assert [value for value in AMBIGUOUS if inspect(value) is None] == []


def test_what_cannot_be_told_passes():
    assert [value for value in NOT_TOLD if inspect(value) is not None] == []


@pytest.mark.parametrize("make", [made.sql, made.shell], ids=["sql", "shell"])
def test_every_crossing_is_found(make):
    assert [value for value in list(make())[::3] if inspect(value) is None] == []
