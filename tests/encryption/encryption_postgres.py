"""A real PostgreSQL on loopback, with a database of its own."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from e2e.e2e_process import end, free_port, until

INITDB = shutil.which("initdb") or next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)), None)


@contextmanager
def postgres() -> Iterator[str]:
    """Its SQLAlchemy URL. It runs as `postgres` where this is root, which it refuses to serve."""
    assert INITDB is not None
    programs, port = Path(INITDB).resolve().parent, free_port()
    place = Path(tempfile.mkdtemp(prefix="ringwall-postgres-"))
    other: dict[str, object] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(place, account.pw_uid, account.pw_gid)
        other = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": place, **other}
    made = [INITDB, "-D", place / "data", "-U", "shop", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"]
    subprocess.run(made, check=True, **quiet)  # type: ignore[call-overload]
    settings = [f"{name}={value}" for name, value in (
        ("listen_addresses", "127.0.0.1"), ("unix_socket_directories", place), ("fsync", "off"),
    )]  # fmt: skip
    command = [programs / "postgres", "-D", place / "data", "-p", str(port), *(w for s in settings for w in ("-c", s))]
    process = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
    try:
        url = f"postgresql+pg8000://shop@127.0.0.1:{port}/postgres"
        assert until(lambda: _answers(url), 60)
        yield url
    finally:
        end(process)
        shutil.rmtree(place, ignore_errors=True)


def _answers(url: str) -> bool:
    engine = sa.create_engine(url)
    try:
        with engine.connect():
            return True
    except sa.exc.SQLAlchemyError:
        return False
    finally:
        engine.dispose()
