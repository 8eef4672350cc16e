"""Documents. Weak on purpose: no size limit, an owner that the caller names, a fetch of any URL."""

from urllib.request import urlopen

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select

from ringwall.examples.clinic import schemas
from ringwall.examples.clinic.desk import Desk, found, shown
from ringwall.examples.clinic.schemas import DocumentId
from ringwall.examples.clinic.seed import FETCHED
from ringwall.examples.clinic.store import Document

router = APIRouter(tags=["documents"])


@router.get("/documents", response_model=list[schemas.Document])
def documents(desk: Desk) -> JSONResponse:
    """Everybody's documents."""
    with desk.session() as session:
        return shown([document.row() for document in session.scalars(select(Document))])


@router.post("/documents", response_model=schemas.Document, status_code=201)
def add(body: schemas.NewDocument, desk: Desk) -> JSONResponse:
    """Weakness: of any size, and into anybody's file."""
    row = Document(**body.model_dump())
    with desk.session() as session:
        session.add(row)
        session.commit()
    return shown(row.row(), 201)


@router.post("/documents/fetch", response_model=schemas.Fetched)
def fetch(body: schemas.Fetch) -> JSONResponse:
    """Weakness: fetches whatever URL it is given. What was fetched before is remembered."""
    if body.url in FETCHED:
        return shown({"url": body.url, "text": FETCHED[body.url]})
    with urlopen(body.url, timeout=5) as there:
        return shown({"url": body.url, "text": there.read().decode("utf-8", "replace")})


@router.get("/documents/{document_id}", response_model=schemas.Document)
def document(document_id: DocumentId, desk: Desk) -> JSONResponse:
    """One document."""
    return shown(found(desk, Document, document_id).row())


@router.delete("/documents/{document_id}", status_code=204)
def shred(document_id: DocumentId, desk: Desk) -> Response:
    """Takes a document out of the file."""
    with desk.session() as session:
        session.delete(found(desk, Document, document_id))
        session.commit()
    return Response(status_code=204)
