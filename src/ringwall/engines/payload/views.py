"""The readings of one value: as it is, and after each plausible decoder, nested at most twice, under a byte budget.

A decoder runs only where its signs are seen, once on each reading, so the number of readings is a small constant
and their total length is bounded by `BUDGET`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringwall.engines.payload import decode
from ringwall.engines.payload.carriers import leaves
from ringwall.engines.payload.finding import View

DEPTH = 3
READINGS = 12
BUDGET = 192 * 1024

_STEPS: tuple[tuple[str, re.Pattern[str], decode.Decoder], ...] = (
    ("url", re.compile(r"%(?:u[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})"), decode.percent),
    ("html", re.compile(r"&(?:#[xX]?[0-9A-Fa-f]|[A-Za-z]{2,20}\d?;|(?i:lt|gt|quot|amp)\b)"), decode.entities),
    ("escape", re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{|[0-7]{2}|[nr]|[\"'/])"), decode.escapes),
    ("utf7", re.compile(r"\+A[A-Za-z0-9/]{2}"), decode.utf7),
    ("hex", re.compile(r"0[xX][0-9A-Fa-f]{2}(?![0-9A-Fa-f])[^\s,;)]{0,4}0[xX]|\.\.0[xX]"), decode.hex_prefix),
    ("css", re.compile(r"\\0{0,4}[2-7][0-9A-Fa-f](?![0-9A-Fa-f])"), decode.css),
    (
        "unicode",
        re.compile("[\xa0-\u02ff\u2000-\u30ff\ufb00-\ufeff\uff00-\uffff\U0001d400-\U0001d7ff]"),
        decode.best_fit,
    ),
    ("null", re.compile("[\x00\u200b-\u200d\u2060\ufeff]"), decode.invisible),
    ("base64", re.compile(r"(?:^|[=,:\s])[A-Za-z0-9+/_-]{12,}={0,2}(?:$|[&\s;])"), decode.from_base64),
)
_PLUS = re.compile(r"[\w'\")]\+[\w'\"(*-]|^\+|\+[|&;]|[|&;]\+")


def views(value: str) -> Iterator[View]:
    """`value`, then its decoded readings, breadth first, each different from those before."""
    queue = [View(value)]
    seen = {value}
    spent = 0
    for view in queue:
        spent += len(view.text)
        yield view
        if len(view.decoded) >= DEPTH or spent > BUDGET:
            continue
        for after in _next(view):
            if after.text and after.text not in seen and len(queue) < READINGS:
                seen.add(after.text)
                queue.append(after)


def _next(view: View) -> Iterator[View]:
    text, done = view.text, view.decoded
    for name, sign, decoder in _STEPS:
        if done.count(name) < (3 if name == "url" else 2) and sign.search(text):
            yield View(decoder(text), (*done, name), view.leaf)
    if "+" in text and " " not in text and "plus" not in done and _PLUS.search(text):
        yield View(decode.plus(text), (*done, "plus"), view.leaf)
    if not view.leaf:
        for name, leaf in leaves(text):
            yield View(leaf, (*done, name), True)
