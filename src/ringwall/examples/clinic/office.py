"""The front office: greeting, redirects, staff directory, referrals, and what was left from debugging.

Weak on purpose: reflected HTML, raw redirects, LDAP by string, XML with external entities, open settings.
"""

import xml.sax
from io import BytesIO
from xml.sax.handler import ContentHandler, feature_external_ges
from xml.sax.xmlreader import AttributesImpl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import select

from ringwall.examples.clinic import schemas
from ringwall.examples.clinic.desk import Desk, shown
from ringwall.examples.clinic.directory import parse
from ringwall.examples.clinic.schemas import body_of
from ringwall.examples.clinic.seed import SETTINGS, STAFF
from ringwall.examples.clinic.store import Patient

router = APIRouter(tags=["office"])


@router.get("/health", response_model=schemas.Health)
def health() -> JSONResponse:
    """Whether the clinic is up."""
    return shown({"status": "ok"})


@router.get("/welcome", response_class=HTMLResponse)
def welcome(name: str = "visitor") -> str:
    """Weakness: the name stands in the page as it came."""
    return f"<!doctype html><title>Welcome</title><p>Good day, {name}.</p>"


@router.get("/go", response_class=Response, status_code=302)
def go(to: schemas.LocalPath) -> Response:
    """Weakness: sends the caller anywhere, and lets them write the header."""
    return Response(status_code=302, headers={"Location": to})


@router.get("/directory", response_model=list[schemas.StaffMember])
def directory(name: schemas.StaffName) -> JSONResponse:
    """Weakness: an LDAP filter put together from what came; unlisted staff should stay unlisted."""
    matches = parse(f"(&(cn={name})(listed=yes))")
    return shown([entry for entry in STAFF if matches(entry)])


class _Reading(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] = {}
        self._element = ""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self._element = name

    def characters(self, content: str) -> None:
        self.said[self._element] = self.said.get(self._element, "") + content


@router.post(
    "/referrals",
    response_model=schemas.Referral,
    openapi_extra=body_of(schemas.Referral, "application/xml"),
)
async def refer(request: Request) -> JSONResponse:
    """Weakness: a parser that follows external entities."""
    reading, parser = _Reading(), xml.sax.make_parser()
    parser.setContentHandler(reading)
    parser.setFeature(feature_external_ges, True)
    parser.parse(BytesIO(await request.body()))
    return shown({"patient": reading.said.get("patient", ""), "reason": reading.said.get("reason", "")})


@router.get("/export", response_model=list[schemas.Patient])
def export(desk: Desk) -> JSONResponse:
    """Every patient, for the yearly return. Meant for administrators."""
    with desk.session() as session:
        return shown([patient.row() for patient in session.scalars(select(Patient))])


@router.get("/debug/settings", include_in_schema=False)
def settings() -> JSONResponse:
    """Weakness: left from debugging, in no document, and open."""
    return shown(SETTINGS)
