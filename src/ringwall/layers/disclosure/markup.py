"""Live markup that comes in is known again when it comes out: reflected and stored cross-site scripting."""

from __future__ import annotations

import re2

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import BodyCheck, ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.disclosure.reasons import MARKUP

_LIVE = re2.compile(rb"(?i)<script[\s/>]|\son[a-z]{3,20}\s*=|javascript:|<iframe|<object|<embed|<svg[\s/>]|srcdoc\s*=")


class Markup:
    """Live markup that came in, kept to be recognised when it comes out: a bounded memory, newest last.

    While detection and validation stand, next to nothing gets here; when they fail, this is what still knows.
    """

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[bytes, None] = {}

    def note(self, text: str) -> None:
        """Keep a text if a browser would run something in it."""
        raw = text[:_KEPT_BYTES].encode("utf-8", "replace")
        if b"<" in raw and _LIVE.search(raw):
            self._seen[raw] = None
            while len(self._seen) > _KEPT:
                del self._seen[next(iter(self._seen))]

    def stands_in(self, page: bytes) -> bool:
        """Whether a page holds one of them, unescaped."""
        return any(raw in page for raw in list(self._seen))


_KEPT, _KEPT_BYTES = 500, 4096


def arrival_guard(markup: Markup) -> BodyCheck:
    """Take note of live markup on its way in."""

    def check(request: Request, known: Known) -> Verdict:
        for text in known.input.texts if known.input else ():
            if "<" in text.value:
                markup.note(text.value)
        return PASS

    return check


def echo_guard(markup: Markup) -> ReplyCheck:
    """Withhold a page in which markup of this request or an earlier one stands unescaped and would run."""

    def check(response: Response, known: Known) -> Verdict:
        if not response.body or not is_page(response):
            return PASS
        return Refuse(MARKUP) if markup.stands_in(response.body) else PASS

    return check


def is_page(response: Response) -> bool:
    """Whether a browser would run markup in it: HTML, or what it would take for HTML."""
    media = (response.get(b"content-type") or b"text/html").lower()
    return media.startswith((b"text/html", b"application/xhtml", b"image/svg"))
