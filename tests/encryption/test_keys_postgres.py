"""Moving values in a real PostgreSQL: numbers and UUIDs as keys, a schema of one's own; broken off at any step."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from encryption.encryption_postgres import INITDB, postgres
from encryption.test_keys_moved import Here, killed
from ringwall.cli import cli
from ringwall.engines.crypto.fields import FieldContext, decrypt_value

REQUIRED = os.environ.get("RINGWALL_REQUIRE_SERVERS") == "1"
pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not REQUIRED and INITDB is None, reason="`make packages` installs PostgreSQL"),
]


class There(Here):
    """The same shop, its table in PostgreSQL."""

    def __init__(self, root: Path, url: str, rows: int = 300, table: str = "patients", key: str = "integer") -> None:
        super().__init__(root, rows=0)
        self.url, self.table = url, table
        self.engine = sa.create_engine(url)
        with self.engine.begin() as db:
            db.execute(sa.text("DROP SCHEMA IF EXISTS app CASCADE"))
            db.execute(sa.text("CREATE SCHEMA app"))
            db.execute(sa.text("DROP TABLE IF EXISTS patients"))
            db.execute(sa.text(f"CREATE TABLE {table} (patient_id {key} PRIMARY KEY, account_id varchar(40),"
                               " clinic_id text, diagnosis text, email varchar(400) UNIQUE)"))  # fmt: skip
            made = [{"n": n if key == "integer" else str(uuid.UUID(int=n)), "a": f"acc-{n % 7}",
                     "c": "north" if n % 2 else "south", "d": f"asthma {n}", "e": f"p{n}@mail.example"}
                    for n in range(1, rows + 1)]  # fmt: skip
            for one in made:
                kind = "" if key == "integer" else "::uuid"
                db.execute(sa.text(f"INSERT INTO {table} VALUES ((:n){kind}, :a, :c, :d, :e)"), one)

    def words(self, *words: str) -> list[str]:
        extra = ["--database", self.url, "--contract", str(self.root / "ringwall.yaml")]
        if self.table != "patients":
            extra += ["--table", f"patient={self.table}"]
        return [*words, "--data", str(self.data), *(extra if words[1] in ("migrate", "rekey") else [])]

    def rows(self) -> list[tuple[int, str, str, str, str]]:
        with self.engine.connect() as db:
            return [tuple(row) for row in db.execute(sa.text(f"SELECT * FROM {self.table} ORDER BY 1"))]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres() as found:
        yield found


@pytest.fixture
def there(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    made = There(tmp_path, url)
    yield made
    made.engine.dispose()


def test_plaintext_is_moved_rotated_and_rekeyed(there: There) -> None:
    before = there.rows()
    assert json.loads(there.run("keys", "migrate", "--dry-run", "--json"))["patient"]["plain"] == 600
    assert there.rows() == before
    assert json.loads(there.run("keys", "migrate", "--json"))["patient"]["changed"] == 600
    assert "clear" not in there.whole()
    assert json.loads(there.run("keys", "migrate", "--json"))["patient"]["changed"] == 0
    there.run("keys", "rotate", "acc-3")
    assert json.loads(there.run("keys", "migrate", "--json"))["patient"]["older"] > 0
    emails = {row[4] for row in there.rows()}
    there.run("keys", "rekey")
    assert not emails & {row[4] for row in there.rows()}
    uses = {k["id"]: k["uses"] for k in json.loads(there.run("keys", "list", "--json")) if k["uses"]}
    assert uses == there.whole()


@pytest.mark.parametrize("words", [("keys", "migrate"), ("keys", "rekey")], ids=" ".join)
def test_killed_at_any_step_nothing_is_lost_and_the_next_run_ends_it(
    tmp_path: Path, url: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    there = There(tmp_path, url, rows=90)
    there.engine.dispose()
    if words != ("keys", "migrate"):
        assert not killed(there, 10**9, "keys", "migrate")
    step, survived = 3, 0
    while killed(there, step, *words):
        there.whole()
        there.engine.dispose()
        step, survived = int(step * 1.4) + 1, survived + 1
        assert survived < 60
    assert survived >= 4, "it was killed several times"
    assert "clear" not in there.whole()
    there.engine.dispose()


def test_uuids_in_a_schema_are_gone_over_and_gone_on_with(tmp_path: Path, url: str) -> None:
    there = There(tmp_path, url, rows=90, table="app.patients", key="uuid")
    there.engine.dispose()
    assert killed(there, 40, "keys", "migrate"), "broken off"
    there.run("keys", "migrate")
    keys = there.opened()
    for n, owner, tenant, diagnosis, email in there.rows():
        number = n.int
        for name, text, plain in (
            ("diagnosis", diagnosis, f"asthma {number}"),
            ("email", email, f"p{number}@mail.example"),
        ):
            assert decrypt_value(text, FieldContext("patient", name, tenant, owner, str(n)), keys.ring).json == plain
    there.engine.dispose()


def test_what_it_says_of_a_failure_has_no_value(there: There) -> None:
    with there.engine.begin() as db:
        db.execute(sa.text("ALTER TABLE patients ADD CONSTRAINT short CHECK (length(diagnosis) < 60)"))
    done = CliRunner().invoke(cli, there.words("keys", "migrate"))
    assert done.exit_code == 2
    assert "(the constraint short)" in done.stderr
    assert "asthma" not in done.output + done.stderr
    assert there.whole() == {"clear": 600}
    with there.engine.begin() as db:
        db.execute(sa.text("ALTER TABLE patients DROP CONSTRAINT short"))
    there.run("keys", "migrate")
    assert "clear" not in there.whole()


def test_a_driver_that_is_not_there_is_named(there: There) -> None:
    there.url = there.url.replace("pg8000", "psycopg2")
    done = CliRunner().invoke(cli, there.words("keys", "migrate"))
    assert (done.exit_code, done.stderr) == (2, "ringwall: --database: its driver psycopg2 is not installed\n")
