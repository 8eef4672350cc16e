"""What is about the whole service: CORS, protective headers, TLS, what is served beyond the document."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from ringwall.scan.bench import Bench, Sent
from ringwall.scan.checks.points import Base
from ringwall.scan.model import AGENT, ANONYMOUS, SERVICE, Call, Reply

_PLACES = ("/docs", "/redoc", "/swagger", "/swagger-ui", "/swagger-ui.html", "/swagger-ui/index.html", "/ui", "/ui/",
           "/api-docs", "/graphql", "/graphiql",
           "/debug", "/debug/", "/debug/vars", "/debug/pprof/", "/debug/settings", "/debug/config", "/actuator",
           "/actuator/env", "/actuator/heapdump", "/env", "/.env", "/.git/config", "/config", "/settings",
           "/phpinfo.php",
           "/server-status", "/console", "/admin", "/metrics", "/trace", "/info", "/status", "/test",
           "/backup", "/dump", "/h2-console", "/elmah.axd")  # fmt: skip
_QUIET = frozenset({"/metrics", "/info", "/status", "/test", "/admin", "/console"})
_VERSION = re.compile(r"^(?P<before>/?(?:[\w-]+/)*?)v(?P<number>\d+)(?P<after>/.*)$")


def cors(bench: Bench, base: Base) -> None:
    """Whether a foreign origin is told that it may read replies made with the caller's credentials."""
    host = urlsplit(bench.client.url).hostname or ""
    random = f"https://{bench.dice.word('origin')}.example"
    unrelated = _from(bench, base, random)
    if _lets(unrelated.reply, random):
        bench.proved(
            "cors",
            SERVICE,
            "",
            f"Access-Control-Allow-Origin: {random}, with credentials",
            "any origin is reflected: this one was made up",
            unrelated.call,
        )
        return
    for origin in (
        f"https://{host}.{bench.dice.word('origin')}.example",
        f"https://{bench.dice.word('origin')}{host}",
        "null",
    ):
        sent = _from(bench, base, origin)
        if _lets(sent.reply, origin):
            bench.proved(
                "cors",
                SERVICE,
                "",
                f"Access-Control-Allow-Origin: {origin}, with credentials",
                f"the unrelated {random} is not allowed",
                sent.call,
            )
            return
    bench.refuted("cors", SERVICE, "made-up, look-alike and null origins are not allowed")


def _from(bench: Bench, base: Base, origin: str) -> Sent:
    return bench.send(replace(base.draft, more=(("Origin", origin),)))


def _lets(reply: Reply, origin: str) -> bool:
    return (
        reply.headers.get("access-control-allow-origin", "") == origin
        and reply.headers.get("access-control-allow-credentials", "").lower() == "true"
    )


def headers(bench: Bench, bases: list[Base]) -> None:
    """The headers that replies of each sort should have (OWASP's REST security cheat sheet)."""
    missing = 0
    for base in bases:
        reply = base.sent.reply
        for name, why in _missing(reply, secure=bench.client.secure, personal=base.draft.aim.public is False):
            missing += 1
            bench.proved(
                "headers",
                SERVICE,
                name,
                f"{base.draft.aim.key}: {why}",
                "seen in a valid reply",
                base.sent.call,
                f"Send `{name}` with every reply of this kind.",
            )
    if bases and not missing:
        bench.refuted("headers", SERVICE, f"{len(bases)} operations' replies have them")
    if bench.client.secure:
        bench.refuted("tls", SERVICE, "HTTPS, with a certificate that was verified")
    elif bench.client.host in ("localhost", "127.0.0.1", "::1"):
        bench.untested("tls", SERVICE, "plain HTTP on loopback")
    elif bases:
        bench.proved(
            "tls", SERVICE, "", "the service answers over plain HTTP", "credentials were sent so", bases[0].sent.call
        )


def _missing(reply: Reply, *, secure: bool, personal: bool) -> list[tuple[str, str]]:
    found, have = [], reply.headers
    page = reply.media == "text/html"
    if reply.body and have.get("x-content-type-options", "").lower() != "nosniff":
        found.append(("X-Content-Type-Options", "content without `nosniff`"))
    if page and "content-security-policy" not in have:
        found.append(("Content-Security-Policy", "a page without a policy"))
    if page and "x-frame-options" not in have and "frame-ancestors" not in have.get("content-security-policy", ""):
        found.append(("X-Frame-Options", "a page that may be framed"))
    if secure and "strict-transport-security" not in have:
        found.append(("Strict-Transport-Security", "HTTPS without it"))
    kept = have.get("cache-control", "").lower()
    if personal and reply.body and not any(word in kept for word in ("no-store", "private", "no-cache")):
        found.append(("Cache-Control", "a reply for an account that a cache may keep"))
    telling = [n for n in ("server", "x-powered-by", "x-aspnet-version") if re.search(r"\d+\.\d+", have.get(n, ""))]
    return found + [(name.title(), f"it tells a version: {have[name][:40]}") for name in telling]


def inventory(bench: Bench) -> None:
    """Usual places of documents, debugging and administration, and other versions of declared paths."""
    declared = {(a.op.base_path + a.op.api.path).rstrip("/") or "/" for a in bench.subject.aims}
    places = [p for p in _PLACES if p.rstrip("/") not in declared] + _versions(declared)
    nowhere = _get(bench, f"/{bench.dice.word('nowhere')}/{bench.dice.word('elsewhere')}").reply
    found = 0
    for place in places:
        sent = _get(bench, place)
        if sent.reply.fine and sent.reply.body and not _same(sent.reply, nowhere) and not _silent(place, sent.reply):
            found += 1
            bench.proved(
                "inventory",
                SERVICE,
                place,
                f"{place} answers {sent.reply.status} ({sent.reply.media}), undeclared",
                f"a path that cannot exist answers {nowhere.status}",
                sent.call,
            )
    if not found:
        bench.refuted("inventory", SERVICE, f"{len(places)} usual places answer nothing")


def _versions(declared: set[str]) -> list[str]:
    """One path of each declared version in the versions beside it."""
    made: dict[tuple[str, int], str] = {}
    for path in sorted(declared):
        found = _VERSION.match(path)
        if found is None or "{" in path:
            continue
        number = int(found["number"])
        for other in {number - 1, number - 2, number + 1} - {-1, -2}:
            candidate = f"{found['before']}v{other}{found['after']}"
            if candidate not in declared:
                made.setdefault((found["before"], other), candidate)
    return list(made.values())


def _get(bench: Bench, target: str) -> Sent:
    call = Call("GET", target, (AGENT, ("Accept", "*/*")), b"", ANONYMOUS)
    return Sent(call, bench.client.send(call))


def _same(reply: Reply, nowhere: Reply) -> bool:
    """Whether the place answers as nothing does: a page for everything."""
    return nowhere.fine and (reply.body == nowhere.body or abs(len(reply.body) - len(nowhere.body)) < 64)


def _silent(place: str, reply: Reply) -> bool:
    """Names that an honest page of another purpose may have: they need content that tells."""
    return place in _QUIET and reply.media not in ("application/json", "text/plain")
