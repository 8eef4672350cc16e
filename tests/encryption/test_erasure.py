"""`ringwall erase`: what tells of a person is unreadable everywhere, and the journal still verifies."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import click
import pytest

from encryption.encryption_clinic import DIAGNOSIS, EMAIL, PHONE, World, holding, opened
from ringwall.engines.crypto import CryptoFlaw, FieldContext, decrypt
from ringwall.engines.crypto.keyring import KeyRing
from ringwall.examples.clinic import CONTRACT
from ringwall.state import fieldkeys
from ringwall.state.journal_keys import load_signer
from ringwall.state.journal_verify import verify
from ringwall.state.rootkeys import root_keys


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fieldkeys, "NOTICED_S", 0.0)
    with opened(tmp_path) as found:
        yield found


def write(world: World) -> None:
    """Ana's fields as two people write them, and what they read."""
    assert world.ask("dara", "PATCH", "/patients/1", {"diagnosis": DIAGNOSIS}).status_code == 200
    assert world.ask("ana", "PATCH", "/patients/1", {"phone": PHONE, "email": EMAIL}).status_code == 200
    assert world.ask("nora", "PATCH", "/patients/2", {"phone": "+44 1632 960222"}).status_code == 200
    assert world.ask("ana", "GET", "/patients/1").json()["phone"] == PHONE
    assert world.ask("nora", "GET", "/patients/1").json()["phone"] == PHONE


def test_the_journal_tells_of_persons_under_their_keys_alone(world: World) -> None:
    write(world)
    world.runtime.journal.checkpoint()
    for word in ("acc-ana", "acc-nora", "198.51.100.77", '"patient:1"'):
        assert holding(word, world.data / "journal") == [], word
    found = world.run("audit", "search", "--principal", "acc-ana", "--json")
    records = [json.loads(line) for line in found.output.splitlines()]
    assert {r["opened"]["principal"] for r in records} == {"acc-ana"}
    assert {r["opened"]["client"] for r in records} == {"198.51.100.77"}
    assert "acc-ana" not in json.dumps([r["record"] for r in records])
    about = world.run("audit", "search", "--object", "patient:1", "--json").output
    who = {json.loads(line)["opened"]["principal"] for line in about.splitlines()}
    assert who == {"acc-ana", "acc-nora", "acc-dara"}
    exported = world.run("audit", "export", "--format", "csv").output
    assert "acc-nora" in exported
    story = world.run("why", records[0]["record"]["id"]).output
    assert "acc-ana" in story


def test_an_erased_person_is_unreadable_here_in_the_store_in_backups_and_in_the_journal(world: World) -> None:
    write(world)
    stored = {name: world.stored(name, 1) for name in ("diagnosis", "phone", "email")}
    shutil.copytree(world.data / "journal", world.root / "old-journal")
    ring = world.runtime.field_keys.ring
    here = FieldContext("patient", "diagnosis", "north", "acc-ana", "1")
    assert decrypt(stored["diagnosis"], here, ring) == json.dumps(DIAGNOSIS).encode()
    wrapped = [k.wrapped.hex() for k in world.runtime.field_keys.table.of("subject:acc-ana")]
    assert holding(wrapped[0], world.data)

    done = world.run("erase", "acc-ana", "--yes", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)

    world.runtime.field_keys.refresh()
    assert decrypt(stored["diagnosis"], here, ring).reason is CryptoFlaw.KEY_UNKNOWN
    assert holding(wrapped[0], world.data) == [], "the wrapped key is still in a file"
    assert holding("acc-ana", world.data / "erasures", world.data / "journal") == []
    ring = KeyRing(root_keys(world.data / "keys"), world.runtime.field_keys.table, lambda n: b"\0" * n)
    assert decrypt(stored["phone"], FieldContext("patient", "phone", "north", "acc-ana", "1"), ring).reason is (
        CryptoFlaw.KEY_UNKNOWN
    )
    reply = world.ask("nora", "GET", "/patients/1")
    assert reply.status_code == 200, reply.text
    assert not {"diagnosis", "phone", "email"} & reply.json().keys()
    page = world.ask("nora", "GET", "/patients")
    assert page.status_code == 200
    assert any(p.get("phone") == "+44 1632 960222" for p in page.json()), "the honest twin reads on"
    assert not world.runtime.store.stands("acc-ana", "any", time.time() - 5), "her tokens have ended"
    assert world.runtime.store.stands("acc-bo", "any", time.time() - 5), "and nobody else's"
    assert world.runtime.store.rows("SELECT 1 FROM revocation WHERE value LIKE '%acc-ana%'") == [], "named to nobody"

    assert world.run("audit", "search", "--principal", "acc-ana", "--json").output == ""
    assert "acc-ana" not in world.run("audit", "export").output
    signer = load_signer(world.data / "keys")
    assert verify(world.data / "journal", signer).ok
    assert any("searchable" in line for line in told["not_reached"])
    assert world.run("erase", "acc-ana", "--confirm", told["certificate"]).output.startswith("genuine")
    assert world.run("erase", "acc-bo", "--confirm", told["certificate"]).exit_code == 1
    forged = Path(told["certificate"])
    forged.write_bytes(forged.read_bytes().replace(b'"whole": true', b'"whole": false'))
    assert world.run("erase", "acc-ana", "--confirm", told["certificate"]).exit_code == 1


