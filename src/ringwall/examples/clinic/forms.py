"""Blank forms and leaflets, as files. Weak on purpose: joined paths, a shell, a raw header."""

import subprocess

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, Response

from ringwall.examples.clinic import schemas
from ringwall.examples.clinic.desk import Desk, shown
from ringwall.examples.clinic.schemas import FileName
from ringwall.examples.clinic.store import Store

router = APIRouter(tags=["forms"])


def _read(store: Store, folder: str, name: str) -> bytes:
    path = store.directory / folder / name
    if not path.is_file():
        raise HTTPException(404, "No such file")
    return path.read_bytes()


@router.get("/forms/file", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def form(desk: Desk, name: FileName, save_as: FileName = "form.txt") -> Response:
    """Weakness: the path is joined, and the header is put together, from what came."""
    disposition = {"Content-Disposition": f'attachment; filename="{save_as}"'}
    return Response(_read(desk, "forms", name), headers=disposition, media_type="text/plain")


@router.post("/forms", response_model=schemas.FormName, status_code=201)
def offer(body: schemas.NewForm, desk: Desk) -> JSONResponse:
    """Weakness: writes wherever the name leads."""
    (desk.directory / "forms" / body.name).write_text(body.content, encoding="utf-8")
    return shown({"name": body.name}, 201)


@router.get("/forms/checksum", response_model=schemas.Checksum)
def checksum(desk: Desk, name: FileName) -> JSONResponse:
    """Weakness: the name goes through a shell."""
    ran = subprocess.run(
        f"cksum {name}", shell=True, cwd=desk.directory / "forms", capture_output=True, text=True, timeout=10
    )
    return shown({"checksum": ran.stdout.strip()})


@router.get("/leaflets/{name:path}", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def leaflet(name: str, desk: Desk) -> Response:
    """Weakness: the path is decoded, joined and read, and may lead anywhere."""
    return Response(_read(desk, "leaflets", name), media_type="text/plain")
