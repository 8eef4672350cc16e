"""The dearest value that a search can find: `python bench/worst.py [SECONDS] [SEED]`.

It evolves short seeds. Each is repeated up to the length of a large field (64 kB), with a head and a tail of its own,
and its cost is the time of one inspection. What is dear is mutated and crossed; the dearest are printed with their
cost and with the growth from half the length, which stays near two where the work is linear.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass

from ringwall.engines.payload import inspect

LONG = 64 * 1024
KEPT = 24
PIECES = (
    *"'\"`()[]{}<>;|&%$#@!*/\\-_=+.,:? \n\t\x00aA0é",
    *(
        "or ",
        "' or ",
        "and 1=1 ",
        "/*",
        "*/",
        "/**/",
        "union ",
        "select ",
        "(select ",
        "; drop ",
        "from ",
        "case when ",
    ),
    *(
        "<a ",
        "<a b='",
        "<!",
        "<!ENTITY ",
        "<script",
        " onx=",
        "style=",
        "href=",
        "javascript:",
        "<svg ",
        "</",
        "-->",
        "<!--",
    ),
    *("{{", "}}", "${", "$(", "<%", "{%", "#{", "*{", "[[${", "@(", "{a b=", "{{a}} ", "${A} "),
    *(
        "%27",
        "%2527",
        "%c0%ae",
        "%u0027",
        "&#39;",
        "&#x27;",
        "&lt;",
        "\\x27",
        "\\u0027",
        "\\",
        "+ADw-",
        "0x27",
        "\\27 ",
    ),
    *("../", "..\\", "....//", "http://a@", "http://127.1/", "?a=http://", "\r\nA:", "file:", "/etc/"),
    *(";a", "; cat a", "| ls -l", "`a` ", "`id`", "$IFS", "cat ", "echo ", "x=1;$x", "a''b", "'a'", "\nls ", "Get-A "),
    *(
        "```\n",
        "~~~\n",
        "    a\n\n",
        "\n\n    ",
        "[a](b)",
        "](",
        ")(",
        "(a=",
        "(&",
        "*)",
        "f(",
        "eval(",
        "$a(",
        "'.'",
        "->a(",
    ),
    *("data:,", "QUJDREVGR0hJSktM ", "QUJD", "<code>", "</code>", "<pre>", "<b>x</b>", "‘", "\u200b", "ａ", "𝐚"),
    *(
        "__proto__",
        "$ne",
        '{"$ne":',
        "this.",
        "function(",
        "O:1:",
        "!!a/",
        "rO0AB",
        "java.",
        "::",
        "=>",
        "{}",
        "[]",
        "!",
    ),
    *("sleep(", "char(1)", "0x1", "1.e(", "a.b(", "@a", "a,", "1,", "xp_a", "in (", "like ", "as a"),
)


@dataclass(frozen=True, slots=True)
class Value:
    """What is repeated, and what stands before and after it."""

    head: str
    unit: str
    tail: str

    def text(self, length: int) -> str:
        """The value at `length` characters."""
        room = max(0, length - len(self.head) - len(self.tail))
        return self.head + (self.unit * (room // len(self.unit) + 1))[:room] + self.tail


def cost(value: str, rounds: int = 2) -> float:
    """Milliseconds of one inspection, the best of some."""
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        inspect(value)
        took.append(time.perf_counter() - begun)
    return min(took) * 1e3


def some(dice: random.Random, most: int) -> str:
    """A few pieces."""
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(1, most)))


def child(dice: random.Random, a: Value, b: Value) -> Value:
    """A value made of two others, and changed."""
    unit = a.unit if dice.random() < 0.5 else (a.unit + b.unit)[:60]
    at = dice.randrange(len(unit) + 1)
    changed = (
        unit[:at] + some(dice, 2) + unit[at:],
        unit[:at] + unit[at + 1 :] or a.unit,
        unit[:at] + b.unit[at:] or b.unit,
        some(dice, 3),
    )[dice.randrange(4)]
    head = dice.choice((a.head, b.head, some(dice, 3), ""))
    tail = dice.choice((a.tail, b.tail, some(dice, 3), ""))
    return Value(head, changed[:80], tail)


def search(seconds: float, dice: random.Random) -> list[tuple[float, Value]]:
    """The dearest values found, dearest first."""
    herd = sorted(((cost(v.text(LONG)), v) for v in (Value("", piece, "") for piece in PIECES)), key=lambda x: -x[0])
    herd = herd[:KEPT]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        made = child(dice, dice.choice(herd[: KEPT // 2])[1], dice.choice(herd)[1])
        if all(made != kept for _, kept in herd):
            herd = sorted([*herd, (cost(made.text(LONG)), made)], key=lambda x: -x[0])[:KEPT]
    return sorted(((cost(v.text(LONG), 7), v) for _, v in herd), key=lambda x: -x[0])


def main() -> None:
    """Prints the dearest values, as JSON lines."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for milliseconds, value in search(seconds, random.Random(seed))[:8]:  # noqa: S311 - a search, not a secret
        half = cost(value.text(LONG // 2), 7)
        line = {"ms": round(milliseconds, 2), "growth": round(milliseconds / half, 2), "head": value.head}
        print(json.dumps({**line, "unit": value.unit, "tail": value.tail}))


if __name__ == "__main__":
    main()