def test_with_the_database_searchable_fields_and_plain_ones_are_reached_too(world: World) -> None:
    write(world)
    assert world.ask("nora", "PATCH", "/patients/2", {"email": "other@mail.example"}).status_code == 200
    email, plain = world.stored("email", 1), world.stored("card_number", 1)
    assert plain.isdigit(), "seeded in clear"
    done = world.run("erase", "acc-ana", "--yes", "--json", "--database", world.url(), "--contract", str(CONTRACT))
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert not any("searchable" in line for line in told["not_reached"]), told
    assert any("stood in clear" in line for line in told["not_reached"])
    world.runtime.field_keys.refresh()
    found = decrypt(email, FieldContext("patient", "email", "north"), world.runtime.field_keys.ring)
    assert found.reason is CryptoFlaw.KEY_UNKNOWN
    assert world.stored("card_number", 1).startswith("rw1.")
    reply = world.ask("nora", "GET", "/patients/1")
    assert not {"diagnosis", "phone", "email", "card_number"} & reply.json().keys()
    other = world.ask("nora", "GET", "/patients/by-email?email=other@mail.example")
    assert [p["patient_id"] for p in other.json()] == [2], "others are found under the new key"


def test_an_erasure_that_was_broken_off_is_finished_under_its_own_id(world: World, monkeypatch) -> None:
    from ringwall.cli import erase as command

    write(world)
    world.runtime.journal.checkpoint()
    kids = {k["id"] for k in world.data_keys() if k["holder"] in ("subject:acc-ana", "journal:acc-ana")}
    assert len(kids) == 2

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(command, "write", killed)
        with pytest.raises(click.Abort):
            command.command.main(["acc-ana", "--yes", "--data", str(world.data)], standalone_mode=False)
    done = json.loads(world.run("erase", "acc-ana", "--yes", "--json").output)
    certificate = Path(done["certificate"]).read_text()
    assert all(kid in certificate for kid in kids), "the certificate has what the first attempt destroyed"
    assert len(list((world.data / "erasures").iterdir())) == 1
    assert world.run("erase", "acc-ana", "--yes").exit_code == 1, "nothing is left of her"


def test_nobody_and_somebody_unknown_are_not_erased(world: World) -> None:
    done = world.run("erase", "acc-nobody", "--yes")
    assert done.exit_code == 1
    assert "nothing is known" in done.stderr
    assert not (world.data / "erasures").exists()


def test_a_person_who_comes_back_is_written_of_under_a_new_key(world: World) -> None:
    write(world)
    assert world.run("erase", "acc-ana", "--yes").exit_code == 0
    assert world.ask("dara", "PATCH", "/patients/1", {"diagnosis": "well again"}).status_code == 200
    assert world.ask("dara", "GET", "/patients/1").json()["diagnosis"] == "well again"
