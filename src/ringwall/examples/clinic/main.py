"""Puts the clinic together. Weak on purpose: tracebacks for everyone, any origin, no limits, no identity."""

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse, Response

from ringwall.examples.clinic import documents, forms, office, patients, payments, visits
from ringwall.examples.clinic.seed import SEED, Seed
from ringwall.examples.clinic.store import Store

Next = Callable[[Request], Awaitable[Response]]


async def _tell_all(request: Request, following: Next) -> Response:
    """Weakness: an error answers with its traceback."""
    try:
        return await following(request)
    except Exception:
        return PlainTextResponse(traceback.format_exc(), 500)


def create_app(directory: Path, seed: Seed = SEED) -> FastAPI:
    """The clinic over `directory`, which is filled from `seed` unless it holds a clinic already."""
    directory.mkdir(parents=True, exist_ok=True)
    app = FastAPI(title="Clinic", version="1.0.0", description="An example with holes. Not to be deployed.")
    app.state.store = Store(directory)
    app.state.store.fill(seed)
    for module in (patients, visits, documents, payments, forms, office):
        app.include_router(module.router)
    app.middleware("http")(_tell_all)
    app.add_middleware(
        CORSMiddleware, allow_origin_regex=".*", allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
    )
    return app
