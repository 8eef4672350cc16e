"""How every handler gets at the store and answers. Weak on purpose: `shown` sends all it is handed."""

from collections.abc import Mapping, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, HTTPException, Request
from fastapi.responses import JSONResponse

from ringwall.examples.clinic.store import Document, Patient, Payment, Store, Visit


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


Desk = Annotated[Store, Depends(_store)]
Row = TypeVar("Row", Patient, Visit, Document, Payment)


def shown(body: Mapping[str, object] | Sequence[Mapping[str, object]], status: int = 200) -> JSONResponse:
    """Weakness: every column goes out, since a ready-made response is not held to the response schema."""
    return JSONResponse(body, status)


def found(store: Store, table: type[Row], key: int) -> Row:
    """Weakness: fetched by id alone, whoever asks."""
    with store.session() as session:
        row = session.get(table, key)
    if row is None:
        raise HTTPException(404, "No such thing")
    return row
