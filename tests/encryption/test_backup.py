"""Backups: made while the wall serves, unreadable to a thief, restored by doing it, and no way around an erasure."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner, Result

from encryption.dying import died
from encryption.encryption_clinic import DIAGNOSIS, PHONE, World, files, opened
from ringwall.cli import cli
from ringwall.core.ports import Opened, Place, Unavailable, Unseal
from ringwall.state import fieldkeys, keyfiles
from ringwall.state.backup import unpacked
from ringwall.state.database import Database
from ringwall.state.keytable import KeyTable


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fieldkeys, "NOTICED_S", 0.0)
    monkeypatch.chdir(tmp_path)
    for name, text in (("phrase", "a passphrase for backups"), ("identity", f"# made for tests\n{IDENTITY}\n")):
        Path(name).write_text(text)
        Path(name).chmod(0o600)
    with opened(tmp_path / "here") as found:
        assert found.ask("dara", "PATCH", "/patients/1", {"diagnosis": DIAGNOSIS}).status_code == 200
        assert found.ask("nora", "PATCH", "/patients/2", {"phone": PHONE}).status_code == 200
        yield found


PHRASE = ("--passphrase-file", "phrase")
IDENTITY = pyrage.x25519.Identity.generate()
SEALED = ("--recipient", str(IDENTITY.to_public()))  # most of the tests: a passphrase costs seconds, on purpose


def restored(world: World, *words: str, to: str = "there/data") -> Result:
    opens = () if "--passphrase-file" in words else ("--identity", "identity")
    given = ["restore", str(world.root / "out.age"), *opens, *words, "--data", str(world.root.parent / to)]
    return CliRunner().invoke(cli, given)


def test_a_backup_of_a_running_wall_is_restored_and_reads_on(world: World) -> None:
    done = world.run("backup", str(world.root / "out.age"), *PHRASE)
    assert done.exit_code == 0, done.output
    content = (world.root / "out.age").read_bytes()
    for word in (b"acc-ana", b"state.db", b"SQLite", (world.data / "keys" / "root.key").read_bytes()):
        assert word not in content
    assert world.ask("nora", "GET", "/patients/2").status_code == 200, "it goes on serving"
    there = world.root.parent / "there"
    done = restored(world, *PHRASE)
    assert (done.exit_code, "closed" in done.output) == (0, True), done.output
    shutil.rmtree(there / "data")
    done = restored(world, *PHRASE, "--root-key", str(world.data / "keys" / "root.key"))
    assert done.exit_code == 0, done.output
    assert "records of the journal are whole" in done.output
    shutil.copytree(world.root / "clinic", there / "clinic")
    with opened(there, fresh=False) as again:
        assert again.ask("dara", "GET", "/patients/1").json()["diagnosis"] == DIAGNOSIS
        assert again.ask("nora", "GET", "/patients/2").json()["phone"] == PHONE
        assert {a.name for a in again.runtime.accounts.list()} == {a.name for a in world.runtime.accounts.list()}
    assert CliRunner().invoke(cli, ["audit", "verify", "--data", str(there / "data")]).exit_code == 0


def test_with_the_root_key_in_it_it_is_enough_by_itself(world: World) -> None:
    assert world.run("backup", str(world.root / "out.age"), *SEALED, "--with-root-key").exit_code == 0
    assert restored(world).exit_code == 0
    assert (world.root.parent / "there/data/keys/root.key").exists()


def test_ages_own_program_opens_it(world: World) -> None:
    out = world.root / "out.age"
    assert world.run("backup", str(out), *SEALED).exit_code == 0
    if shutil.which("age"):
        found = subprocess.run(["age", "-d", "-i", "identity", out], capture_output=True, check=True).stdout
        assert b"state.db" in found
    assert world.run("backup", str(out), "--recipient", "age1nobody").exit_code == 2


@pytest.mark.parametrize("at", [10, 300, -1, -20_000])
def test_what_was_altered_or_is_not_ours_is_not_restored(world: World, at: int) -> None:
    out = world.root / "out.age"
    assert world.run("backup", str(out), *SEALED).exit_code == 0
    content = bytearray(out.read_bytes())
    content[at] ^= 1
    out.write_bytes(content)
    done = restored(world)
    assert (done.exit_code, "was altered" in done.stderr) == (1, True), done.output
    assert not (world.root.parent / "there" / "data").exists()


def test_nothing_is_written_over_and_a_short_passphrase_is_none(world: World) -> None:
    out = world.root / "out.age"
    assert world.run("backup", str(out), *SEALED).exit_code == 0
    done = restored(world, to="here/data")
    assert (done.exit_code, "nothing is written over it" in done.stderr) == (2, True)
    short = world.root / "short"
    short.write_text("short")
    short.chmod(0o600)
    assert world.run("backup", str(out), "--passphrase-file", str(short)).exit_code == 1
    short.chmod(0o644)
    assert world.run("backup", str(out), "--passphrase-file", str(short)).exit_code == 2


def test_who_was_erased_after_the_backup_is_erased_in_what_is_restored(world: World) -> None:
    assert world.run("backup", str(world.root / "out.age"), *SEALED).exit_code == 0
    sealed = world.stored("diagnosis", 1)
    told = json.loads(world.run("erase", "acc-ana", "--yes", "--json").output)
    erasures = str(Path(told["certificate"]).parent)
    done = restored(world, "--root-key", str(world.data / "keys/root.key"), "--erasures", erasures)
    assert done.exit_code == 0, done.output
    assert "1 persons erased again" in done.output
    there = world.root.parent / "there"
    with opened(there, fresh=False) as again:
        place = Place("patient", "diagnosis", "north", "acc-ana", "1")
        (found,) = again.runtime.field_keys.unseal(Unseal(((sealed, place),)))
        assert not isinstance(found, Opened)
        assert "ana" not in {a.name for a in again.runtime.accounts.list()}
    assert not [path for path, content in files(there / "data" / "journal") if b"acc-ana" in content]


def test_an_archive_that_reaches_elsewhere_is_refused(tmp_path: Path) -> None:
    for name in ("../evil", "/etc/evil", "keys/../../evil", "other/evil", "keys"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            entry = tarfile.TarInfo(name)
            entry.size = 1
            entry.type = tarfile.REGTYPE if name != "keys" else tarfile.SYMTYPE
            archive.addfile(entry, io.BytesIO(b"x"))
        made = unpacked(out.getvalue(), tmp_path / "data" / name.replace("/", "_"))
        with pytest.raises((Unavailable, tarfile.FilterError)), made:
            pass
    assert not list(tmp_path.rglob("evil"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


STEPS = ((Database, "rows"), (Database, "copied"), (keyfiles, "_draft"), (tarfile.TarFile, "extract"),
         (tarfile.TarFile, "addfile"), (Path, "rename"), (Path, "replace"))  # fmt: skip


def dying(step: int, *words: str) -> bool:
    return died(step, STEPS, words)


def test_a_backup_killed_at_any_step_leaves_no_copy_behind(world: World) -> None:
    out = world.root / "out.age"
    wrapped = world.runtime.field_keys.table.of("subject:acc-ana")[0].wrapped.hex().encode()
    step, times = 1, 0
    while dying(step, "backup", str(out), *SEALED, "--data", str(world.data)):
        assert not out.exists()
        holding = {path.name for path, content in files(world.root) if wrapped in content}
        assert holding <= {"state.db", "state.db-wal"}, "no key outlives its destruction in a copy"
        step, times = step + 4, times + 1
    assert times >= 4
    assert restored(world).exit_code == 0


def test_a_restore_killed_at_any_step_opens_nobody_who_was_erased(world: World) -> None:
    assert world.run("backup", str(world.root / "out.age"), *SEALED, "--with-root-key").exit_code == 0
    told = json.loads(world.run("erase", "acc-ana", "--yes", "--json").output)
    there = world.root.parent / "there" / "data"
    words = ["restore", str(world.root / "out.age"), "--identity", "identity", "--data", str(there),
             "--erasures", str(Path(told["certificate"]).parent)]  # fmt: skip
    step, times = 1, 0
    while dying(step, *words):
        assert not there.exists(), "nothing is there before all is done"
        step, times = int(step * 1.3) + 2, times + 1
    assert times >= 6
    assert [path.name for path in there.parent.iterdir()] == ["data"], "and nothing else is left"
    store = Database(there / "state.db")
    assert KeyTable(store).of("subject:acc-ana") == []
    store.close()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (there / "keys").iterdir() if path.suffix != ".pub")
