"""The clinic: AN EXAMPLE WITH HOLES ON PURPOSE. NOT TO BE DEPLOYED, NOT EVEN FOR AN AFTERNOON.

A small FastAPI application with patients, visits, documents and payments, as an ordinary team might write it
in a hurry. It asks nobody who they are and holds one honest instance of each weakness that ringwall claims to
stop. It is the demo, the drill's subject and the test-bed. It may touch only the directory it is given, and
it knows nothing of ringwall.
"""

import tempfile
from functools import cache
from pathlib import Path

from fastapi import FastAPI

from ringwall.examples.clinic.main import create_app
from ringwall.examples.clinic.seed import ACCOUNTS, API_KEYS, SEED, Account, ApiKey, Seed

CONTRACT = Path(__file__).with_name("ringwall.yaml")

__all__ = ["ACCOUNTS", "API_KEYS", "CONTRACT", "SEED", "Account", "ApiKey", "Seed", "create_app"]


@cache
def _demo() -> FastAPI:
    return create_app(Path(tempfile.mkdtemp(prefix="clinic-")))


def __getattr__(name: str) -> FastAPI:
    """``ringwall.examples.clinic:app``, made on first use so that importing the package writes nothing."""
    if name == "app":
        return _demo()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
