"""A value is read closely for a stated number of steps; what is beyond them is refused, never passed unread."""

import random

import pytest

from engines.payload import payload_honest as honest
from ringwall.engines.payload import inspect
from ringwall.engines.payload.effort import Effort, Spent

# What only looks like an injection, each a little different, so that none is read once for all of them.
NEAR = {
    "sql": (lambda n: f"Take a or f{n}(x). ", "1 union select a,b from c"),
    "shell": (lambda n: f"; sort a{n} by b; ", "; cat /etc/passwd"),
    "tag": (lambda n: f"<a{n} style='b{n}:&c'>", "<img src=x onerror=probe(1)>"),
    "template": (lambda n: f"{{{{ a{n}.b }}}} ", "{{ 6*7 }}"),
    "call": (lambda n: f" the rename ({n}) of it", "__import__('os').system('x')"),
}


@pytest.mark.parametrize("name", NEAR)
def test_what_stands_in_the_middle_of_many_near_misses_is_not_passed(name):
    near, attack = NEAR[name]
    around = ["".join(near(n) for n in range(start, start + 900)) for start in (0, 900)]
    assert inspect("".join(near(n) for n in range(20))) is None
    assert inspect(attack.join(around)) is not None


@pytest.mark.parametrize("name", ["PROSE", "NAMES"])
def test_honest_texts_of_64_kilobytes_are_read_to_their_end(name):
    values = [value for value in vars(honest).get(name, ()) if inspect(value) is None]
    dice = random.Random(7)
    long = ""
    while values and len(long) < 64 * 1024:
        long += dice.choice(values) + ". "
    finding = inspect(long)
    assert finding is None or finding.kind != "undecided"


def test_a_budget_ends_at_its_last_step():
    effort = Effort(2)
    effort.spend(2)
    with pytest.raises(Spent):
        effort.spend(1)
