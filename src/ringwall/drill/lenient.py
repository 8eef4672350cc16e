"""What a fooled parser makes of a request: the careless reading that a strict one exists to refuse."""

from __future__ import annotations

from posixpath import normpath
from urllib.parse import parse_qsl, unquote

from ringwall.core.message import Head, QueryPair, RawHead


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
