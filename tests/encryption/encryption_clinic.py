"""The clinic behind its wall, in process, with its database and data directory in reach of a thief."""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result

from ringwall.build.assemble import Circumstances, Prepared, prepare
from ringwall.build.demo import enrol
from ringwall.build.load import load_contract
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.cli import cli
from ringwall.core.ports import Account
from ringwall.examples.clinic import ACCOUNTS, CONTRACT, create_app

DIAGNOSIS, PHONE, EMAIL, CARD = "psoriasis of the scalp", "+44 1632 960777", "bea.new@mail.example", "4000056655665556"


@dataclass
class World:
    """One clinic."""

    root: Path
    runtime: Runtime
    app: Any
    tokens: dict[str, str]

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def database(self) -> Path:
        return self.root / "clinic" / "clinic.db"

    def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("198.51.100.77", 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://clinic.test") as client:
                headers = {"authorization": f"Bearer {self.tokens[who]}"}
                return await client.request(method, path, json=body, headers=headers)

        return asyncio.run(asked())

    def stored(self, column: str, patient: int, table: str = "patients") -> str:
        with closing(sqlite3.connect(self.database)) as db:
            (found,) = db.execute(f"SELECT {column} FROM {table} WHERE patient_id = ?", (patient,)).fetchone()
        return str(found)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, [*words, "--data", str(self.data)], catch_exceptions=False)

    def data_keys(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("keys", "list", "--json").output)
        return found

    def url(self) -> str:
        return f"sqlite:///{self.database}"


@lru_cache(maxsize=1)
def _first() -> tuple[Path, Prepared]:
    """A data directory with the demo's accounts, to be copied, and the compiled contract: slow to make, made once."""
    root = Path(tempfile.mkdtemp(prefix="ringwall-tests-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    (root / "clinic").mkdir()
    runtime = open_runtime(root / "data")
    try:
        enrol(runtime)
    finally:
        runtime.close()
    return root / "data", prepare(load_contract(CONTRACT, app=create_app(root / "clinic")))


@contextmanager
def opened(root: Path, *, fresh: bool = True) -> Iterator[World]:
    """The clinic at `root`, with a token for each account."""
    data, prepared = _first()
    (root / "clinic").mkdir(parents=True, exist_ok=True)
    if fresh:
        shutil.copytree(data, root / "data")
    app = create_app(root / "clinic")
    runtime = open_runtime(root / "data")
    try:
        tokens = {
            a.name: runtime.tokens.issue(Account(a.subject, a.name, frozenset(a.roles), a.tenant), lifetime_s=3600)
            for a in ACCOUNTS
        }
        yield World(root, runtime, protected_asgi(app, prepared, runtime, Circumstances()), tokens)
    finally:
        runtime.close()


def files(*roots: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file that a thief finds."""
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


def holding(text: str, *roots: Path) -> list[Path]:
    """The files that hold a text."""
    return [path for path, content in files(*roots) if text.encode() in content]
