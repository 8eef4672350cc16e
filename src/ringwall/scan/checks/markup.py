"""Cross-site scripting: a tag that no page holds is in the parsed page, where a browser would act on it."""

from __future__ import annotations

from html.parser import HTMLParser

from ringwall.scan.bench import Bench
from ringwall.scan.checks.points import Base, placed, points, sent_by
from ringwall.scan.checks.writes import changeable
from ringwall.scan.model import Reply
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


def xss(bench: Bench, aim: Aim, base: Base) -> None:
    """What is reflected in a page, then what is stored and shown in it."""
    if base.sent.reply.media not in _MEDIA:
        bench.untested("xss", aim, "it answers with no page")
        return
    places = [p for p in points(bench, base) if p.text]
    for point in places:
        tag = bench.dice.word(f"tag{bench.label()}")
        value = f"\"'><{tag} x=1>"
        sent = sent_by(bench, placed(base, point, value))
        if acted_on(sent.reply, tag):
            bench.proved(
                "xss",
                aim,
                point.name,
                f"{point.where} {point.name} = {value!r} is a tag of the page",
                _PARSED,
                sent.call,
            )
            return
    if _stored(bench, aim, base):
        return
    bench.refuted("xss", aim, "no value came back as markup")


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
        tag = bench.dice.word(f"tag{bench.label()}")
        draft = bench.composer.draft(change, base.account, thing=thing, full=change.method == "PUT")
        page = bench.composer.draft(aim, base.account, thing=thing)
        if draft is None or page is None or not bench.send(draft.put("body", name, f"<{tag} x=1>")).reply.fine:
            continue
        shown = bench.send(page)
        if acted_on(shown.reply, tag):
            bench.proved("xss", aim, name, f"{name} set by {change.key} is a tag of the page", _PARSED, shown.call)
            return True
    return False
