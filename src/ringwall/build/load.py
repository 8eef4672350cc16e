"""Loading a contract and the API that it speaks of, wherever that is: a file, a URL, or the application itself."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from ringwall.contract.model import Contract
from ringwall.contract.parse import load

BYTES, SECONDS = 16 << 20, 20.0
PLACES = ("/openapi.json", "/swagger.json", "/api/openapi.json", "/openapi.yaml")


def import_app(target: str) -> Any:
    """The application that `module:attribute` names, from the current directory or what is installed.

    A factory (a callable of no parameters that is no application) is not called. Raises ImportError.
    """
    module, colon, attribute = target.partition(":")
    if not colon or not module or not attribute:
        raise ImportError(f"{target!r} is neither a URL nor module:app")
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as failure:
        raise ImportError(f"{target!r}: there is no module {failure.name!r}") from failure
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ImportError(f"{target!r}: {module} has no {attribute!r}")
        found = getattr(found, name)
    return found


def load_contract(
    path: str | Path, *, app: Any = None, openapi: str | None = None, upstream: str | None = None
) -> Contract:
    """The contract at `path`, bound to its API: `openapi` (a path or URL) where given, else what `api:` says, where
    `app` asks the wrapped application (or the upstream, at the usual places).

    Raises Misconfigured with every mistake at once.
    """
    path = Path(path)
    if openapi is not None:
        return load(path, openapi=_read_api(openapi))
    if app is not None or upstream is not None:
        return load(path, openapi=lambda: _asked(app, upstream, path), fetch=fetch)
    return load(path, fetch=fetch)
