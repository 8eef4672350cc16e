"""Cross-site scripting: a tag that no page holds is in the parsed page, where a browser would act on it."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

from ringwall.scan.bench import Bench, Sent
from ringwall.scan.checks.points import Base, Point, placed, points, sent_by
from ringwall.scan.checks.writes import changeable
from ringwall.scan.model import Reply
from ringwall.scan.pool import Thing
from ringwall.scan.subject import Aim
from ringwall.scan.values import kind_of, resolved

_INERT = frozenset({"textarea", "title", "style", "script", "noscript", "template", "xmp", "iframe", "noembed"})
_PARSED = "parsed as a start tag outside inert elements, served as HTML, no policy against inline script"
_MEDIA = ("text/html", "application/xhtml+xml", "image/svg+xml")


class _Page(HTMLParser):
    """Looks for one tag outside of elements whose content is inert text."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.found = False
        self._tag = tag
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _INERT:
            self._inside.append(tag)
        elif tag == self._tag and not self._inside:
            self.found = True

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()


def acted_on(reply: Reply, tag: str) -> bool:
    """Whether a browser would take the tag of a reply for markup, and script of its kind would run."""
    if reply.media not in _MEDIA or _forbids_inline(reply.headers.get("content-security-policy", "")):
        return False
    if reply.headers.get("content-disposition", "").lower().startswith("attachment"):
        return False
    page = _Page(tag)
    page.feed(reply.text)
    return page.found


def _forbids_inline(policies: str) -> bool:
    """Whether a Content-Security-Policy keeps inline script from running (CSP3, section 6.7.3.2)."""
    for policy in policies.replace("\n", ",").split(","):
        directives = {words[0].lower(): words[1:] for part in policy.split(";") if (words := part.lower().split())}
        sources = directives.get("script-src", directives.get("default-src"))
        strict = sources is not None and ("'unsafe-inline'" not in sources or any("'nonce-" in s for s in sources))
        if strict or "sandbox" in directives:
            return True
    return False


_CONTEXTS = (
    "\"'></title></textarea></script><img src=rw onerror=alert('{word}')>",
    "';alert('{word}');//",
    "\";alert('{word}');//",
    "\" autofocus onfocus=alert('{word}') x=\"",
    "' autofocus onfocus=alert(&quot;{word}&quot;) x='",
)
"""For a browser: as markup, in a script's text, in an attribute's value."""


def xss(bench: Bench, aim: Aim, base: Base) -> None:
    """What is reflected in a page, then what is stored and shown in it."""
    if base.sent.reply.media not in _MEDIA:
        bench.untested("xss", aim, "it answers with no page")
        return
    for point in (p for p in points(bench, base) if p.text):

        def reflected(value: str, point: Point = point) -> Sent:
            return sent_by(bench, placed(base, point, value))

        if _acted(bench, aim, point.name, f"{point.where} {point.name}", reflected):
            return
    if not _stored(bench, aim, base):
        bench.refuted("xss", aim, "no value came back as markup")


def _acted(bench: Bench, aim: Aim, name: str, where: str, shown: Callable[[str], Sent | None]) -> bool:
    """Whether a value is acted on: by the parsed page; with a browser, by script of the value's that ran in it."""
    if bench.browser is not None:
        return _ran(bench, aim, name, where, shown)
    tag = bench.dice.word(f"tag{bench.label()}")
    value = f"\"'><{tag} x=1>"
    sent = shown(value)
    if sent is None or not acted_on(sent.reply, tag):
        return False
    bench.proved("xss", aim, name, f"{where} = {value!r} is a tag of the page", _PARSED, sent.call)
    return True


def _ran(bench: Bench, aim: Aim, name: str, where: str, shown: Callable[[str], Sent | None]) -> bool:
    for context in _CONTEXTS:
        word = bench.dice.word(f"said{bench.label()}")
        sent = shown(context.format(word=word))
        if sent is None or sent.reply.media not in _MEDIA or bench.browser is None:
            return False
        if word in sent.reply.text and bench.browser.says(sent.call, sent.reply, word):
            what = f"{where} = {context.format(word=word)!r}: its script ran in Chromium"
            bench.proved("xss", aim, name, what, "a dialog said the word that only this value held", sent.call)
            return True
    return False


def _stored(bench: Bench, aim: Aim, base: Base) -> bool:
    """Markup written into a fresh object's free text by its owner, then shown in a page."""
    if not aim.slots:
        return False
    kind = aim.slots[-1][1]
    change = next((a for a in bench.subject.aims if a.method in ("PATCH", "PUT") and a.item and a.kind == kind), None)
    thing = bench.fresh(kind, base.account) if change else None
    if change is None or thing is None:
        return False
    asked = {n: resolved(s, bench.subject.api.schemas) for n, s in bench.subject.asked(change).items()}
    free = [n for n in changeable(bench, change, thing.values)
            if kind_of(asked[n]) == "string" and not {"pattern", "enum", "format"} & set(asked[n])]  # fmt: skip
    for name in free:

        def kept(value: str, change: Aim = change, thing: Thing = thing, name: str = name) -> Sent | None:
            draft = bench.composer.draft(change, base.account, thing=thing, full=change.method == "PUT")
            page = bench.composer.draft(aim, base.account, thing=thing)
            if draft is None or page is None or not bench.send(draft.put("body", name, value)).reply.fine:
                return None
            return bench.send(page)

        if _acted(bench, aim, name, f"{name} set by {change.key}", kept):
            return True
    return False
