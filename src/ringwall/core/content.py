"""The content of a reply, as far as guards can read it: which kinds they can, inflated, and parsed once for all."""

from __future__ import annotations

from ringwall.core.coding import inflate
from ringwall.core.message import JSON, Response
from ringwall.core.pages import LINES, read_lines, write_lines
from ringwall.core.plan import Listed, Wall
from ringwall.core.split import Unreadable
from ringwall.core.table import TABLE, columns
from ringwall.core.verdict import Refuse


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


def is_list(response: Response, listed: Listed) -> bool:
    """Whether a reply to what lists objects is one by its media type, complete, and of a form that is known."""
    media = response.media
    form = media.endswith(b"json") or media in LINES or (listed.table and media == TABLE)
    return form and checkable(response)


def plain(response: Response, wall: Wall, limit: int, *, table: bool = False) -> Response | Refuse:
    """A whole reply without its content coding, at most `limit` bytes, and parsed where it is JSON (or a `table`, where
    it may be one): read once, for every reply guard. So is what looks like JSON under a vague media type."""
    inflated = inflate(response, limit)
    if isinstance(inflated, Refuse) or not inflated.body:
        return inflated
    media, body = inflated.media, inflated.body
    if table and media == TABLE:
        data, parsed = _rows(body)
    elif not _is_json(media, body):
        return inflated
    else:
        data, parsed = _lines(body, wall) if media in LINES else wall.decode(body)
    return Response(inflated.status, inflated.headers, body, data, parsed)


def _lines(body: bytes, wall: Wall) -> tuple[JSON, bool]:
    try:
        return read_lines(body, wall.decode), True
    except Unreadable:
        return None, False


def _rows(body: bytes) -> tuple[JSON, bool]:
    try:
        named, below = columns(body)
        return named.rows(below), True
    except ValueError:
        return None, False


def written(response: Response, wall: Wall) -> Response:
    """A reply with its parsed content written out, in the form in which it came."""
    data = response.data
    if response.media in LINES:
        return response.with_body(write_lines(data, wall.encode))
    if response.media == TABLE and isinstance(data, list):
        named, _ = columns(response.body or b"")
        return response.with_body(named.head() + named.written(data))
    return response.with_body(wall.encode(data))


def _is_json(media: bytes, body: bytes) -> bool:
    vague = media in (b"", b"text/plain")
    return media.endswith(b"json") or media in LINES or (vague and body.lstrip()[:1] in (b"{", b"["))
