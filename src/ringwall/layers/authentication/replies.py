"""What the application's replies hold of its own credentials: found, taken out, and ours put where they stood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ringwall.contract.logins import Place, UpstreamLogin
from ringwall.contract.upstream import steps, values_at
from ringwall.core.message import JSON, Header, Response
from ringwall.core.upstream import Held, Issued

_LONGEST: Final = 8192
WITHHELD: Final = "withheld-by-ringwall"
"""What stands in a reply where the application repeated its token."""


def taken(response: Response, login: UpstreamLogin, before: Held | None = None) -> Held | None:
    """What a reply gives: a token, perhaps another refresh token, cookies. None where it holds no token.

    `before` is what the session had: a refresh token that is not replaced, and cookies that are not, stay.
    """
    token = found(response, login.token, login.scheme)
    if token is None:
        return None
    refresh = found(response, Place("body", login.refresh_token), "") if login.refresh_token is not None else None
    cookies = jar(before.cookies if before else {}, response, login)
    return Held(token, refresh or (before.refresh if before else ""), cookies)


def found(response: Response, place: Place, scheme: str) -> str | None:
    """The token at its place, without the scheme before it; None for what could not be sent as a header."""
    text = _text(response, place)
    if text is None or not text.isascii() or not text.isprintable() or not 0 < len(text) <= _LONGEST:
        return None
    if scheme and text.lower().startswith(scheme.lower() + " "):
        text = text[len(scheme) + 1 :].strip(" ")
    return text if text and not set(text) & set(' ,;"') else None


def jar(before: Mapping[str, str], response: Response, login: UpstreamLogin) -> dict[str, str]:
    """The cookies of a session after a reply; that of the token itself is kept as the token."""
    after = dict(before)
    for name, (value, ended) in cookies(response).items():
        after.pop(name, None)
        if not ended and not (login.carrier.where == "cookie" and name == login.carrier.name):
            after[name] = value
    return after


def cookies(response: Response) -> dict[str, tuple[str, bool]]:
    """The cookies that a reply sets (RFC 6265, section 4.1): value, and whether it only ends one."""
    told: dict[str, tuple[str, bool]] = {}
    for name, content in response.headers:
        if name.lower() != b"set-cookie":
            continue
        pair, *attributes = (part.strip() for part in content.decode("latin-1").split(";"))
        key, _, value = pair.partition("=")
        stated = {a.partition("=")[0].lower(): a.partition("=")[2].strip() for a in attributes}
        ended = not value or stated.get("max-age", "1").lstrip("-") == "0" or stated.get("max-age", "").startswith("-")
        ended = ended or "1970" in stated.get("expires", "")
        if key:
            told[key.strip()] = (value.strip('"'), ended)
    return told


def given(response: Response, login: UpstreamLogin, held: Held, issued: Issued, *, secure: bool) -> Response:
    """The reply with our tokens wherever the application's stood, and without its cookies."""
    swaps = {held.token: issued.token, **({held.refresh: issued.refresh} if held.refresh and issued.refresh else {})}
    headers = [(n, _swapped(v, swaps)) for n, v in response.headers if n.lower() != b"set-cookie"]
    if login.token.where == "cookie":
        headers.append(_cookie(login.token.name, issued, secure=secure))
    return swapped(response.with_headers(tuple(headers)), swaps)


def withheld(response: Response, login: UpstreamLogin, held: Held) -> Response:
    """The reply without the application's own credentials, where it repeats or renews them, and without its cookies."""
    swaps = {text: WITHHELD for text in (held.token, held.refresh) if text}
    dropped = {b"set-cookie", login.token.name.encode()} if login.token.where == "header" else {b"set-cookie"}
    headers = tuple((n, _swapped(v, swaps)) for n, v in response.headers if n.lower() not in dropped)
    return swapped(response if headers == response.headers else response.with_headers(headers), swaps)


def swapped(response: Response, swaps: Mapping[str, str]) -> Response:
    """The reply with texts put in the place of others, wherever they stand in its content."""
    body = response.body
    if not body or not any(old.encode() in body or (b"\\" in body and "/" in old) for old in swaps):
        return response
    return (
        response.with_data(_walked(response.data, swaps))
        if response.parsed
        else response.with_body(_swapped(body, swaps))
    )


def put(response: Response, pointer: str, text: str) -> Response:
    """The reply with a text at a pointer into its JSON object, where nothing stands: a document that does not declare
    its own token would have it left out."""
    if not response.parsed or next(values_at(response.data, pointer), None) is not None or not steps(pointer):
        return response
    return response.with_data(_put(response.data, steps(pointer), text))


def _put(data: JSON, path: tuple[str, ...], text: str) -> JSON:
    if not path:
        return text
    if isinstance(data, list):
        return data
    members = data if isinstance(data, dict) else {}
    return {**members, path[0]: _put(members.get(path[0]), path[1:], text)}


def _text(response: Response, place: Place) -> str | None:
    if place.where == "header":
        value = response.get(place.name.encode())
        return value.decode("latin-1") if value is not None else None
    if place.where == "cookie":
        content, ended = cookies(response).get(place.name, ("", True))
        return None if ended else content
    if not response.parsed:
        return response.body.decode("latin-1").strip() if response.body and not place.name else None
    told = next(values_at(response.data, place.name), None)
    return told if isinstance(told, str) else None


def _walked(data: JSON, swaps: Mapping[str, str]) -> JSON:
    if isinstance(data, str):
        return _replaced(data, swaps)
    if isinstance(data, list):
        return [_walked(each, swaps) for each in data]
    return {name: _walked(value, swaps) for name, value in data.items()} if isinstance(data, dict) else data


def _replaced(text: str, swaps: Mapping[str, str]) -> str:
    for old, new in swaps.items():
        text = text.replace(old, new)
    return text


def _swapped(content: bytes, swaps: Mapping[str, str]) -> bytes:
    for old, new in swaps.items():
        content = content.replace(old.encode(), new.encode())
    return content


def _cookie(name: str, issued: Issued, *, secure: bool) -> Header:
    """Our token as a cookie that no script reads and no other site sends, for as long as the session lasts."""
    life = int(issued.session.expires - issued.session.created)
    marks = f"Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return (b"set-cookie", f"{name}={issued.token}; {marks}".encode("latin-1", "replace"))
