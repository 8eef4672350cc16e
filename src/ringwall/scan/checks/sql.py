"""SQL and NoSQL injection, by difference: a true condition changes nothing, a false one does, time after time.

Every repetition has operands of its own and the order of the pair alternates, so neither an echo, a cache, a search by
words nor noise can pass for it. A failure or a time-out of the target is never called an injection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ringwall.contract.guess import is_sign_in
from ringwall.scan.bench import Bench, Sent, short
from ringwall.scan.checks.points import Base, Point, placed, points, sent_by, shape
from ringwall.scan.forms import text_of
from ringwall.scan.subject import Aim

_WIDEST = 8
"""Columns that a joined row is tried with."""
Pair = Callable[[str, str, str], str]
"""Value, operand, operand -> probe; equal operands make it true."""

_NARROW: tuple[Pair, ...] = (
    lambda v, a, b: f"{v}' AND '{a}' LIKE '{b}",
    lambda v, a, b: f"{v}%' AND '{a}' LIKE '{b}",
    lambda v, a, b: f"{v}') AND ('{a}' LIKE '{b}",
    lambda v, a, b: f'{v}" AND "{a}" LIKE "{b}',
)
_WIDE: tuple[Pair, ...] = (
    lambda v, a, b: f"{v}' OR '{a}' LIKE '{b}",
    lambda v, a, b: f"{v}') OR ('{a}' LIKE '{b}",
)


def _numeric(value: str, first: str, second: str) -> str:
    return f"{value} AND {sum(map(ord, first))}={sum(map(ord, second))}"


def sqli(bench: Bench, aim: Aim, base: Base) -> None:
    """Every text parameter of one operation, one after the other."""
    if bench.creates(aim) or (aim.method not in ("GET", "POST") and not is_sign_in(aim.op.api)):
        bench.untested("sqli", aim, "it writes: a pair of its replies cannot be compared")
        return
    tried = [p for p in points(bench, base) if "password" not in p.name.lower()]
    found = [
        _differs(bench, base, point) or _ordered(bench, base, point) or _united(bench, base, point) for point in tried
    ]
    if tried and not any(found):
        bench.refuted("sqli", aim, f"true or false makes no difference in {', '.join(p.name for p in tried)}")
    elif not tried:
        bench.untested("sqli", aim, "no parameter that could carry it")


def _differs(bench: Bench, base: Base, point: Point) -> bool:
    value = text_of(point.value if point.value is not None else "a")
    normal = _shape(bench, base, point, value, value)
    if normal is None or normal != _shape(bench, base, point, value, value):
        return False
    pairs = [*_NARROW, *([_numeric] if value.lstrip("-").isdecimal() else [])]
    for pair in pairs:
        if _holds(bench, base, point, pair, value, normal):
            return True
    if base.draft.aim.method != "GET":
        return False
    unknown = bench.dice.word(f"unknown{bench.label()}")
    nothing = _shape(bench, base, point, unknown, unknown)
    return any(_opens(bench, base, point, pair, unknown, nothing) for pair in _WIDE) if nothing else False


def _holds(bench: Bench, base: Base, point: Point, pair: Pair, value: str, normal: tuple[int, str]) -> bool:
    """True equals the plain value; false differs, always in the same way, which is how an unknown value differs."""
    random = None
    for turn in range(3):
        one, two = (bench.dice.word(f"operand{bench.label()}", 4) for _ in range(2))
        right, wrong = pair(value, one, one), pair(value, one, two)
        first, second = (right, wrong) if turn % 2 == 0 else (wrong, right)
        seen = {first: _shape(bench, base, point, first, value)}
        if turn == 0 and seen[right] != normal:
            return False
        seen[second] = _shape(bench, base, point, second, value)
        if seen[right] != normal or seen[wrong] in (None, normal) or random not in (None, seen[wrong]):
            return False
        unknown = f"{value}{bench.dice.number(one)}" if pair is _numeric else f"{value}{one}"
        random = random or _shape(bench, base, point, unknown, value)
        if seen[wrong] != random:
            return False
    probe = pair(value, "one", "one")
    _tell(bench, base, point, probe, "the true condition answers as the plain value, the false one does not (3 of 3)",
          "an unknown harmless value answers as the false condition does")  # fmt: skip
    return True


def _opens(bench: Bench, base: Base, point: Point, pair: Pair, unknown: str, nothing: tuple[int, str]) -> bool:
    """False answers as the unknown value; true gives more, the same each time."""
    more = None
    for turn in range(3):
        one, two = (bench.dice.word(f"operand{bench.label()}", 4) for _ in range(2))
        right, wrong = pair(unknown, one, one), pair(unknown, one, two)
        seen = {}
        for probe in (right, wrong) if turn % 2 == 0 else (wrong, right):
            seen[probe] = _shape(bench, base, point, probe, unknown)
        gained = seen[right]
        if gained is None or gained == nothing or seen[wrong] != nothing or more not in (None, gained):
            return False
        if not 200 <= gained[0] < 300 or len(gained[1]) <= len(nothing[1]):
            return False
        more = gained
    _tell(bench, base, point, pair(unknown, "one", "one"),
          "an unknown value OR a true condition answers with data, OR a false one with none (3 of 3)",
          "the unknown value alone answers as the false condition does")  # fmt: skip
    return True


def _united(bench: Bench, base: Base, point: Point) -> bool:
    """Where one quote makes a difference that two do not: a row that the probe computes comes back with the data."""
    if not point.text:
        return False
    value = text_of(point.value) if point.value is not None else "a"
    plain, odd, even = (bench.send(placed(base, point, f"{value}{marks}")).reply for marks in ("", "'", "''"))
    if odd.status == even.status or even.status >= 500 or plain.status >= 500:
        return False
    for join in ("'{0}'||'{1}'", "concat('{0}','{1}')"):
        for width in range(1, _WIDEST + 1):
            probe = _joined(bench, base, point, join, width)
            if probe and _joined(bench, base, point, join, width):
                _tell(bench, base, point, probe, "a row of computed words comes back (2 of 2)",
                      "the words stand nowhere in the request")  # fmt: skip
                return True
    return False


def _joined(bench: Bench, base: Base, point: Point, join: str, width: int) -> str | None:
    """A probe whose two words come back as one; None where they do not."""
    one, two = (bench.dice.word(f"union{bench.label()}", 6) for _ in range(2))
    columns = ",".join([join.format(one, two)] * width)
    probe = f"{bench.dice.word(f'none{bench.label()}')}' UNION SELECT {columns} -- "
    sent = bench.send(placed(base, point, probe))
    return probe if one + two in sent.reply.text else None


def _ordered(bench: Bench, base: Base, point: Point) -> bool:
    """A choice of columns: does a CASE pick between two of them?"""
    choices = point.schema.get("enum")
    words = [c for c in choices if isinstance(c, str) and c.isidentifier()] if isinstance(choices, list) else []
    plain = {word: _whole(bench, base, point, word) for word in words[:4]}
    pair = next(((v, w) for v in plain for w in plain if plain[v] and plain[w] and plain[v] != plain[w]), None)
    if pair is None:
        return False
    first, second = pair
    for turn in range(3):
        number = bench.dice.number(f"case{bench.label()}")
        for other, expected in ((number, first), (number + 1 + turn, second)):
            probe = f"(CASE WHEN {number}={other} THEN {first} ELSE {second} END)"
            if _whole(bench, base, point, probe) != plain[expected]:
                return False
    probe = f"(CASE WHEN 7=7 THEN {first} ELSE {second} END)"
    _tell(bench, base, point, probe, f"CASE WHEN chooses between {first} and {second} (3 of 3, both ways)",
          "each outcome is exactly that of the legal value")  # fmt: skip
    return True


def _shape(bench: Bench, base: Base, point: Point, probe: str, value: str = "") -> tuple[int, str] | None:
    """What the target makes of a probe; None where it failed, which says nothing. Echoes of the probe and of the plain
    value in it are blanked alike."""
    sent = sent_by(bench, placed(base, point, probe))
    if sent.reply.status in (0, 408, 425, 429) or sent.reply.status >= 500:
        return None
    return shape(sent.reply, (probe, value))


def _whole(bench: Bench, base: Base, point: Point, probe: str) -> tuple[int, str] | None:
    """The same without blanking: the name of a column stands in every row."""
    sent = sent_by(bench, placed(base, point, probe))
    return shape(sent.reply, ()) if sent.reply.fine else None


def _tell(bench: Bench, base: Base, point: Point, probe: str, what: str, control: str) -> None:
    draft = placed(base, point, probe)
    said = f"{point.where} {point.name} = {short(probe)!r}: {what}"
    bench.proved("sqli", draft.aim, point.name, said, control, draft.call())


def nosqli(bench: Bench, aim: Aim, base: Base) -> None:
    """Text properties that take a query operator instead of a text."""
    held = base.draft.body if isinstance(base.draft.body, dict) else {}
    names = [n for n, v in held.items() if isinstance(v, str)]
    if not names or "json" not in base.draft.media or bench.creates(aim) or aim.method != "POST":
        bench.untested("nosqli", aim, "no query by JSON text properties")
        return
    for _ in range(3):
        word = bench.dice.word(f"nosql{bench.label()}")
        plain = _asked(bench, base, dict.fromkeys(names, word))
        none = _asked(bench, base, {n: {"$eq": word} for n in names})
        every = _asked(bench, base, {n: {"$ne": word} for n in names})
        a, b, c = (shape(s.reply, (word,)) for s in (plain, none, every))
        if not (every.reply.fine and a == b != c and len(c[1]) > len(a[1])):
            bench.refuted("nosqli", aim, "operators in place of text find nothing more")
            return
    bench.proved(
        "nosqli",
        aim,
        ", ".join(names),
        f"{{'$ne': …}} for {', '.join(names)} answers with data (3 of 3)",
        "{'$eq': unknown} answers as the unknown text itself does",
        every.call,
    )


def _asked(bench: Bench, base: Base, values: dict[str, object]) -> Sent:
    held = base.draft.body if isinstance(base.draft.body, dict) else {}
    return bench.send(replace(base.draft, body={**held, **values}))  # type: ignore[dict-item]
