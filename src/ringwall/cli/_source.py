"""Where an OpenAPI document comes from: a file, a URL, or an application that is asked in process.

Not a command. Every failure is a sentence (`click.UsageError`), never a traceback.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import io
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urljoin, urlsplit

import click

from ringwall.contract.api import JSON, Api
from ringwall.contract.document import SIZE
from ringwall.contract.model import Misconfigured, Problem
from ringwall.contract.openapi import load_api
from ringwall.contract.parse import Source, read

_SECONDS = 20
_USUAL = ("openapi.json", "api/openapi.json", "openapi.yaml", "api/v1/openapi.json", "api/v2/openapi.json",
          "swagger.json", "v3/api-docs", "api-docs", "docs/openapi.json", "swagger/v1/swagger.json",
          "api/schema/", "schema/", "api/schema/?format=json", "docs/api/schema/json/", "api/swagger.json")  # fmt: skip
_USUAL_BASES = ("/api", "/api/v1", "/api/v2", "/v1")
_PROBES = 3
_MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True)
class Found:
    """An API, what is doubtful in it, what a contract's `api:` says to find it again, and its document's place (or the
    document itself, of an application); `base_path` where it was found out, not declared."""

    api: Api
    problems: tuple[Problem, ...]
    reference: str
    source: Source
    base_path: str | None = None


def find(source: str, base_path: str | None = None) -> Found:
    """The API of a file, URL or `module:app`. Raises Misconfigured or click.UsageError."""
    if source.startswith(("http://", "https://")):
        return _of_url(source, base_path)
    if _MODULE.fullmatch(source) and not Path(source).exists():
        data, root = _of_application(source)
        base = base_path if base_path is not None else root or None
        api, problems = load_api(data, source, base=base)
        return Found(api, problems, "app", data, base)
    path = Path(source)
    api, problems = load_api(read(path), str(path), directory=path.parent, base=base_path)
    return Found(api, problems, source, path, base_path)


def fetch(url: str) -> bytes:
    """What a URL answers, bounded in size and time. Raises OSError."""
    if not url.startswith(("http://", "https://")):
        raise OSError("only http and https")
    try:
        request = urllib.request.Request(url, headers={"Accept": "application/json, application/yaml, */*;q=0.1"})  # noqa: S310 (checked above)
        with urllib.request.urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310
            return cast(bytes, reply.read(SIZE + 1))
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 (http.client and ssl raise many kinds; each is no answer)
        raise OSError(f"no usable answer: {type(error).__name__}") from None


def _document(content: bytes) -> bytes:
    """What was fetched, unless it is a page for people: mostly one that asks for a sign-in. Raises OSError."""
    if content.lstrip()[:1] == b"<":
        raise OSError("a page of HTML; where the document needs a sign-in, save it and give the file")
    return content


def _of_url(url: str, base_path: str | None) -> Found:
    bare = urlsplit(url).path in ("", "/")
    tried = [urljoin(url, name) for name in _USUAL] if bare else [url]
    for candidate in tried:
        try:
            content = _document(fetch(candidate))
            api, problems = load_api(content, candidate, base=base_path)
        except OSError as error:
            last = f"{candidate}: {getattr(error, 'reason', None) or error}"
        except Misconfigured:
            if not bare:
                raise
            last = f"{candidate}: no OpenAPI document"
        else:
            found = base_path if base_path is not None else _probed(api, candidate)
            return Found(api, problems, candidate, candidate, found)
    raise click.UsageError(f"No OpenAPI document there ({last}).")


def _probed(api: Api, url: str) -> str | None:
    """The base path that the operations seem to stand on where it is not the one that the document states: the root,
    the document's own directory, or one of those that are usual. None where the stated one answers, or none does."""
    plain = [o.path for o in api.operations if o.method == "GET" and "{" not in o.path and not o.parameters][:_PROBES]
    usual = dict.fromkeys(("", urlsplit(url).path.rsplit("/", 1)[0], *_USUAL_BASES))
    others = [base for base in usual if not any(base and path.startswith(f"{base}/") for path in plain)]
    answering = (
        base for base in (api.base_path, *others) if any(_answers(urljoin(url, base + path)) for path in plain)
    )
    found = next(answering, api.base_path)
    return None if found == api.base_path else found or "/"


def _answers(url: str) -> bool:
    """Whether something other than a page stands there: a single-page application answers every path with itself."""
    try:
        return re.match(rb"\s*<(?:!doctype html|html)\b", fetch(url), re.IGNORECASE) is None
    except urllib.error.HTTPError as error:
        return error.code != 404
    except OSError:
        return False


def _of_application(name: str) -> tuple[Mapping[str, JSON] | bytes, str]:
    """What an application says of itself, and the path that it is told it is mounted at."""
    app = _imported(name)
    root = getattr(app, "root_path", "")
    own = getattr(app, "openapi", None)
    try:
        if callable(own):
            data = json.loads(json.dumps(own()))
            return _with_spans(data, app), root if isinstance(root, str) else ""
        return _asked(app), ""
    except click.UsageError:
        raise
    except Exception as error:  # noqa: BLE001 (an application may fail in any way)
        raise click.UsageError(f"{name} gave no OpenAPI document: {type(error).__name__}: {error}") from None


def _imported(name: str) -> object:
    module, _, path = name.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found: object = importlib.import_module(module)
        for attribute in path.split("."):
            found = getattr(found, attribute)
    except Exception as error:  # noqa: BLE001 (this runs the user's own code)
        raise click.UsageError(f"{name} cannot be imported: {type(error).__name__}: {error}") from None
    return found


def _with_spans(data: JSON, app: object) -> dict[str, JSON]:
    """FastAPI's document forgets which parameters span slashes (`{x:path}`); its routes know."""
    made = data if isinstance(data, dict) else {}
    paths = made.get("paths")
    for route in getattr(app, "routes", ()):
        written, plain = getattr(route, "path", ""), getattr(route, "path_format", "")
        if ":path}" in written and isinstance(paths, dict) and plain in paths:
            paths[written] = paths.pop(plain)
    return made


def _asked(app: object) -> bytes:
    if not callable(app):
        raise click.UsageError("That is no application.")
    call = getattr(app, "__call__", app)  # noqa: B004 (the method itself is wanted, to see how it is called)
    is_async = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call)
    for name in _USUAL:
        status, body = asyncio.run(_asgi(app, f"/{name}")) if is_async else _wsgi(app, f"/{name}")
        if status == 200:
            return body
    raise click.UsageError("The application serves no OpenAPI document; give a file or a URL.")


async def _asgi(app: Callable[..., object], path: str) -> tuple[int, bytes]:
    """GET a path of an ASGI application, in process (ASGI 3.0, HTTP)."""
    status, body = 0, b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = cast(int, message["status"])
        elif message["type"] == "http.response.body" and len(body) <= SIZE:
            body += cast(bytes, message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "state": {},
    }  # fmt: skip
    await asyncio.wait_for(cast("Callable[..., asyncio.Future[None]]", app)(scope, receive, send), _SECONDS)
    return status, body


def _wsgi(app: Callable[..., object], path: str) -> tuple[int, bytes]:
    """GET a path of a WSGI application, in process (PEP 3333)."""
    from wsgiref.util import setup_testing_defaults

    environ: dict[str, object] = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    chunks = app(environ, lambda status, headers, info=None: statuses.append(status))
    body = b"".join(cast("list[bytes]", chunks))
    return (int(statuses[0].split()[0]) if statuses else 0), body
