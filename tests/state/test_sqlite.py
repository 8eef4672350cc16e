"""The embedded store: what it keeps, what it says when it cannot, and who may read its files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ringwall.core.ports import Ownership, Unavailable
from ringwall.core.records import KeyRecord, StoredAccount
from ringwall.state.database import Database
from ringwall.state.sqlite import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state.db")


def account(name: str = "alice", subject: str = "acc-1") -> StoredAccount:
    return StoredAccount(
        subject, name, "$argon2id$x", frozenset({"nurse", "a b"}), "north", disabled=False, created=5.0
    )


def key(key_id: str = "k1") -> KeyRecord:
    return KeyRecord(key_id, "ci", b"\0\xff", "acc-1", frozenset({"r"}), frozenset({"s:x"}), None, 1.0, None)


def test_accounts_are_kept_once(store: Store) -> None:
    assert store.add_account(account())
    assert not store.add_account(account(subject="acc-2"))
    assert not store.add_account(account(name="bob"))
    assert store.account_named("alice") == account()
    assert store.account_named("ALICE") is None
    assert store.accounts() == [account()]
    assert store.change_account("alice", "roles", frozenset())
    assert not store.change_account("bob", "roles", frozenset())
    with pytest.raises(ValueError, match="subject"):
        store.change_account("alice", "subject", "acc-9")


def test_one_name_goes_to_one_of_many_at_once(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "state.db") for _ in range(4)]
    won: list[bool] = []
    threads = [
        threading.Thread(target=lambda s=s, i=i: won.append(s.add_account(account(subject=f"acc-{i}"))))
        for i, s in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]


def test_keys_end_once(store: Store) -> None:
    store.add_key(key())
    assert store.key("k1") == key()
    assert store.key("k2") is None
    assert store.end_key("k1", 9.0)
    assert not store.end_key("k1", 10.0)
    ended = store.key("k1")
    assert ended is not None
    assert ended.revoked == 9.0


def test_owners_are_remembered_and_completed(store: Store) -> None:
    assert store.owner_of("patient", "1") is None
    store.remember("patient", "1", "alice", None)
    store.remember("patient", "1", None, "north")
    assert store.owner_of("patient", "1") == Ownership("alice", "north")
    store.remember("patient", "1", "bob", None)
    assert store.owner_of("patient", "1") == Ownership("bob", "north")


def test_ids_are_compared_to_the_letter(store: Store) -> None:
    store.remember("patient", "1", "alice", None)
    for other in ("01", " 1", "1 ", "1.0", "１", "1\0", "", "1'--"):
        assert store.owner_of("patient", other) is None
    assert store.owner_of("Patient", "1") is None


def test_revocations_hold_for_what_was_issued_before(store: Store) -> None:
    store.revoke("subject", "acc-1", 100.0, 900.0)
    assert not store.stands("acc-1", "t", 99.0)
    assert not store.stands("acc-1", "t", 100.0)
    assert store.stands("acc-1", "t", 101.0)
    assert store.stands("acc-2", "t", 1.0)
    store.revoke("token", "t", 100.0, 900.0)
    assert not store.stands("acc-2", "t", 500.0)
    store.revoke("subject", "acc-1", 50.0, 60.0)
    assert not store.stands("acc-1", "u", 99.0)
    store.revoke("token", "u", 1000.0, 2000.0)
    assert store.stands("acc-1", "v", 99.0), "no token of then can be alive"


def test_a_disabled_accounts_tokens_end(store: Store) -> None:
    store.add_account(account())
    assert store.stands("acc-1", "t", 1.0)
    store.change_account("alice", "disabled", 1)
    assert not store.stands("acc-1", "t", 1.0)


def test_nobody_else_may_read_any_of_its_files(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = Store(tmp_path / "state.db")
        store.add_account(account())
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) == {"state.db", "state.db-wal", "state.db-shm"}
    assert set(modes.values()) == {0o600}


def test_what_it_cannot_tell_is_unavailable(tmp_path: Path, store: Store) -> None:
    with pytest.raises(Unavailable):
        store.owner_of("patient", "\ud800")
    store.close()
    with pytest.raises(Unavailable):
        store.owner_of("patient", "1")
    with pytest.raises(Unavailable):
        Store(tmp_path / "no" / "state.db")
    (tmp_path / "not.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unavailable):
        Store(tmp_path / "not.db")
    with pytest.raises(Unavailable):
        Store(tmp_path)


def test_what_was_written_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    code = (
        "import os,sys;from pathlib import Path;from ringwall.state.sqlite import Store;"
        "s=Store(Path(sys.argv[1]));s.remember('patient','1','alice',None);os.kill(os.getpid(),9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=30)
    assert Store(path).owner_of("patient", "1") == Ownership("alice", None)


def test_a_topics_tables_grow_once_whoever_starts_first(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "state.db"), Store(tmp_path / "state.db")
    steps = ["CREATE TABLE thing (a TEXT) STRICT"]
    first.grow("thing", steps)
    second.grow("thing", steps)
    first.rows("INSERT INTO thing VALUES ('kept')")
    second.grow("thing", [*steps, "ALTER TABLE thing ADD COLUMN b TEXT"])
    first.grow("thing", [*steps, "ALTER TABLE thing ADD COLUMN b TEXT"])
    assert first.rows("SELECT * FROM thing") == [("kept", None)]


def test_a_failed_step_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(Unavailable):
        store.grow("thing", ["CREATE TABLE thing (a TEXT) STRICT", "no such statement"])
    store.grow("thing", ["CREATE TABLE thing (b TEXT) STRICT"])
    assert store.rows("SELECT b FROM thing") == []


def test_what_fails_within_a_transaction_is_undone(store: Store) -> None:
    def attempt() -> None:
        with store.transaction():
            store.add_account(account())
            raise KeyError

    with pytest.raises(KeyError):
        attempt()
    assert store.accounts() == []


def test_another_connection_of_the_same_process_takes_no_lock_away(tmp_path: Path) -> None:
    """Opened and closed beside it, then a process that comes and goes: the first still reads and writes one store."""
    first = Store(tmp_path / "state.db")
    Database(tmp_path / "state.db").close()
    other = (
        "import sys, pathlib; from ringwall.state.sqlite import Store; store = Store(pathlib.Path(sys.argv[1]));"
        "store.issue('theirs', 'acc-1', 1.0, 9e9); print(store.issued_to('token:ours', 'acc-1')); store.close()"
    )

    def come_and_go() -> str:
        command = [sys.executable, "-c", other, str(tmp_path / "state.db")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert come_and_go() == "False"
    assert first.issued_to("token:theirs", "acc-1")
    first.issue("ours", "acc-1", 1.0, 9e9)
    first.rows("DELETE FROM issued WHERE token_id = 'theirs'")
    assert come_and_go() == "True"
    first.close()
