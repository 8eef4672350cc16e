"""Visits. Weak on purpose: filters taken as they come, ids unchecked, a four-digit code with no limit."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select

from ringwall.examples.clinic import schemas
from ringwall.examples.clinic.desk import Desk, found, shown
from ringwall.examples.clinic.matcher import find
from ringwall.examples.clinic.schemas import PatientId, VisitId, body_of
from ringwall.examples.clinic.store import Json, Store, Visit

router = APIRouter(tags=["visits"])


def _all(store: Store) -> list[Json]:
    with store.session() as session:
        return [visit.row() for visit in session.scalars(select(Visit))]


@router.get("/visits", response_model=list[schemas.Visit])
def visits(desk: Desk) -> JSONResponse:
    """Every visit of every clinic."""
    return shown(_all(desk))


@router.get("/visits/find", response_model=list[schemas.Visit])
def find_visits(desk: Desk, where: str) -> JSONResponse:
    """Weakness: `where` is a JSON filter, operators, code and all, as in `{"status": "booked"}`."""
    return shown(find(_all(desk), json.loads(where)))


@router.post("/visits/lookup", response_model=list[schemas.Visit], openapi_extra=body_of(schemas.Lookup))
async def lookup(desk: Desk, request: Request) -> JSONResponse:
    """Weakness: the two strings of the document may be operators, and codes may be guessed for ever."""
    wanted = await request.json()
    return shown(find(_all(desk), {"day": wanted["day"], "code": wanted["code"]}))


@router.get("/visits/{visit_id}", response_model=schemas.Visit)
def visit(visit_id: VisitId, desk: Desk) -> JSONResponse:
    """One visit."""
    return shown(found(desk, Visit, visit_id).row())


@router.get("/patients/{patient_id}/visits/{visit_id}", response_model=schemas.Visit)
def visit_of(patient_id: PatientId, visit_id: VisitId, desk: Desk) -> JSONResponse:
    """Weakness: nobody asks whether the visit is this patient's."""
    return shown(found(desk, Visit, visit_id).row())


@router.post("/patients/{patient_id}/visits", response_model=schemas.Visit, status_code=201)
def book(patient_id: PatientId, body: schemas.NewVisit, desk: Desk) -> JSONResponse:
    """Makes an appointment."""
    row = Visit(patient_id=patient_id, **body.model_dump())
    with desk.session() as session:
        session.add(row)
        session.commit()
    return shown(row.row(), 201)
