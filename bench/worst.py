"""The dearest value that a search can find: `python bench/worst.py [SECONDS] [SEED]`.

A value is a few pieces in an order of chance, up to the length of a large field (64 kB of UTF-8), some of them hidden
by a decoder or two, with a head and a tail. The order is a new one at each look, since what was seen before is cheap:
an automaton remembers its states, and a text that repeats itself is read once. The cost is the processor's time, the
least of some orders. What is dear is mutated and crossed; the dearest are printed with their cost and with the growth
from half the length, which stays near two where the work is linear.
"""

from __future__ import annotations

import base64
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

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


def _references(text: str) -> str:
    return "".join(f"&#{ord(sign)};" for sign in text)


def _escapes(text: str) -> str:
    return "".join(f"\\x{ord(sign):02x}" if ord(sign) < 256 else sign for sign in text)


HIDDEN: tuple[Callable[[str], str], ...] = (
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    _references,
    _escapes,
    lambda text: quote(_references(text), safe=""),
    lambda text: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text),
    lambda text: " " + base64.b64encode((text * 4).encode("utf-8", "replace")).decode() + " ",
)


@dataclass(frozen=True, slots=True)
class Value:
    """What is put into an order, and what stands before and after it. One piece is repeated."""

    head: str
    pieces: tuple[str, ...]
    tail: str

    def text(self, length: int, dice: random.Random) -> str:
        """A value of `length` bytes of UTF-8, in an order of chance."""
        most = max(1, min(len(piece.encode("utf-8", "replace")) for piece in self.pieces))
        made = "".join(dice.choices(self.pieces, k=length // most + 1)).encode("utf-8", "replace")
        return self.head + made[: length - len((self.head + self.tail).encode())].decode("utf-8", "ignore") + self.tail


def cost(value: Value, length: int, dice: random.Random, rounds: int = 2) -> float:
    """Milliseconds of the processor for one inspection, the least of some orders."""
    took = []
    for _ in range(rounds):
        text = value.text(length, dice)
        begun = time.process_time()
        inspect(text)
        took.append(time.process_time() - begun)
    return min(took) * 1e3


def some(dice: random.Random, most: int) -> str:
    """A few pieces, perhaps hidden."""
    plain = "".join(dice.choices(PIECES, k=dice.randint(1, most)))
    return dice.choice(HIDDEN)(plain) if dice.random() < 0.25 else plain


def child(dice: random.Random, a: Value, b: Value) -> Value:
    """A value made of two others, and changed."""
    pieces = list(a.pieces)
    at = dice.randrange(len(pieces))
    match dice.randrange(5):
        case 0:
            pieces.append(some(dice, 3))
        case 1:
            pieces.pop(at)
        case 2:
            pieces[at] += some(dice, 2)
        case 3:
            pieces = [*pieces[: at + 1], *b.pieces[-3:]]
        case _:
            pieces = [some(dice, 3) for _ in range(dice.randint(1, 4))]
    head = dice.choice((a.head, b.head, some(dice, 3), ""))
    tail = dice.choice((a.tail, b.tail, some(dice, 3), ""))
    return Value(head, tuple(piece[:80] for piece in pieces[:12]) or a.pieces, tail)


def search(seconds: float, dice: random.Random) -> list[tuple[float, Value]]:
    """The dearest values found, dearest first."""
    seeds = [Value("", (piece,), "") for piece in PIECES] + [
        Value("", tuple(dice.sample(PIECES, dice.randint(2, 6))), "") for _ in range(60)
    ]
    herd = sorted(((cost(value, LONG, dice), value) for value in seeds), key=lambda found: -found[0])[:KEPT]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        made = child(dice, dice.choice(herd[: KEPT // 2])[1], dice.choice(herd)[1])
        if all(made != kept for _, kept in herd):
            herd = sorted([*herd, (cost(made, LONG, dice), made)], key=lambda found: -found[0])[:KEPT]
    return sorted(((cost(value, LONG, dice, 7), value) for _, value in herd), key=lambda found: -found[0])


def main() -> None:
    """Prints the dearest values, as JSON lines."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    dice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)  # noqa: S311 - a search, not a secret
    for milliseconds, value in search(seconds, dice)[:8]:
        half = cost(value, LONG // 2, dice, 7)
        finding = inspect(value.text(LONG, dice))
        line = {
            "ms": round(milliseconds, 2),
            "growth": round(milliseconds / half, 2),
            "found": finding and finding.kind,
        }
        print(json.dumps({**line, "head": value.head, "pieces": value.pieces, "tail": value.tail}))


if __name__ == "__main__":
    main()
