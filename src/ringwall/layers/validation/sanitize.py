"""Sanitation: fields that say `sanitize: true` are rewritten to what their format allows, before they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import nh3
import orjson

from ringwall.core.decode import query_pairs
from ringwall.core.known import Known
from ringwall.core.message import JSON, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.schema import ANYTHING, Bounds, Malformed, Node, decode
from ringwall.engines.schema.files import safe_filename
from ringwall.engines.schema.forms import Part, parts, written
from ringwall.engines.schema.text import canonical
from ringwall.layers.validation.media import Declared
from ringwall.layers.validation.reasons import FORM
from ringwall.layers.validation.settings import Settings

SCHEMES = {"http", "https", "mailto"}


def _html(text: str) -> str:
    """Markup of prose: no script, style, frame, form or handler; links to the web and to mail."""
    return nh3.clean(canonical(text), url_schemes=SCHEMES)


def _markdown(text: str) -> str:
    """Markdown whose raw HTML is that of prose; text without markup stays as it is, quotation marks too."""
    plain = canonical(text)
    if not nh3.is_html(plain):
        return plain
    return nh3.clean(plain, url_schemes=SCHEMES).replace("&gt;", ">").replace("&amp;", "&")


REWRITES: Mapping[str, Callable[[str], str]] = {
    "html": _html,
    "markdown": _markdown,
    "filename": safe_filename,
}


def rewrite(text: str, form: str) -> str:
    """Text of a format as it may stay. Formats without markup of their own are made canonical alone."""
    return REWRITES.get(form, canonical)(text)


def sanitizing(nodes: Mapping[str, Node], choose: Callable[..., Declared | Refuse | None], settings: Settings) -> (
    BodyCheck | None
):  # fmt: skip
    """The guard that rewrites JSON, forms and multipart of the given shapes; None where nothing in them asks for it."""
    stated = any(f.sanitize for resource in settings.resources.values() for f in resource.fields.values())
    mine = {key: node for key, node in nodes.items() if stated and _asks(node, set())}
    if not mine:
        return None
    bounds = settings.bounds

    def check(request: Request, known: Known) -> Verdict:
        declared = choose(request.head)
        if not isinstance(declared, Declared) or declared.key not in mine:
            return PASS
        lengths = [0, 0]
        body = rewritten(request, declared, lengths)
        if body is None or isinstance(body, Refuse):
            return body or PASS
        return Rewritten(request.with_body(body), f"sanitized {lengths[0]} to {lengths[1]} characters")

    def rewritten(request: Request, declared: Declared, lengths: list[int]) -> bytes | Refuse | None:
        node, content = mine[declared.key], request.body or b""
        match declared.kind:
            case "json":
                return _json(content, node, bounds, lengths)
            case "form":
                return _form(content, node, bounds.items, lengths)
            case "multipart":
                kind = request.head.headers.get("content-type", "")
                return _multipart(content, kind, node, settings.parts, lengths)
        return None

    return check


def _json(content: bytes, node: Node, bounds: Bounds, lengths: list[int]) -> bytes | None:
    """The content rewritten; None where nothing changed, or it is none (the next guard refuses it)."""
    found = decode(content, bounds)
    if isinstance(found, Malformed):
        return None
    value = _cleaned(found.value, node, lengths)
    return None if value is found.value else orjson.dumps(value)


def _form(content: bytes, node: Node, most: int, lengths: list[int]) -> bytes | None:
    """As `_json`, of a form: the fields that are texts by themselves, written anew in their order."""
    try:
        pairs = query_pairs(content, most)
    except ValueError:
        return None
    made = [(pair.name, _cleaned(pair.value, _field(node, pair.name), lengths)) for pair in pairs or ()]
    if all(value == pair.value for (_, value), pair in zip(made, pairs or (), strict=True)):
        return None
    return urlencode(made).encode("ascii")


def _multipart(content: bytes, kind: str, node: Node, most: int, lengths: list[int]) -> bytes | Refuse | None:
    """As `_form`, of multipart; files stay as they are. Text that would hold the boundary once clean is refused."""
    found = parts(content, kind, most)
    if found is None:
        return None
    made = [(part, _part(part, node, lengths)) for part in found]
    if all(content == part.content for part, content in made):
        return None
    return written(made, kind) or Refuse(FORM)


def _part(part: Part, node: Node, lengths: list[int]) -> bytes:
    if part.filename is not None:
        return part.content
    try:
        text = part.content.decode("utf-8")
    except UnicodeDecodeError:
        return part.content
    clean = _cleaned(text, _field(node, part.name), lengths)
    return clean.encode("utf-8") if isinstance(clean, str) and clean is not text else part.content


def _field(node: Node, name: str) -> Node:
    found = node.properties.get(name) or node.other or ANYTHING
    return found.items if found.items is not None and found.items is not ANYTHING else found


def _asks(node: Node, seen: set[int]) -> bool:
    if id(node) in seen or node is ANYTHING:
        return False
    seen.add(id(node))
    below = [*node.properties.values(), *(n for n in (node.items, node.other) if n is not None)]
    return node.sanitize or any(_asks(each, seen) for each in below)


def _cleaned(value: JSON, node: Node, lengths: list[int]) -> JSON:
    """The value with its sanitized texts rewritten; the same object where none changed."""
    if isinstance(value, str):
        return _clean_text(value, node, lengths) if node.sanitize else value
    if isinstance(value, dict):
        made = {k: _cleaned(v, node.properties.get(k) or node.other or ANYTHING, lengths) for k, v in value.items()}
        return made if any(made[k] is not v for k, v in value.items()) else value
    if isinstance(value, list):
        each = [_cleaned(v, node.items or ANYTHING, lengths) for v in value]
        return each if any(a is not b for a, b in zip(each, value, strict=True)) else value
    return value


def _clean_text(text: str, node: Node, lengths: list[int]) -> str:
    made = rewrite(text, node.format)
    if made == text:
        return text
    lengths[0] += len(text)
    lengths[1] += len(made)
    return made
