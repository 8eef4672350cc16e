"""What a refused request holds all the same, read without judging: for a layer that only observes, and the drill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

from ringwall.core.known import Input, Known, Text
from ringwall.core.message import JSON, Request

_DEPTH = 32


def rough_input(request: Request, known: Known) -> Input:
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
    if depth > _DEPTH:
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
