"""What a fooled parser makes of a request: the careless reading that a strict one exists to refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import parse_qsl, unquote

from ringwall.core.known import Input, Known, Text
from ringwall.core.message import JSON, Head, QueryPair, RawHead, Request


def lenient_head(raw: RawHead, request_id: str) -> Head:
    """A head read as careless programs do: decoded as often as it takes, dot segments resolved, last header wins."""
    target = raw.target.decode("latin-1")
    path, _, query = target.partition("?")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in raw.headers}
    length = headers.get("content-length", "")
    clean = normpath(unquote(unquote(path)).split(";")[0]) or "/"
    segments = tuple(clean.lstrip("/").split("/"))
    return Head(
        method=raw.method.decode("latin-1").upper(),
        path="/" + "/".join(segments),
        segments=segments,
        query=tuple(QueryPair(n, v, v) for n, v in parse_qsl(query, keep_blank_values=True, errors="replace")),
        headers=headers,
        cookies=(),
        media_type=headers.get("content-type", "").split(";")[0].strip().lower(),
        charset="",
        length=int(length) if length.isdigit() else None,
        chunked="chunked" in headers.get("transfer-encoding", ""),
        host=headers.get("host", ""),
        client=raw.peer,
        secure=raw.secure,
        upgrade=raw.websocket,
        request_id=request_id,
        target=raw.target,
        raw_headers=raw.headers,
    )


def lenient_input(request: Request, known: Known) -> Input:
    """Parameters and content as they came, every text of them free: nothing is known of it."""
    query: dict[str, JSON] = {pair.name: pair.value for pair in request.head.query}
    body = _body(request)
    texts = [Text(f"/path/{name}", value, free=True) for name, value in known.params.items()]
    texts += [Text(f"/query/{pair.name}", pair.value, free=True) for pair in request.head.query]
    texts += [Text(pointer, value, free=True) for pointer, value in _leaves(body, "/body")]
    path: dict[str, JSON] = dict(known.params)
    return Input(path, query, {}, {}, body, tuple(texts), request.head.media_type)


def _body(request: Request) -> JSON:
    content = request.body or b""
    if request.head.media_type.endswith("json"):
        try:
            data: JSON = json.loads(content)
        except (ValueError, RecursionError):
            data = None
        return data
    if request.head.media_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    return content.decode("utf-8", "replace") or None


def _leaves(value: JSON, pointer: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > 32:
        return
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield f"{pointer}/{key}", key
            yield from _leaves(below, f"{pointer}/{key}", depth + 1)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _leaves(below, f"{pointer}/{index}", depth + 1)
