"""Patients. Weak on purpose: injectable search, unchecked ids, mass assignment, raw HTML, open YAML."""

from typing import Annotated

import yaml
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment
from sqlalchemy import select

from ringwall.examples.clinic import schemas
from ringwall.examples.clinic.desk import Desk, found, shown
from ringwall.examples.clinic.schemas import PatientId, body_of, documented
from ringwall.examples.clinic.store import Patient

router = APIRouter(tags=["patients"])
Order = Annotated[str, Query(json_schema_extra=documented(enum=["patient_id", "full_name", "city"]))]


@router.get("/patients", response_model=list[schemas.Patient])
def patients(desk: Desk) -> JSONResponse:
    """Weakness: everybody's patients, for everybody."""
    with desk.session() as session:
        return shown([patient.row() for patient in session.scalars(select(Patient))])


@router.post("/patients", response_model=schemas.Patient, status_code=201)
def enter(patient: schemas.NewPatient, desk: Desk) -> JSONResponse:
    """Enters a patient."""
    row = Patient(**patient.model_dump())
    with desk.session() as session:
        session.add(row)
        session.commit()
    desk.note(f"patient entered {patient.model_dump_json()}")
    return shown(row.row(), 201)


@router.get("/patients/search", response_model=list[schemas.Patient])
def search(desk: Desk, q: str, order: Order = "patient_id") -> JSONResponse:
    """Weakness: SQL put together from what came; `order` is documented as a choice of three."""
    return shown(desk.query(f"SELECT * FROM patients WHERE full_name LIKE '%{q}%' ORDER BY {order}"))


@router.get("/patients/by-email", response_model=list[schemas.Patient])
def by_email(desk: Desk, email: schemas.EmailQuery) -> JSONResponse:
    """Patients with this address exactly."""
    with desk.session() as session:
        return shown([p.row() for p in session.scalars(select(Patient).where(Patient.email == email))])


@router.get("/patients/{patient_id}", response_model=schemas.Patient)
def patient(patient_id: PatientId, desk: Desk) -> JSONResponse:
    """One patient."""
    return shown(found(desk, Patient, patient_id).row())


@router.patch(
    "/patients/{patient_id}",
    response_model=schemas.Patient,
    openapi_extra=body_of(schemas.PatientChange),
)
async def change(patient_id: PatientId, desk: Desk, request: Request) -> JSONResponse:
    """Weakness: mass assignment, since every key of the body becomes a column's value."""
    row = found(desk, Patient, patient_id)
    for key, value in (await request.json()).items():
        setattr(row, key, value)
    with desk.session() as session:
        session.add(row)
        session.commit()
    return shown(row.row())


@router.delete("/patients/{patient_id}", status_code=204)
def remove(patient_id: PatientId, desk: Desk) -> Response:
    """Takes a patient out of the books."""
    with desk.session() as session:
        session.delete(found(desk, Patient, patient_id))
        session.commit()
    return Response(status_code=204)


@router.post("/patients/{patient_id}/discharge", response_model=schemas.Patient)
def discharge(patient_id: PatientId, desk: Desk) -> JSONResponse:
    """Ends a treatment: clears the diagnosis."""
    row = found(desk, Patient, patient_id)
    with desk.session() as session:
        row.diagnosis = ""
        session.add(row)
        session.commit()
    return shown(row.row())


@router.get("/patients/{patient_id}/page", response_class=HTMLResponse)
def page(patient_id: PatientId, desk: Desk) -> str:
    """Weakness: the patient's own words stand unescaped in the page."""
    row = found(desk, Patient, patient_id)
    return f"<!doctype html><title>File</title><h1>{row.full_name}</h1><div>{row.notes}</div>"


@router.post("/patients/{patient_id}/letter", response_model=schemas.Written)
def letter(patient_id: PatientId, body: schemas.Letter, desk: Desk) -> JSONResponse:
    """Weakness: the caller's text is the template itself."""
    row = found(desk, Patient, patient_id)
    return shown({"letter": Environment().from_string(f"Dear {row.full_name},\n{body.text}").render()})


@router.put("/patients/{patient_id}/preferences", response_model=schemas.KeptPreferences)
def prefer(patient_id: PatientId, body: schemas.Preferences, desk: Desk) -> JSONResponse:
    """Weakness: YAML that may make any Python object."""
    kept = yaml.unsafe_load(body.preferences)
    if not isinstance(kept, dict):
        raise HTTPException(400, "Preferences are a mapping")
    with desk.session() as session:
        row = found(desk, Patient, patient_id)
        row.preferences = body.preferences
        session.add(row)
        session.commit()
    return shown({"kept": {str(key): str(value) for key, value in kept.items()}})
