"""The readings of one value: as it is, and after each plausible decoder, nested at most twice, under a byte budget.

A decoder runs only where its signs are seen, once on each reading, so the number of readings is a small constant
and their total length is bounded by `BUDGET`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ringwall.engines.payload import decode
from ringwall.engines.payload.carriers import leaves
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.gate import Gate

DEPTH = 3
READINGS = 12
BUDGET = 192 * 1024
LONG = 12 * 1024  # beyond this the decoders run one after another, and only what all together make is read

# (decoder's name, sign that wakes it, decoder); the signs are read together by one automaton
_STEPS: tuple[tuple[str, str, decode.Decoder], ...] = (
    ("url", r"%(?:u[0-9a-f]{4}|[0-9a-f]{2})", decode.percent),
    ("stray", r"(?:%[a-z(),'\" =*.;-]){4}", decode.stray_percent),
    ("html", r"&(?:#x?[0-9a-f]|[a-z]{2,20}\d?;|(?:lt|gt|quot|amp)\b)", decode.entities),
    ("escape", r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{|[0-7]{2}|[nr]|[\"'/])", decode.escapes),
    ("utf7", r"\+A[a-z0-9/]{2}", decode.utf7),
    ("hex", r"0x[0-9a-f]{2}[^\s,;)0-9a-f]{0,4}0x|\.\.0x", decode.hex_prefix),
    ("css", r"\\0{0,4}[2-7][0-9a-f]", decode.css),
    ("unicode", r"[\xc2-\xcb\xe2\xe3\xef]|\xf0\x9d", decode.best_fit),
    ("null", r"\x00|\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf", decode.invisible),
    ("base64", r"(?:^|[=,:\s])[a-z0-9+/_-]{12}[a-z0-9+/_-]*={0,2}(?:$|[&\s;])", decode.from_base64),
)
_SIGNS = Gate((tuple((number, (sign,)) for number, (_, sign, _) in enumerate(_STEPS)),))
_PLUS = re.compile(r"[\w'\")]\+[\w'\"(*-]|^\+|\+[|&;]|[|&;]\+")


def views(value: str) -> Iterator[View]:
    """`value`, then its decoded readings, breadth first, each different from those before."""
    if len(value) > LONG:
        yield from _together(View(value, lined="\n" in value or "\r" in value))
        return
    queue = [View(value, lined="\n" in value or "\r" in value)]
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


def _together(view: View) -> Iterator[View]:
    """A long value as it is, then after every decoder whose signs it shows, once and again."""
    yield view
    for _ in range(DEPTH - 1):
        after = _decoded(view)
        if after.text == view.text:
            return
        yield after
        view = after


def _decoded(view: View) -> View:
    """`view` after each decoder whose signs it shows, one after another; base64 adds what it holds."""
    text, done = view.text, list(view.decoded)
    for number in _SIGNS.awake(text):
        name, _, decoder = _STEPS[number]
        if name == "base64" and name in done:
            continue
        after = decoder(text)
        if after and after != text:
            text = f"{text}\n{after}" if name == "base64" else after
            done.append(name)
    return replace(view, text=text, decoded=tuple(done))


def _next(view: View) -> Iterator[View]:
    text, done = view.text, view.decoded
    for number in _SIGNS.awake(text):
        name, _, decoder = _STEPS[number]
        if done.count(name) < (3 if name == "url" else 2):
            yield replace(view, text=decoder(text), decoded=(*done, name))
    if "+" in text and " " not in text and "plus" not in done and _PLUS.search(text):
        yield replace(view, text=decode.plus(text), decoded=(*done, "plus"))
    if not view.leaf:
        for name, leaf in leaves(text):
            yield replace(view, text=leaf, decoded=(*done, name), leaf=True)
