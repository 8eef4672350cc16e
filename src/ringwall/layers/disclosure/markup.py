"""Live markup that comes in is known again when it comes out: reflected and stored cross-site scripting."""

from __future__ import annotations

import re2

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import BodyCheck, ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.disclosure.reasons import MARKUP

_EVENTS = (
    rb"(?:abort|after\w+|animation\w+|auxclick|before\w+|begin|blur|can\w+|change|click|close|context\w+|copy|cut|"
    rb"dblclick|drag\w*|drop|end|error|finish|focus\w*|fullscreen\w+|hashchange|input|invalid|key\w+|load\w*|message\w*|"
    rb"mouse\w+|page\w+|paste|play\w*|pointer\w+|popstate|progress|readystate\w+|repeat|reset|resize|scroll\w*|search|"
    rb"select\w*|show|start|storage|submit|timeupdate|toggle|touch\w+|transition\w+|unload|webkit\w+|wheel)"
)
_TAGS = (
    rb"(?:applet|audio|base|body|button|details|embed|form|frameset|iframe|input|link|math|meta|object|style|svg|video)"
)
_LIVE = re2.compile(
    rb"(?i)<script[\s/>]|[\s/\"'`]on" + _EVENTS + rb"\s*=|javascript:|<" + _TAGS + rb"[\s/>]|srcdoc\s*="
)


class Markup:
    """Live markup that came in, kept to be recognised when it comes out: a bounded memory, newest last.

    While detection and validation stand, next to nothing gets here; when they fail, this is what still knows.
    """

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[bytes, None] = {}

    def note(self, text: str) -> None:
        """Keep a text if a browser would run something in it: as an element, or out of a quoted attribute."""
        if not ("<" in text or '"' in text or "'" in text):
            return
        raw = text[:_KEPT_BYTES].encode("utf-8", "replace")
        if _LIVE.search(raw):
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
    media = response.media or b"text/html"
    return media.startswith((b"text/html", b"application/xhtml", b"image/svg"))
