"""Finds an API's operations where it has no document: follows what its pages, scripts and replies name.

Only GET requests to the one host, bounded in number, nothing whose path speaks of harm. What was found becomes an
OpenAPI document: numbers, UUIDs and the like in a path are its parameters; forms and calls in scripts are operations.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from ringwall.contract.api import JSON
from ringwall.contract.guess import spoken
from ringwall.scan.client import Client
from ringwall.scan.model import AGENT, Account, Call, Reply
from ringwall.scan.subject import HELD

MOST = 150
_STARTS = ("/", "/robots.txt", "/sitemap.xml", "/api", "/api/", "/docs", "/swagger", "/swagger-ui/index.html", "/v1")
_IDENTITY = re.compile(r"\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,}")
_IN_TEXT = re.compile(r"""["'`](/[A-Za-z][\w./\-{}$?=&]{1,120}|https?://[^"'`\s<>]{4,200})["'`]""")
_CALLS = re.compile(r"""(?:fetch|axios|request)\(\s*["'`]([^"'`]+)["'`]\s*,\s*\{(.{0,400}?)\}\s*\)""", re.DOTALL)
_METHOD = re.compile(r"""method\s*:\s*["'](\w+)["']""", re.IGNORECASE)
_SENT = re.compile(r"stringify\(\s*\{([^}]*)\}")
_STATIC = re.compile(r"\.(css|png|jpe?g|gif|svg|ico|woff2?|ttf|map|mp4|webp)$", re.IGNORECASE)
_METHODS = ("post", "put", "patch", "delete")


class _Links(HTMLParser):
    """The links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.links += [said[name] for name in ("href", "src") if said.get(name)]
        if tag == "form":
            self.forms.append((said.get("action", ""), said.get("method", "get").lower(), []))
        elif tag in ("input", "select", "textarea") and self.forms and said.get("name"):
            self.forms[-1][2].append(said["name"])


class Crawl:
    """One crawl. `document` is what was found, as OpenAPI 3.1; `declared` a document that the API serves itself."""

    def __init__(self, client: Client, account: Account) -> None:
        self._client, self._account = client, account
        self._waiting: deque[str] = deque(_STARTS)
        self._seen: set[str] = set()
        self._paths: dict[str, dict[str, JSON]] = {}
        self._nowhere = b""
        self.declared: bytes | None = None

    def run(self) -> dict[str, JSON]:
        """Crawl, and tell what was found. Raises Ended."""
        self._nowhere = self._get("/ringwall-nowhere-at-all").body
        while self._waiting and len(self._seen) < MOST and self.declared is None:
            target = self._waiting.popleft()
            shape = _template(urlsplit(target).path)[0]
            if sum(_template(urlsplit(s).path)[0] == shape for s in self._seen) < 3 and target not in self._seen:
                self._seen.add(target)
                self._visit(target)
        return {"openapi": "3.1.0", "info": {"title": "crawled", "version": "0"}, "paths": {**self._paths}}

    def _get(self, target: str) -> Reply:
        return self._client.send(Call("GET", target, (AGENT, ("Accept", "*/*")), b"", self._account))

    def _visit(self, target: str) -> None:
        reply = self._get(target)
        if reply.status in (301, 302, 303, 307, 308):
            self._follow(target, reply.headers.get("location", ""))
            return
        known = reply.fine or reply.status in (401, 403)
        if not known or not reply.body or reply.body == self._nowhere:
            return
        document = reply.document
        if isinstance(document, dict) and isinstance(document.get("paths"), dict):
            self.declared = reply.body
            return
        script = "javascript" in reply.media or target.endswith(".js")
        if not script and "html" not in reply.media and not target.endswith((".txt", ".xml")):
            self._operation("get", target, reply=document if reply.fine else None)
        for found in _named(reply, document):
            self._follow(target, found)
        if "html" in reply.media:
            self._page(target, reply.text)
        self._called(target, reply.text if script or "html" in reply.media else "")

    def _page(self, target: str, text: str) -> None:
        page = _Links()
        page.feed(text)
        for link in page.links:
            self._follow(target, link)
        for action, method, names in page.forms:
            self._form(urljoin(target, action), method, names)
        if urlsplit(target).query:
            self._operation("get", target)

    def _form(self, target: str, method: str, names: list[str]) -> None:
        local = self._local("/", target)
        if local and method == "get":
            self._operation("get", local, query=names)
        elif local:
            self._operation(method, local, sent=("application/x-www-form-urlencoded", names))

    def _called(self, target: str, script: str) -> None:
        """Calls that a script makes, with their method and what they send."""
        for url, options in _CALLS.findall(script):
            stated, sent = _METHOD.search(options), _SENT.search(options)
            local = self._local(target, re.sub(r"\$\{[^}]*\}", "1", url))
            names = [part.partition(":")[0].strip(" \"'") for part in sent[1].split(",")] if sent else []
            method = stated[1].lower() if stated else "get"
            if local and method in _METHODS:
                self._operation(method, local, sent=("application/json", [n for n in names if n.isidentifier()]))

    def _local(self, base: str, link: str) -> str | None:
        """The path and query of a link to the same host."""
        made = urlsplit(urljoin(self._client.url + base, link.strip()))
        if f"{made.scheme}://{made.netloc}" != self._client.url or _STATIC.search(made.path):
            return None
        return made.path + (f"?{made.query}" if made.query else "")

    def _follow(self, base: str, link: str) -> None:
        local = self._local(base, re.sub(r"\$?\{[^}]*\}", "1", link))
        if local and local not in self._seen and not set(spoken(local).split()) & {*HELD, "delete", "remove"}:
            self._waiting.append(local)

    def _operation(self, method: str, target: str, *, reply: JSON = None, query: list[str] | None = None,
                   sent: tuple[str, list[str]] | None = None) -> None:  # fmt: skip
        parts = urlsplit(target)
        template, names = _template(parts.path)
        asked = [*dict.fromkeys([name for name, _ in parse_qsl(parts.query, keep_blank_values=True)] + (query or []))]
        made = self._paths.setdefault(template, {})
        known = made.get(method)
        operation: dict[str, JSON] = known if isinstance(known, dict) else {"parameters": [
            {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]}  # fmt: skip
        parameters = operation["parameters"]
        held = {p["name"] for p in parameters if isinstance(p, dict)} if isinstance(parameters, list) else set()
        if isinstance(parameters, list):
            parameters += [{"name": n, "in": "query", "schema": {"type": "string"}} for n in asked if n not in held]
        if sent and sent[1]:
            fields: dict[str, JSON] = {name: {"type": "string"} for name in sent[1]}
            schema: JSON = {"type": "object", "properties": fields, "required": [*sent[1]]}
            operation["requestBody"] = {"content": {sent[0]: {"schema": schema}}}
        content: JSON = {"application/json": {"schema": _schema(reply)}} if reply is not None else {}
        operation["responses"] = {"200": {"description": "as seen", "content": content}}
        made[method] = operation


def _named(reply: Reply, document: JSON) -> Iterator[str]:
    """What a reply that is no page names: paths in JSON, in scripts, in robots.txt and site maps."""
    yield from _IN_TEXT.findall(reply.text[:500_000])
    if "xml" in reply.media:
        yield from re.findall(r"<loc>\s*([^<\s]+)", reply.text)
    elif reply.media == "text/plain":
        yield from re.findall(r"^(?:Dis)?allow:\s*(/[^\s*$]*)", reply.text, re.MULTILINE | re.IGNORECASE)


def _template(path: str) -> tuple[str, list[str]]:
    """A path with its identities as parameters, and the parameters' names."""
    made: list[str] = []
    names: list[str] = []
    for part in path.split("/"):
        if _IDENTITY.fullmatch(part):
            before = re.sub(r"\W", "", made[-1]) if made else ""
            names.append(f"{before.removesuffix('s') or 'object'}_id")
            part = f"{{{names[-1]}}}"
        made.append(part)
    return "/".join(made) or "/", names


def _schema(value: JSON, depth: int = 0) -> dict[str, JSON]:
    """The schema of a value that was seen."""
    if isinstance(value, Mapping) and depth < 4:
        return {"type": "object", "properties": {name: _schema(v, depth + 1) for name, v in value.items()}}
    if isinstance(value, list):
        return {"type": "array", "items": _schema(value[0], depth + 1) if value else {}}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {}
