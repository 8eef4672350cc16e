"""What a thief reads: of the files nothing that was sent, with one lower key no more than the documentation says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from encryption.encryption_clinic import CARD, DIAGNOSIS, EMAIL, PHONE, World, files, opened
from ringwall.engines.crypto import FieldContext, KeyRing, MappedKeys, RootKey, Secret
from ringwall.engines.crypto.fields import decrypt_value, is_record, read
from ringwall.engines.crypto.keyring import DataKey, StoredKey

CONTENT = "the letter of a consultant of whom nobody shall know"
SENT = {"diagnosis": DIAGNOSIS, "phone": PHONE, "email": EMAIL, "card_number": CARD, "content": CONTENT}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):
    with opened(tmp_path_factory.mktemp("theft")) as found:
        one = {"account_id": "acc-ana", "clinic_id": "north", "full_name": "Bea New"}
        made = found.ask("dara", "POST", "/patients", {**one, "diagnosis": DIAGNOSIS, "email": EMAIL, "phone": PHONE})
        assert made.status_code == 201, made.text
        assert found.ask("dara", "PATCH", "/patients/1", {"diagnosis": DIAGNOSIS, "phone": PHONE}).status_code == 200
        assert found.ask("nora", "PATCH", "/patients/2", {"phone": PHONE, "email": EMAIL}).status_code == 200
        assert found.ask("ana", "PATCH", "/patients/1", {"card_number": CARD}).status_code == 200
        document = {
            "patient_id": 1,
            "account_id": "acc-ana",
            "clinic_id": "north",
            "name": "letter",
            "content": CONTENT,
        }
        assert found.ask("dara", "POST", "/documents", document).status_code == 201
        assert found.ask("dara", "GET", f"/patients/by-email?email={EMAIL}").status_code == 200
        found.ask("dara", "PATCH", "/patients/1", {"diagnosis": f"{DIAGNOSIS} <script>x</script>"})  # refused
        with closing(sqlite3.connect(found.database)) as db, closing(sqlite3.connect(found.root / "dump.db")) as copy:
            db.backup(copy)
            (found.root / "dump.sql").write_text("\n".join(db.iterdump()))
        (found.root / "phrase").write_text("a passphrase for backups")
        (found.root / "phrase").chmod(0o600)
        words = (
            "backup",
            str(found.root / "out.age"),
            "--with-root-key",
            "--passphrase-file",
            str(found.root / "phrase"),
        )
        assert found.run(*words).exit_code == 0
        assert found.run("audit", "search", "--limit", "50").exit_code == 0  # makes the search index
        yield found


@pytest.mark.parametrize("name", SENT)
def test_nothing_that_was_sent_is_in_any_file(world: World, name: str) -> None:
    forms = [SENT[name].encode(form) for form in ("utf-8", "utf-16-le")]
    hex_form = SENT[name].encode().hex().encode()
    looked = [path for path, _ in files(world.root)]
    assert len(looked) > 12, "the database, its copies, the journal, its index, the store, the log, the backup"
    assert any(path.suffix == ".log" for path in looked), looked
    found = [path for path, content in files(world.root) if any(f in content for f in (*forms, hex_form))]
    assert found == []


def records(world: World) -> list[tuple[str, str, FieldContext, str]]:
    """Every record of the stolen database: its owner, field, place and text."""
    found = []
    with closing(sqlite3.connect(world.root / "dump.db")) as db:
        db.row_factory = sqlite3.Row
        for table, resource, key in (("patients", "patient", "patient_id"), ("documents", "document", "document_id")):
            for row in db.execute(f"SELECT * FROM {table}"):
                for name in row.keys():  # noqa: SIM118 - a row of sqlite3 is no mapping
                    if isinstance(row[name], str) and is_record(row[name]):
                        place = FieldContext(resource, name, row["clinic_id"], row["account_id"], str(row[key]))
                        found.append((row["account_id"], name, place, row[name]))
    return found


class Stolen:
    """The keys that a thief has, whichever they are."""

    def __init__(self, keys: list[DataKey]) -> None:
        self._keys = {key.kid: key for key in keys}

    def find(self, kid: str) -> object:
        ring = KeyRing((RootKey.of(Secret(bytes(32))),), MappedKeys({}), bytes)
        return self._keys.get(kid) or ring.find(kid)


def readable(world: World, takes: Callable[[StoredKey], bool]) -> set[tuple[str, str]]:
    """Owner and field of all that opens with these keys."""
    ring = world.runtime.field_keys.ring
    keys = [ring.find(stored.kid) for stored in world.runtime.field_keys.table.every() if takes(stored)]
    thief = Stolen([key for key in keys if isinstance(key, DataKey)])
    return {
        (owner, name)
        for owner, name, place, text in records(world)
        if hasattr(decrypt_value(text, place, thief), "json")  # type: ignore[arg-type]
    }


def test_with_the_database_and_no_key_nothing_opens(world: World) -> None:
    assert len(records(world)) >= 8
    assert readable(world, lambda key: False) == set()


def test_with_one_persons_key_that_persons_fields_open_and_no_others(world: World) -> None:
    found = readable(world, lambda key: key.holder == "subject:acc-ana")
    assert {owner for owner, _ in found} == {"acc-ana"}
    assert {"diagnosis", "phone", "card_number", "content"} <= {name for _, name in found}
    assert "email" not in {name for _, name in found}, "what is found by equality is under its tenant's key"


def test_with_a_tenants_searchable_key_only_its_searchable_fields_open(world: World) -> None:
    found = readable(world, lambda key: key.holder == "equal:tenant:north")
    assert {name for _, name in found} == {"email"}
    assert len(found) >= 2


def test_with_a_journal_key_no_field_opens(world: World) -> None:
    assert readable(world, lambda key: key.holder.startswith("journal:")) == set()


def test_with_every_data_key_everything_opens(world: World) -> None:
    """As it is documented of the root key, which opens them all."""
    assert len(readable(world, lambda key: True)) == len({(owner, name) for owner, name, _, _ in records(world)})


def test_equal_values_are_seen_to_be_equal_where_they_are_searchable_and_nowhere_else(world: World) -> None:
    texts = [(name, text) for _, name, _, text in records(world)]
    emails = [text for name, text in texts if name == "email"]
    assert len(set(emails)) == 1 < len(emails), "two patients of one clinic have one address"
    phones = [text for name, text in texts if name == "phone"]
    assert len(set(phones)) == len(phones)
    assert all(read(text) for _, text in texts)


def test_the_stolen_store_without_the_root_key_opens_nothing(world: World, tmp_path: Path) -> None:
    other = RootKey.new(lambda n: b"\7" * n)
    for stored in world.runtime.field_keys.table.every():
        assert other.unwrap(stored.wrapped, stored.kid, stored.holder) is None
        mine = RootKey.of(Secret(b"\7" * 32))
        assert mine.unwrap(stored.wrapped, stored.kid, stored.holder) is None
