"""The API as its OpenAPI document describes it, in one dialect: schemas are JSON Schema 2020-12.

Made by `contract.openapi` from OpenAPI 3.0, 3.1 or Swagger 2.0. Values only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Schema = bool | dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `schema` may hold `$ref`s into `#/components/schemas/…`; `media_type` is set where the
    document describes it by `content` instead of by `style`."""

    name: str
    where: Literal["path", "query", "header", "cookie"]
    required: bool
    style: str
    explode: bool
    schema: Schema
    media_type: str | None = None
    allow_reserved: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one property of a form or multipart body is written (OpenAPI's Encoding Object)."""

    content_type: str | None
    style: str
    explode: bool


@dataclass(frozen=True, slots=True)
class MediaType:
    """One representation of a body: its schema (None where the document gives none)."""

    schema: Schema | None
    encoding: Mapping[str, Encoding]


@dataclass(frozen=True, slots=True)
class Body:
    """A request's content by media type (lower case, without parameters; ranges such as `text/*` as written)."""

    required: bool
    content: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True)
class Reply:
    """A declared reply: its content by media type."""

    content: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """One operation. `path` is the template below the base path, with `{name}` and `{name+}` for a parameter
    that spans slashes. `replies` is keyed by status ("200", "4XX", "default"). `flaw` says why the document
    leaves the operation undecidable; such an operation is closed."""

    method: str
    path: str
    operation_id: str | None
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    replies: Mapping[str, Reply]
    line: int
    flaw: str | None = None
    websocket: bool = False

    @property
    def key(self) -> str:
        """How the contract names it: `GET /patients/{patient_id}`."""
        return f"{'WS' if self.websocket else self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Api:
    """A whole API. `base_path` ("" or "/api/v1") stands before every operation's path. `schemas` are
    `components.schemas` in JSON Schema 2020-12, for the `$ref`s of parameters and bodies. `security` are
    `components.securitySchemes` as written: what it says of credentials, which nobody relies on."""

    title: str
    version: str
    dialect: Literal["2.0", "3.0", "3.1"]
    source: str
    base_path: str
    operations: tuple[ApiOperation, ...]
    schemas: Mapping[str, Schema]
    security: Mapping[str, JSON] = field(default_factory=dict)
