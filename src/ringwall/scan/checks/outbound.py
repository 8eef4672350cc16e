"""What a target is made to reach or to send its callers to: SSRF, external entities, open redirects."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from ringwall.contract.guess import is_sign_in
from ringwall.scan.bench import Bench
from ringwall.scan.checks.points import Base, placed, points, sent_by
from ringwall.scan.subject import Aim, login_names

_URLS = re.compile(r"url|uri|link|href|callback|hook|feed|host|image|avatar|src|source|fetch|proxy|remote|site|domain"
                   r"|(^|_)api($|_)|[a-z]Api$|endpoint|server|address|target|dest|import|upstream|gateway|icon|logo|photo"
                   r"|picture|document|file|path|service", re.IGNORECASE)  # fmt: skip
_WAYS = re.compile(r"^(to|next|go|goto|url|uri|continue|dest|destination|redirect\w*|return\w*|back|forward|target)$",
                   re.IGNORECASE)  # fmt: skip
_WAIT_S = 0.3


def ssrf(bench: Bench, aim: Aim, base: Base) -> None:
    """An address of the scanner's own listener, used once: is it fetched?"""
    places = [
        p for p in points(bench, base) if p.schema.get("format") in ("uri", "url") or (p.text and _URLS.search(p.name))
    ]
    for point in places:
        word = bench.dice.word(f"ssrf{bench.label()}", 16)
        sent = sent_by(bench, placed(base, point, bench.listener.url(word)))
        if bench.listener.hit(word, _WAIT_S):
            told = "; its answer comes back" if word[::-1] in sent.reply.text else ""
            bench.proved(
                "ssrf",
                aim,
                point.name,
                f"the target fetched {bench.listener.url(word)}{told}",
                "the address was made for this one request and used nowhere else",
                sent.call,
            )
            return
    if places:
        bench.refuted("ssrf", aim, f"the listener was not reached by {', '.join(p.name for p in places)}")
    else:
        bench.untested("ssrf", aim, "no parameter that names an address")


def sprinkle(bench: Bench, aim: Aim, base: Base) -> None:
    """Addresses of the listener in every free text at once, each used once: what a property is called need not tell
    that it is fetched, and it may be fetched later. `late` looks which were."""
    names = login_names(bench.subject, aim) or ()
    free = [p for p in points(bench, base) if p.text and p.where != "path" and not is_sign_in(aim.op.api)
            and p.name not in names
            and not ({"pattern", "enum"} & set(p.schema)) and "password" not in p.name.lower()
            and p.schema.get("format") in (None, "uri", "url")]  # fmt: skip
    draft, made = base.draft, dict[str, str]()
    for point in free:
        word = bench.dice.word(f"sprinkled{bench.label()}", 16)
        draft, made[word] = draft.put(point.where, point.name, bench.listener.url(word)), point.name
    if made:
        sent = sent_by(bench, draft)
        bench.sprinkled.extend((word, aim, name, sent) for word, name in made.items())


def late(bench: Bench) -> None:
    """The sprinkled addresses that were fetched by now."""
    wait = _WAIT_S
    for word, aim, name, sent in bench.sprinkled:
        if bench.listener.hit(word, wait):
            said = "the address was made for this property of this one request and used nowhere else"
            bench.proved("ssrf", aim, name, f"the target fetched {bench.listener.url(word)}", said, sent.call)
        wait = 0.0


def xxe(bench: Bench, aim: Aim, base: Base) -> None:
    """An external entity that points at the listener."""
    if "xml" not in base.draft.media:
        bench.untested("xxe", aim, "no XML body")
        return
    word = bench.dice.word(f"xxe{bench.label()}", 16)
    held = base.draft.body if isinstance(base.draft.body, dict) else {}
    inner = "".join(f"<{name}>&rw;</{name}>" for name in held)
    entity = f'<!ENTITY rw SYSTEM "{bench.listener.url(word)}">'
    raw = f'<?xml version="1.0"?><!DOCTYPE document [{entity}]><document>{inner}</document>'.encode()
    sent = sent_by(bench, replace(base.draft, raw=raw))
    if bench.listener.hit(word, _WAIT_S):
        bench.proved(
            "xxe",
            aim,
            "body",
            f"the parser fetched {bench.listener.url(word)}",
            "the address was made for this one request and used nowhere else",
            sent.call,
        )
    else:
        bench.refuted("xxe", aim, f"{sent.reply.status}, and the listener was not reached")


def redirect(bench: Bench, aim: Aim, base: Base) -> None:
    """A foreign host in the place of a way back: does `Location` lead there?"""
    places = [p for p in points(bench, base) if p.where == "query" and p.text and _WAYS.match(p.name)]
    if aim.method != "GET" or not places:
        bench.untested("redirect", aim, "no parameter that names a way")
        return
    for point in places:
        host = f"{bench.dice.word(f'redirect{bench.label()}')}.invalid"
        for value in (f"https://{host}/", f"//{host}/"):
            sent = sent_by(bench, placed(base, point, value))
            location = sent.reply.headers.get("location", "")
            if 300 <= sent.reply.status < 400 and urlsplit(location).hostname == host:
                bench.proved(
                    "redirect",
                    aim,
                    point.name,
                    f"Location: {location}",
                    "the host is one that only this request named",
                    sent.call,
                )
                return
    bench.refuted("redirect", aim, "no foreign host in Location")
