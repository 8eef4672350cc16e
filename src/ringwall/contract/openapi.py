"""An OpenAPI document (3.0, 3.1; 2.0 by `swagger2`) as an `Api`. No network: URLs are fetched by whoever calls.

A flaw of the document closes the operations that it touches and is told as a warning; the others work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

from ringwall.contract import operations
from ringwall.contract.api import JSON, Api, ApiOperation
from ringwall.contract.dialect import Schemas
from ringwall.contract.document import Document, parse
from ringwall.contract.model import Misconfigured, Problem
from ringwall.contract.overlay import overlaid
from ringwall.contract.references import Library, Place, Unresolved
from ringwall.contract.swagger2 import upgrade
from ringwall.contract.templates import BadTemplate, base_path, canonical, outline

Dialect = Literal["2.0", "3.0", "3.1"]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def load_api(
    source: str | bytes | Mapping[str, JSON],
    name: str,
    *,
    directory: Path | None = None,
    base: str | None = None,
    overlays: Sequence[Document] = (),
) -> tuple[Api, tuple[Problem, ...]]:
    """The API that a document describes, and what is doubtful in it.

    `source` is the document's text or its data, `name` the file or URL for messages. References to files are
    followed below `directory`. `base` stands in for what `servers` says, `overlays` state what the document forgot.
    Raises Misconfigured where it is no OpenAPI document at all, or an overlay is none.
    """
    document = parse(source, name) if isinstance(source, (str, bytes)) else _held(source, name)
    document, doubts = overlaid(document, overlays) if overlays else (document, ())
    dialect = _dialect(document)
    if dialect == "2.0" and isinstance(document.data, dict):
        document = _upgraded(document, document.data)
    api, problems = _Reader(document, dialect, directory).api(base)
    return api, (*doubts, *problems)


def _held(source: Mapping[str, JSON], name: str) -> Document:
    """Data that an application handed over, read from its own JSON so that it is bounded like any other."""
    try:
        return parse(json.dumps(source), name)
    except (TypeError, ValueError, RecursionError):
        raise Misconfigured((Problem(Document(name, None).at(), "no JSON", "an OpenAPI document"),)) from None


def _upgraded(document: Document, data: dict[str, JSON]) -> Document:
    made = document.converted(upgrade(data))
    made.problems = document.problems
    return made


def _dialect(document: Document) -> Dialect:
    data = document.data
    if not isinstance(data, dict):
        raise Misconfigured((Problem(document.at(), "no mapping", "an OpenAPI document"),))
    version = str(data.get("openapi", data.get("swagger", "")))
    if version.startswith("2."):
        return "2.0"
    if version.startswith("3.0"):
        return "3.0"
    if version.startswith("3."):
        return "3.1"
    found = f"version {version[:40]!r}" if version else "no `openapi`"
    at = document.at(("openapi",) if "openapi" in data else ("swagger",))
    raise Misconfigured((Problem(at, found, "`openapi: 3.0.x` or `3.1.x`, or `swagger: '2.0'`"),))


class _Reader:
    """One document on its way to an Api, and the warnings found on the way."""

    def __init__(self, document: Document, dialect: Dialect, directory: Path | None) -> None:
        self.document = document
        self.dialect = dialect
        self.library = Library(document, directory)
        self.schemas = Schemas(self.library, siblings=dialect == "3.1")
        self.problems = [replace(problem, warning=True) for problem in document.problems]
        self.top = Place(document, (), document.data)

    def api(self, base: str | None) -> tuple[Api, tuple[Problem, ...]]:
        drafts = list(self._drafts())
        self.schemas.break_cycles()
        made = [self._finished(draft) for draft in drafts]
        self._tell_doubts()
        self._tell_ids(made)
        info = self.top.below("info").value
        about = info if isinstance(info, dict) else {}
        api = Api(
            title=str(about.get("title", "")),
            version=str(about.get("version", "")),
            dialect=self.dialect,
            source=self.document.file,
            base_path=self._base() if base is None else base,
            operations=tuple(self._apart(made)),
            schemas={name: unit.schema for name, unit in self.schemas.units.items()},
            security=self._security(),
        )
        return api, tuple(self.problems)

    def warn(self, place: Place, found: str, expected: str) -> None:
        at = place.document.at(place.path, key=True)
        self.problems.append(Problem(at, found, expected, warning=True))

    def _drafts(self) -> Iterator[operations.Draft]:
        paths = self.top.below("paths")
        if paths.value is None:
            self.warn(self.top, "no `paths`", "operations")
        elif not isinstance(paths.value, dict):
            self.warn(paths, "`paths` that are no mapping", "operations by path")
        for path in paths.value if isinstance(paths.value, dict) else ():
            if not path.startswith("x-"):
                yield from self._of_path(path, paths.below(path))

    def _of_path(self, path: str, written: Place) -> Iterator[operations.Draft]:
        try:
            item = self.library.resolve(written)
        except Unresolved as error:
            self.warn(written, str(error), "a path item; its operations are unknown and closed")
            return
        if not isinstance(item.value, dict):
            self.warn(written, "a path item that is no mapping", "operations by method")
            return
        try:
            template, flaw = canonical(path), None
        except BadTemplate as error:
            template, flaw = path, str(error)
        if self.document.repeats(written.path):
            flaw = flaw or "the path a second time"
        for method in _METHODS:
            if method in item.value:
                yield self._draft(method, template, flaw, item)

    def _draft(self, method: str, template: str, flaw: str | None, item: Place) -> operations.Draft:
        place = item.below(method)
        if item.document.repeats(place.path):
            flaw = flaw or "the operation a second time"
        draft = operations.Draft(method.upper(), template, place, self.library, self.schemas)
        if flaw:
            draft.flaw(place, flaw, "a path that requests can be matched with")
        draft.read(item)
        return draft

    def _finished(self, draft: operations.Draft) -> ApiOperation:
        made = draft.operation()
        for place, found, expected in draft.flaws:
            self.warn(place, found, f"{expected}; {made.key} is closed")
        for place, found, expected in draft.doubts:
            self.warn(place, found, expected)
        return made

    def _tell_doubts(self) -> None:
        for unit in self.schemas.units.values():
            for doubt in unit.doubts:
                self.warn(doubt.place, doubt.found, doubt.expected)

    def _tell_ids(self, made: list[ApiOperation]) -> None:
        seen: dict[str, str] = {}
        for operation in made:
            name = operation.operation_id
            if name is not None and seen.setdefault(name, operation.key) != operation.key:
                self.warn(self.top.below("paths"), f"operationId {name!r} twice", "each once")

    def _apart(self, made: list[ApiOperation]) -> Iterator[ApiOperation]:
        """Operations that no request could tell apart are closed, all of them."""
        same: dict[tuple[str, str], list[ApiOperation]] = {}
        for operation in made:
            same.setdefault((operation.method, outline(operation.path)), []).append(operation)
        for operation in made:
            group = same[operation.method, outline(operation.path)]
            if len(group) == 1:
                yield operation
                continue
            other = next((o.key for o in group if o is not operation), operation.key)
            self.warn(
                self.top.below("paths", operation.path), f"{operation.key}, which also matches {other}",
                f"templates that differ; {operation.key} is closed",
            )  # fmt: skip
            yield replace(operation, flaw=operation.flaw or f"the path also matches {other}")

    def _security(self) -> Mapping[str, JSON]:
        schemes = self.top.below("components").below("securitySchemes").value
        return schemes if isinstance(schemes, dict) else {}

    def _base(self) -> str:
        servers = self.top.below("servers")
        if not isinstance(servers.value, list) or not servers.value:
            return ""
        found = [self._server(servers.below(i)) for i in range(len(servers.value))]
        if len({path for path in found if path is not None}) > 1:
            self.warn(servers, "servers with different base paths", f"one; {found[0] or '/'} is used")
        if found[0] is None:
            self.warn(servers, "a server URL that cannot be used", "an URL; state `base_path`")
        return found[0] or ""

    def _server(self, place: Place) -> str | None:
        url, variables = place.below("url").value, place.below("variables").value
        if url == "":
            return ""  # not the document itself, as RFC 3986 would have it: it is meant as "here"
        if isinstance(url, str) and self.document.file.startswith(("http://", "https://")):
            try:
                url = urljoin(self.document.file, url)
            except ValueError:
                return None
        return base_path(url, variables)
