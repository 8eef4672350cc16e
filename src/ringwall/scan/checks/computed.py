"""Commands, templates, deserialization, file paths: a value that only the target could have worked out comes back.

The product of two numbers that the request names apart, never together, is no echo; every hit is had twice, with other
numbers. Nothing here writes, deletes, or waits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ringwall.scan.bench import Bench, short
from ringwall.scan.checks.points import Base, Point, placed, points, sent_by
from ringwall.scan.forms import text_of
from ringwall.scan.subject import Aim

Probe = Callable[[str, int, int], str]
_PROBES: Mapping[str, tuple[Probe, ...]] = {
    "ssti": (
        lambda v, a, b: f"{{{{{a}*{b}}}}}${{{a}*{b}}}<%={a}*{b}%>#{{{a}*{b}}}",
        lambda v, a, b: f"{{{{{a}*{b}}}}}",
    ),
    "cmdi": (
        lambda v, a, b: f"{v};expr {a} \\* {b}",
        lambda v, a, b: f"{v}$(expr {a} \\* {b})",
        lambda v, a, b: f"{v}|expr {a} \\* {b}",
        lambda v, a, b: f"{v}\nexpr {a} \\* {b}",
    ),
    "deserialization": (lambda v, a, b: f'rw: !!python/object/apply:eval ["{a}*{b}"]',),
}
_FILES = ("../" * 10 + "etc/passwd", "/etc/passwd", "....//" * 10 + "etc/passwd")
_PASSWD = re.compile(r"^root:[^:\n]*:0:0:", re.MULTILINE)
_FILE_NAMES = re.compile(r"file|path|name|doc|template|page|dir|folder|leaf|image|report|lang|view", re.IGNORECASE)


def computed(bench: Bench, aim: Aim, base: Base) -> None:
    """Every text place of one operation against every probe."""
    places = [p for p in points(bench, base) if p.text]
    for kind, probes in _PROBES.items():
        usable = [p for p in places if p.where == "body"] if kind == "deserialization" else places
        if not usable:
            bench.untested(kind, aim, "no text parameter that could carry it")
        elif True not in [_tried(bench, base, usable, kind, probe) for probe in probes]:
            bench.refuted(kind, aim, f"nothing was worked out in {', '.join(p.name for p in usable)}")


def _tried(bench: Bench, base: Base, places: list[Point], kind: str, probe: Probe) -> bool:
    """Each place by itself; where every request makes an object, all places at once, each with numbers of its own."""
    if not bench.creates(base.draft.aim):
        return any(_worked_out(bench, base, point, kind, probe) for point in places)
    draft, products = base.draft, dict[str, Point]()
    for point in places:
        a, b = _numbers(bench)
        draft = draft.put(point.where, point.name, probe(text_of(point.value or "a"), a, b))
        products[str(a * b)] = point
    text = sent_by(bench, draft).reply.text
    hit = next((point for product, point in products.items() if product in text), None)
    return hit is not None and _worked_out(bench, base, hit, kind, probe)


def _numbers(bench: Bench) -> tuple[int, int]:
    return bench.dice.number(f"one{bench.label()}"), bench.dice.number(f"two{bench.label()}")


def _worked_out(bench: Bench, base: Base, point: Point, kind: str, probe: Probe) -> bool:
    value = text_of(point.value if point.value is not None else "a")
    for turn in range(2):
        a, b = _numbers(bench)
        text = probe(value, a, b)
        sent = sent_by(bench, placed(base, point, text))
        if str(a * b) not in sent.reply.text:
            return False
        if turn == 1:
            bench.proved(
                kind,
                base.draft.aim,
                point.name,
                f"{point.where} {point.name} = {short(text)!r} comes back with {a * b}",
                "the product stands nowhere in the request, and other numbers give theirs",
                sent.call,
            )
    return True


def path(bench: Bench, aim: Aim, base: Base) -> None:
    """A file that every Unix has, by climbing or by its whole name; a file that none has must not answer so."""
    places = [p for p in points(bench, base) if p.text and _FILE_NAMES.search(p.name) and p.where != "body"]
    if aim.method != "GET" or not places:
        bench.untested("path", aim, "no parameter that names a file")
        return
    for point in places:
        for name in _FILES:
            sent = sent_by(bench, placed(base, point, name))
            found = _PASSWD.search(sent.reply.text) if sent.reply.fine else None
            if found is None:
                continue
            other = sent_by(bench, placed(base, point, name.replace("passwd", bench.dice.word("nofile"))))
            if not _PASSWD.search(other.reply.text):
                bench.proved(
                    "path",
                    aim,
                    point.name,
                    f"{point.where} {point.name} = {name!r}: {found.group()}…",
                    "a file that does not exist there answers otherwise",
                    sent.call,
                )
                return
    bench.refuted("path", aim, f"no file from elsewhere by {', '.join(p.name for p in places)}")
