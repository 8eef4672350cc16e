"""Loading a contract and the API that it speaks of, wherever that is: a file, a URL, or the application itself."""

from __future__ import annotations

import http.client
import importlib
import os
import sys
import traceback
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ringwall.adapters.hooks import install
from ringwall.adapters.inside import asgi_get, is_asgi, wsgi_get
from ringwall.contract.api import JSON
from ringwall.contract.document import parse
from ringwall.contract.model import Contract, Misconfigured
from ringwall.contract.parse import Source, load, read
from ringwall.core.message import Response

BYTES, SECONDS = 16 << 20, 20.0
PLACES = ("/openapi.json", "/swagger.json", "/api/openapi.json", "/openapi.yaml")


def import_app(target: str) -> Any:
    """The application that `module:attribute` names, from the current directory or what is installed.

    A factory (a callable of no parameters that is no application) is not called. The hooks come first, so that what
    the application opens while it is imported is watched too. Raises ImportError.
    """
    install()
    module, colon, attribute = target.partition(":")
    if not colon or not module or not attribute:
        raise ImportError(f"{target!r} is neither a URL nor module:app")
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as failure:
        raise ImportError(f"{target!r}: there is no module {failure.name!r}") from failure
    except Exception as failure:  # the application's own code runs here, and may fail in any way
        raise ImportError(f"{target!r}: {module} fails: {_failure(failure)}") from failure
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ImportError(f"{target!r}: {module} has no {attribute!r}")
        found = getattr(found, name)
    if not callable(found):
        raise ImportError(f"{target!r} is no application but a {type(found).__name__}")  # noqa: TRY004 - of what was named
    return found


def _failure(failure: Exception) -> str:
    """What failed and where, in one line."""
    if isinstance(failure, SyntaxError):
        return f"SyntaxError: {failure}"
    trace = traceback.extract_tb(failure.__traceback__)
    return f"{type(failure).__name__}: {failure} ({trace[-1].filename}:{trace[-1].lineno})"


def load_contract(
    path: str | Path, *, app: Any = None, openapi: str | None = None, upstream: str | None = None
) -> Contract:
    """The contract at `path`, bound to its API: `openapi` (a path or URL) where given, else what `api:` says; where
    that is `app`, the wrapped application is asked, or the upstream at the usual places.

    Raises Misconfigured with every mistake at once, OSError where the API's document cannot be had.
    """
    source: Source | None = openapi
    asks = openapi is None and _asks_application(Path(path))
    if asks and app is not None:
        source = document_of(app)
    elif asks and upstream is not None:
        source = _found_at(lambda place: fetch(upstream.rstrip("/") + place))
    return load(Path(path), openapi=source, fetch=fetch)


def document_of(app: Any) -> Source:
    """The OpenAPI document of an application: as it makes it itself (FastAPI), else where it serves it."""
    make = getattr(app, "openapi", None)
    if callable(make):
        made: dict[str, JSON] = make()
        return made
    get = asgi_get if is_asgi(app) else wsgi_get
    return _found_at(lambda place: _content(get(app, place)))


def fetch(url: str) -> bytes:
    """What stands at an http or https URL, bounded in size and time. Raises OSError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise OSError(f"{url}: not an http or https URL")
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as reply:  # noqa: S310 - the scheme was checked
            content: bytes = reply.read(BYTES + 1)
    except (http.client.HTTPException, ValueError) as failure:
        raise OSError(f"{url}: {type(failure).__name__}") from failure
    if len(content) > BYTES:
        raise OSError(f"{url}: more than {BYTES >> 20} MiB")
    return content


def _asks_application(path: Path) -> bool:
    """Whether the contract says `api: app`; one that cannot be read says nothing, and `load` then tells why."""
    try:
        stated = parse(read(path), str(path)).data
    except Misconfigured:
        return False
    return isinstance(stated, dict) and stated.get("api") == "app"


def _found_at(read: Callable[[str], bytes]) -> bytes:
    for place in PLACES:
        try:
            return read(place)
        except Exception:  # noqa: BLE001, S112 - the application itself is asked, and may fail in any way
            continue
    raise OSError(f"no OpenAPI document at {', '.join(PLACES)}: say where it is with --openapi")


def _content(response: Response) -> bytes:
    if response.status != 200 or not response.body:
        raise OSError(f"status {response.status}")
    return response.body
