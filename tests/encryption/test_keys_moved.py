"""Moving values and keys: what is moved opens, the rest is as it was, and nothing is lost whenever it breaks off."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from encryption.dying import died
from ringwall.build.identity import SubjectVault
from ringwall.cli import cli
from ringwall.core.ports import Place, Seal
from ringwall.engines.crypto.fields import FieldContext, decrypt_value, encrypt_equal, encrypt_value, read
from ringwall.state import columns, database, keyfiles, migrating, rootkeys
from ringwall.state.factors import FactorTable
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal_keys import load_signer
from ringwall.state.journal_verify import verify
from ringwall.state.keytable import KeyTable
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store

CONTRACT = """\
ringwall: 1
api: openapi.yaml
resources:
  patient:
    schema: Patient
    id: patient_id
    owner: account_id
    tenant: clinic_id
    fields:
      diagnosis: {class: health, encrypt: true}
      email: {class: contact, encrypt: searchable}
"""


class Here:
    """A data directory and a shop of 300 patients whose fields stand in clear."""

    def __init__(self, root: Path, rows: int = 300) -> None:
        self.root, self.data = root, root / "data"
        self.database = root / "shop.db"
        (root / "ringwall.yaml").write_text(CONTRACT)
        with closing(sqlite3.connect(self.database)) as db:
            db.execute("CREATE TABLE patients (patient_id INTEGER PRIMARY KEY, account_id TEXT, clinic_id TEXT,"
                       " diagnosis TEXT, email TEXT)")  # fmt: skip
            db.executemany(
                "INSERT INTO patients VALUES (?, ?, ?, ?, ?)",
                [(n, f"acc-{n % 7}", "north" if n % 2 else "south", f"asthma {n}", f"p{n}@mail.example")
                 for n in range(1, rows + 1)],
            )  # fmt: skip
            db.commit()
        self.data.mkdir()
        store = Store(self.data / "state.db")
        FieldKeys(store, root_keys(self.data / "keys"))
        store.close()

    def words(self, *words: str) -> list[str]:
        extra = ["--database", f"sqlite:///{self.database}", "--contract", str(self.root / "ringwall.yaml")]
        moving = words[1] in ("migrate", "rekey")
        return [*words, "--data", str(self.data), *(extra if moving else [])]

    def run(self, *words: str, ok: bool = True) -> str:
        done = CliRunner().invoke(cli, self.words(*words))
        assert not ok or done.exit_code == 0, done.output
        return done.output

    def rows(self) -> list[tuple[int, str, str, str, str]]:
        with closing(sqlite3.connect(self.database)) as db:
            return db.execute("SELECT * FROM patients ORDER BY 1").fetchall()

    def opened(self) -> FieldKeys:
        self.store = Store(self.data / "state.db")
        return FieldKeys(self.store, root_keys(self.data / "keys"))

    def whole(self) -> dict[str, int]:
        """Every value is in clear or opens to what it was; how many are under which key."""
        return self.whole_but(set())

    def whole_but(self, erased: set[str]) -> dict[str, int]:
        """The same, but for the values of some persons."""
        uses: dict[str, int] = {}
        keys = self.opened()
        for n, owner, tenant, *values in self.rows():
            if owner in erased:
                continue
            for name, text, plain in zip(
                ("diagnosis", "email"), values, (f"asthma {n}", f"p{n}@mail.example"), strict=True
            ):
                if text == plain:
                    uses["clear"] = uses.get("clear", 0) + 1
                    continue
                value = decrypt_value(text, FieldContext("patient", name, tenant, owner, str(n)), keys.ring)
                assert getattr(value, "json", value) == plain, (n, name, value)
                kid = read(text).kid
                uses[kid] = uses.get(kid, 0) + 1
        return uses


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return Here(tmp_path)


def listed(here: Here) -> dict[str, dict]:
    return {key["id"]: key for key in json.loads(here.run("keys", "list", "--json"))}


def test_a_dry_run_counts_and_changes_nothing(here: Here) -> None:
    before = here.rows()
    told = json.loads(here.run("keys", "migrate", "--dry-run", "--json"))
    assert told["patient"]["plain"] == 600
    assert here.rows() == before
    assert listed(here) == {}


def test_plaintext_is_moved_counted_and_a_second_run_finds_nothing_to_do(here: Here) -> None:
    told = json.loads(here.run("keys", "migrate", "--json"))
    assert (told["patient"]["plain"], told["patient"]["changed"]) == (600, 600)
    uses = here.whole()
    assert "clear" not in uses
    keys = listed(here)
    assert {kid: key["uses"] for kid, key in keys.items() if key["uses"]} == uses
    assert json.loads(here.run("keys", "migrate", "--json"))["patient"]["changed"] == 0


def test_rotated_keys_are_shown_in_use_until_their_values_are_moved_and_only_then_destroyed(here: Here) -> None:
    here.run("keys", "migrate")
    here.run("keys", "rotate", "acc-3")
    old = next(k for k in listed(here).values() if k["holder"] == "subject:acc-3" and not k["current"])
    assert old["uses"] > 0
    assert "not counted since" in here.run("keys", "destroy", old["id"], ok=False)
    with closing(sqlite3.connect(here.data / "state.db")) as db:  # as if a while had passed
        db.execute("UPDATE data_key SET made = made - 3600")
        db.commit()
    assert "values are under it" in here.run("keys", "destroy", old["id"], ok=False)
    here.run("keys", "migrate")
    assert listed(here)[old["id"]]["uses"] == 0
    assert "two custodians" in here.run("keys", "destroy", old["id"], ok=False)
    given = []
    for name in ("alice", "bob"):
        (here.root / name).write_text(f"{name} has a long passphrase")
        (here.root / name).chmod(0o600)
        given += ["--custodian", f"{name}={here.root / name}"]
        here.run("keys", "custodian", "add", f"{name}={here.root / name}")
    assert "two custodians" in here.run("keys", "destroy", old["id"], *given[:2], ok=False)
    assert "two custodians" in here.run("keys", "destroy", old["id"], *given[:2], *given[:2], ok=False)
    (here.root / "wrong").write_text("not what bob has chosen")
    (here.root / "wrong").chmod(0o600)
    wrong = [*given[:2], "--custodian", f"bob={here.root / 'wrong'}"]
    assert "not the passphrase" in here.run("keys", "destroy", old["id"], *wrong, ok=False)
    here.run("keys", "destroy", old["id"], *given)
    assert old["id"] not in listed(here)
    assert "clear" not in here.whole()
    current = next(k for k in listed(here).values() if k["holder"] == "subject:acc-3")
    assert "is the current key" in here.run("keys", "destroy", current["id"], *given, ok=False)


def test_searchable_fields_get_new_keys_and_are_found_under_them(here: Here) -> None:
    here.run("keys", "migrate")
    before = {row[0]: row[4] for row in here.rows()}
    here.run("keys", "rekey")
    after = {row[0]: row[4] for row in here.rows()}
    assert all(before[n] != after[n] for n in before)
    uses = here.whole()
    keys = here.opened()
    asked = encrypt_equal("p5@mail.example", FieldContext("patient", "email", "north"), keys.ring)
    assert asked == after[5]
    old = [k for k in listed(here).values() if k["holder"].startswith("equal:") and not k["current"]]
    assert len(old) == 2
    assert all(k["uses"] == 0 and k["id"] not in uses for k in old)


def test_a_value_bound_to_less_is_bound_to_its_object_and_owner(here: Here) -> None:
    """As a creation stores it, before the application has given the object an id."""
    keys = here.opened()
    (text,) = keys.seal(Seal((("asthma 4", Place("patient", "diagnosis", "south", None, None)),)))
    with closing(sqlite3.connect(here.database)) as db:
        db.execute("UPDATE patients SET diagnosis = ? WHERE patient_id = 4", (text,))
        db.commit()
    here.run("keys", "migrate")
    moved = {row[0]: row[3] for row in here.rows()}[4]
    assert keys.table.get(read(moved).kid).holder == "subject:acc-4"
    assert read(moved).flags == 7
    here.whole()


def test_what_does_not_open_stays_as_it_is_and_is_told(here: Here) -> None:
    keys = here.opened()
    theirs = encrypt_value("of another", FieldContext("patient", "diagnosis", "south", "acc-6", "6"), keys.ring)
    with closing(sqlite3.connect(here.database)) as db:
        db.execute("UPDATE patients SET diagnosis = ? WHERE patient_id = 4", (theirs,))
        db.commit()
    done = CliRunner().invoke(cli, here.words("keys", "migrate", "--json"))
    assert done.exit_code == 1
    assert json.loads(done.output)["patient"]["unreadable"] == {"encryption.moved": 1}
    assert {row[0]: row[3] for row in here.rows()}[4] == theirs


def test_what_the_application_writes_meanwhile_is_not_lost(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    from ringwall.state.columns import Columns

    read_rows, raced = Columns.rows, []

    def overtaken(self, *given, **named):
        found = read_rows(self, *given, **named)
        if not raced:
            raced.append(1)
            with closing(sqlite3.connect(here.database)) as db:
                db.execute("UPDATE patients SET diagnosis = 'written meanwhile' WHERE patient_id = 9")
                db.commit()
        return found

    monkeypatch.setattr(Columns, "rows", overtaken)
    here.run("keys", "migrate")
    keys, (n, owner, tenant, text, _) = here.opened(), here.rows()[8]
    value = decrypt_value(text, FieldContext("patient", "diagnosis", tenant, owner, str(n)), keys.ring)
    assert value.json == "written meanwhile"


STEPS = ((database.Database, "rows"), (columns.Changing, "replace"), (keyfiles, "_draft"), (rootkeys, "end"),
         (rootkeys, "_list"))  # fmt: skip


def killed(here: Here, step: int, *words: str) -> bool:
    """Whether the kill came before the command was done. Batches are small, so that it has many steps."""
    return died(step, STEPS, here.words(*words), lambda: setattr(migrating, "BATCH", 40))


@pytest.mark.parametrize(
    "words",
    [("keys", "migrate"), ("keys", "root", "--rotate"), ("keys", "rekey"), ("keys", "rotate", "--all")],
    ids=" ".join,
)
def test_killed_at_any_step_nothing_is_lost_and_the_next_run_ends_it(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    here = Here(tmp_path, rows=90)
    if words != ("keys", "migrate"):
        assert not killed(here, 10**9, "keys", "migrate")
    step, survived = 3, 0
    while killed(here, step, *words):
        here.whole()
        step, survived = int(step * 1.25) + 1, survived + 1
        assert survived < 60
    assert survived >= 4, "it was killed several times"
    uses = here.whole()
    assert "clear" not in uses
    if words[1] == "root":
        store = Store(here.data / "state.db")
        assert KeyTable(store).roots() == {root_keys(here.data / "keys")[0].id}
        store.close()
        assert len(list((here.data / "keys").glob("root.*key"))) == 1, "old root keys are destroyed"
    assert verify(here.data / "journal", load_signer(here.data / "keys")).ok


def test_a_full_disk_ends_a_pass_in_one_sentence_and_loses_nothing(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    from ringwall.state.columns import Changing

    write, calls = Changing.replace, []

    def full(self, changes):
        write(self, changes)
        calls.append(1)
        raise OperationalError("UPDATE patients SET diagnosis = ?", {"new": "asthma"}, Exception("disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(Changing, "replace", full)
        done = CliRunner().invoke(cli, here.words("keys", "migrate"))
    assert (done.exit_code, "disk is full" in done.stderr) == (2, True)
    assert "asthma" not in done.stderr
    assert here.whole() == {"clear": 600}
    here.run("keys", "migrate")
    assert "clear" not in here.whole()


def test_a_table_that_cannot_hold_ciphertext_is_told(here: Here) -> None:
    with closing(sqlite3.connect(here.database)) as db:
        db.execute("CREATE TABLE narrow (patient_id INTEGER PRIMARY KEY, account_id TEXT, clinic_id TEXT,"
                   " diagnosis VARCHAR(20), email INTEGER)")  # fmt: skip
        db.commit()
    done = CliRunner().invoke(cli, here.words("keys", "migrate", "--table", "patient=narrow", "--dry-run"))
    assert "patient.diagnosis" in done.stderr
    assert "patient.email" in done.stderr
    done = CliRunner().invoke(cli, here.words("keys", "migrate", "--table", "patient=nowhere"))
    assert (done.exit_code, done.stderr) == (2, "ringwall: there is no table nowhere\n")
    done = CliRunner().invoke(cli, here.words("keys", "migrate", "--column", "patient.email=mail"))
    assert "no column mail" in done.stderr


def test_the_accounts_own_secrets_are_counted_and_moved_too(here: Here) -> None:
    keys = here.opened()
    table, vault = FactorTable(here.store), SubjectVault(keys)
    table.keep_totp("acc-3", vault.seal("acc-3", "JBSWY3DPEHPK3PXP"), 0)
    here.run("keys", "migrate")
    here.run("keys", "rotate", "acc-3")
    old = next(k for k in listed(here).values() if k["holder"] == "subject:acc-3" and not k["current"])
    table.keep_totp("acc-3", table.totp("acc-3"), 1)
    assert old["id"] in table.totp("acc-3")
    here.run("keys", "migrate")
    assert old["id"] not in table.totp("acc-3")
    assert SubjectVault(here.opened()).unseal("acc-3", table.totp("acc-3")) == "JBSWY3DPEHPK3PXP"
    assert listed(here)[old["id"]]["uses"] == 0


def test_values_of_an_object_that_changed_hands_are_taken_over_only_where_that_is_asked_for(here: Here) -> None:
    here.run("keys", "migrate")
    with closing(sqlite3.connect(here.database)) as db:
        db.execute("UPDATE patients SET account_id = 'acc-new' WHERE patient_id = 4")
        db.commit()
    done = CliRunner().invoke(cli, here.words("keys", "migrate", "--json"))
    assert json.loads(done.output)["patient"]["unreadable"] == {"encryption.moved": 1}
    here.run("keys", "migrate", "--adopt")
    here.whole()
    with closing(sqlite3.connect(here.database)) as db:  # of another object, it is not taken over
        db.execute("UPDATE patients SET diagnosis = (SELECT diagnosis FROM patients WHERE patient_id = 5)"
                   " WHERE patient_id = 6")  # fmt: skip
        db.commit()
    done = CliRunner().invoke(cli, here.words("keys", "migrate", "--adopt", "--json"))
    assert json.loads(done.output)["patient"]["unreadable"] == {"encryption.tampered": 1}
