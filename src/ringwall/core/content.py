"""The content of a reply, as far as guards can read it: which kinds they can, inflated, and parsed once for all."""

from __future__ import annotations

from typing import Final

from ringwall.core.coding import inflate
from ringwall.core.message import JSON, Response
from ringwall.core.plan import Wall
from ringwall.core.verdict import Refuse

LINES: Final = frozenset(
    {b"application/x-ndjson", b"application/ndjson", b"application/jsonl", b"application/x-jsonlines"}
)
"""Media types of which each line is a JSON value."""


def checkable(response: Response) -> bool:
    """Whether guards can read this reply's content: JSON, text or markup, complete, and not a live stream."""
    if response.status == 206 or response.status < 200:
        return False
    media = response.media
    if media == b"text/event-stream":
        return False
    return (
        media == b"" or media in LINES or media.startswith(b"text/") or media.endswith((b"json", b"xml", b"javascript"))
    )


def plain(response: Response, wall: Wall, limit: int) -> Response | Refuse:
    """A whole reply without its content coding, at most `limit` bytes, and parsed where it is JSON: read once, for
    every reply guard. So is what looks like JSON under a vague media type."""
    inflated = inflate(response, limit)
    if isinstance(inflated, Refuse) or not inflated.body or not _is_json(inflated.media, inflated.body):
        return inflated
    data, parsed = _lines(inflated.body, wall) if inflated.media in LINES else wall.decode(inflated.body)
    return Response(inflated.status, inflated.headers, inflated.body, data, parsed)


def _lines(body: bytes, wall: Wall) -> tuple[JSON, bool]:
    """JSON of which each line is a value, as the list of them; not parsed where one of them is none."""
    told = [wall.decode(line) for line in body.split(b"\n") if line.strip()]
    return [data for data, _ in told], all(parsed for _, parsed in told)


def written(response: Response, wall: Wall) -> Response:
    """A reply with its parsed content written out, in lines where it came so."""
    if response.media in LINES and isinstance(response.data, list):
        return response.with_body(b"".join(wall.encode(line) + b"\n" for line in response.data))
    return response.with_body(wall.encode(response.data))


def _is_json(media: bytes, body: bytes) -> bool:
    vague = media in (b"", b"text/plain")
    return media.endswith(b"json") or media in LINES or (vague and body.lstrip()[:1] in (b"{", b"["))
