"""Which tables of the application's database hold which resources: guessed from the contract's names, or said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from ringwall.cli._contracts import document_near
from ringwall.cli._problems import fail, shown
from ringwall.core.ports import Unavailable
from ringwall.state.columns import Columns, Mapped, in_schema, said
from ringwall.state.erasing import Place
from ringwall.state.secrets import named_secret

database_option = click.option(
    "--database", "database_url", metavar="URL", required=True,
    help="The application's database, an SQLAlchemy URL; or env:NAME, where it holds a password.",
)  # fmt: skip
table_option = click.option(
    "--table", "tables", multiple=True, metavar="RESOURCE=TABLE", help="Where a resource lies, if not under its name."
)
column_option = click.option(
    "--column", "columns", multiple=True, metavar="RESOURCE.PROPERTY=COLUMN", help="A column of another name."
)


def url_of(text: str) -> str:
    """The URL that an option says or names."""
    return named_secret(text, "--database") if text.startswith(("env:", "file:")) else text


def places(
    engine: sa.Engine, contract: Path | None, data: Path, tables: tuple[str, ...], columns: tuple[str, ...]
) -> Iterator[Place]:
    """Every resource with encrypted fields that has a table in this database. Ends the command where none has."""
    document = document_near(contract, data)
    stated = document.data.get("resources") if document and isinstance(document.data, dict) else None
    named, renamed = _pairs(tables, "--table"), _pairs(columns, "--column")
    try:
        there = sa.inspect(engine).get_table_names()
    except sa.exc.SQLAlchemyError as failure:
        raise Unavailable(f"--database: it cannot be read: {said(failure)}") from None
    found = False
    for name, resource in (stated if isinstance(stated, dict) else {}).items():
        if not isinstance(resource, dict):
            continue
        fields = _encrypted(resource)
        table = named.get(name) or next((t for t in _usual(name, resource) if t in there), None)
        if not fields or (table is None and tables):
            continue
        if table is None:
            click.echo(f"{shown(name)}: no table is named like it; --table {shown(name)}=TABLE says which", err=True)
            continue
        found = True
        mapped = _mapped(engine, name, table, resource, fields, renamed)
        yield Place(Columns(engine, mapped), frozenset(f for f, how in fields.items() if how == "searchable"))
    if not found:
        fail("no resource of the contract with encrypted fields has a table here; see --contract and --table")


def _encrypted(resource: Mapping[str, Any]) -> dict[str, object]:
    fields = resource.get("fields")
    items = fields.items() if isinstance(fields, dict) else ()
    return {str(n): f["encrypt"] for n, f in items if isinstance(f, dict) and f.get("encrypt")}


def _usual(name: str, resource: Mapping[str, Any]) -> list[str]:
    schema = str(resource.get("schema") or name)
    return [form for stem in (name, schema, schema.lower()) for form in (stem, f"{stem}s", f"{stem}es")]


def _mapped(
    engine: sa.Engine,
    name: str,
    table: str,
    resource: Mapping[str, Any],
    fields: Mapping[str, object],
    renamed: Mapping[str, str],
) -> Mapped:
    def column(prop: object) -> str | None:
        return renamed.get(f"{name}.{prop}", str(prop)) if prop else None

    itself = column(resource.get("id")) or "id"
    if f"{name}.{resource.get('id')}" not in renamed:
        itself = _key(engine, table, itself)
    return Mapped(
        name, table, itself, column(resource.get("owner")), column(resource.get("tenant")),
        {field: column(field) or field for field in fields},
    )  # fmt: skip


def _key(engine: sa.Engine, table: str, guessed: str) -> str:
    """The column of the id: the property's own name, else the table's key."""
    inspected = sa.inspect(engine)
    schema, name = in_schema(engine, table)
    if not inspected.has_table(name, schema):
        raise Unavailable(f"there is no table {table}")
    names = [column["name"] for column in inspected.get_columns(name, schema)]
    key = inspected.get_pk_constraint(name, schema)["constrained_columns"]
    return guessed if guessed in names or len(key) != 1 else str(key[0])


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name or not value:
            raise click.UsageError(f"{option} is written NAME=VALUE, not {each!r}")
        found[name] = value
    return found
