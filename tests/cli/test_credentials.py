"""`ringwall users`, `apikeys` and `keys` as an operator meets them, and what the journal has of it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from ringwall.build.identity import accounts_on, tickets_on
from ringwall.cli import apikeys, keys, users
from ringwall.cli._persons import reader
from ringwall.core.ports import Account, Place, Seal, Unseal
from ringwall.engines.crypto.rootkey import RootKey
from ringwall.identity.apikeys import ApiKeys
from ringwall.identity.sessions import Sessions
from ringwall.state.factors import FactorTable
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal import Journal
from ringwall.state.journal_files import read
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_verify import verify
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

PASSWORD = "four words that nobody guesses"
CONTRACT = "ringwall: 1\napi: openapi.yaml\nroles:\n  nurse: {}\n  doctor: {}\noperations: {}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a contract and a data directory to be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    return tmp_path


def run(module, *arguments, given=None, data="data"):
    arguments = (arguments[0], "--data", data, *arguments[1:])
    return CliRunner().invoke(module.command, arguments, input=given)


def add(name="nora", *more, password=PASSWORD):
    return run(users, "add", name, "--password-stdin", *more, given=password)


def acts(data="data"):
    """The acts as an operator reads them, who has the keys."""
    with reader(Path(data)) as persons:
        return [persons.opened(orjson.loads(record)) for _, record in read(Path(data) / "journal" / "admin")]


def signs_in(here, name, password):
    store = Store(here / "data" / "state.db")
    try:
        return accounts_on(store).sign_in(name, password, "127.0.0.1")
    finally:
        store.close()


def test_an_account_is_made_signs_in_and_stands_in_the_journal(here):
    done = add("Nora", "--role", "nurse", "--tenant", "north")
    assert (done.exit_code, done.stderr) == (0, "")
    account = signs_in(here, "nora", PASSWORD)
    assert (account.roles, account.tenant) == (frozenset({"nurse"}), "north")
    (act,) = acts()
    assert act["kind"] == "admin"
    assert act["operation"] == "users.add"
    assert act["objects"] == [f"account:{account.subject}"]
    assert act["principal"].startswith("local:")
    assert verify(here / "data" / "journal", load_or_create_signer(here / "data" / "keys")).ok


def test_a_role_that_the_contract_does_not_have_is_named_with_the_nearest(here):
    done = add("nora", "--role", "nurs")
    assert done.exit_code == 2
    assert "no role is named 'nurs'; did you mean 'nurse'?" in done.stderr
    assert not (here / "data").exists()
    (here / "ringwall.yaml").unlink()
    done = add("nora", "--role", "nurs")
    assert done.exit_code == 0
    assert "no contract here to check the roles against" in done.stderr


@pytest.mark.parametrize("password", ["", "short", "a" * 40, "ab\xff".encode("latin-1"), "x" * 5000, "nora" * 5])
def test_a_bad_password_makes_no_account(here, password):
    done = add(password=password)
    assert done.exit_code in (1, 2)
    assert done.stderr.startswith("ringwall: ")
    assert not (here / "data" / "state.db").exists() or json.loads(run(users, "list", "--json").output) == []


def test_without_a_terminal_a_password_is_not_asked_for(here):
    done = run(users, "add", "nora")
    assert done.exit_code == 2
    assert "--password-stdin" in done.stderr


def test_an_invitation_is_an_account_without_a_password_and_a_code(here):
    done = run(users, "invite", "Nora", "--role", "nurse", "--json")
    assert done.exit_code == 0, done.output
    made = json.loads(done.output)
    assert made["path"] == f"/.ringwall/account/invitation?code={made['code']}"
    (listed,) = json.loads(run(users, "list", "--json").output)
    assert (listed["name"], listed["invited"], listed["roles"]) == ("nora", True, ["nurse"])
    assert "invited" in run(users, "list").output
    assert signs_in(here, "nora", "") is None
    (act,) = acts()
    assert act["operation"] == "users.invite"
    for file in (here / "data").rglob("*"):
        assert not file.is_file() or made["code"].encode() not in file.read_bytes()
    assert run(users, "invite", "nora").exit_code == 1
    assert run(users, "invite", "nоra").exit_code == 1, "a Cyrillic letter"


def test_who_lost_everything_begins_anew(here):
    add()
    store = Store(here / "data" / "state.db")
    subject = store.accounts()[0].subject
    table, sessions = FactorTable(store), Sessions(SessionTable(store), time.time)
    table.keep_totp(subject, "sealed", 0)
    cookie = sessions.open(Account(subject, "nora", frozenset(), None), frozenset({"pwd"}))
    done = run(users, "recover", "NORA")
    assert done.exit_code == 0, done.output
    assert "/.ringwall/account/invitation?code=" in done.output
    assert not table.has_second(subject)
    assert sessions.find(cookie) is None
    assert signs_in(here, "nora", PASSWORD) is None
    assert not store.stands(subject, "t", time.time() - 5)
    assert [act["operation"] for act in acts()] == ["users.add", "users.recover"]
    assert run(users, "recover", "nobody").exit_code == 1
    store.close()


def test_signing_out_ends_sessions_tokens_and_invitations_and_nothing_else(here):
    add()
    store = Store(here / "data" / "state.db")
    subject = store.accounts()[0].subject
    sessions, tickets = Sessions(SessionTable(store), time.time), tickets_on(store)
    cookies = [sessions.open(Account(subject, "nora", frozenset(), None), frozenset({"pwd"})) for _ in range(2)]
    begun = tickets.issue("second", subject)
    done = run(users, "signout", "nora")
    assert "signed out everywhere (2 sessions)" in done.output
    assert [sessions.find(cookie) for cookie in cookies] == [None, None]
    assert tickets.read("second", begun) is None
    assert not store.stands(subject, "t", time.time() - 5)
    assert signs_in(here, "nora", PASSWORD).subject == subject
    store.close()


def test_disabling_ends_what_was_issued_and_enabling_opens_the_door_again(here):
    add()
    store = Store(here / "data" / "state.db")
    subject = store.accounts()[0].subject
    issued = time.time() - 5
    assert store.stands(subject, "t", issued)
    assert run(users, "disable", "NORA").exit_code == 0
    assert not store.stands(subject, "t", issued)
    assert signs_in(here, "nora", PASSWORD) is None
    assert run(users, "enable", "nora").exit_code == 0
    assert signs_in(here, "nora", PASSWORD).subject == subject
    assert not store.stands(subject, "t", issued), "an old token came back to life"
    store.close()


@pytest.mark.parametrize("change", [("password", "nora", "--password-stdin"), ("roles", "nora", "doctor")])
def test_a_change_of_rights_ends_the_tokens_that_hold_the_old_ones(here, change):
    add("nora", "--role", "nurse")
    store = Store(here / "data" / "state.db")
    subject = store.accounts()[0].subject
    done = run(users, *change, given="another four words for her")
    assert done.exit_code == 0
    assert not store.stands(subject, "t", time.time() - 5)
    store.close()
    if change[0] == "password":
        assert signs_in(here, "nora", "another four words for her")
        assert signs_in(here, "nora", PASSWORD) is None
    else:
        assert signs_in(here, "nora", PASSWORD).roles == {"doctor"}
        assert acts()[-1]["before"] == ["nurse"]


def test_who_is_not_there_is_not_changed(here):
    add()
    for name in ("disable", "enable", "roles"):
        done = run(users, name, "nobody")
        assert (done.exit_code, done.stderr.startswith("ringwall: no account is named 'nobody'")) == (1, True)
    assert len(acts()) == 1


def test_nothing_secret_is_listed_or_recorded(here):
    add("nora", "--role", "nurse")
    key = run(apikeys, "issue", "--name", "lab", "--role", "nurse").stdout.strip()
    store = Store(here / "data" / "state.db")
    stored, digest = store.accounts()[0].password, store.keys()[0].digest.hex()
    store.close()
    listed = run(users, "list").output + run(users, "list", "--json").output
    listed += run(apikeys, "list").output + run(apikeys, "list", "--json").output + json.dumps(acts())
    for secret in (PASSWORD, stored, key, key.split("_")[2], digest):
        assert secret not in listed
    assert json.loads(run(users, "list", "--json").output)[0]["roles"] == ["nurse"]


def test_a_key_is_shown_once_alone_on_standard_output(here):
    done = run(apikeys, "issue", "--name", "lab", "--role", "nurse", "--scope", "scope:read", "--expires", "30d")
    assert done.exit_code == 0
    key = done.stdout.strip()
    assert key.startswith("rw_")
    assert key not in done.stderr
    listed = json.loads(run(apikeys, "list", "--json").output)[0]
    assert listed["state"] == "active"
    assert listed["scopes"] == ["read"]
    assert key[3:11] == listed["id"]
    store = Store(here / "data" / "state.db")
    record = store.key(listed["id"])
    assert record.expires - record.created == 30 * 86_400
    store.close()


def test_rotation_keeps_the_life_of_a_key_and_ends_the_old_one_when_told(here):
    first = run(apikeys, "issue", "--name", "lab", "--expires", "1d").stdout.strip()[3:11]
    done = run(apikeys, "rotate", first, "--overlap", "1h", "--json")
    made = json.loads(done.output)
    store = Store(here / "data" / "state.db")
    old, new = store.key(first), store.key(made["id"])
    assert new.expires - new.created == pytest.approx(86_400)
    assert old.revoked == pytest.approx(time.time() + 3600, abs=60)
    assert run(apikeys, "rotate", first).exit_code == 1, "a key that is being replaced is not replaced again"
    assert run(apikeys, "revoke", first).exit_code == 0, "the overlap can be cut short"
    assert store.key(first).revoked <= time.time()
    assert run(apikeys, "revoke", first).exit_code == 1
    store.close()
    assert [act["operation"] for act in acts()] == ["apikeys.issue", "apikeys.rotate", "apikeys.revoke"]


def test_an_expired_key_has_no_successor(here):
    run(apikeys, "issue", "--name", "lab", "--expires", "1d")
    store = Store(here / "data" / "state.db")
    key = store.keys()[0].key_id
    later = ApiKeys(store, lambda: time.time() + 2 * 86_400)
    assert later.rotate(key, 3600) is None
    assert ApiKeys(store, time.time).rotate(key, 3600) is not None
    store.close()


@pytest.mark.parametrize("expires", ["0d", "-1d", "30", "1y", "d", "99999999w", "٣d", "1d\n"])
def test_a_life_that_is_none_is_refused(here, expires):
    done = run(apikeys, "issue", "--name", "lab", "--expires", expires)
    assert done.exit_code == 2
    assert not (here / "data").exists()


def sealed(here):
    """A field key for ana, and what seals and opens with it."""
    (here / "data" / "keys").mkdir(parents=True, exist_ok=True)
    path = here / "data" / "keys" / "root.key"
    if not path.exists():
        path.write_text(RootKey.new(os.urandom).to_text())
        path.chmod(0o600)
    store = Store(here / "data" / "state.db")
    return store, FieldKeys(store, (RootKey.from_text(path.read_text()),))


def test_rotated_keys_encrypt_anew_and_open_what_the_old_ones_closed(here):
    place = Place("patient", "diagnosis", "north", "acc-ana", None)
    store, ring = sealed(here)
    (text,) = ring.seal(Seal((("asthma", place),)))
    store.close()
    before = json.loads(run(keys, "list", "--json").output)
    assert [(key["generation"], key["current"]) for key in before] == [(1, True)]
    done = run(keys, "rotate", before[0]["holder"])
    assert done.exit_code == 0
    after = json.loads(run(keys, "list", "--json").output)
    assert [(key["generation"], key["current"]) for key in after] == [(1, False), (2, True)]
    store, ring = sealed(here)
    assert ring.unseal(Unseal(((text, place),)))[0].value == "asthma"
    (again,) = ring.seal(Seal((("asthma", place),)))
    assert after[1]["id"] in again
    assert after[0]["id"] not in again
    store.close()
    assert acts()[0]["operation"] == "keys.rotate"
    assert run(keys, "rotate", "--all").output.startswith(json.loads(run(keys, "list", "--json").output)[-1]["id"])


def test_keys_are_not_rotated_for_nobody_or_under_another_root(here):
    store, ring = sealed(here)
    ring.seal(Seal((("asthma", Place("patient", "diagnosis", None, "acc-ana", None)),)))
    store.close()
    assert run(keys, "rotate").exit_code == 2
    assert run(keys, "rotate", "acc-ana", "--all").exit_code == 2
    assert run(keys, "rotate", "acc-nobody").exit_code == 1
    path = here / "data" / "keys" / "root.key"
    path.write_text(RootKey.new(os.urandom).to_text())
    done = run(keys, "rotate", "--all")
    assert done.exit_code == 2
    assert "another root key" in done.stderr
    path.unlink()
    assert run(keys, "rotate", "--all").exit_code == 2
    assert not path.exists(), "a root key was made that opens nothing"
    assert len(json.loads(run(keys, "list", "--json").output)) == 1


@pytest.mark.parametrize(("module", "arguments"), [
    (users, ("list",)), (users, ("disable", "x")), (users, ("password", "x", "--password-stdin")),
    (apikeys, ("list",)), (apikeys, ("revoke", "x")), (apikeys, ("rotate", "x")),
    (keys, ("list",)), (keys, ("rotate", "--all")),
])  # fmt: skip
def test_where_there_is_no_data_nothing_is_made(here, module, arguments):
    done = run(module, *arguments)
    assert done.exit_code == 2
    assert "there is no state.db here" in done.stderr
    assert not (here / "data").exists()


def test_a_store_that_is_none_is_said_plainly(here):
    (here / "data").mkdir()
    (here / "data" / "state.db").write_bytes(b"not a database, but as long as one would be" * 100)
    for module in (users, apikeys, keys):
        done = run(module, "list")
        assert (done.exit_code, done.stderr.startswith("ringwall: state.db")) == (2, True), done.stderr


def test_acts_are_recorded_while_the_server_holds_the_journal(here):
    add()
    journal = Journal.open(here / "data" / "journal", signer=load_or_create_signer(here / "data" / "keys"))
    try:
        assert run(users, "disable", "nora").exit_code == 0
    finally:
        journal.close()
    assert [act["operation"] for act in acts()] == ["users.add", "users.disable"]


def test_what_cannot_be_recorded_is_not_done(here):
    add()
    (here / "data" / "keys" / "journal.key").chmod(0o644)
    done = run(users, "disable", "nora")
    assert done.exit_code == 2
    assert "readable by others" in done.stderr
    assert signs_in(here, "nora", PASSWORD) is not None


def test_two_operators_at_once_both_get_through(here):
    add()
    command = [sys.executable, "-c", "from ringwall.cli import main; main()"]
    both = [
        subprocess.Popen([*command, "apikeys", "issue", "--data", "data", "--name", name], stdout=subprocess.PIPE)
        for name in ("one", "two")
    ]
    assert [process.communicate()[0][:3] for process in both] == [b"rw_", b"rw_"]
    assert {act.get("name") for act in acts()} >= {"one", "two"}


def test_names_that_a_terminal_would_act_on_are_spelled_out(here):
    run(apikeys, "issue", "--name", "lab", "--tenant", "\x1b[2Jnorth")
    assert "\x1b[2J" not in run(apikeys, "list").output
