"""Whether a value of the request led a file path elsewhere: `..`, an absolute path, an XML entity (CWE-22, 611).

A value may name a file below the place that the application chose. What a path resolves to on disk is not asked.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

REASON: Final = "sinks.file"

_EXTERNAL: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)\b|<[\w:]*include\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\"([^\"<>]{1,1024})\"|'([^'<>]{1,1024})'")
_FILE_URL: Final = re.compile(r"file:/*(/[^\s\"'<>]*)", re.IGNORECASE)
_LONGEST: Final = 4096
"""PATH_MAX of Linux, in bytes; longer texts may still hold a URL or an entity."""


def path_escape(path: str, given: str) -> str | None:
    """The reason to refuse opening a path because of one value, or None."""
    path = path.replace("\\", "/")
    if any(_leads(path, name) for name in _names(given)):
        return REASON
    return REASON if any(path == name or path.endswith("/" + name) for name in _entities(given)) else None


def _names(given: str) -> Iterator[str]:
    """The value as a path, also as it reads once decoded again, and the paths of its file: URLs."""
    value = given.strip()
    if len(value) < 2 or len(value) > _LONGEST:
        pass
    elif "/" in value or "\\" in value or "%" in value or value == "..":
        yield value.replace("\\", "/")
        if "%" in value:
            again = unquote(value)
            yield again.replace("\\", "/")
            yield unquote(again).replace("\\", "/")
    for found in _FILE_URL.finditer(given):
        yield unquote(found.group(1))


def _leads(path: str, name: str) -> bool:
    """Whether this name took part in the path and leads out of where it was put."""
    if name.startswith(("/", "~")) or name[1:3] == ":/":
        return _absolute(path, name)
    return _upward(path, name)


def _absolute(path: str, name: str) -> bool:
    """An absolute name that the path is, or (two parts at least) begins with."""
    plain = posixpath.normpath(name)
    plain = "/" + plain.lstrip("/") if plain.startswith("/") else plain  # POSIX keeps two slashes apart
    if plain == "/":
        return False
    if path in (name, plain):
        return True
    return plain.count("/") > 1 and path.startswith((plain + "/", plain + "."))


def _upward(path: str, name: str) -> bool:
    """A name with `..` that stands in the path as it is, or whose end the path has once resolved."""
    if ".." not in name:
        return False
    if ".." in name.split("/") and (path == name or path.endswith("/" + name) or f"/{name}" in path):
        return posixpath.normpath(name).startswith("..") or ".." in path.split("/")
    tail = posixpath.normpath(name)
    if tail.startswith("../"):
        while tail.startswith("../"):
            tail = tail[3:]
        return tail not in ("", "..") and (path == tail or path.endswith("/" + tail))
    after = path.rpartition("../")[2]
    return "/../" in path and bool(after) and name.endswith(after)


def _entities(given: str) -> Iterator[str]:
    """What an XML text names between quotes, where it declares entities or includes."""
    if _EXTERNAL.search(given):
        for found in _QUOTED.finditer(given):
            name = found.group(1) or found.group(2)
            if "/" in name or "." in name:
                yield unquote(name.removeprefix("file://"))
