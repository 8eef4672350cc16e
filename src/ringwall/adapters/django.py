"""Django's database connections: every statement of the ORM's and of raw cursors is shown before it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections  # type: ignore[import-untyped]
from django.db.backends.signals import connection_created  # type: ignore[import-untyped]

from ringwall.adapters import current
from ringwall.adapters.effects import show
from ringwall.core.effect import Effect


def install() -> None:
    """Wrap the connections that are open, and each one that gets opened."""
    connection_created.connect(_opened, dispatch_uid="ringwall")
    for connection in connections.all(initialized_only=True):
        _opened(connection=connection)


def _opened(*, connection: Any, **_: Any) -> None:
    if _execute not in connection.execute_wrappers:
        connection.execute_wrappers.append(_execute)


def _execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if current.exchange.get() is not None:
        show(Effect("sql", sql.replace("%%", "%") if params is not None else sql, context["connection"].vendor))
    return execute(sql, params, many, context)
